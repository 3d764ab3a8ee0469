/* tammes bench load: how fast a data set becomes batches, beside what the JPEG decoder alone can do. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "cli.h"

enum { MOST_BATCHES = 65536, DEFAULT_BATCH = 128, ROUNDS = 3, LIMIT_IMAGES = 20000 };

/* What is common to the cases. */
typedef struct load_bench {
    cli_call *call;
    tam_dataset_config data;
    const char *augment;
    tam_loader_config loader;
    double seconds;                         /* to spend on a case */
    double aligned[ROUNDS], skewed[ROUNDS]; /* images a second of the decoder alone; 0: the images are not JPEG */
    int batches;
    double milliseconds[MOST_BATCHES];
    json_t *cases;
} load_bench;

static int thread_count(const load_bench *bench) {
    return bench->loader.threads > 0 ? bench->loader.threads : 1;
}

/* ratio: of the speed of one thread to the decoder's; NaN: there is none. */
static void report(load_bench *bench, const char *name, double rate, double ratio) {
    const double *ms = bench->milliseconds;
    int last = bench->batches - 1;
    bench_sort(bench->milliseconds, bench->batches);
    if (!bench->call->json) {
        printf("%-10s %10.0f images/s   %8.3f ms a batch (%.3f to %.3f)", name, rate, ms[bench->batches / 2], ms[0],
               ms[last]);
        if (isfinite(ratio)) {
            printf("   %.0f%% of the decoder", 100.0 * ratio);
        }
        printf("\n");
        return;
    }
    json_array_append_new(bench->cases,
                          json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:i, s:i, s:o}", "case", name, "images_per_second",
                                    cli_json_real(rate), "ratio_to_limit", cli_json_real(ratio), "ms_median",
                                    cli_json_real(ms[bench->batches / 2]), "ms_min", cli_json_real(ms[0]), "ms_max",
                                    cli_json_real(ms[last]), "batch", bench->loader.batch, "threads",
                                    thread_count(bench), "peak_rss_mb", cli_json_real(bench_peak_mb())));
}

/* Takes batches from a new loader for so many seconds, or one epoch (seconds 0); the images a second. */
static tam_status take_batches(load_bench *bench, tam_dataset *dataset, const char *augment, double seconds,
                               double *rate) {
    tam_loader *loader;
    tam_batch batch;
    bench->loader.augment = augment;
    tam_status status = tam_loader_create(bench->call->ctx, dataset, &bench->loader, &loader);
    if (status != TAM_OK) {
        return status;
    }
    int64_t epoch = tam_loader_steps_per_epoch(loader), taken = 0;
    double began = bench_now(), last = began;
    while (status == TAM_OK && (seconds > 0 ? taken == 0 || last - began < seconds : taken < epoch)) {
        status = tam_loader_next(loader, &batch);
        double time = bench_now();
        if (bench->batches < MOST_BATCHES) {
            bench->milliseconds[bench->batches++] = 1e3 * (time - last);
        }
        last = time;
        taken++;
    }
    tam_loader_free(loader);
    *rate = (double)taken * bench->loader.batch / (last - began);
    return status;
}

static double median(double values[ROUNDS]) {
    bench_sort(values, ROUNDS);
    return values[ROUNDS / 2];
}

/* What every image costs anew in each epoch of a set that is not kept: in rounds beside the decoder alone, because
 * other work on the machine slows both. */
static tam_status bench_decoding(load_bench *bench, tam_dataset *dataset) {
    static const char *const names[] = {"decode", "flip"}, *const augments[] = {NULL, "flip"};
    double share = bench->seconds / ROUNDS, unused;
    /* One batch of the last case: what is wrong with it is told before the minutes of the others. */
    tam_status checked = take_batches(bench, dataset, bench->augment, 1e-9, &unused);
    if (checked != TAM_OK) {
        return checked;
    }
    for (int k = 0; k < 2; k++) {
        double rate[ROUNDS], ratio[ROUNDS];
        bench->batches = 0;
        for (int round = 0; round < ROUNDS; round++) {
            tam_decode_limit limit;
            tam_status status = tam_dataset_decode_limit(dataset, LIMIT_IMAGES, share, &limit);
            if (status == TAM_OK) {
                status = take_batches(bench, dataset, augments[k], share, &rate[round]);
            }
            if (status != TAM_OK) {
                return status;
            }
            bench->aligned[round] = limit.aligned;
            bench->skewed[round] = limit.skewed;
            ratio[round] = limit.aligned > 0 ? rate[round] / limit.aligned / thread_count(bench) : (double)NAN;
        }
        report(bench, names[k], median(rate), bench->aligned[0] > 0 ? median(ratio) : (double)NAN);
    }
    return TAM_OK;
}

static double cached_bytes(const tam_dataset *dataset) {
    tam_dataset_info info = tam_dataset_describe(dataset);
    return (double)info.count * info.channels * info.height * info.width;
}

/* What the cache may take at most; it may be less on a small machine. */
static double cache_limit(const load_bench *bench) {
    static const double usual = 2147483648.0;
    return bench->data.cache_bytes != 0 ? (double)bench->data.cache_bytes : usual;
}

/* From memory, where the set is kept there: the batches alone, then each policy. */
static tam_status bench_cached(load_bench *bench, tam_dataset *dataset) {
    const char *const names[] = {"deliver", "light", "face", "strong", "augment"};
    const char *const augments[] = {NULL, "light", "face", "strong", bench->augment};
    double rate;
    bool kept = cached_bytes(dataset) <= cache_limit(bench);
    tam_status status = take_batches(bench, dataset, NULL, kept ? 0 : 1e-9, &rate); /* fills the cache */
    for (int k = 0; k < 5 && status == TAM_OK; k++) {
        bench->batches = 0;
        status = take_batches(bench, dataset, augments[k], bench->seconds, &rate);
        if (status == TAM_OK) {
            report(bench, names[k], rate, (double)NAN);
        }
    }
    return status;
}

static tam_status with_dataset(load_bench *bench, int64_t cache, double *open_seconds, tam_dataset_info *info,
                               tam_status (*run)(load_bench *, tam_dataset *)) {
    tam_dataset *dataset;
    tam_dataset_config config = bench->data;
    config.cache_bytes = cache;
    double began = bench_now();
    tam_status status = tam_dataset_open(bench->call->ctx, &config, &dataset);
    *open_seconds = bench_now() - began;
    if (status != TAM_OK) {
        return status;
    }
    *info = tam_dataset_describe(dataset);
    if (info->count < bench->loader.batch) {
        bench->loader.batch = (int)info->count;
    }
    if (!bench->call->json) {
        printf("%lld images of %lld classes, %d x %d x %d, %s, opened in %.2f s\n", (long long)info->count,
               (long long)info->classes, info->channels, info->height, info->width,
               cache < 0 ? "not kept" : "kept if they fit", *open_seconds);
    }
    status = run(bench, dataset);
    tam_dataset_free(dataset);
    return status;
}

static tam_status run_cases(load_bench *bench) {
    double seconds, again;
    tam_dataset_info info;
    tam_status status = with_dataset(bench, -1, &seconds, &info, bench_decoding);
    if (status == TAM_OK) {
        status = with_dataset(bench, bench->data.cache_bytes, &again, &info, bench_cached);
    }
    if (status != TAM_OK) {
        return status;
    }
    double limit = median(bench->aligned), skewed = median(bench->skewed);
    if (!bench->call->json) {
        if (limit > 0) {
            printf("%-10s %10.0f images/s: libjpeg-turbo alone, in one thread; %.0f into memory 4 bytes off\n", "limit",
                   limit, skewed);
        }
        return TAM_OK;
    }
    return cli_print_json(bench->call,
                          json_pack("{s:I, s:I, s:o, s:o, s:o, s:s, s:O}", "images", (json_int_t)info.count, "classes",
                                    (json_int_t)info.classes, "open_seconds", cli_json_real(seconds),
                                    "limit_images_per_second", cli_json_real(limit > 0 ? limit : (double)NAN),
                                    "limit_skewed", cli_json_real(limit > 0 ? skewed : (double)NAN), "augment",
                                    bench->augment, "cases", bench->cases));
}

tam_status cli_bench_load(cli_call *call) {
    load_bench *bench = calloc(1, sizeof *bench);
    if (bench == NULL) {
        return cli_fail(call, TAM_RESOURCES, "no memory for the benchmark");
    }
    *bench =
        (load_bench){.call = call, .augment = "affine", .loader = {.batch = DEFAULT_BATCH, .shuffle = 1}, .seconds = 2};
    const cli_option options[] = {
        cli_required(cli_text("data", &bench->data.path, "DATA", "images of any kind that docs/data.md names")),
        CLI_DATASET_NARROWING("", &bench->data),
        cli_int("size", &bench->data.size, 1, 4096, "side that images are resized to (as in the data)"),
        cli_int("channels", &bench->data.channels, 1, 3, "1 grey or 3 RGB (as in the data)"),
        CLI_CACHE_FLAG(&bench->data),
        cli_text("augment", &bench->augment, "SPEC", "augmentation of the last case (affine)"),
        cli_int("batch", &bench->loader.batch, 1, 65536, "images of a batch (128)"),
        cli_int("loader-threads", &bench->loader.threads, 1, 256, "threads that decode and augment (1)"),
        cli_real("seconds", &bench->seconds, 0.01, 3600, "to spend on each case (2)"),
    };
    const cli_usage usage = {
        .synopsis = "--data DATA [options]",
        .example = "tammes bench load --data glyphs --augment affine --loader-threads 2",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
    };
    tam_status status = call->status;
    if (cli_parse(call, &usage)) {
        bench->loader.seed = call->seed;
        bench->cases = json_array();
        status = run_cases(bench);
        json_decref(bench->cases);
    } else {
        status = call->status;
    }
    free(bench);
    return status;
}

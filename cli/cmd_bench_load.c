/* tammes bench load: how fast a data set becomes batches: decoded for the first time, from the cache, and augmented. */
#include <stdlib.h>

#include "bench.h"
#include "cli.h"

enum { MOST_BATCHES = 4096, DEFAULT_BATCH = 128 };

/* What is common to the cases. */
typedef struct load_bench {
    cli_call *call;
    tam_dataset *dataset;
    tam_loader_config loader;
    double seconds; /* to spend on a case that may be repeated */
    double milliseconds[MOST_BATCHES];
    json_t *cases;
} load_bench;

static void report(load_bench *bench, const char *name, int batches, double seconds) {
    const double *ms = bench->milliseconds;
    double rate = (double)batches * bench->loader.batch / seconds;
    bench_sort(bench->milliseconds, batches);
    if (!bench->call->json) {
        printf("%-10s %10.0f images/s   %8.3f ms a batch (%.3f to %.3f)\n", name, rate, ms[batches / 2], ms[0],
               ms[batches - 1]);
        return;
    }
    json_array_append_new(
        bench->cases, json_pack("{s:s, s:o, s:o, s:o, s:o, s:i, s:i, s:o}", "case", name, "images_per_second",
                                cli_json_real(rate), "ms_median", cli_json_real(ms[batches / 2]), "ms_min",
                                cli_json_real(ms[0]), "ms_max", cli_json_real(ms[batches - 1]), "batch",
                                bench->loader.batch, "threads", bench->loader.threads > 0 ? bench->loader.threads : 1,
                                "peak_rss_mb", cli_json_real(bench_peak_mb())));
}

/* Takes batches from a new loader: one epoch, or epochs for `seconds`. */
static tam_status run_case(load_bench *bench, const char *name, const char *augment, bool one_epoch) {
    tam_loader *loader;
    tam_batch batch;
    bench->loader.augment = augment;
    tam_status status = tam_loader_create(bench->call->ctx, bench->dataset, &bench->loader, &loader);
    if (status != TAM_OK) {
        return status;
    }
    int64_t epoch = tam_loader_steps_per_epoch(loader);
    double began = bench_now(), last = began;
    int batches = 0;
    while (status == TAM_OK && batches < MOST_BATCHES && (!one_epoch || batches < epoch) &&
           (one_epoch || last - began < bench->seconds)) {
        status = tam_loader_next(loader, &batch);
        double time = bench_now();
        bench->milliseconds[batches++] = 1e3 * (time - last);
        last = time;
    }
    tam_loader_free(loader);
    if (status == TAM_OK) {
        report(bench, name, batches, last - began);
    }
    return status;
}

static tam_status run_cases(load_bench *bench, const char *augment, double open_seconds) {
    tam_dataset_info info = tam_dataset_describe(bench->dataset);
    if (info.count < bench->loader.batch) {
        bench->loader.batch = (int)info.count;
    }
    if (!bench->call->json) {
        printf("%lld images of %lld classes, %d x %d x %d, opened in %.2f s\n", (long long)info.count,
               (long long)info.classes, info.channels, info.height, info.width, open_seconds);
    }
    tam_status status = run_case(bench, "decode", NULL, true);
    if (status == TAM_OK) {
        status = run_case(bench, "deliver", NULL, false);
    }
    if (status == TAM_OK) {
        status = run_case(bench, "augment", augment, false);
    }
    if (status != TAM_OK || !bench->call->json) {
        return status;
    }
    return cli_print_json(bench->call,
                          json_pack("{s:I, s:I, s:o, s:s, s:O}", "images", (json_int_t)info.count, "classes",
                                    (json_int_t)info.classes, "open_seconds", cli_json_real(open_seconds), "augment",
                                    augment, "cases", bench->cases));
}

tam_status cli_bench_load(cli_call *call) {
    tam_dataset_config data = {0};
    const char *augment = "affine";
    load_bench bench = {.call = call, .loader = {.batch = DEFAULT_BATCH, .shuffle = 1}, .seconds = 2};
    const cli_option options[] = {
        cli_required(cli_text("data", &data.path, "DIR", "image folder or folder of IDX files")),
        CLI_DATASET_NARROWING("", &data),
        cli_int("size", &data.size, 1, 4096, "side that images are resized to (as in the data)"),
        cli_int("channels", &data.channels, 1, 3, "1 grey or 3 RGB (as in the data)"),
        cli_text("augment", &augment, "SPEC", "augmentation of the third case (affine)"),
        cli_int("batch", &bench.loader.batch, 1, 65536, "images of a batch (128)"),
        cli_int("loader-threads", &bench.loader.threads, 1, 256, "threads that decode and augment (1)"),
        cli_real("seconds", &bench.seconds, 0.01, 3600, "to spend on each case but the first (2)"),
    };
    const cli_usage usage = {
        .synopsis = "--data DIR [options]",
        .example = "tammes bench load --data glyphs --augment affine --loader-threads 2",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
    };
    if (!cli_parse(call, &usage)) {
        return call->status;
    }
    bench.loader.seed = call->seed;
    bench.cases = json_array();
    double began = bench_now();
    tam_status status = tam_dataset_open(call->ctx, &data, &bench.dataset);
    if (status == TAM_OK) {
        status = run_cases(&bench, augment, bench_now() - began);
        tam_dataset_free(bench.dataset);
    }
    json_decref(bench.cases);
    return status;
}

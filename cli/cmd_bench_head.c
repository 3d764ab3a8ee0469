/* tammes bench head: one training step of the class head (forward, backward, SGD) beside what the machine allows. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "bench_head.h"
#include "cli.h"

enum { MOST_STEPS = 1000 };

typedef struct head_bench {
    tam_head_config config;
    double seconds;
    /* Measured: */
    head_check check;
    tam_bench_limits machine;
    int steps;
    double milliseconds[MOST_STEPS];
    tam_head_result result;    /* of the last step */
    size_t weights, workspace; /* bytes */
    size_t beside;             /* all that the context holds while it steps, but for w and momentum */
} head_bench;

/* Before the head, which may take most of the memory. */
static tam_status measure_machine(cli_call *call, head_bench *bench) {
    tam_head_bytes bytes;
    tam_status status = tam_head_count_bytes(call->ctx, &bench->config, &bytes);
    if (status != TAM_OK) {
        return status;
    }
    bench->weights = bytes.weights;
    const tam_bench_config machine = {.seconds = fmin(bench->seconds, 1.0), .bytes = bytes.weights};
    return tam_bench_measure(call->ctx, &machine, &bench->machine);
}

static tam_status time_steps(cli_call *call, head_bench *bench, tam_head *head, float *x, int32_t *y) {
    const tam_head_config *config = &bench->config;
    float *dx = x + (size_t)config->batch * (size_t)config->dim;
    tam_status status = TAM_OK;
    double until = bench_now() + bench->seconds;
    for (int warm = 1; status == TAM_OK && bench->steps < MOST_STEPS && (bench->steps < 3 || bench_now() < until);) {
        bench_head_fill(call->seed + (uint64_t)bench->steps, config, x, y);
        double began = bench_now();
        status = tam_head_step(head, config->batch, x, y, dx, NULL, &bench_head_update, &bench->result);
        bench->milliseconds[bench->steps] = 1e3 * (bench_now() - began);
        bench->steps += warm == 0;
        warm = 0; /* the first step touches the memory for the first time: it does not count */
    }
    bench_sort(bench->milliseconds, bench->steps);
    return status;
}

static tam_status run(cli_call *call, head_bench *bench) {
    const tam_head_config *config = &bench->config;
    size_t numbers = (size_t)config->batch * (size_t)config->dim;
    tam_head *head = NULL;
    float *x = malloc(2 * numbers * sizeof *x);
    int32_t *y = malloc((size_t)config->batch * sizeof *y);
    tam_status status = TAM_OK;
    if (x == NULL || y == NULL) {
        status = cli_fail(call, TAM_RESOURCES, "no memory for a batch of %d", config->batch);
    }
    if (status == TAM_OK) {
        status = tam_head_create(call->ctx, config, &head);
    }
    if (status == TAM_OK) {
        bench->workspace = tam_head_workspace_bytes(head);
        status = bench_head_check(call, config, head, &bench->check);
    }
    if (status == TAM_OK) {
        bench->beside = tam_ctx_memory(call->ctx).bytes - bench->weights;
        status = time_steps(call, bench, head, x, y);
    }
    tam_head_free(head);
    free(x);
    free(y);
    return status;
}

/* The time of the products' operations, and of w and v moving through memory: w read in the first pass, w and v read
 * and written in the second. Both of the classes that take part. */
typedef struct head_limit {
    double flop, product_gflops, flop_ms;
    int bytes_each; /* for each number of w */
    double byte_ms, ms;
} head_limit;

static head_limit find_limit(const head_bench *bench) {
    double classes = (double)(bench->result.classes > 0 ? bench->result.classes : bench->config.classes);
    double numbers = classes * bench->config.dim;
    bool f32 = strcmp(bench->config.dtype, "f32") == 0, lean = strcmp(bench->config.dtype, "bf16-lean") == 0;
    const tam_bench_limits *machine = &bench->machine;
    head_limit limit = {.flop = 6.0 * bench->config.batch * numbers, .bytes_each = lean ? 10 : 20};
    limit.product_gflops =
        f32 || machine->product_bf16_gflops == 0.0 ? machine->product_gflops : machine->product_bf16_gflops;
    limit.flop_ms = 1e-6 * limit.flop / limit.product_gflops;
    limit.byte_ms = 1e-6 * limit.bytes_each * numbers / machine->memory_gbs;
    limit.ms = limit.flop_ms + limit.byte_ms;
    return limit;
}

static void print_table(const head_bench *bench, const char *name, const head_limit *limit, int threads) {
    const head_check *check = &bench->check;
    double median = bench->milliseconds[bench->steps / 2];
    printf("%s, %d threads, %s\n", name, threads, bench->config.dtype);
    printf("step       %10.3f ms (%.3f to %.3f, %d steps)   %.0f GFLOP/s\n", median, bench->milliseconds[0],
           bench->milliseconds[bench->steps - 1], bench->steps, 1e-6 * limit->flop / median);
    printf("limit      %10.3f ms   6NSD flop at %.0f GFLOP/s: %.3f ms, and %dSD bytes at %.1f GB/s: %.3f ms\n",
           limit->ms, limit->product_gflops, limit->flop_ms, limit->bytes_each, bench->machine.memory_gbs,
           limit->byte_ms);
    printf("ratio      %10.3f\n", median / limit->ms);
    printf("classes    %10lld that take part (S); %lld of %lld tiles left out of the gradient",
           (long long)bench->result.classes, (long long)bench->result.tiles_left_out, (long long)bench->result.tiles);
    if (bench->config.gradient_filter > 0) {
        printf(":\n           each dx is off by at most %.1e / |x|, a row of dw by 2^-%d of its scale / |w|",
               bench->result.filter_bound, bench->config.gradient_filter);
    }
    printf("\n");
    printf("memory     %10.1f MB peak: w and momentum %.1f MB, beside them %.1f MB, of which the workspace %.1f MB\n",
           bench_peak_mb() * 1.048576, (double)bench->weights / 1e6, (double)bench->beside / 1e6,
           (double)bench->workspace / 1e6);
    printf("correct to %10.1e of the %s's loss, dx and dw, on %lld classes and %d samples (less than %.0e is asked)\n",
           bench_head_error(check), strcmp(check->against, "ref") == 0 ? "reference backend" : "textbook head",
           (long long)check->classes, check->samples, check->tolerance);
}

static json_t *describe(const head_bench *bench, const char *name, const head_limit *limit, int threads) {
    const tam_head_config *config = &bench->config;
    const head_check *check = &bench->check;
    double median = bench->milliseconds[bench->steps / 2];
    json_t *object = json_pack("{s:s, s:o, s:I, s:i, s:i, s:i, s:s, s:o, s:i}", "case", name, "loss",
                               cli_json_text(config->loss), "classes", (json_int_t)config->classes, "dim", config->dim,
                               "batch", config->batch, "threads", threads, "dtype", config->dtype, "sample_rate",
                               cli_json_real(config->sample_rate), "gradient_filter", config->gradient_filter);
    const struct {
        const char *key;
        double value;
    } numbers[] = {
        {"ms_median", median},
        {"ms_min", bench->milliseconds[0]},
        {"ms_max", bench->milliseconds[bench->steps - 1]},
        {"steps", bench->steps},
        {"gflops", 1e-6 * limit->flop / median},
        {"product_gflops", limit->product_gflops},
        {"memory_gbs", bench->machine.memory_gbs},
        {"flop_ms", limit->flop_ms},
        {"byte_ms", limit->byte_ms},
        {"limit_ms", limit->ms},
        {"ratio_to_limit", median / limit->ms},
        {"classes_taking_part", (double)bench->result.classes},
        {"tiles", (double)bench->result.tiles},
        {"tiles_left_out", (double)bench->result.tiles_left_out},
        {"filter_bound", bench->result.filter_bound},
        {"weights_mb", (double)bench->weights / 1e6},
        {"workspace_mb", (double)bench->workspace / 1e6},
        {"beside_weights_mb", (double)bench->beside / 1e6},
        {"peak_rss_mb", bench_peak_mb()},
        {"error", bench_head_error(check)},
        {"error_loss", check->loss},
        {"error_dx", check->dx},
        {"error_dw", check->dw},
        {"tolerance", check->tolerance},
    };
    for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++) {
        double value = numbers[k].value;
        bool whole = value == floor(value) && fabs(value) < 0x1p53;
        json_object_set_new(object, numbers[k].key, whole ? json_integer((json_int_t)value) : cli_json_real(value));
    }
    json_object_set_new(object, "checked_against", json_string(check->against));
    return object;
}

static tam_status report(cli_call *call, const head_bench *bench) {
    const tam_head_config *config = &bench->config;
    head_limit limit = find_limit(bench);
    int threads = tam_ctx_threads(call->ctx);
    char name[160];
    snprintf(name, sizeof name, "head %s N=%d D=%d C=%lld", config->loss, config->batch, config->dim,
             (long long)config->classes);
    if (call->json) {
        return cli_print_json(call, describe(bench, name, &limit, threads));
    }
    print_table(bench, name, &limit, threads);
    return TAM_OK;
}

tam_status cli_bench_head(cli_call *call) {
    static const char *const dtypes[] = {"f32", "bf16", "bf16-lean"};
    head_bench bench = {.config = {.classes = 10000, .dim = 512, .batch = 128, .sample_rate = 1.0}, .seconds = 3.0};
    const char *losses = NULL;
    int rounds = 7, dtype = 0;
    tam_head_config *config = &bench.config;
    const cli_option options[] = {
        cli_int64("classes", &config->classes, 2, 100000000, "C, the number of classes (10000)"),
        cli_int("dim", &config->dim, 1, 65536, "D, the width of the embedding (512)"),
        cli_int("batch", &config->batch, 1, 65536, "N, the samples of a step (128)"),
        cli_text("loss", &config->loss, "SPEC", "loss specification (arcface)"),
        cli_choice("dtype", &dtype, "f32|bf16|bf16-lean",
                   "f32; bf16: of products; bf16-lean: of w and momentum too (f32)"),
        cli_workspace("head-workspace", &config->workspace,
                      "memory of a step: bytes, or 500k, 64M, 1.5G (by 1000); 0: the least; auto (default)"),
        cli_real("sample-rate", &config->sample_rate, 1e-9, 1.0, "share of the classes that take part in a step (1)"),
        cli_int("gradient-filter", &config->gradient_filter, 0, 60,
                "leave tiles of classes below a probability of 2^-N out of the gradient (0: exact)"),
        cli_real("seconds", &bench.seconds, 0.01, 3600, "to spend on steps of --loss; at least three are made (3)"),
        cli_text("losses", &losses, "SPEC,SPEC|all", "times these in turn, beside cosface; all: every class loss"),
        cli_int("rounds", &rounds, 1, 1000, "turns of each of --losses (7)"),
    };
    const cli_usage usage = {
        .synopsis = "[options]",
        .example = "tammes bench head --classes 100000 --dim 512 --batch 128 --loss arcface\n"
                   "tammes bench head --classes 1000000 --dtype bf16-lean --head-workspace 0\n"
                   "tammes bench head --losses arcface:s=16,m=0.3,softmax+center,p2sgrad",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
    };
    if (!cli_parse(call, &usage)) {
        return call->status;
    }
    config->seed = call->seed;
    config->dtype = dtypes[dtype];
    if (losses != NULL && config->loss != NULL) {
        return cli_fail(call, TAM_CONFIG, "--loss times one loss and --losses several: give one of the two");
    }
    if (losses != NULL) {
        return bench_head_losses(call, config, losses, rounds);
    }
    config->loss = config->loss != NULL ? config->loss : "arcface";
    tam_status status = measure_machine(call, &bench);
    if (status == TAM_OK) {
        status = run(call, &bench);
    }
    return status == TAM_OK ? report(call, &bench) : status;
}

/* tammes bench head: one training step of the class head (forward, backward, SGD) beside what the machine allows. */
#include <math.h>
#include <stdlib.h>

#include "bench.h"
#include "cli.h"

enum { MOST_STEPS = 1000, CHECK_CLASSES = 300, CHECK_BATCH = 40 };

typedef struct head_bench {
    int64_t classes;
    int dim, batch;
    const char *loss;
    double seconds;
    /* Measured: */
    double error; /* largest relative difference from the reference backend, on a small head */
    tam_bench_limits machine;
    int steps;
    double milliseconds[MOST_STEPS];
    double workspace_mb;
} head_bench;

/* Embeddings in [-1, 1]^D and labels, from a linear congruence. */
static void fill(uint64_t seed, int n, int dim, int64_t classes, float *x, int32_t *y) {
    uint64_t number = seed * 2 + 1;
    for (int64_t k = 0; k < (int64_t)n * dim; k++) {
        number = number * 6364136223846793005u + 1442695040888963407u;
        x[k] = (float)(number >> 40) * 0x1p-23f - 1.0f;
    }
    for (int i = 0; i < n; i++) {
        number = number * 6364136223846793005u + 1442695040888963407u;
        y[i] = (int32_t)((number >> 33) % (uint64_t)classes);
    }
}

static double distance(int64_t count, const float *a, const float *b) {
    double worst = 0.0, largest = 1e-30;
    for (int64_t k = 0; k < count; k++) {
        worst = fmax(worst, fabs((double)a[k] - (double)b[k]));
        largest = fmax(largest, fabs((double)b[k]));
    }
    return worst / largest;
}

/* A fast wrong step is worth nothing: a small head first, against the plain reference backend. */
static tam_status check(cli_call *call, head_bench *bench) {
    tam_status status = TAM_OK;
    tam_head *head[2] = {NULL, NULL};
    int n = bench->batch < CHECK_BATCH ? bench->batch : CHECK_BATCH, dim = bench->dim;
    int64_t classes = bench->classes < CHECK_CLASSES ? bench->classes : CHECK_CLASSES;
    size_t numbers = (size_t)n * (size_t)dim, weights = (size_t)classes * (size_t)dim;
    float *x = malloc(numbers * sizeof *x), *gradients = malloc(2 * (numbers + weights) * sizeof *gradients);
    int32_t *y = malloc((size_t)n * sizeof *y);
    if (x == NULL || gradients == NULL || y == NULL) {
        status = cli_fail(call, TAM_RESOURCES, "no memory for the check");
        goto done;
    }
    float *dx[2] = {gradients, gradients + numbers}, *dw[2] = {gradients + 2 * numbers, NULL};
    dw[1] = dw[0] + weights;
    fill(call->seed, n, dim, classes, x, y);
    for (int k = 0; k < 2 && status == TAM_OK; k++) {
        tam_head_result result;
        tam_head_config config = {.loss = bench->loss, .classes = classes, .dim = dim, .batch = n, .seed = call->seed};
        config.backend = k == 0 ? NULL : "ref";
        status = tam_head_create(call->ctx, &config, &head[k]);
        if (status == TAM_OK) {
            status = tam_head_gradient(head[k], n, x, y, dx[k], dw[k], NULL, &result);
        }
    }
    if (status == TAM_OK) {
        bench->error = fmax(distance((int64_t)numbers, dx[0], dx[1]), distance((int64_t)weights, dw[0], dw[1]));
        if (!(bench->error < 1e-4)) {
            status = cli_fail(call, TAM_INTERNAL, "the head differs from the reference by %.2g", bench->error);
        }
    }
done:
    tam_head_free(head[0]);
    tam_head_free(head[1]);
    free(x);
    free(gradients);
    free(y);
    return status;
}

static tam_status time_steps(cli_call *call, head_bench *bench) {
    const tam_head_update update = {.lr = 0.01f, .momentum = 0.9f, .weight_decay = 5e-4f};
    tam_head *head = NULL;
    size_t numbers = (size_t)bench->batch * (size_t)bench->dim;
    float *x = malloc(2 * numbers * sizeof *x);
    int32_t *y = malloc((size_t)bench->batch * sizeof *y);
    tam_status status = TAM_OK;
    if (x == NULL || y == NULL) {
        status = cli_fail(call, TAM_RESOURCES, "no memory for a batch of %d", bench->batch);
        goto done;
    }
    tam_head_config config = {
        .loss = bench->loss, .classes = bench->classes, .dim = bench->dim, .batch = bench->batch, .seed = call->seed};
    status = tam_head_create(call->ctx, &config, &head);
    if (status != TAM_OK) {
        goto done;
    }
    bench->workspace_mb = (double)tam_head_workspace_bytes(head) / 1e6;
    double until = bench_now() + bench->seconds;
    for (int warm = 1; status == TAM_OK && bench->steps < MOST_STEPS && (bench->steps < 3 || bench_now() < until);) {
        tam_head_result result;
        fill(call->seed + (uint64_t)bench->steps, bench->batch, bench->dim, bench->classes, x, y);
        double began = bench_now();
        status = tam_head_step(head, bench->batch, x, y, x + numbers, NULL, &update, &result);
        bench->milliseconds[bench->steps] = 1e3 * (bench_now() - began);
        bench->steps += warm == 0;
        warm = 0; /* the first step touches the memory for the first time: it does not count */
    }
    bench_sort(bench->milliseconds, bench->steps);
done:
    tam_head_free(head);
    free(x);
    free(y);
    return status;
}

static tam_status report(cli_call *call, const head_bench *bench) {
    double ncd = (double)bench->batch * (double)bench->classes * bench->dim;
    double flop_ms = 6e-6 * ncd / bench->machine.product_gflops;
    double byte_ms = 20e-6 * ncd / bench->batch / bench->machine.memory_gbs;
    double limit_ms = fmax(flop_ms, byte_ms);
    double median = bench->milliseconds[bench->steps / 2];
    int threads = tam_ctx_threads(call->ctx);
    char name[160];
    snprintf(name, sizeof name, "head %s N=%d D=%d C=%lld", bench->loss, bench->batch, bench->dim,
             (long long)bench->classes);
    if (!call->json) {
        printf("%s, %d threads, f32\n", name, threads);
        printf("step       %10.3f ms (%.3f to %.3f, %d steps)   %.0f GFLOP/s\n", median, bench->milliseconds[0],
               bench->milliseconds[bench->steps - 1], bench->steps, 6e-6 * ncd / median);
        printf("limit      %10.3f ms   6NCD flop at %.0f GFLOP/s: %.3f ms, 20CD bytes at %.1f GB/s: %.3f ms\n",
               limit_ms, bench->machine.product_gflops, flop_ms, bench->machine.memory_gbs, byte_ms);
        printf("ratio      %10.3f\n", median / limit_ms);
        printf("memory     %10.1f MB peak, of which the head's workspace %.1f MB\n", bench_peak_mb(),
               bench->workspace_mb);
        printf("correct to %10.1e of the reference backend's gradients, on %d classes\n", bench->error, CHECK_CLASSES);
        return TAM_OK;
    }
    return cli_print_json(
        call,
        json_pack(
            "{s:s, s:s, s:I, s:i, s:i, s:o, s:o, s:o, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:i, "
            "s:s}",
            "case", name, "loss", bench->loss, "classes", (json_int_t)bench->classes, "dim", bench->dim, "batch",
            bench->batch, "ms_median", cli_json_real(median), "ms_min", cli_json_real(bench->milliseconds[0]), "ms_max",
            cli_json_real(bench->milliseconds[bench->steps - 1]), "steps", bench->steps, "gflops",
            cli_json_real(6e-6 * ncd / median), "product_gflops", cli_json_real(bench->machine.product_gflops),
            "memory_gbs", cli_json_real(bench->machine.memory_gbs), "flop_ms", cli_json_real(flop_ms), "byte_ms",
            cli_json_real(byte_ms), "limit_ms", cli_json_real(limit_ms), "ratio_to_limit",
            cli_json_real(median / limit_ms), "workspace_mb", cli_json_real(bench->workspace_mb), "peak_rss_mb",
            cli_json_real(bench_peak_mb()), "error", cli_json_real(bench->error), "threads", threads, "dtype", "f32"));
}

tam_status cli_bench_head(cli_call *call) {
    head_bench bench = {.classes = 10000, .dim = 512, .batch = 128, .loss = "arcface", .seconds = 3.0};
    const cli_option options[] = {
        cli_int64("classes", &bench.classes, 2, 100000000, "C, the number of classes (10000)"),
        cli_int("dim", &bench.dim, 1, 65536, "D, the width of the embedding (512)"),
        cli_int("batch", &bench.batch, 1, 65536, "N, the samples of a step (128)"),
        cli_text("loss", &bench.loss, "SPEC", "loss specification (arcface)"),
        cli_real("seconds", &bench.seconds, 0.01, 3600, "to spend on steps; at least three are made (3)"),
    };
    const cli_usage usage = {
        .synopsis = "[options]",
        .example = "tammes bench head --classes 100000 --dim 512 --batch 128 --loss arcface",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
    };
    if (!cli_parse(call, &usage)) {
        return call->status;
    }
    tam_status status = check(call, &bench);
    if (status == TAM_OK) {
        status = tam_bench_measure(call->ctx, 0.0, &bench.machine);
    }
    if (status == TAM_OK) {
        status = time_steps(call, &bench);
    }
    return status == TAM_OK ? report(call, &bench) : status;
}

/* tammes bench head: one training step of the class head (forward, backward, SGD) beside what the machine allows. */
#include <math.h>
#include <stdlib.h>

#include "bench.h"
#include "bench_head.h"
#include "cli.h"

enum { MOST_STEPS = 1000 };

typedef struct head_bench {
    head_size size;
    const char *loss;
    double seconds;
    /* Measured: */
    double error; /* largest relative difference from the reference backend, on a small head */
    tam_bench_limits machine;
    int steps;
    double milliseconds[MOST_STEPS];
    double workspace_mb;
} head_bench;

static tam_status time_steps(cli_call *call, head_bench *bench) {
    const head_size *size = &bench->size;
    tam_head *head = NULL;
    size_t numbers = (size_t)size->batch * (size_t)size->dim;
    float *x = malloc(2 * numbers * sizeof *x);
    int32_t *y = malloc((size_t)size->batch * sizeof *y);
    tam_status status = TAM_OK;
    if (x == NULL || y == NULL) {
        status = cli_fail(call, TAM_RESOURCES, "no memory for a batch of %d", size->batch);
        goto done;
    }
    tam_head_config config = {
        .loss = bench->loss, .classes = size->classes, .dim = size->dim, .batch = size->batch, .seed = call->seed};
    status = tam_head_create(call->ctx, &config, &head);
    if (status != TAM_OK) {
        goto done;
    }
    bench->workspace_mb = (double)tam_head_workspace_bytes(head) / 1e6;
    double until = bench_now() + bench->seconds;
    for (int warm = 1; status == TAM_OK && bench->steps < MOST_STEPS && (bench->steps < 3 || bench_now() < until);) {
        tam_head_result result;
        bench_head_fill(call->seed + (uint64_t)bench->steps, size, x, y);
        double began = bench_now();
        status = tam_head_step(head, size->batch, x, y, x + numbers, NULL, &bench_head_update, &result);
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
    const head_size *size = &bench->size;
    double ncd = (double)size->batch * (double)size->classes * size->dim;
    double flop_ms = 6e-6 * ncd / bench->machine.product_gflops;
    double byte_ms = 20e-6 * ncd / size->batch / bench->machine.memory_gbs;
    double limit_ms = fmax(flop_ms, byte_ms);
    double median = bench->milliseconds[bench->steps / 2];
    int threads = tam_ctx_threads(call->ctx);
    char name[160];
    snprintf(name, sizeof name, "head %s N=%d D=%d C=%lld", bench->loss, size->batch, size->dim,
             (long long)size->classes);
    if (!call->json) {
        printf("%s, %d threads, f32\n", name, threads);
        printf("step       %10.3f ms (%.3f to %.3f, %d steps)   %.0f GFLOP/s\n", median, bench->milliseconds[0],
               bench->milliseconds[bench->steps - 1], bench->steps, 6e-6 * ncd / median);
        printf("limit      %10.3f ms   6NCD flop at %.0f GFLOP/s: %.3f ms, 20CD bytes at %.1f GB/s: %.3f ms\n",
               limit_ms, bench->machine.product_gflops, flop_ms, bench->machine.memory_gbs, byte_ms);
        printf("ratio      %10.3f\n", median / limit_ms);
        printf("memory     %10.1f MB peak, of which the head's workspace %.1f MB\n", bench_peak_mb(),
               bench->workspace_mb);
        printf("correct to %10.1e of the reference backend's gradients, on a small head\n", bench->error);
        return TAM_OK;
    }
    return cli_print_json(
        call,
        json_pack(
            "{s:s, s:s, s:I, s:i, s:i, s:o, s:o, s:o, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:i, "
            "s:s}",
            "case", name, "loss", bench->loss, "classes", (json_int_t)size->classes, "dim", size->dim, "batch",
            size->batch, "ms_median", cli_json_real(median), "ms_min", cli_json_real(bench->milliseconds[0]), "ms_max",
            cli_json_real(bench->milliseconds[bench->steps - 1]), "steps", bench->steps, "gflops",
            cli_json_real(6e-6 * ncd / median), "product_gflops", cli_json_real(bench->machine.product_gflops),
            "memory_gbs", cli_json_real(bench->machine.memory_gbs), "flop_ms", cli_json_real(flop_ms), "byte_ms",
            cli_json_real(byte_ms), "limit_ms", cli_json_real(limit_ms), "ratio_to_limit",
            cli_json_real(median / limit_ms), "workspace_mb", cli_json_real(bench->workspace_mb), "peak_rss_mb",
            cli_json_real(bench_peak_mb()), "error", cli_json_real(bench->error), "threads", threads, "dtype", "f32"));
}

tam_status cli_bench_head(cli_call *call) {
    head_bench bench = {.size = {.classes = 10000, .dim = 512, .batch = 128}, .seconds = 3.0};
    const char *losses = NULL;
    int rounds = 7;
    const cli_option options[] = {
        cli_int64("classes", &bench.size.classes, 2, 100000000, "C, the number of classes (10000)"),
        cli_int("dim", &bench.size.dim, 1, 65536, "D, the width of the embedding (512)"),
        cli_int("batch", &bench.size.batch, 1, 65536, "N, the samples of a step (128)"),
        cli_text("loss", &bench.loss, "SPEC", "loss specification (arcface)"),
        cli_real("seconds", &bench.seconds, 0.01, 3600, "to spend on steps of --loss; at least three are made (3)"),
        cli_text("losses", &losses, "SPEC,SPEC|all", "times these in turn, beside cosface; all: every class loss"),
        cli_int("rounds", &rounds, 1, 1000, "turns of each of --losses (7)"),
    };
    const cli_usage usage = {
        .synopsis = "[options]",
        .example = "tammes bench head --classes 100000 --dim 512 --batch 128 --loss arcface\n"
                   "tammes bench head --losses arcface:s=16,m=0.3,softmax+center,p2sgrad",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
    };
    if (!cli_parse(call, &usage)) {
        return call->status;
    }
    if (losses != NULL && bench.loss != NULL) {
        return cli_fail(call, TAM_CONFIG, "--loss times one loss and --losses several: give one of the two");
    }
    if (losses != NULL) {
        return bench_head_losses(call, &bench.size, losses, rounds);
    }
    bench.loss = bench.loss != NULL ? bench.loss : "arcface";
    tam_status status = bench_head_check(call, &bench.size, bench.loss, &bench.error);
    if (status == TAM_OK) {
        status = tam_bench_measure(call->ctx, NULL, &bench.machine);
    }
    if (status == TAM_OK) {
        status = time_steps(call, &bench);
    }
    return status == TAM_OK ? report(call, &bench) : status;
}

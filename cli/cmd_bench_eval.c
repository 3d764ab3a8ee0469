/* tammes bench eval: all pairs of many embeddings, beside what their products alone take on this machine. */
#include <stdlib.h>

#include "bench.h"
#include "cli.h"

enum { MOST_ROUNDS = 101 };

typedef struct eval_bench {
    int64_t rows, classes;
    int dim, rounds;
    float *e;
    int32_t *labels;
} eval_bench;

/* Numbers of which only the spread matters: sums of uniform ones. */
static float draw(uint64_t *state) {
    float sum = 0;
    for (int i = 0; i < 4; i++) {
        *state = *state * 6364136223846793005u + 1442695040888963407u;
        sum += (float)(*state >> 40) * 0x1p-24f - 0.5f;
    }
    return sum;
}

/* Rows nearer to and farther from their class's centre, as good and bad photos are: some genuine scores lie deep among
 * the impostors'. */
static tam_status make_rows(cli_call *call, eval_bench *bench) {
    size_t rows = (size_t)bench->rows, dim = (size_t)bench->dim;
    uint64_t state = call->seed + 1;
    float *centre = calloc((size_t)bench->classes * dim, sizeof *centre);
    bench->e = calloc(rows * dim, sizeof *bench->e);
    bench->labels = calloc(rows, sizeof *bench->labels);
    if (centre == NULL || bench->e == NULL || bench->labels == NULL) {
        free(centre);
        return cli_fail(call, TAM_RESOURCES, "cannot allocate %lld rows of %d numbers", (long long)bench->rows,
                        bench->dim);
    }
    for (size_t i = 0; i < (size_t)bench->classes * dim; i++) {
        centre[i] = draw(&state);
    }
    for (size_t i = 0; i < rows; i++) {
        size_t c = i % (size_t)bench->classes;
        float away = 1.5f + draw(&state);
        bench->labels[i] = (int32_t)c;
        for (size_t k = 0; k < dim; k++) {
            bench->e[i * dim + k] = centre[c * dim + k] + away * draw(&state);
        }
    }
    free(centre);
    return TAM_OK;
}

static tam_status report(cli_call *call, const eval_bench *bench, const double *seconds, double gflops) {
    double pairs = 0.5 * (double)bench->rows * (double)(bench->rows - 1);
    double limit = 2 * pairs * bench->dim / (1e9 * gflops), median = seconds[bench->rounds / 2];
    if (!call->json) {
        printf("all pairs of %lld x %d: %.0f million pairs in %.0f ms (%.0f to %.0f); the products alone %.0f ms: "
               "%.2f times; peak %.0f MB\n",
               (long long)bench->rows, bench->dim, pairs / 1e6, 1e3 * median, 1e3 * seconds[0],
               1e3 * seconds[bench->rounds - 1], 1e3 * limit, median / limit, bench_peak_mb());
        return TAM_OK;
    }
    return cli_print_json(
        call, json_pack("{s:s, s:I, s:i, s:I, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:i, s:s}", "case", "allpairs",
                        "rows", (json_int_t)bench->rows, "dim", bench->dim, "classes", (json_int_t)bench->classes,
                        "pairs", pairs, "ms_median", 1e3 * median, "ms_min", 1e3 * seconds[0], "ms_max",
                        1e3 * seconds[bench->rounds - 1], "gflops", 2e-9 * pairs * bench->dim / median, "limit_ms",
                        1e3 * limit, "ratio_to_limit", median / limit, "peak_rss_mb", bench_peak_mb(), "threads",
                        tam_ctx_threads(call->ctx), "dtype", "f32"));
}

static tam_status measure(cli_call *call, const eval_bench *bench) {
    double seconds[MOST_ROUNDS];
    const tam_bench_config least = {.seconds = 0.5, .bytes = 1 << 20};
    tam_bench_limits limits;
    tam_status status = TAM_OK;
    for (int round = 0; round < bench->rounds && status == TAM_OK; round++) {
        tam_verification result;
        double began = bench_now();
        status = tam_eval_all_pairs(call->ctx, bench->rows, bench->dim, bench->e, bench->labels, 0, NULL, &result);
        seconds[round] = bench_now() - began;
    }
    if (status == TAM_OK) {
        status = tam_bench_measure(call->ctx, &least, &limits);
    }
    if (status == TAM_OK) {
        bench_sort(seconds, bench->rounds);
        status = report(call, bench, seconds, limits.product_gflops);
    }
    return status;
}

tam_status cli_bench_eval(cli_call *call) {
    eval_bench bench = {.rows = 20000, .classes = 2000, .dim = 512, .rounds = 5};
    const cli_option options[] = {
        cli_int64("rows", &bench.rows, 2, 10000000, "embeddings (20000)"),
        cli_int64("classes", &bench.classes, 1, 10000000, "classes (2000)"),
        cli_int("dim", &bench.dim, 1, 65536, "numbers of an embedding (512)"),
        cli_int("rounds", &bench.rounds, 1, MOST_ROUNDS, "times that it is measured (5)"),
    };
    const cli_usage usage = {
        .synopsis = "[options]",
        .example = "tammes bench eval --rows 20000 --dim 512",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
    };
    if (!cli_parse(call, &usage)) {
        return call->status;
    }
    tam_status status = make_rows(call, &bench);
    if (status == TAM_OK) {
        status = measure(call, &bench);
    }
    free(bench.e);
    free(bench.labels);
    return status;
}

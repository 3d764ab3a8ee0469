/* tammes bench net: how fast a net trains and embeds here, beside the machine's limit for products in the same run. */
#include <stdlib.h>

#include "bench.h"
#include "cli.h"

enum { TRAIN, INFER };
enum { FORWARD, BACKWARD, UPDATE, STEP, PARTS };
enum { MOST_STEPS = 4096, LEAST_STEPS = 3, WARM_UP = 2 };

typedef struct net_bench {
    cli_call *call;
    tam_net_config net;
    int batch, mode;
    double seconds;
    tam_bench_limits limits;
    int steps;
    double milliseconds[PARTS][MOST_STEPS];
} net_bench;

/* Numbers without rhyme in [-1, 1): speed does not depend on them, as long as none is 0 or subnormal. */
static void fill(float *values, size_t count) {
    uint32_t state = 1;
    for (size_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        values[i] = (float)(state >> 8) / 8388608.0F - 1;
    }
}

static tam_status run_step(net_bench *bench, tam_net *net, tam_net_plan *plan, const float *images, float *x) {
    double at[PARTS + 1];
    at[FORWARD] = bench_now();
    tam_status status = tam_net_forward(plan, bench->batch, images, (uint64_t)bench->steps, x);
    at[BACKWARD] = bench_now();
    if (status == TAM_OK && bench->mode == TRAIN) {
        status = tam_net_backward(plan, x); /* any gradient is as good */
    }
    at[UPDATE] = bench_now();
    if (bench->mode == TRAIN) {
        tam_net_update(net, 1e-8F, 0.9F, 5e-4F, 1);
    }
    at[STEP] = bench_now();
    for (int part = FORWARD; part <= UPDATE; part++) {
        bench->milliseconds[part][bench->steps] = 1e3 * (at[part + 1] - at[part]);
    }
    bench->milliseconds[STEP][bench->steps] = 1e3 * (at[STEP] - at[FORWARD]);
    return status;
}

static tam_status run_steps(net_bench *bench, tam_net *net, tam_net_plan *plan, const float *images, float *x) {
    tam_status status = TAM_OK;
    for (int i = 0; i < WARM_UP && status == TAM_OK; i++) {
        status = run_step(bench, net, plan, images, x);
    }
    double began = bench_now();
    while (status == TAM_OK && bench->steps < MOST_STEPS &&
           (bench->steps < LEAST_STEPS || bench_now() - began < bench->seconds)) {
        status = run_step(bench, net, plan, images, x);
        bench->steps++;
    }
    for (int part = 0; part < PARTS; part++) {
        bench_sort(bench->milliseconds[part], bench->steps);
    }
    return status;
}

static tam_status report(net_bench *bench, const tam_net_info *info, size_t plan_bytes) {
    const double *step = bench->milliseconds[STEP];
    double median = step[bench->steps / 2], work = bench->mode == TRAIN ? 6 : 2;
    double operations = work * (double)info->macs * bench->batch;
    double limit = 1e-6 * operations / bench->limits.product_gflops;
    double rate = 1e3 * bench->batch / median, gflops = 1e-6 * operations / median;
    const char *mode = bench->mode == TRAIN ? "train" : "infer";
    int threads = tam_ctx_threads(bench->call->ctx);
    double forward = bench->milliseconds[FORWARD][bench->steps / 2];
    double backward = bench->milliseconds[BACKWARD][bench->steps / 2];
    double update = bench->milliseconds[UPDATE][bench->steps / 2];
    if (bench->call->json) {
        return cli_print_json(
            bench->call,
            json_pack("{s:s+++, s:s, s:s, s:i, s:i, s:i, s:i, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, "
                      "s:o, s:o, s:o, s:i, s:s}",
                      "case", "net ", bench->net.net, " ", mode, "net", bench->net.net, "mode", mode, "batch",
                      bench->batch, "channels", info->channels, "height", info->height, "width", info->width, "dim",
                      info->dim, "ms_median", cli_json_real(median), "ms_min", cli_json_real(step[0]), "ms_max",
                      cli_json_real(step[bench->steps - 1]), "images_per_second", cli_json_real(rate), "gflops",
                      cli_json_real(gflops), "product_gflops", cli_json_real(bench->limits.product_gflops), "limit_ms",
                      cli_json_real(limit), "ratio_to_limit", cli_json_real(median / limit), "forward_ms",
                      cli_json_real(forward), "backward_ms", cli_json_real(backward), "update_ms",
                      cli_json_real(update), "plan_mb", cli_json_real((double)plan_bytes / 1e6), "peak_rss_mb",
                      cli_json_real(bench_peak_mb()), "threads", threads, "dtype", "f32"));
    }
    printf("%s %s, %d x %d x %d, batch %d, %d threads, f32\n", bench->net.net, mode, info->channels, info->height,
           info->width, bench->batch, threads);
    printf("%.0f images/s, %.2f ms a step (%.2f to %.2f): forward %.2f, backward %.2f, update %.2f\n", rate, median,
           step[0], step[bench->steps - 1], forward, backward, update);
    printf("%.1f GFLOP/s, %.0f%% of the %.1f that products reach; plan %.1f MB, peak %.0f MB\n", gflops,
           100 * limit / median, bench->limits.product_gflops, (double)plan_bytes / 1e6, bench_peak_mb());
    return TAM_OK;
}

static tam_status run(net_bench *bench, tam_net *net) {
    tam_net_info info = tam_net_describe(net);
    tam_net_plan *plan = NULL;
    size_t image = (size_t)info.channels * (size_t)info.height * (size_t)info.width, count = (size_t)bench->batch;
    float *images = calloc(count * image, sizeof *images), *x = calloc(count * (size_t)info.dim, sizeof *x);
    tam_status status = TAM_RESOURCES;
    if (images == NULL || x == NULL) {
        status = cli_fail(bench->call, TAM_RESOURCES, "cannot allocate %zu images", count);
        goto done;
    }
    fill(images, count * image);
    tam_net_plan_config config = {.batch = bench->batch, .training = bench->mode == TRAIN};
    status = tam_net_plan_create(net, &config, &plan);
    if (status == TAM_OK) {
        status = run_steps(bench, net, plan, images, x);
    }
    if (status == TAM_OK) {
        status = report(bench, &info, tam_net_plan_bytes(plan));
    }
done:
    tam_net_plan_free(plan);
    free(images);
    free(x);
    return status;
}

tam_status cli_bench_net(cli_call *call) {
    static net_bench bench; /* large */
    int size = 28;
    bench = (net_bench){.call = call, .batch = 128, .seconds = 2};
    bench.net = (tam_net_config){.net = "lenet++", .channels = 1, .dim = 128};
    const cli_option options[] = {
        cli_text("net", &bench.net.net, "NAME", "the net (lenet++)"),
        cli_choice("mode", &bench.mode, "train|infer", "what to measure (train)"),
        cli_int("batch", &bench.batch, 1, 65536, "images of a step (128)"),
        cli_int("size", &size, 1, 4096, "side of the input in pixels (28)"),
        cli_int("channels", &bench.net.channels, 1, 3, "1 grey or 3 RGB (1)"),
        cli_int("dim", &bench.net.dim, 1, 65536, "width of the embedding (128)"),
        cli_text("backend", &bench.net.backend, "NAME", "cpu or ref (cpu)"),
        cli_real("seconds", &bench.seconds, 0, 3600, "to spend, but three steps at least (2)"),
    };
    const cli_usage usage = {
        .synopsis = "[options]",
        .example = "tammes bench net --net lenet++ --batch 128 --mode train --threads 2",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
    };
    if (!cli_parse(call, &usage)) {
        return call->status;
    }
    bench.net.height = size;
    bench.net.width = size;
    bench.net.seed = call->seed;
    tam_net *net = NULL;
    tam_status status = tam_net_create(call->ctx, &bench.net, &net);
    if (status == TAM_OK) {
        status = tam_bench_measure(call->ctx, NULL, &bench.limits);
    }
    if (status == TAM_OK) {
        status = run(&bench, net);
    }
    tam_net_free(net);
    return status;
}

/* What tammes bench net prints. */
#include <string.h>

#include "bench.h"
#include "bench_net.h"

/* What the whole step says of itself. */
typedef struct net_speed {
    double median, least, most;       /* ms */
    double forward, backward, update; /* ms */
    double operations, limit_ms;      /* of a step; the limit: in products alone */
} net_speed;

double net_bench_peak(const net_bench *bench) {
    bool bf16 = strcmp(bench->dtype, "bf16") == 0 && bench->limits.product_bf16_gflops > 0;
    return bf16 ? bench->limits.product_bf16_gflops : bench->limits.product_gflops;
}

static net_speed find_speed(const net_bench *bench) {
    int middle = bench->steps / 2;
    double each = bench->mode == NET_TRAIN ? 6 : 2; /* operations a multiply-add: backward makes two products */
    net_speed speed = {.median = bench->milliseconds[NET_STEP][middle],
                       .least = bench->milliseconds[NET_STEP][0],
                       .most = bench->milliseconds[NET_STEP][bench->steps - 1],
                       .forward = bench->milliseconds[NET_FORWARD][middle],
                       .backward = bench->milliseconds[NET_BACKWARD][middle],
                       .update = bench->milliseconds[NET_UPDATE][middle],
                       .operations = each * (double)bench->info.macs * bench->plan.batch};
    speed.limit_ms = 1e-6 * speed.operations / net_bench_peak(bench);
    return speed;
}

static const char *mode_name(const net_bench *bench) {
    return bench->mode == NET_TRAIN ? "train" : "infer";
}

static void add_real(json_t *object, const char *key, double value) {
    json_object_set_new(object, key, cli_json_real(value));
}

static json_t *describe(const net_bench *bench, const net_speed *speed) {
    const tam_net_plan_config *plan = &bench->plan;
    json_t *object = json_pack("{s:s+++, s:s, s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:s, s:s, s:s, s:b, s:i}", "case",
                               "net ", bench->net.net, " ", mode_name(bench), "net", bench->net.net, "mode",
                               mode_name(bench), "batch", plan->batch, "channels", bench->info.channels, "height",
                               bench->info.height, "width", bench->info.width, "dim", bench->info.dim, "threads",
                               tam_ctx_threads(bench->call->ctx), "dtype", bench->dtype, "recompute", plan->recompute,
                               "tune", plan->tune, "deterministic", plan->deterministic, "steps", bench->steps);
    add_real(object, "ms_median", speed->median);
    add_real(object, "ms_min", speed->least);
    add_real(object, "ms_max", speed->most);
    add_real(object, "images_per_second", 1e3 * plan->batch / speed->median);
    add_real(object, "gflops", 1e-6 * speed->operations / speed->median);
    add_real(object, "product_gflops", bench->limits.product_gflops);
    add_real(object, "product_bf16_gflops", bench->limits.product_bf16_gflops);
    add_real(object, "memory_gbs", bench->limits.memory_gbs);
    add_real(object, "limit_ms", speed->limit_ms);
    add_real(object, "ratio_to_limit", speed->median / speed->limit_ms);
    add_real(object, "share_of_peak", speed->limit_ms / speed->median);
    add_real(object, "forward_ms", speed->forward);
    add_real(object, "backward_ms", speed->backward);
    add_real(object, "update_ms", speed->update);
    add_real(object, "plan_seconds", bench->plan_seconds);
    add_real(object, "plan_mb", (double)bench->plan_bytes / 1e6);
    add_real(object, "peak_rss_mb", bench->peak_mb);
    if (bench->by_layer) {
        json_object_set_new(object, "layers", net_layers_json(bench));
    }
    return object;
}

static void print_table(const net_bench *bench, const net_speed *speed) {
    const tam_net_info *info = &bench->info;
    printf("%s %s, %d x %d x %d, batch %d, %d threads, %s\n", bench->net.net, mode_name(bench), info->channels,
           info->height, info->width, bench->plan.batch, tam_ctx_threads(bench->call->ctx), bench->dtype);
    printf("%.0f images/s, %.2f ms a step (%.2f to %.2f)", 1e3 * bench->plan.batch / speed->median, speed->median,
           speed->least, speed->most);
    if (bench->mode == NET_TRAIN) {
        printf(": forward %.2f, backward %.2f, update %.2f", speed->forward, speed->backward, speed->update);
    }
    printf("\n%.1f GFLOP/s, %.0f%% of the %.1f that products of %s reach here\n",
           1e-6 * speed->operations / speed->median, 100 * speed->limit_ms / speed->median, net_bench_peak(bench),
           bench->dtype);
    printf("plan %.1f MB, made in %.3f s; peak %.0f MB\n", (double)bench->plan_bytes / 1e6, bench->plan_seconds,
           bench->peak_mb * 1.048576);
    if (bench->by_layer) {
        net_layers_print(bench);
    }
}

tam_status net_bench_report(net_bench *bench) {
    net_speed speed = find_speed(bench);
    if (bench->call->json) {
        return cli_print_json(bench->call, describe(bench, &speed));
    }
    print_table(bench, &speed);
    return TAM_OK;
}

/* The parts of a net's step, each beside its own limit: its operations at the speed of products, or its bytes at the
 * speed of memory, whichever takes longer. */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "bench_net.h"

tam_status net_layers_create(cli_call *call, const tam_net_plan *plan, net_layers *layers) {
    int parts = tam_net_plan_costs(plan, NULL, 0);
    *layers = (net_layers){.parts = parts};
    if (parts == 0) {
        return TAM_OK;
    }
    layers->costs = calloc((size_t)parts, sizeof *layers->costs);
    layers->seconds = malloc((size_t)parts * NET_MOST_STEPS * sizeof *layers->seconds);
    if (layers->costs == NULL || layers->seconds == NULL) {
        net_layers_free(layers);
        return cli_fail(call, TAM_RESOURCES, "no memory for the times of %d parts", parts);
    }
    return TAM_OK;
}

void net_layers_free(net_layers *layers) {
    free(layers->costs);
    free(layers->seconds);
    *layers = (net_layers){0};
}

void net_layers_note(net_layers *layers, const tam_net_plan *plan) {
    if (layers->parts == 0 || layers->steps == NET_MOST_STEPS) {
        return;
    }
    tam_net_plan_costs(plan, layers->costs, layers->parts);
    for (int i = 0; i < layers->parts; i++) {
        layers->seconds[(size_t)i * NET_MOST_STEPS + (size_t)layers->steps] = layers->costs[i].seconds;
    }
    layers->steps++;
}

void net_layers_settle(net_layers *layers) {
    for (int i = 0; i < layers->parts; i++) {
        double *seconds = layers->seconds + (size_t)i * NET_MOST_STEPS;
        bench_sort(seconds, layers->steps);
        layers->costs[i].seconds = seconds[layers->steps / 2];
    }
}

static double limit_of(const net_bench *bench, const tam_net_cost *cost) {
    double products = 1e-9 * cost->flops / net_bench_peak(bench);
    double memory = 1e-9 * cost->bytes / bench->limits.memory_gbs;
    return products > memory ? products : memory;
}

static double over(double amount, double seconds) {
    return seconds > 0 ? amount / seconds : 0;
}

/* Products are forward, backward data and backward weights of layers; all else is sweeps over memory. */
static bool is_product(const tam_net_cost *cost) {
    return cost->flops > 0;
}

static bool same_kind(const tam_net_cost *a, const tam_net_cost *b) {
    return strcmp(a->part, b->part) == 0 && is_product(a) == is_product(b);
}

/* All parts of the kind of `like`, or all parts (NULL): the sums, and that of the limits. */
typedef struct net_sum {
    int parts;
    tam_net_cost cost;
    double limit;
} net_sum;

static net_sum sum_of(const net_bench *bench, const tam_net_cost *like) {
    net_sum sum = {.cost.part = like == NULL ? "all" : like->part};
    for (int i = 0; i < bench->layers.parts; i++) {
        const tam_net_cost *cost = &bench->layers.costs[i];
        if (like == NULL || same_kind(cost, like)) {
            sum.parts++;
            sum.cost.seconds += cost->seconds;
            sum.cost.flops += cost->flops;
            sum.cost.bytes += cost->bytes;
            sum.limit += limit_of(bench, cost);
        }
    }
    return sum;
}

/* Whether part i is the first of its kind. */
static bool opens_kind(const net_layers *layers, int i) {
    for (int k = 0; k < i; k++) {
        if (same_kind(&layers->costs[k], &layers->costs[i])) {
            return false;
        }
    }
    return true;
}

static void print_row(const char *layer, const char *algorithm, const tam_net_cost *cost, double limit) {
    double seconds = cost->seconds;
    printf("%-16s %-17s %-20s %9.3f %9.1f %8.1f %6.0f%%\n", layer, cost->part, algorithm, 1e3 * seconds,
           over(1e-9 * cost->flops, seconds), over(1e-9 * cost->bytes, seconds), 100 * over(limit, seconds));
}

static void print_sum(const net_bench *bench, const tam_net_cost *like) {
    char count[32];
    net_sum sum = sum_of(bench, like);
    snprintf(count, sizeof count, "%d %s", sum.parts,
             like == NULL       ? "parts"
             : is_product(like) ? "products"
                                : "sweeps");
    print_row("total", count, &sum.cost, sum.limit);
}

void net_layers_print(const net_bench *bench) {
    const net_layers *layers = &bench->layers;
    printf("%-16s %-17s %-20s %9s %9s %8s %7s\n", "layer", "part", "algorithm", "ms", "GFLOP/s", "GB/s", "limit");
    for (int i = 0; i < layers->parts; i++) {
        const tam_net_cost *cost = &layers->costs[i];
        print_row(cost->layer, cost->algorithm, cost, limit_of(bench, cost));
    }
    for (int i = 0; i < layers->parts; i++) {
        if (opens_kind(layers, i)) {
            print_sum(bench, &layers->costs[i]);
        }
    }
    print_sum(bench, NULL);
    printf(
        "limit: of products at %.0f GFLOP/s or memory at %.1f GB/s, whichever takes longer; beside the parts the step "
        "takes %.3f ms\n",
        net_bench_peak(bench), bench->limits.memory_gbs,
        bench->milliseconds[NET_STEP][bench->steps / 2] - 1e3 * sum_of(bench, NULL).cost.seconds);
}

json_t *net_layers_json(const net_bench *bench) {
    json_t *array = json_array();
    for (int i = 0; i < bench->layers.parts; i++) {
        const tam_net_cost *cost = &bench->layers.costs[i];
        double seconds = cost->seconds, limit = limit_of(bench, cost);
        json_array_append_new(
            array, json_pack("{s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "layer", cost->layer, "part",
                             cost->part, "algorithm", cost->algorithm, "ms", cli_json_real(1e3 * seconds), "flops",
                             cli_json_real(cost->flops), "bytes", cli_json_real(cost->bytes), "gflops",
                             cli_json_real(over(1e-9 * cost->flops, seconds)), "gbs",
                             cli_json_real(over(1e-9 * cost->bytes, seconds)), "limit_ms", cli_json_real(1e3 * limit),
                             "share_of_limit", cli_json_real(over(limit, seconds))));
    }
    return array;
}

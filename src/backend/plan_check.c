#include "backend/plan_check.h"

#include <string.h>

tam_status tam_plan_check(tam_ctx *ctx, const tam_graph *graph, const tam_plan_config *config) {
    if (config->batch < 1 || config->batch > 1 << 20) {
        return tam_fail(ctx, TAM_CONFIG, "a batch of %d is outside 1 to %d", config->batch, 1 << 20);
    }
    for (int i = 0; i < tam_graph_node_count(graph); i++) {
        const tam_node *node = tam_graph_node(graph, i);
        int64_t map = (int64_t)node->shape.h * node->shape.w;
        if (tam_shape_count(node->shape) > ((int64_t)1 << 40) / config->batch) {
            return tam_fail(ctx, TAM_CONFIG, "%s: a batch of %d is too large for %lld values a sample", node->name,
                            config->batch, (long long)tam_shape_count(node->shape));
        }
        if (config->training && strcmp(node->op->name, "batch_norm") == 0 && config->batch * map < 2) {
            return tam_fail(ctx, TAM_CONFIG,
                            "%s: batch norm needs more than one value a channel: train with a batch of 2 or more",
                            node->name);
        }
    }
    return TAM_OK;
}

tam_status tam_plan_check_rows(tam_ctx *ctx, const tam_plan_config *config, int n) {
    bool fits = config->training ? n == config->batch : n >= 1 && n <= config->batch;
    if (!fits) {
        return tam_fail(ctx, TAM_CONFIG, "%d rows do not suit a plan for %s %d", n,
                        config->training ? "training on" : "inference of at most", config->batch);
    }
    return TAM_OK;
}

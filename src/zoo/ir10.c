/* The improved residual net with one unit a stage and half the channels: ten weighted layers on the longest path. */
#include "zoo/residual.h"

static const tam_key keys[] = TAM_RESIDUAL_TABLE(32, TAM_BLOCK_IR, 0);

static void build(tam_graph *graph, int dim, const double *key) {
    static const tam_residual net = {.units = {1, 1, 1, 1}};
    tam_residual_build(graph, dim, key, &net);
}

const tam_backbone tam_backbone_ir10 = {
    .name = "ir10",
    .source = "Deng, Guo, Xue, Zafeiriou, \"ArcFace\", CVPR 2019; unit: Han, Kim, Kim, CVPR 2017",
    .keys = keys,
    .key_count = TAM_RESIDUAL_KEYS,
    .usual = {.channels = 3, .size = 112, .dim = 512},
    .build = build,
};

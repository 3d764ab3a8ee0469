/* The improved residual net of face recognition with 200 weighted layers on the longest path, with the units of
 * insightface's arcface_torch. */
#include "zoo/residual.h"

static const tam_key keys[] = TAM_RESIDUAL_TABLE(64, TAM_BLOCK_IR, 0);

static void build(tam_graph *graph, int dim, const double *key) {
    static const tam_residual net = {.units = {6, 26, 60, 6}};
    tam_residual_build(graph, dim, key, &net);
}

const tam_backbone tam_backbone_ir200 = {
    .name = "ir200",
    .source = "Deng, Guo, Xue, Zafeiriou, \"ArcFace\", CVPR 2019; unit: Han, Kim, Kim, CVPR 2017",
    .keys = keys,
    .key_count = TAM_RESIDUAL_KEYS,
    .usual = {.channels = 3, .size = 112, .dim = 512},
    .build = build,
};

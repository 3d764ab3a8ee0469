/* ResNet-18; as published with input=S,output=B. */
#include "zoo/residual.h"

static const tam_key keys[] = TAM_RESIDUAL_TABLE(64, TAM_BLOCK_ORIG, 0);

static void build(tam_graph *graph, int dim, const double *key) {
    static const tam_residual net = {.units = {2, 2, 2, 2}};
    tam_residual_build(graph, dim, key, &net);
}

const tam_backbone tam_backbone_resnet18 = {
    .name = "resnet18",
    .source = "He, Zhang, Ren, Sun, \"Deep residual learning for image recognition\", CVPR 2016",
    .keys = keys,
    .key_count = TAM_RESIDUAL_KEYS,
    .usual = {.channels = 3, .size = 112, .dim = 512},
    .build = build,
};

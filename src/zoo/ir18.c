/* IResNet with 18 weighted layers on the longest path. */
#include "zoo/iresnet.h"

static const tam_key keys[] = {TAM_IRESNET_WIDTH(64), TAM_IRESNET_DROPOUT};

static void build(tam_graph *graph, int dim, const double *key) {
    tam_iresnet_build(graph, dim, key, (int[]){2, 2, 2, 2});
}

const tam_backbone tam_backbone_ir18 = {
    .name = "ir18",
    .source = "Deng, Guo, Xue, Zafeiriou, \"ArcFace\", CVPR 2019; unit: Han, Kim, Kim, CVPR 2017",
    .keys = keys,
    .key_count = TAM_IRESNET_KEYS,
    .usual = {.channels = 3, .size = 112, .dim = 512},
    .build = build,
};

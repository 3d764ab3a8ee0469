/* The tiny vision transformer of face recognition: tokens of 256 numbers. */
#include "zoo/vit.h"

static const tam_key keys[] = {TAM_VIT_KEY_TABLE(256)};

const tam_backbone tam_backbone_vit_t = {
    .name = "vit-t",
    .source =
        "Dosovitskiy et al., \"An image is worth 16x16 words\", ICLR 2021; for faces as in InsightFace's arcface_torch",
    .keys = keys,
    .key_count = TAM_VIT_KEYS,
    .usual = {.channels = 3, .size = 112, .dim = 512},
    .build = tam_vit_build,
};

/* NormFace: softmax on scaled cosines, no margin; the scale may be learned. */
#include "loss/learned_scale.h"

static const tam_key keys[] = {TAM_LEARNED_SCALE_KEYS("s")};

const tam_class_loss tam_class_loss_normface = {
    .name = "normface",
    .formula = "s c_y",
    .source = "Wang et al., NormFace, ACM Multimedia 2017, arXiv 1704.06369, eq. 6",
    .kind = TAM_LOSS_SOFTMAX,
    .traits = TAM_LOSS_UNIT_X | TAM_LOSS_UNIT_W,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .target = tam_learned_target,
    .scale = tam_learned_others,
    .start = tam_learned_start,
    .learn = tam_learned_learn,
};

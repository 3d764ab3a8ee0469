/* L2-softmax: the embedding has the length alpha; class weights are free, and there is a bias. */
#include "loss/learned_scale.h"

static const tam_key keys[] = {TAM_LEARNED_SCALE_KEYS("alpha")};

const tam_class_loss tam_class_loss_l2_softmax = {
    .name = "l2-softmax",
    .formula = "alpha w_y.x^ + b_y, x^ = x / |x|",
    .source = "Ranjan et al., L2-constrained softmax, 2017, arXiv 1703.09507",
    .kind = TAM_LOSS_SOFTMAX,
    .traits = TAM_LOSS_UNIT_X | TAM_LOSS_BIAS,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .target = tam_learned_target,
    .scale = tam_learned_others,
    .start = tam_learned_start,
    .learn = tam_learned_learn,
};

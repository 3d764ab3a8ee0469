/* A little of another image (Zhang et al., "mixup: beyond empirical risk minimization", ICLR 2018). The label stays
 * that of the larger share: a margin stands on one class, and the heads take one. The loader reads the other image. */
#include "base/kernel.h"
#include "data/augment_op.h"

static const tam_augment_key keys[] = {
    TAM_AUGMENT_KEY("mixup", mixup, 0, 0, 1, "probability of a share of another image"),
    TAM_AUGMENT_KEY("mixup-share", mixup_share, 0.2, 0, 0.5, "largest share of the other image"),
};

static bool active(const tam_augment *augment) {
    return augment->mixup > 0;
}

bool tam_augment_partner(const tam_augment *augment, uint64_t seed, int64_t epoch, int64_t index, int64_t count,
                         int64_t *partner, float *share) {
    if (!active(augment) || count < 2 || count > (int64_t)UINT32_MAX) {
        return false;
    }
    tam_random random = tam_augment_stream(TAM_AUGMENT_FIRST_mixup, seed, epoch, index);
    if (tam_random_uniform(&random) >= augment->mixup) {
        return false;
    }
    *share = augment->mixup_share * tam_random_uniform(&random);
    int64_t other = tam_random_below(&random, (uint32_t)(count - 1));
    *partner = other < index ? other : other + 1;
    return true;
}

TAM_KERNEL void tam_augment_mix(float share, const float *other, size_t count, float *image) {
    for (size_t i = 0; i < count; i++) {
        image[i] += share * (other[i] - image[i]);
    }
}

const tam_augment_op tam_augment_mixup = {TAM_AUGMENT_KEYS(keys), .active = active};

#include "data/augment_op.h"

static const tam_augment_key keys[] = {TAM_AUGMENT_KEY("flip", flip, 0, 0, 1, "probability of a mirror image")};

static bool active(const tam_augment *augment) {
    return augment->flip > 0;
}

static void mirror(const tam_augment *augment, tam_random *random, int height, int width, tam_augment_map *map) {
    (void)height;
    (void)width;
    map->mirrored = tam_random_uniform(random) < augment->flip;
}

const tam_augment_op tam_augment_flip = {TAM_AUGMENT_KEYS(keys), .active = active, .move = mirror};

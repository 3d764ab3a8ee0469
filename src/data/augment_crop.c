/* A part of the image, brought to its size. The outermost pixels look at centres of pixels, never outside. */
#include <math.h>

#include "data/augment_op.h"

static const tam_augment_key keys[] = {
    TAM_AUGMENT_KEY("crop", crop, 0, 0, 1, "probability of a part of the image in its place"),
    TAM_AUGMENT_KEY("crop-area", crop_area, 0.5, 0.05, 1, "least area of the part, as a share of the image's"),
    TAM_AUGMENT_KEY("crop-aspect", crop_aspect, 1.3333, 1, 4, "largest ratio of the sides' shares"),
};

static bool active(const tam_augment *augment) {
    return augment->crop > 0;
}

static void crop(const tam_augment *augment, tam_random *random, int height, int width, tam_augment_map *map) {
    if (tam_random_uniform(random) >= augment->crop) {
        return;
    }
    double area = (double)tam_random_between(random, augment->crop_area, 1.0f);
    double aspect = exp(log((double)augment->crop_aspect) * (double)tam_random_between(random, -1, 1));
    double wide = fmin(sqrt(area * aspect), 1.0), high = fmin(sqrt(area / aspect), 1.0);
    double left = (double)tam_random_uniform(random) * (1.0 - wide) * (width - 1);
    double top = (double)tam_random_uniform(random) * (1.0 - high) * (height - 1);
    tam_augment_move(map, &(tam_augment_map){.ax = wide, .cx = left, .by = high, .cy = top});
}

const tam_augment_op tam_augment_crop = {TAM_AUGMENT_KEYS(keys), .active = active, .move = crop};

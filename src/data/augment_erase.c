/* A rectangle of the background's value (Zhong et al., "Random erasing data augmentation", AAAI 2020). */
#include <math.h>

#include "data/augment_render.h"

static const tam_augment_key keys[] = {
    TAM_AUGMENT_KEY("erase", erase, 0, 0, 1, "probability of an erased rectangle"),
};

static bool active(const tam_augment *augment) {
    return augment->erase > 0;
}

typedef struct rectangle {
    int left, top, width, height;
} rectangle;

static rectangle draw_rectangle(tam_random *random, int height, int width) {
    float area = tam_random_between(random, 0.02f, 0.2f);
    float aspect = expf(tam_random_between(random, -1.1f, 1.1f));
    float left = tam_random_uniform(random), top = tam_random_uniform(random);
    area = area * (float)height * (float)width;
    int h = (int)(sqrtf(area * aspect) + 0.5f), w = (int)(sqrtf(area / aspect) + 0.5f);
    h = h < 1 ? 1 : h > height ? height : h;
    w = w < 1 ? 1 : w > width ? width : w;
    return (rectangle){(int)(left * (float)(width - w + 1)), (int)(top * (float)(height - h + 1)), w, h};
}

static tam_status erase(const tam_augment *augment, tam_random *random, tam_canvas *canvas) {
    int height = canvas->height, width = canvas->width;
    if (tam_random_uniform(random) >= augment->erase) {
        return TAM_OK;
    }
    rectangle hole = draw_rectangle(random, height, width);
    for (int k = 0; k < canvas->channels; k++) {
        float background = tam_background(canvas, k);
        float *plane = canvas->planes + (ptrdiff_t)k * height * width;
        for (int y = hole.top; y < hole.top + hole.height; y++) {
            for (int x = hole.left; x < hole.left + hole.width; x++) {
                plane[(ptrdiff_t)y * width + x] = background;
            }
        }
    }
    return TAM_OK;
}

const tam_augment_op tam_augment_erase = {TAM_AUGMENT_KEYS(keys), .active = active, .change = erase};

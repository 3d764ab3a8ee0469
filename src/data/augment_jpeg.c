/* What JPEG leaves of an image: it is encoded and decoded, with colours at half the sides below quality 90. */
#include "data/augment_bytes.h"
#include "data/augment_op.h"
#include "io/jpeg_again.h"

#define MOST_QUALITY 95

static const tam_augment_key keys[] = {
    TAM_AUGMENT_KEY("jpeg", jpeg, 0, 0, 1, "probability of JPEG's losses"),
    TAM_AUGMENT_KEY("jpeg-quality", jpeg_quality, 30, 1, 100, "lowest quality; drawn between it and 95"),
};

static bool active(const tam_augment *augment) {
    return augment->jpeg > 0;
}

/* The image as bytes, and the file. */
static size_t scratch(int height, int width) {
    size_t bytes = 3 * (size_t)height * (size_t)width + tam_jpeg_again_room(width, height);
    return bytes / sizeof(float) + 1;
}

static tam_status jpeg(const tam_augment *augment, tam_random *random, tam_canvas *canvas) {
    uint8_t *pixels = (uint8_t *)canvas->scratch;
    float lowest = augment->jpeg_quality, span = lowest < MOST_QUALITY ? MOST_QUALITY - lowest : 0;
    if (tam_random_uniform(random) >= augment->jpeg) {
        return TAM_OK;
    }
    int quality = (int)(lowest + span * tam_random_uniform(random) + 0.5f);
    size_t area = (size_t)canvas->height * (size_t)canvas->width;
    tam_bytes_of_planes(canvas->planes, canvas->channels, area, pixels);
    TAM_TRY(tam_jpeg_again(augment->ctx, canvas->width, canvas->height, canvas->channels, quality, pixels,
                           pixels + 3 * area));
    tam_planes_of_bytes(pixels, canvas->channels, canvas->height, canvas->width, false, canvas->planes);
    return TAM_OK;
}

const tam_augment_op tam_augment_jpeg = {TAM_AUGMENT_KEYS(keys), .active = active, .change = jpeg, .scratch = scratch};

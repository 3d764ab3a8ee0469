/* Shift, rotation, scale and shear: one map, x' = shift + scale R H x about the centre. */
#include <math.h>

#include "data/augment_op.h"

static const tam_augment_key keys[] = {
    TAM_AUGMENT_KEY("shift", shift, 0, 0, 1, "largest shift, as a share of the side"),
    TAM_AUGMENT_KEY("rotate", rotate, 0, 0, 180, "largest rotation in degrees"),
    TAM_AUGMENT_KEY("scale", scale, 0, 0, 2, "scale from exp(U(-scale, scale))"),
    TAM_AUGMENT_KEY("shear", shear, 0, 0, 2, "largest shear, as a slope"),
};

static bool active(const tam_augment *augment) {
    return augment->shift > 0 || augment->rotate > 0 || augment->scale > 0 || augment->shear > 0;
}

/* The numbers are drawn whatever the strengths, so that one key does not change what another draws. */
static void place(const tam_augment *augment, tam_random *random, int height, int width, tam_augment_map *map) {
    float shift_x = tam_random_between(random, -1, 1) * augment->shift;
    float shift_y = tam_random_between(random, -1, 1) * augment->shift;
    float angle = tam_random_between(random, -1, 1) * augment->rotate * (3.14159265f / 180);
    float scale = expf(tam_random_between(random, -1, 1) * augment->scale);
    float shear = tam_random_between(random, -1, 1) * augment->shear;

    double c = cos((double)angle), s = sin((double)angle), k = 1.0 / (double)scale, h = (double)shear;
    /* (scale R(angle) H)^-1 = H^-1 R(-angle) / scale, H = (1 h; 0 1) */
    double ax = k * (c + h * s), bx = k * (s - h * c), ay = -k * s, by = k * c;
    double mx = 0.5 * (width - 1), my = 0.5 * (height - 1);
    double ox = mx + (double)shift_x * width, oy = my + (double)shift_y * height;
    tam_augment_move(
        map, &(tam_augment_map){
                 .ax = ax, .bx = bx, .cx = mx - ax * ox - bx * oy, .ay = ay, .by = by, .cy = my - ay * ox - by * oy});
}

const tam_augment_op tam_augment_affine = {TAM_AUGMENT_KEYS(keys), .active = active, .move = place};

#include "data/augment.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/kernel.h"
#include "base/random.h"
#include "base/spec.h"

enum { FLIP, SHIFT, ROTATE, SCALE, SHEAR, ERASE, KEYS };

static const tam_key keys[KEYS] = {
    [FLIP] = TAM_NUMBER("flip", 0, 0, 1, "probability of a mirror image"),
    [SHIFT] = TAM_NUMBER("shift", 0, 0, 1, "largest shift, as a share of the side"),
    [ROTATE] = TAM_NUMBER("rotate", 0, 0, 180, "largest rotation in degrees"),
    [SCALE] = TAM_NUMBER("scale", 0, 0, 2, "scale from exp(U(-scale, scale))"),
    [SHEAR] = TAM_NUMBER("shear", 0, 0, 2, "largest shear, as a slope"),
    [ERASE] = TAM_NUMBER("erase", 0, 0, 1, "probability of an erased rectangle"),
};

static const struct {
    const char *name, *meaning;
} policies[] = {
    {"none", ""},
    {"flip", "flip=0.5"},
    {"affine", "shift=0.1,rotate=15,scale=0.15"},
};
enum { POLICIES = sizeof policies / sizeof *policies };

tam_status tam_augment_read(tam_ctx *ctx, const char *text, tam_augment *augment) {
    double values[KEYS];
    const char *names[POLICIES];
    if (text != NULL && *text != '\0' && strchr(text, '=') == NULL) {
        for (int i = 0; i < POLICIES; i++) {
            names[i] = policies[i].name;
        }
        int policy = tam_name_find(ctx, "augmentation", text, names, POLICIES);
        if (policy < 0) {
            return TAM_CONFIG;
        }
        text = policies[policy].meaning;
    }
    TAM_TRY(tam_keys_read(ctx, "the augmentation", text, keys, KEYS, values));
    *augment = (tam_augment){
        .flip = (float)values[FLIP],
        .shift = (float)values[SHIFT],
        .rotate = (float)values[ROTATE],
        .scale = (float)values[SCALE],
        .shear = (float)values[SHEAR],
        .erase = (float)values[ERASE],
    };
    return TAM_OK;
}

/* One plane with a frame of one background pixel, so that the warp needs no case for the border. */
size_t tam_augment_scratch(int height, int width) {
    return ((size_t)height + 2) * ((size_t)width + 2);
}

static float normalise(uint8_t value) {
    return ((float)value - 127.5f) / 127.5f;
}

/* pixels, one channel of them -> to, rows `stride` apart. */
static void fill_plane(const uint8_t *pixels, int channels, int height, int width, bool flipped, ptrdiff_t stride,
                       float *to) {
    ptrdiff_t step = flipped ? -channels : channels;
    for (int y = 0; y < height; y++) {
        const uint8_t *from = pixels + ((ptrdiff_t)y * width + (flipped ? width - 1 : 0)) * channels;
        for (int x = 0; x < width; x++) {
            to[x] = normalise(from[x * step]);
        }
        to += stride;
    }
}

/* The median of the outermost pixels of one channel. */
static uint8_t border_median(const uint8_t *pixels, int channels, int height, int width) {
    int counts[256] = {0};
    int total = 0;
    for (int y = 0; y < height; y++) {
        int step = y == 0 || y == height - 1 || width == 1 ? 1 : width - 1;
        for (int x = 0; x < width; x += step) {
            counts[pixels[((ptrdiff_t)y * width + x) * channels]]++;
            total++;
        }
    }
    int below = 0, value = 0;
    for (; value < 255; value++) {
        below += counts[value];
        if (2 * below > total) {
            break;
        }
    }
    return (uint8_t)value;
}

/* What was drawn for one image: the same count of numbers whatever the strengths, so that one key does not change what
 * another draws. */
typedef struct draw {
    bool flip, erase;
    float shift_x, shift_y, angle, scale, shear; /* shift in shares of the side, angle in radians */
    float area, aspect, left, top;
} draw;

static draw draw_one(const tam_augment *augment, uint64_t seed, int64_t epoch, int64_t index) {
    tam_random random = tam_random_at(seed, TAM_PURPOSE_AUGMENT, (uint32_t)epoch, (uint32_t)index);
    draw d;
    d.flip = tam_random_uniform(&random) < augment->flip;
    d.shift_x = tam_random_between(&random, -1, 1) * augment->shift;
    d.shift_y = tam_random_between(&random, -1, 1) * augment->shift;
    d.angle = tam_random_between(&random, -1, 1) * augment->rotate * (3.14159265f / 180);
    d.scale = expf(tam_random_between(&random, -1, 1) * augment->scale);
    d.shear = tam_random_between(&random, -1, 1) * augment->shear;
    d.erase = tam_random_uniform(&random) < augment->erase;
    d.area = tam_random_between(&random, 0.02f, 0.2f);
    d.aspect = expf(tam_random_between(&random, -1.1f, 1.1f));
    d.left = tam_random_uniform(&random);
    d.top = tam_random_uniform(&random);
    return d;
}

/* Output pixel (x, y) looks at ax x + bx y + cx, ay x + by y + cy of the input. */
typedef struct inverse_map {
    float ax, bx, cx, ay, by, cy;
} inverse_map;

/* Inverts: shear, scale, rotate about the centre, then shift. */
static inverse_map invert(const draw *d, int height, int width) {
    double c = cos((double)d->angle), s = sin((double)d->angle), k = 1.0 / (double)d->scale, h = (double)d->shear;
    /* (scale R(angle) H)^-1 = H^-1 R(-angle) / scale, H = (1 h; 0 1) */
    double ax = k * (c + h * s), bx = k * (s - h * c), ay = -k * s, by = k * c;
    double mx = 0.5 * (width - 1), my = 0.5 * (height - 1);
    double ox = mx + (double)d->shift_x * width, oy = my + (double)d->shift_y * height;
    return (inverse_map){(float)ax, (float)bx, (float)(mx - ax * ox - bx * oy),
                         (float)ay, (float)by, (float)(my - ay * ox - by * oy)};
}

/* Bilinear, from a framed plane: coordinates are clamped into the frame, where everything is background. */
TAM_KERNEL
static void warp_plane(const float *restrict framed, inverse_map map, int height, int width, float *restrict to) {
    int stride = width + 2;
    float most_x = (float)width, most_y = (float)height;
    for (int y = 0; y < height; y++) {
        float row_x = map.bx * (float)y + map.cx, row_y = map.by * (float)y + map.cy;
        for (int x = 0; x < width; x++) {
            float sx = map.ax * (float)x + row_x, sy = map.ay * (float)x + row_y;
            sx = sx < -1.0f ? -1.0f : sx;
            sx = sx > most_x ? most_x : sx;
            sy = sy < -1.0f ? -1.0f : sy;
            sy = sy > most_y ? most_y : sy;
            /* +1: into the framed plane; the last pixel pair begins at `width`, where the fraction is then 1 */
            int ix = (int)(sx + 1.0f), iy = (int)(sy + 1.0f);
            ix = ix > width ? width : ix;
            iy = iy > height ? height : iy;
            float fx = sx + 1.0f - (float)ix, fy = sy + 1.0f - (float)iy;
            int at = iy * stride + ix;
            float upper = framed[at] + fx * (framed[at + 1] - framed[at]);
            int under = at + stride;
            float lower = framed[under] + fx * (framed[under + 1] - framed[under]);
            to[x] = upper + fy * (lower - upper);
        }
        to += width;
    }
}

static void frame_plane(float background, int height, int width, float *framed) {
    ptrdiff_t stride = width + 2;
    float *last = framed + (height + 1) * stride;
    for (ptrdiff_t x = 0; x < stride; x++) {
        framed[x] = background;
        last[x] = background;
    }
    for (int y = 1; y <= height; y++) {
        framed[y * stride] = background;
        framed[y * stride + width + 1] = background;
    }
}

static void erase_plane(const draw *d, float background, int height, int width, float *to) {
    float area = d->area * (float)height * (float)width;
    int h = (int)(sqrtf(area * d->aspect) + 0.5f), w = (int)(sqrtf(area / d->aspect) + 0.5f);
    h = h < 1 ? 1 : h > height ? height : h;
    w = w < 1 ? 1 : w > width ? width : w;
    int top = (int)(d->top * (float)(height - h + 1)), left = (int)(d->left * (float)(width - w + 1));
    for (int y = top; y < top + h; y++) {
        for (int x = left; x < left + w; x++) {
            to[(ptrdiff_t)y * width + x] = background;
        }
    }
}

void tam_augment_run(const tam_augment *augment, uint64_t seed, int64_t epoch, int64_t index, int channels, int height,
                     int width, const uint8_t *pixels, float *scratch, float *image) {
    bool warped = augment->shift > 0 || augment->rotate > 0 || augment->scale > 0 || augment->shear > 0;
    bool drawn = warped || augment->flip > 0 || augment->erase > 0;
    draw d = drawn ? draw_one(augment, seed, epoch, index) : (draw){0};
    inverse_map map = warped ? invert(&d, height, width) : (inverse_map){0};
    size_t area = (size_t)height * (size_t)width;
    for (int k = 0; k < channels; k++) {
        float *to = image + (size_t)k * area;
        float background = warped || d.erase ? normalise(border_median(pixels + k, channels, height, width)) : 0;
        if (warped) {
            frame_plane(background, height, width, scratch);
            fill_plane(pixels + k, channels, height, width, d.flip, width + 2, scratch + width + 3);
            warp_plane(scratch, map, height, width, to);
        } else {
            fill_plane(pixels + k, channels, height, width, d.flip, width, to);
        }
        if (d.erase) {
            erase_plane(&d, background, height, width, to);
        }
    }
}

/* What a smaller image could hold: each axis averages areas and grows again, linearly. */
#include <string.h>

#include "base/kernel.h"
#include "data/augment_op.h"
#include "data/resize.h"

static const tam_augment_key keys[] = {
    TAM_AUGMENT_KEY("lowres", lowres, 0, 0, 1, "probability of a low resolution"),
    TAM_AUGMENT_KEY("lowres-side", lowres_side, 0.25, 0.01, 1, "least side, as a share; drawn between it and 1"),
};

static bool active(const tam_augment *augment) {
    return augment->lowres > 0;
}

static size_t scratch(int height, int width) {
    return (size_t)height * (size_t)width;
}

/* from [height, in] -> to [height, out] */
static void resize_columns(const float *from, int height, int in, int out, float *to) {
    for (int x = 0; x < out; x++) {
        tam_span s = tam_span_of(x, in, out);
        const float *row = from;
        for (int y = 0; y < height; y++, row += in) {
            float between = 0;
            for (int i = s.first + 1; i < s.last; i++) {
                between += row[i];
            }
            to[(ptrdiff_t)y * out + x] = s.head * row[s.first] + s.body * between + s.tail * row[s.last];
        }
    }
}

TAM_KERNEL static void add_scaled(float weight, const float *restrict from, int count, float *restrict to) {
    for (int x = 0; x < count; x++) {
        to[x] += weight * from[x];
    }
}

/* from [in, width] -> to [out, width] */
static void resize_rows(const float *from, int width, int in, int out, float *to) {
    for (int y = 0; y < out; y++, to += width) {
        tam_span s = tam_span_of(y, in, out);
        memset(to, 0, (size_t)width * sizeof *to);
        add_scaled(s.head, from + (ptrdiff_t)s.first * width, width, to);
        for (int i = s.first + 1; i < s.last; i++) {
            add_scaled(s.body, from + (ptrdiff_t)i * width, width, to);
        }
        if (s.last > s.first) {
            add_scaled(s.tail, from + (ptrdiff_t)s.last * width, width, to);
        }
    }
}

static int small_side(int side, float share) {
    int small = (int)((float)side * share + 0.5f);
    return small < 1 ? 1 : small;
}

static tam_status lower(const tam_augment *augment, tam_random *random, tam_canvas *canvas) {
    int height = canvas->height, width = canvas->width;
    if (tam_random_uniform(random) >= augment->lowres) {
        return TAM_OK;
    }
    float share = tam_random_between(random, augment->lowres_side, 1);
    int small_height = small_side(height, share), small_width = small_side(width, share);
    for (int k = 0; k < canvas->channels; k++) {
        float *plane = canvas->planes + (ptrdiff_t)k * height * width;
        resize_columns(plane, height, width, small_width, canvas->scratch);
        resize_columns(canvas->scratch, height, small_width, width, plane);
        resize_rows(plane, width, height, small_height, canvas->scratch);
        resize_rows(canvas->scratch, width, small_height, height, plane);
    }
    return TAM_OK;
}

const tam_augment_op tam_augment_lowres = {TAM_AUGMENT_KEYS(keys), .active = active, .change = lower,
                                           .scratch = scratch};

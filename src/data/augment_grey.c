#include "base/kernel.h"
#include "data/augment_luma.h"
#include "data/augment_op.h"

#include <string.h>

static const tam_augment_key keys[] = {TAM_AUGMENT_KEY("grey", grey, 0, 0, 1, "probability of colours lost")};

enum { LANES = 16 };

TAM_KERNEL static double sum_of(const float *v, size_t count) {
    float lanes[LANES] = {0};
    double sum = 0;
    size_t whole = count / LANES * LANES;
    for (size_t i = 0; i < whole; i += LANES) {
        for (int k = 0; k < LANES; k++) {
            lanes[k] += v[i + (size_t)k];
        }
    }
    for (size_t i = whole; i < count; i++) {
        sum += (double)v[i];
    }
    for (int k = 0; k < LANES; k++) {
        sum += (double)lanes[k];
    }
    return sum;
}

double tam_luma_mean(const float *planes, int channels, size_t area) {
    double sum = sum_of(planes, area);
    if (channels == 3) {
        sum =
            TAM_LUMA_R * sum + TAM_LUMA_G * sum_of(planes + area, area) + TAM_LUMA_B * sum_of(planes + 2 * area, area);
    }
    return sum / (double)area;
}

TAM_KERNEL void tam_luma(const float *planes, size_t area, float *luma) {
    const float *r = planes, *g = planes + area, *b = planes + 2 * area;
    for (size_t i = 0; i < area; i++) {
        luma[i] = (float)TAM_LUMA_R * r[i] + (float)TAM_LUMA_G * g[i] + (float)TAM_LUMA_B * b[i];
    }
}

static bool active(const tam_augment *augment) {
    return augment->grey > 0;
}

static tam_status grey(const tam_augment *augment, tam_random *random, tam_canvas *canvas) {
    size_t area = (size_t)canvas->height * (size_t)canvas->width;
    if (tam_random_uniform(random) < augment->grey && canvas->channels == 3) {
        tam_luma(canvas->planes, area, canvas->planes);
        memcpy(canvas->planes + area, canvas->planes, area * sizeof(float));
        memcpy(canvas->planes + 2 * area, canvas->planes, area * sizeof(float));
    }
    return TAM_OK;
}

const tam_augment_op tam_augment_grey = {TAM_AUGMENT_KEYS(keys), .active = active, .change = grey};

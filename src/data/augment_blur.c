/* A Gaussian blur, one axis after the other; beyond the border its pixels go on. */
#include <math.h>
#include <string.h>

#include "base/kernel.h"
#include "data/augment_op.h"

/* Beyond 3 sigma a Gaussian holds 0.3%. */
enum { SIGMAS = 3 };
#define MOST_SIGMA 0.1
#define LEAST_SHARE 0.1f

static const tam_augment_key keys[] = {
    TAM_AUGMENT_KEY("blur", blur, 0, 0, 1, "probability of a Gaussian blur"),
    TAM_AUGMENT_KEY("blur-sigma", blur_sigma, 0.015, 0, MOST_SIGMA,
                    "largest standard deviation, as a share of the shorter side"),
};

static bool active(const tam_augment *augment) {
    return augment->blur > 0;
}

static int shorter(int height, int width) {
    return height < width ? height : width;
}

static int most_radius(int height, int width) {
    return (int)ceil(SIGMAS * MOST_SIGMA * shorter(height, width)) + 1;
}

/* A plane, the weights, a row with its borders. */
static size_t scratch(int height, int width) {
    size_t radius = (size_t)most_radius(height, width);
    return (size_t)height * (size_t)width + (2 * radius + 1) + ((size_t)width + 2 * radius);
}

/* weights [2 radius + 1], of sum 1. */
static int make_weights(double sigma, float *weights) {
    int radius = (int)ceil(SIGMAS * sigma);
    double sum = 0;
    for (int k = -radius; k <= radius; k++) {
        sum += exp(-0.5 * k * k / (sigma * sigma));
    }
    for (int k = -radius; k <= radius; k++) {
        weights[k + radius] = (float)(exp(-0.5 * k * k / (sigma * sigma)) / sum);
    }
    return radius;
}

TAM_KERNEL static void add_scaled(float weight, const float *restrict from, int count, float *restrict to) {
    for (int x = 0; x < count; x++) {
        to[x] += weight * from[x];
    }
}

static void blur_rows(const float *weights, int radius, int height, int width, const float *from, float *row,
                      float *to) {
    for (int y = 0; y < height; y++, from += width, to += width) {
        for (int x = 0; x < radius; x++) {
            row[x] = from[0];
            row[radius + width + x] = from[width - 1];
        }
        memcpy(row + radius, from, (size_t)width * sizeof *row);
        memset(to, 0, (size_t)width * sizeof *to);
        for (int k = 0; k <= 2 * radius; k++) {
            add_scaled(weights[k], row + k, width, to);
        }
    }
}

static void blur_columns(const float *weights, int radius, int height, int width, const float *from, float *to) {
    for (ptrdiff_t y = 0; y < height; y++, to += width) {
        memset(to, 0, (size_t)width * sizeof *to);
        for (int k = 0; k <= 2 * radius; k++) {
            ptrdiff_t source = y + k - radius;
            source = source < 0 ? 0 : source > height - 1 ? height - 1 : source;
            add_scaled(weights[k], from + source * width, width, to);
        }
    }
}

static tam_status blur(const tam_augment *augment, tam_random *random, tam_canvas *canvas) {
    int height = canvas->height, width = canvas->width;
    size_t area = (size_t)height * (size_t)width;
    float *middle = canvas->scratch, *weights = middle + area;
    if (tam_random_uniform(random) >= augment->blur) {
        return TAM_OK;
    }
    float sigma = augment->blur_sigma * tam_random_between(random, LEAST_SHARE, 1) * (float)shorter(height, width);
    if (!(sigma > 0)) {
        return TAM_OK;
    }
    int radius = make_weights((double)sigma, weights);
    for (int k = 0; k < canvas->channels; k++) {
        float *plane = canvas->planes + (size_t)k * area;
        blur_rows(weights, radius, height, width, plane, weights + 2 * radius + 1, middle);
        blur_columns(weights, radius, height, width, middle, plane);
    }
    return TAM_OK;
}

const tam_augment_op tam_augment_blur = {TAM_AUGMENT_KEYS(keys), .active = active, .change = blur, .scratch = scratch};

/* The net's first convolution: 1 to 4 channels of f32 in NCHW become 16 or more, in nChw16c or NHWC. A vector holds
 * neighbouring channels of the output,
 *
 *     y[lane] = sum over c and taps of weight[c][tap][lane] x[c][pixel + tap],
 *
 * so that a number of x is spread over a vector and nothing else of x is ever moved. */
#ifndef BACKEND_CPU_CPU_FIRST_H
#define BACKEND_CPU_CPU_FIRST_H

#include "backend/cpu/layer/cpu_layer.h"

enum { TAM_FIRST_CHANNELS = 4, TAM_FIRST_KERNEL = 7 };
enum { TAM_FIRST_ROWS = TAM_FIRST_CHANNELS * TAM_FIRST_KERNEL };

typedef struct tam_first_pass {
    tam_layout x, y;
    int kernel, stride, pad;
    int width;    /* of a padded row of x */
    int tap_rows; /* c * kernel, filled up to what the sums of the gradient take at once */
} tam_first_pass;

/* Memory of a call. */
typedef struct tam_first_memory {
    const float *x, *packed; /* [out / lanes][c][kernel][kernel][lanes] */
    const float *bias, *slope;
    bool relu, sum_dy; /* sum_dy: the bias's gradient too */
    const void *dy;
    void *y;
    float *dx;
    float *sums; /* as packed but with tap_rows for c * kernel, and behind each slice of lanes those of dy; added to */
} tam_first_memory;

typedef struct tam_first_kernels {
    const char *name;
    int lanes;
    int tap_rows[TAM_FIRST_KERNEL + 1]; /* by the kernel's size: how many rows of taps the gradient sums at once */
    /* The rows [first, end) of an image's y. `ring` has tam_first_ring floats. */
    void (*convolve)(const tam_first_pass *pass, const tam_first_memory *memory, int64_t image, int first, int end,
                     float *ring);
    void (*weigh)(const tam_first_pass *pass, const tam_first_memory *memory, int64_t image, int first, int end,
                  float *ring);
    /* dx of one image. */
    void (*scatter)(const tam_first_pass *pass, const tam_first_memory *memory, int64_t image);
} tam_first_kernels;

const tam_first_kernels *tam_first_avx512(void);
const tam_first_kernels *tam_first_avx2(void);
const tam_first_kernels *tam_first_plain(void);
/* From the best for this processor to the plain one; NULL behind it. */
const tam_first_kernels *tam_first_kernels_at(int index);

/* Floats of a worker: `kernel` padded rows of each channel, one of zeros, and a row of dy. */
static inline size_t tam_first_ring(const tam_first_pass *pass, int lanes) {
    return (size_t)(pass->x.c * pass->kernel + 1) * (size_t)pass->width + (size_t)pass->y.w * (size_t)lanes;
}
/* Floats of the weights, and of their sums, of one slice of lanes. */
static inline int64_t tam_first_weights(const tam_first_pass *pass, int lanes) {
    return (int64_t)pass->x.c * pass->kernel * pass->kernel * lanes;
}
static inline int64_t tam_first_sums(const tam_first_pass *pass, int lanes) {
    return ((int64_t)pass->tap_rows * pass->kernel + 1) * lanes;
}

/* The layer by these kernels, for tests; *out stays NULL where the shape does not suit them. */
TAM_MUST_USE tam_status tam_first_make(tam_ctx *ctx, const tam_first_kernels *kernels, const tam_layer_shape *shape,
                                       tam_layer **out);

#endif

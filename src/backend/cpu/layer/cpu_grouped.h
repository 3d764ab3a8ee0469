/* Convolutions in groups of 1 (depthwise), 2 or 4 channels, as many out as in. A vector holds neighbouring channels of
 * a pixel, so that an output vector is
 *
 *     y[lane] = sum over j < group of s_j[lane ^ j],   s_j[lane] = sum over taps of weight[tap][j][lane] x[pixel +
 * tap][lane]
 *
 * where weight[tap][j][lane] joins input channel `lane` to output channel `lane ^ j` of its group: x is read as it is,
 * and lanes are swapped once for each output. The gradient of x is such a sum over dy with the weights turned round;
 * for stride 2 the columns of dx fall into two phases, each with its own taps. */
#ifndef BACKEND_CPU_CPU_GROUPED_H
#define BACKEND_CPU_CPU_GROUPED_H

#include "backend/cpu/layer/cpu_layer.h"

enum { TAM_GROUPED_KERNEL = 7, TAM_GROUPED_STRIDE = 2 };

/* Every step-th column of a row that is written, from a first one on, and the taps that reach them. */
typedef struct tam_grouped_phase {
    int columns, taps;
    int tap[TAM_GROUPED_KERNEL];
    int column[TAM_GROUPED_KERNEL]; /* of the buffered row, that the tap reads for the phase's first column */
} tam_grouped_phase;

/* One walk over maps: forward (x to y), backward data (dy to dx), and for the weights x (from) beside dy (to). Rows of
 * `from` pass through a ring of `kernel` rows in f32, with zeros at both ends. */
typedef struct tam_grouped_pass {
    tam_layout from, to;
    int kernel, stride, pad, group;
    bool transposed; /* backward data */
    int left, width; /* columns of a row of the ring: of zeros on the left, and all */
    int phases;
    tam_grouped_phase phase[TAM_GROUPED_STRIDE];
} tam_grouped_pass;

/* Memory of a call. */
typedef struct tam_grouped_memory {
    const void *from, *dy, *added; /* dy: weights */
    void *to;
    const float *packed;       /* [c / lanes][kernel][kernel][group][lanes] */
    const float *bias, *slope; /* by channel, or NULL */
    bool relu;
    float top;   /* of what relu leaves; 0: none */
    bool sum_dy; /* weights: the bias's gradient too */
    float *sums; /* weights: as packed, behind each slice of lanes those of dy; added to what is there */
} tam_grouped_memory;

typedef struct tam_grouped_kernels {
    const char *name;
    int lanes;
    /* One image, the slices [first, end) of `lanes` channels. `ring` has tam_grouped_ring floats. */
    void (*convolve)(const tam_grouped_pass *pass, const tam_grouped_memory *memory, int64_t image, int first, int end,
                     float *ring);
    void (*weigh)(const tam_grouped_pass *pass, const tam_grouped_memory *memory, int64_t image, int first, int end,
                  float *ring);
} tam_grouped_kernels;

const tam_grouped_kernels *tam_grouped_avx512(void);
const tam_grouped_kernels *tam_grouped_avx2(void);
const tam_grouped_kernels *tam_grouped_plain(void);
/* From the best for this processor to the plain one; NULL behind it. */
const tam_grouped_kernels *tam_grouped_kernels_at(int index);

/* Floats of a ring for `slices` slices: rows, one more of zeros, and a row of dy or of sums. */
static inline size_t tam_grouped_ring(const tam_grouped_pass *pass, int lanes, int slices) {
    size_t row = (size_t)pass->width * (size_t)lanes;
    return row * (size_t)(pass->kernel + 1) * (size_t)slices + (size_t)pass->to.w * (size_t)lanes;
}
/* Floats of the weights, and of their sums, of one slice. */
static inline int64_t tam_grouped_weights(const tam_grouped_pass *pass, int lanes) {
    return (int64_t)pass->kernel * pass->kernel * pass->group * lanes;
}
static inline int64_t tam_grouped_sums(const tam_grouped_pass *pass, int lanes) {
    return tam_grouped_weights(pass, lanes) + lanes;
}

/* The layer by these kernels, for tests; *out stays NULL where the shape does not suit them. */
TAM_MUST_USE tam_status tam_grouped_make(tam_ctx *ctx, const tam_grouped_kernels *kernels, const tam_layer_shape *shape,
                                         tam_layer **out);

#endif

/* Depthwise convolutions of 3 x 3, stride 1 or 2, in bf16 and NHWC, straight from map to map. A row is walked block by
 * block of 32 channels, the 64 bytes of a cache line: what is read becomes two vectors of f32, of the even and of the
 * odd channels, which costs a shift and a mask, and serves all taps that it belongs to before the walk goes on. Nine
 * products a number are few: what would cost is to widen and to round.
 *
 * Rounding is the processor's own: to the nearest, ties to even, a NaN stays one, as tam_bf16_nearest; but a number
 * too small to be a normal one (2^-126) becomes zero. */
#ifndef BACKEND_CPU_CPU_DEPTHWISE_H
#define BACKEND_CPU_CPU_DEPTHWISE_H

#include "backend/cpu/layer/cpu_layer.h"
#include "base/bf16.h"

enum { TAM_DEPTHWISE_BLOCK = 32, TAM_DEPTHWISE_SIDE = 3, TAM_DEPTHWISE_TAPS = 9 };
/* Floats of a block's weights, [tap][even, odd][16]; its sums have those of dy behind them. */
enum { TAM_DEPTHWISE_WEIGHTS = TAM_DEPTHWISE_TAPS * TAM_DEPTHWISE_BLOCK };
enum { TAM_DEPTHWISE_SUMS = TAM_DEPTHWISE_WEIGHTS + TAM_DEPTHWISE_BLOCK };

/* Where channel `lane` of a block stands in its vectors. */
static inline int tam_depthwise_lane(int lane) {
    return lane % 2 * 16 + lane / 2;
}

/* One row that is written (convolve, spread), or one of dy and what it is multiplied by (weigh). */
typedef struct tam_depthwise_row {
    int channels, stride;
    int from_w, to_w;
    int first, end; /* blocks */
    /* convolve, weigh: by row of taps, outside the map a row of zeros; spread: one or two of dy that reach the row, and
     * their rows of taps. */
    const tam_bf16 *from[TAM_DEPTHWISE_SIDE];
    int tap[2];
    const tam_bf16 *ahead; /* the rows that will be needed next, `stride` of them; need not be there */
    tam_bf16 *to;
    const tam_bf16 *dy;
    const float *packed;       /* [blocks][TAM_DEPTHWISE_WEIGHTS] */
    const float *bias, *slope; /* by channel, or NULL */
    const tam_bf16 *added;     /* or NULL; may be `to` */
    bool relu;
    float top;   /* of what relu leaves; 0: none */
    bool sum_dy; /* weigh */
    float *sums; /* weigh: [blocks][TAM_DEPTHWISE_SUMS], added to */
} tam_depthwise_row;

typedef struct tam_depthwise_kernels {
    void (*convolve)(const tam_depthwise_row *row);
    void (*spread)(const tam_depthwise_row *row); /* backward data of stride 2 */
    void (*weigh)(const tam_depthwise_row *row);
} tam_depthwise_kernels;

/* NULL where this processor does not run them. */
const tam_depthwise_kernels *tam_depthwise_avx512(void);

#endif

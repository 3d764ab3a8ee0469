/* Sweeps over maps: what batch norm, activation, addition, pooling and their gradients do to each number, in f32 or
 * bf16 storage, computed in f32. One set of kernels for each kind of processor, chosen at run time.
 *
 *     z = sum over terms of (scale (x - mean) + shift),        y = z >= top ? top : z > 0 ? z : slope z
 *     dz = z >= top ? 0 : z > 0 ? dy : slope dy,               dx = scale dz + (by_x (x - mean) + constant)
 *
 * or, of a curve f (base/vector_curves.h), y = slope f(z) and dz = slope f'(z) dy.
 *
 * A kernel handles a run of numbers, `start` to `start + count`, within one block of a layout (cpu_layout.h), from a
 * pixel's first lane on. Numbers per channel come as patterns of `period` numbers, a block's beginning at `pattern`;
 * period is 64 or, where lanes does not divide 64, lanes. Nothing is assumed about alignment beyond that of a number.
 */
#ifndef BACKEND_CPU_CPU_SWEEP_H
#define BACKEND_CPU_CPU_SWEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/dtype.h"

enum { TAM_SWEEP_TERMS = 2 };

typedef enum tam_sweep_curve {
    TAM_CURVE_NONE,
    TAM_CURVE_SIGMOID,
    TAM_CURVE_HSIGMOID,
    TAM_CURVE_SWISH,
    TAM_CURVE_HSWISH,
    TAM_CURVE_GELU,
    TAM_CURVE_TANH
} tam_sweep_curve;

typedef struct tam_sweep_term {
    /* In the gradient NULL where nobody needs it: then by_x counts as 0, and there is no slope but behind a pool. */
    const void *x;
    const float *mean, *scale, *shift; /* patterns; all NULL: x as it is */
    const float *by_x, *constant;      /* patterns, of the gradient; NULL: 0 */
    void *dx;                          /* may be dy's memory; NULL: not wanted */
    bool add;                          /* dx is added to what is there */
} tam_sweep_term;

typedef struct tam_sweep {
    tam_dtype dtype; /* of x, y, dy, dx */
    int period, terms;
    tam_sweep_term term[TAM_SWEEP_TERMS];
    const float *slope;    /* pattern; NULL: no activation, y = z. With a curve 1, and 0 in the fill */
    float top;             /* 0: none */
    tam_sweep_curve curve; /* not behind a pool */
    void *y;               /* may be a term's x */
    const void *dy;
} tam_sweep;

/* The maximum of windows that lie side by side, behind the activation of a sweep with one term: y and dy are pooled.
 * Forward keeps, for each maximum, x there and its place in the window: all that backward needs, since dz is 0
 * elsewhere. `lanes` numbers a pixel; at most 15 x 15 windows. */
typedef struct tam_sweep_pool {
    int h, w, out_h, out_w, kernel, lanes;
    void *x_kept;   /* as y, dtype of the sweep */
    uint8_t *place; /* as y: the maximum's place in its window, row by row */
} tam_sweep_pool;

/* Maxima or means of windows that may overlap and lie half in the padding, which neither wins nor counts. Maps, blocks
 * of samples, follow each other: row r of y is row r % out_h of map r / out_h, and so in x with h. */
enum { TAM_SWEEP_SHORT_WINDOW = 16 };
typedef struct tam_sweep_windows {
    tam_dtype dtype;
    bool maximum;
    int h, w, out_h, out_w, kernel, stride, pad, lanes;
    const void *x, *dy;
    void *y, *dx;
    /* As y: of each maximum in its window, row by row; uint8_t, in windows larger than 16 x 16 uint16_t. NULL in
     * forward: not wanted. */
    void *place;
} tam_sweep_windows;

typedef struct tam_sweep_kernels {
    const char *name; /* "avx512", "avx2", "plain" */
    /* sum[k] += x, and sum[k] += (x - mean)^2, k = position in the period. */
    void (*sum)(tam_dtype dtype, int period, const void *x, int64_t start, int64_t count, float *sum);
    void (*squares)(tam_dtype dtype, int period, const void *x, int64_t start, int64_t count, const float *mean,
                    float *sum);
    void (*apply)(const tam_sweep *sweep, int64_t start, int64_t count, int64_t pattern);
    /* Adds to sums [2 + terms][period]: of dz, of z dy over z <= 0 (untouched without slope, of no meaning with a
     * curve), and for each term of dz (x - mean) (untouched where x is NULL). */
    void (*gradient_sums)(const tam_sweep *sweep, int64_t start, int64_t count, int64_t pattern, float *sums);
    void (*gradient)(const tam_sweep *sweep, int64_t start, int64_t count, int64_t pattern);
    /* One map: a block of one sample, x and dx from x_start, y, dy, x_kept and place from y_start. The sums over a
     * channel are those of gradient_sums with x_kept as x. Pixels that belong to no window have dz = 0. */
    void (*apply_pooled)(const tam_sweep *sweep, const tam_sweep_pool *pool, int64_t x_start, int64_t y_start,
                         int64_t pattern);
    void (*gradient_pooled)(const tam_sweep *sweep, const tam_sweep_pool *pool, int64_t x_start, int64_t y_start,
                            int64_t pattern);
    /* Rows first .. last-1 of y; of dx. */
    void (*windows)(const tam_sweep_windows *windows, int64_t first, int64_t last);
    void (*windows_gradient)(const tam_sweep_windows *windows, int64_t first, int64_t last);
    /* kept [4 blocks]: 1 where a number of that stream (base/random.h), from its block counter[0] on, is `limit` or
     * more in its upper 24 bits, else 0. */
    void (*keep)(const uint32_t counter[4], const uint32_t key[2], uint32_t limit, int64_t blocks, uint8_t *kept);
    void (*convert)(tam_dtype from, const void *x, tam_dtype to, void *y, int64_t count);
} tam_sweep_kernels;

/* The best for this processor; of number `index`, from the best to the plain one (which is always last), or NULL. */
const tam_sweep_kernels *tam_cpu_sweep_kernels(void);
const tam_sweep_kernels *tam_cpu_sweep_kernels_at(int index);

#endif

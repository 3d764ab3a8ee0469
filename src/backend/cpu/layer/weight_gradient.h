/* The gradient of a convolution's weights in bf16 with matrix registers (AMX), for maps in NHWC:
 *
 *     dw[o][i][u][v] = sum over samples and output pixels (y, x) of dy[y][x][o] x[y s + u - p][x s + v - p][i]
 *
 * For each tap (u, v) this is a product with the pixels as its depth. Pixels are counted row by row in rows as long as
 * the output's plus the reach of the taps, dy being 0 behind its end: then a tap is a shift of x, the same for every
 * pixel. With a stride s the input falls into s^2 phases, of which each tap reads one, shifted.
 *
 * Of an image's few channels a register's rows would be zeros for the most part: there the window of an output pixel
 * stands for the channels of a pixel, and as with a window of one pixel there is one product only
 * (weight_gradient_product.h).
 *
 * Work goes in segments that fit in a core's cache: x is turned to [phase][channel][pixel], dy to pairs of pixels; then
 * each task makes the gradient of 32 x 32 channels; of a grouped convolution only those that hold groups of 4 to 32
 * channels. What a task sums depends on the shape only, never on the threads.
 */
#ifndef BACKEND_CPU_WEIGHT_GRADIENT_H
#define BACKEND_CPU_WEIGHT_GRADIENT_H

#include "backend/cpu/layer/cpu_layer.h"

/* Whether this processor, and the layer's shape and layouts as they are chosen, suit it. */
bool tam_weight_gradient_suits(const tam_layer *layer);
/* Asks for its scratch memory and gives the direction its name. */
void tam_weight_gradient_take(tam_layer *layer);
/* For tam_layer_kind.backward_weights of a layer that it suits. */
void tam_weight_gradient_backward(tam_layer *layer, const tam_layer_memory *memory);

/* The inside: what needs the processor's instructions; tile_convolution.c and cpu_first_tiles.c use it too. */

enum {
    TAM_GRADIENT_DEPTH = 32,    /* pixels of one product */
    TAM_GRADIENT_LANES = 16,    /* channels of a register's side */
    TAM_GRADIENT_CHANNELS = 32, /* of a task's side: two registers */
    TAM_GRADIENT_TILE = 256     /* numbers of a tile of dw: [16 of x][16 of dy] */
};

/* Some taps of 32 x 32 channels (or 16) over some pixels. */
typedef struct tam_gradient_block {
    const uint16_t *x;  /* [channel][pixel], the first pixel's; of the tap */
    int64_t x_stride;   /* from channel to channel */
    const int32_t *at;  /* [steps] where each step's 32 pixels lie in x */
    const uint16_t *dy; /* [step][16 pairs][16 channels][2] of the first 16 channels */
    int64_t dy_stride;  /* to the second 16 */
    int steps;
    bool two_x, two_dy; /* 32 channels of x, of dy */
    bool diagonal;      /* both, and of dw only [0][0] and [1][1] */
    float *dw[2][2];    /* tiles: [of x][of dy] */
    bool first;         /* dw is overwritten, else added to */
} tam_gradient_block;

bool tam_gradient_amx_runs_here(void);
/* Around the blocks of a task. */
void tam_gradient_amx_begin(void);
void tam_gradient_amx_end(void);
void tam_gradient_amx_multiply(const tam_gradient_block *block);
/* 32 pixels (NULL: zeros) from `channel` on, `channels` (1 to 32) of them -> to[channel][32], rows at x_stride;
 * channels up to the next 16 are zeros. Unless `ahead` is 0, memory so many numbers behind each pixel is asked for. */
void tam_gradient_amx_turn(const uint16_t *const pixel[TAM_GRADIENT_DEPTH], int channel, int channels, int64_t ahead,
                           uint16_t *to, int64_t x_stride);
/* 32 pixels -> [16 pairs][16 channels][2], the second 16 channels dy_stride further, and zeros behind `channels`. */
void tam_gradient_amx_pair(const uint16_t *const pixel[TAM_GRADIENT_DEPTH], int channel, int channels, int64_t ahead,
                           uint16_t *to, int64_t dy_stride);
/* sums [32 pixels][32] = the sum over taps of x [32 pixels][depth] w [depth][channels]; x_stride from pixel to pixel; w
 * as pairs: [depth / 32][16 pairs][16 channels][2], the second 16 channels behind the first. depth is a multiple of 32.
 */
void tam_gradient_amx_multiply_taps(int taps, const uint16_t *const *x, int64_t x_stride, const uint16_t *const *w,
                                    int depth, int channels, float *sums);
/* What follows a product: y = act(sums + bias) as bf16, for `pixels` pixels of `channels` (1 to 32) numbers; bias and
 * slope may be NULL, and without a slope `relu` cuts at 0. y_stride from pixel to pixel. */
typedef struct tam_gradient_finish {
    const float *bias, *slope;
    bool relu;
} tam_gradient_finish;
void tam_gradient_amx_finish(const float *sums, int pixels, int channels, const tam_gradient_finish *finish,
                             uint16_t *y, int64_t y_stride);
/* The window of an output pixel, [row][column][channel], from an image in NHWC: zeros outside of it. A row of the
 * window is 1 to 32 numbers; 32 numbers are written from each row's first on. */
void tam_gradient_amx_patch(const uint16_t *image, const tam_layout *layout, const tam_window *window, int y, int x,
                            uint16_t *patch);
/* to[j][i] = tile[i][j]. */
void tam_gradient_amx_transpose(const float *tile, float *to);

#endif

/* How a batch of maps lies in memory. One rule covers every layout that the convolutions choose:
 *
 *     values[n][block][pixel][lane],   channel = block * lanes + lane
 *
 * lanes = 1 is NCHW, lanes = c is NHWC and the layout of vectors, lanes = 8 and 16 are oneDNN's nChw8c and nChw16c.
 * The last block is filled up with channels that hold zero, and every kernel keeps them so. */
#ifndef BACKEND_CPU_CPU_LAYOUT_H
#define BACKEND_CPU_CPU_LAYOUT_H

#include <stdbool.h>

#include "backend/dtype.h"
#include "graph/graph.h"

typedef struct tam_layout {
    int n, c, h, w, lanes;
    tam_dtype dtype;
} tam_layout;

/* NCHW for a map; one block of c lanes for a vector; f32. */
tam_layout tam_layout_plain(int n, tam_shape shape);

int tam_layout_blocks(const tam_layout *layout);
int64_t tam_layout_pixels(const tam_layout *layout);
/* Numbers that one (sample, block) holds, without a gap. */
int64_t tam_layout_run(const tam_layout *layout);
/* Numbers that one sample holds, fill included. */
int64_t tam_layout_sample(const tam_layout *layout);
size_t tam_layout_bytes(const tam_layout *layout);
bool tam_layout_same(const tam_layout *a, const tam_layout *b);
/* True if the numbers lie in (c, h, w) order, so that a flattened view needs no copy. Of whatever dtype. */
bool tam_layout_is_plain(const tam_layout *layout);

/* Copies the first n samples from one layout, and dtype, to another. Both have the same numbers in (c, h, w) order, but
 * a map may become a vector and back. The fill of `to` is written with zeros. */
void tam_layout_copy(tam_ctx *ctx, int n, const tam_layout *from, const void *x, const tam_layout *to, void *y);

/* Values per channel are handed to the kernels as a pattern: the value for each of `period` numbers that follow each
 * other in a run, block by block. The period is a multiple of the lanes, and 64 wherever that is possible, so that one
 * kernel with a constant inner loop serves all layouts. */
enum { TAM_PERIOD = 64 };
int tam_layout_period(const tam_layout *layout);
int64_t tam_layout_pattern(const tam_layout *layout); /* numbers of a pattern: blocks * period */
/* pattern[block * period + k] = values[channel] or, where values is NULL, `otherwise`; the fill gets 0. */
void tam_layout_spread(const tam_layout *layout, const float *values, float otherwise, float *pattern);

#endif

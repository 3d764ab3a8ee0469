/* Convolutions in bf16 with matrix registers (AMX), for maps in NHWC: forward, and the gradient of the input
 *
 *     dx[y][x][i] = sum over o and the taps (u, v) with y + p - u = s oy, x + p - v = s ox of dy[oy][ox][o]
 * w[o][i][u][v]
 *
 * With a stride s the pixels of the larger map fall into s^2 phases: forward, each tap reads one phase of x; backward,
 * each phase of dx has its own taps. Within a phase every tap is a shift of the map that is read, and the sum a product
 * of its pixels with its channels as the depth. A task copies some rows of that map to a frame of zeros, whose pixels
 * lie one after another, and makes rows of the other of them; what it does depends on the shape only.
 *
 * Of grouped convolutions those whose groups have 4 to 32 channels, as many out as in: 32 channels read 32, with zeros
 * for the weights between groups. */
#ifndef BACKEND_CPU_TILE_CONVOLUTION_H
#define BACKEND_CPU_TILE_CONVOLUTION_H

#include "backend/cpu/layer/cpu_layer.h"
#include "backend/cpu/layer/weight_gradient.h"

/* How a shape is cut. A band is some rows of one sample's map, of all phases; a task is several bands. */
typedef struct tam_tile_cut {
    tam_window window;
    bool transposed;                   /* the gradient of the input */
    int n, group;                      /* group: channels of one; 0: all */
    int from_c, from_h, from_w, depth; /* of the map that is read; its channels in the frame, filled up */
    int to_c, to_h, to_w;              /* of that which is written */
    int weight_out, weight_in;         /* channels of the weights */
    int from_phases_h, from_phases_w, to_phases;
    int least_h, most_h, least_w, most_w; /* shifts of the taps, in rows and in columns */
    int rows, columns;                    /* of a phase of what is written, the largest */
    int width;                            /* pixels of a row of the frame */
    int band_rows, bands, together;
    int64_t band; /* pixels of a phase of a band in the frame, shifts and slack included */
    int64_t frame_bytes, packed_bytes;
} tam_tile_cut;

/* Whether this processor and the shape suit it; layouts are the caller's concern. */
bool tam_tile_convolution_suits(const tam_layer_shape *shape);
tam_tile_cut tam_tile_convolution_cut(const tam_layer_shape *shape, bool transposed);

/* `packed` and one frame for each worker, in bytes; all aligned to 64. */
typedef struct tam_tile_memory {
    const void *from;
    void *to, *packed, *frames;
    const float *weight;
    tam_gradient_finish finish;
} tam_tile_memory;

void tam_tile_convolution_pack(tam_ctx *ctx, const tam_tile_cut *cut, const tam_tile_memory *memory);
void tam_tile_convolution_run(tam_ctx *ctx, const tam_tile_cut *cut, const tam_tile_memory *memory);

#endif

/* Moves of channels: concat, slice, shuffle and all that can be put together from them. Each channel of the destination
 * is a channel of one of several sources, or 0:
 *
 *     y[o] = x_source(o) [channel(o)]
 *
 * What that means for memory is worked out once: straight runs are copied, the rest is put together vector by vector
 * from a few vectors of the sources by permutations. Every layout of cpu_layout.h is fine on either side. */
#ifndef BACKEND_CPU_CPU_MOVE_H
#define BACKEND_CPU_CPU_MOVE_H

#include "backend/cpu/plan/cpu_layout.h"

typedef struct tam_channel {
    int source, channel; /* source TAM_NOWHERE: 0 */
} tam_channel;
enum { TAM_NOWHERE = -1, TAM_MOVE_LANES = 16 };

/* Numbers of one pixel that lie side by side in a source. */
typedef struct tam_move_part {
    int source;
    int64_t offset; /* in a sample of the source */
    int64_t step;   /* from pixel to pixel */
    int count;      /* numbers that may be read */
    /* Of a vector: which lanes of it come from here, and from which number. */
    uint16_t mask;
    uint8_t from[TAM_MOVE_LANES];
} tam_move_part;

/* Numbers of one pixel that lie side by side in the destination: as they lie in one part (straight; of any count), from
 * no part (0), or a vector of several. */
typedef struct tam_move {
    int64_t offset, step;
    int count, first, parts;
    bool straight;
} tam_move;

/* The kernels of one kind of processor. x, y: the first pixel's numbers; steps in numbers. */
typedef struct tam_move_kernels {
    const char *name; /* "avx512", "avx2", "plain" */
    int lanes;        /* numbers of a vector: at most TAM_MOVE_LANES */
    /* y += x */
    void (*add)(tam_dtype dtype, int64_t pixels, int64_t count, const void *x, int64_t x_step, void *y, int64_t y_step);
    /* y = the vector of the move's parts, whose numbers begin at x[part]; `add`: y += */
    void (*permute)(tam_dtype dtype, bool add, int64_t pixels, const tam_move *move, const tam_move_part *part,
                    const void *const *x, void *y);
} tam_move_kernels;

/* The best for this processor first, the plain one last; NULL behind it. */
const tam_move_kernels *tam_move_kernels_at(int index);

typedef struct tam_moves tam_moves;

/* map [to->c]. All layouts have the same pixels and dtype. */
TAM_MUST_USE tam_status tam_moves_create(tam_ctx *ctx, const tam_move_kernels *kernels, const tam_layout *to,
                                         int sources, const tam_layout *from, const tam_channel *map, tam_moves **out);
void tam_moves_free(tam_moves *moves);
/* The first n samples. x [sources]; `add`: y += what is moved, and what comes from nowhere is left alone. The fill of y
 * is written with zeros. */
void tam_moves_run(const tam_moves *moves, int n, const void *const *x, void *y, bool add);
/* Channels that come from a source. */
int tam_moves_channels(const tam_moves *moves);

#endif

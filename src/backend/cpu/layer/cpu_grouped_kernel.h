/* Grouped convolutions for one instruction set; included once by each cpu_grouped_<set>.c, which defines what
 * cpu_vector.h asks for and
 *     SUMS          vectors of sums that the registers hold beside what they are made of
 *     PIXELS        that are computed at once, 8 or 14; PIXELS_2 and PIXELS_4 in groups of 2 and 4
 *     KERNEL_NAME   of the table */
#include "backend/cpu/layer/cpu_grouped.h"
#include "backend/cpu/sweep/cpu_vector.h"

/* Calls `part` with a group and a stride as constants. */
#define FOR_STRIDE(group, stride, part, ...) \
    do {                                     \
        if ((stride) == 1) {                 \
            part(group, 1, __VA_ARGS__);     \
        } else {                             \
            part(group, 2, __VA_ARGS__);     \
        }                                    \
    } while (0)
#define FOR_GROUP(group, stride, part, ...)           \
    do {                                              \
        if ((group) == 1) {                           \
            FOR_STRIDE(1, stride, part, __VA_ARGS__); \
        } else if ((group) == 2) {                    \
            FOR_STRIDE(2, stride, part, __VA_ARGS__); \
        } else {                                      \
            FOR_STRIDE(4, stride, part, __VA_ARGS__); \
        }                                             \
    } while (0)

#define SWAP_4(j, at) (at) + (0 ^ (j)), (at) + (1 ^ (j)), (at) + (2 ^ (j)), (at) + (3 ^ (j))
#if LANES == 16
#define SWAP(x, j) __builtin_shufflevector(x, x, SWAP_4(j, 0), SWAP_4(j, 4), SWAP_4(j, 8), SWAP_4(j, 12))
#elif LANES == 8
#define SWAP(x, j) __builtin_shufflevector(x, x, SWAP_4(j, 0), SWAP_4(j, 4))
#else
#define SWAP(x, j) __builtin_shufflevector(x, x, SWAP_4(j, 0))
#endif

/* Pixels by which memory comes into the cache before it is needed. */
enum { PIXELS_AHEAD = 32 };

/* The ring of one slice, and which rows of `from` it has had. */
typedef struct ring {
    float *data;
    int64_t row, slice; /* floats */
    int filled;         /* the rows before this one */
} ring;

/* Rows that reach a row of the output, and the row of taps that each belongs to. */
typedef struct reach {
    int count, least, most;
    int row[TAM_GROUPED_KERNEL], tap[TAM_GROUPED_KERNEL];
} reach;

PART int64_t place(const tam_layout *layout, int64_t image, int channel, int64_t row) {
    return image * tam_layout_sample(layout) + channel / layout->lanes * tam_layout_run(layout) +
           row * layout->w * layout->lanes + channel % layout->lanes;
}

/* Written in place: a copy of a structure reads together what was written in parts, and then waits for every store
 * before it, those of the last row to memory too. */
PART void reach_of(const tam_grouped_pass *pass, int out, reach *found) {
    found->count = 0;
    found->least = pass->from.h;
    found->most = -1;
    for (int tap = 0; tap < pass->kernel; tap++) {
        int row = pass->transposed ? out + pass->pad - tap : out * pass->stride - pass->pad + tap;
        if (row < 0 || (pass->transposed && row % pass->stride != 0)) {
            continue;
        }
        row = pass->transposed ? row / pass->stride : row;
        if (row < pass->from.h) {
            found->row[found->count] = row;
            found->tap[found->count++] = tap;
            found->least = row < found->least ? row : found->least;
            found->most = row > found->most ? row : found->most;
        }
    }
}

/* Channels of a slice: the last one may be filled in part. */
PART int channels_of(const tam_grouped_pass *pass, int slice) {
    return (int)least(LANES, pass->from.c - (int64_t)slice * LANES);
}

/* The first `count` of a vector, zeros behind them; and only those to memory. */
#if LANES == 16
PART vec load_some(tam_dtype dtype, const void *x, int64_t at, int count) {
    const __mmask16 there = (__mmask16)((1u << count) - 1);
    if (dtype == TAM_F32) {
        return (vec)_mm512_maskz_loadu_ps(there, (const float *)x + at);
    }
    return (vec)((vec_bits)_mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(there, (const tam_bf16 *)x + at)) << 16);
}

PART void store_some(tam_dtype dtype, void *y, int64_t at, int count, vec value) {
    const __mmask16 there = (__mmask16)((1u << count) - 1);
    tam_bf16 all[LANES];
    if (dtype == TAM_F32) {
        _mm512_mask_storeu_ps((float *)y + at, there, (__m512)value);
        return;
    }
    store(TAM_BF16, all, 0, value);
    _mm256_mask_storeu_epi16((tam_bf16 *)y + at, there, _mm256_loadu_si256((const __m256i *)(const void *)all));
}
#else
PART vec load_some(tam_dtype dtype, const void *x, int64_t at, int count) {
    float all[LANES] = {0};
    for (int k = 0; k < count; k++) {
        all[k] = dtype == TAM_F32 ? ((const float *)x)[at + k] : tam_bf16_value(((const tam_bf16 *)x)[at + k]);
    }
    return *(const vec *)all;
}

PART void store_some(tam_dtype dtype, void *y, int64_t at, int count, vec value) {
    for (int k = 0; k < count; k++) {
        if (dtype == TAM_F32) {
            ((float *)y)[at + k] = value[k];
        } else {
            ((tam_bf16 *)y)[at + k] = tam_bf16_nearest(value[k]);
        }
    }
}
#endif

PART void widen_some(tam_dtype dtype, const void *x, int64_t at, int64_t step, int64_t count, int channels, float *to) {
    for (int64_t k = 0; k < count; k++) {
        *(vec *)(to + k * LANES) = load_some(dtype, x, at + k * step, channels);
    }
}

PART void fill_row(const tam_grouped_pass *pass, const void *x, int64_t at, int channels, float *to) {
    const int64_t w = pass->from.w, end = pass->left + w;
    memset(to, 0, (size_t)(pass->left * LANES) * sizeof *to);
    memset(to + end * LANES, 0, (size_t)((pass->width - end) * LANES) * sizeof *to);
    if (channels < LANES) {
        widen_some(pass->from.dtype, x, at, pass->from.lanes, w, channels, to + pass->left * LANES);
    } else if (pass->from.dtype == TAM_F32) {
        widen_row(TAM_F32, x, at, pass->from.lanes, w, to + pass->left * LANES);
    } else {
        widen_row(TAM_BF16, x, at, pass->from.lanes, w, to + pass->left * LANES);
    }
}

/* Brings the rows that `reached` names into the ring. */
PART void fill(const tam_grouped_pass *pass, const void *x, int64_t image, int first, int end, const reach *reached,
               ring *r) {
    for (int row = r->filled > reached->least ? r->filled : reached->least; row <= reached->most; row++) {
        for (int slice = first; slice < end; slice++) {
            float *to = r->data + (slice - first) * r->slice + row % pass->kernel * r->row;
            int64_t at = place(&pass->from, image, slice * LANES, row);
            fill_row(pass, x, at, channels_of(pass, slice), to);
        }
        r->filled = row + 1;
    }
}

PART ring ring_of(const tam_grouped_pass *pass, float *data) {
    int64_t row = (int64_t)pass->width * LANES;
    return (ring){data, row, row * (pass->kernel + 1), 0};
}

/* Pixels that come into the cache while a row is computed: those that the next row will bring into the ring. */
typedef struct coming {
    const char *at;
    int64_t step, count; /* bytes, pixels */
} coming;

PART void coming_of(const tam_layout *layout, const void *map, int64_t at, int64_t rows, coming *found) {
    enum { LEAST_PIXELS = 48 }; /* ahead */
    int64_t bytes = layout->dtype == TAM_F32 ? 4 : 2, far = layout->w < LEAST_PIXELS ? LEAST_PIXELS - layout->w : 0;
    found->at = (const char *)map + (at + far * layout->lanes) * bytes;
    found->step = layout->lanes * bytes;
    found->count = rows * layout->w;
}

PART void fetch(coming *c, int64_t count) {
    for (count = least(count, c->count), c->count -= count; count > 0; count--, c->at += c->step) {
        __builtin_prefetch(c->at, 0, 3);
    }
}

/* One row of one slice. */
typedef struct output {
    const float *row[TAM_GROUPED_KERNEL], *weight[TAM_GROUPED_KERNEL];
    int rows;
    int64_t pace; /* pixels fetched for each block of pixels computed */
    coming next;
    vec bias;
} output;

/* sum[j] gathers what belongs to lane ^ j: lanes are swapped once for each output. */
PART void convolve_pixels(const int pixels, const int group, const int stride, const output *out,
                          const tam_grouped_phase *phase, int64_t column, float *to, int64_t step) {
    vec sum[4][PIXELS];
    UNROLL
    for (int p = 0; p < pixels; p++) {
        sum[0][p] = out->bias;
        sum[1][p] = sum[2][p] = sum[3][p] = (vec){0};
    }
    for (int r = 0; r < out->rows; r++) {
        const float *row = out->row[r] + column * stride * LANES, *weight = out->weight[r];
        for (int t = 0; t < phase->taps; t++) {
            const float *x = row + (int64_t)phase->column[t] * LANES;
            const float *w = weight + (int64_t)phase->tap[t] * group * LANES;
            vec factor[4];
            UNROLL
            for (int j = 0; j < group; j++) {
                factor[j] = *(const vec *)(w + j * LANES);
            }
            UNROLL
            for (int p = 0; p < pixels; p++) {
                vec value = *(const vec *)(x + p * stride * LANES);
                UNROLL
                for (int j = 0; j < group; j++) {
                    sum[j][p] += factor[j] * value;
                }
            }
        }
    }
    UNROLL
    for (int p = 0; p < pixels; p++) {
        vec all = sum[0][p];
        if (group > 1) {
            all += SWAP(sum[1][p], 1);
        }
        if (group > 2) {
            all += SWAP(sum[2][p], 2) + SWAP(sum[3][p], 3);
        }
        *(vec *)(to + (column + p) * step) = all;
    }
}

PART void convolve_row(const int group, const int stride, output *out, const tam_grouped_phase *phase, float *to,
                       int64_t step) {
    const int block = group == 1 ? PIXELS : group == 2 ? PIXELS_2 : PIXELS_4;
#define CASE(pixels)                                                                                       \
    case pixels:                                                                                           \
        convolve_pixels((pixels) < block ? (pixels) : block, group, stride, out, phase, column, to, step); \
        break
    for (int64_t column = 0; column < phase->columns; column += block) {
        fetch(&out->next, out->pace);
        switch (least(block, phase->columns - column)) {
            CASE(1);
            CASE(2);
            CASE(3);
            CASE(4);
            CASE(5);
            CASE(6);
            CASE(7);
            CASE(8);
#if PIXELS > 8
            CASE(9);
            CASE(10);
            CASE(11);
            CASE(12);
            CASE(13);
            CASE(14);
#endif
        }
    }
#undef CASE
}

/* What is done to a row of sums on its way to memory. */
PART void finish_row(const tam_dtype dtype, const bool plain, const tam_grouped_pass *pass,
                     const tam_grouped_memory *memory, const int channels, vec slope, const float *row, int64_t at) {
    const bool relu = memory->relu, active = memory->slope != NULL || relu;
    const int64_t step = pass->to.lanes, end = at + pass->to.w * step;
    const void *added = memory->added;
    const vec top = spread(memory->top > 0 ? memory->top : __builtin_inff());
    void *to = memory->to;
    for (; at < end; at += step, row += LANES) {
        vec sum = *(const vec *)row;
        if (!plain && added != NULL) {
            sum += channels < LANES ? load_some(dtype, added, at, channels) : load(dtype, added, at);
        }
        if (!plain && active) {
            vec_bits positive = (vec_bits)(sum > 0), below = relu ? (vec_bits){0} : (vec_bits)(sum * slope);
            sum = (vec)(((vec_bits)sum & positive) | (below & ~positive));
            vec_bits over = (vec_bits)(sum > top);
            sum = (vec)(((vec_bits)top & over) | ((vec_bits)sum & ~over));
        }
        if (channels < LANES) {
            store_some(dtype, to, at, channels, sum);
        } else {
            store(dtype, to, at, sum);
        }
    }
}

PART void finish(const tam_grouped_pass *pass, const tam_grouped_memory *memory, bool plain, int channels, vec slope,
                 const float *row, int64_t at) {
    if (channels < LANES) {
        finish_row(pass->to.dtype, false, pass, memory, channels, slope, row, at);
    } else if (pass->to.dtype == TAM_F32) {
        finish_row(TAM_F32, false, pass, memory, LANES, slope, row, at);
    } else if (plain) {
        finish_row(TAM_BF16, true, pass, memory, LANES, slope, row, at);
    } else {
        finish_row(TAM_BF16, false, pass, memory, LANES, slope, row, at);
    }
}

CALL void convolve(const tam_grouped_pass *pass, const tam_grouped_memory *memory, int64_t image, int first, int end,
                   float *data) {
    const int64_t wide = pass->group * LANES, weights = tam_grouped_weights(pass, LANES);
    const bool plain = memory->added == NULL && memory->slope == NULL && !memory->relu;
    const bool direct = plain && pass->to.dtype == TAM_F32;
    const int step_in = pass->transposed ? 1 : pass->stride;
    const int64_t step = direct ? pass->to.lanes : LANES;
    ring r = ring_of(pass, data);
    float *sums = data + (end - first) * r.slice;
    for (int row = 0; row < pass->to.h; row++) {
        reach reached;
        reach_of(pass, row, &reached);
        fill(pass, memory->from, image, first, end, &reached, &r);
        for (int slice = first; slice < end; slice++) {
            const int channel = slice * LANES, channels = channels_of(pass, slice);
            output out;
            out.rows = reached.count;
            for (int k = 0; k < reached.count; k++) {
                out.row[k] = r.data + (slice - first) * r.slice + reached.row[k] % pass->kernel * r.row;
                out.weight[k] = memory->packed + slice * weights + reached.tap[k] * pass->kernel * wide;
            }
            vec slope = memory->slope != NULL ? load_some(TAM_F32, memory->slope, channel, channels) : (vec){0};
            out.bias = memory->bias != NULL ? load_some(TAM_F32, memory->bias, channel, channels) : (vec){0};
            out.pace = step_in * step_in * PIXELS;
            coming_of(&pass->from, memory->from, place(&pass->from, image, channel, reached.most + 1), step_in,
                      &out.next);
            int64_t at = place(&pass->to, image, channel, row);
            float *to = direct ? (float *)memory->to + at : sums;
            for (int phase = 0; phase < pass->phases; phase++) {
                FOR_GROUP(pass->group, step_in, convolve_row, &out, &pass->phase[phase], to + phase * step,
                          pass->phases * step);
            }
            if (!direct) {
                finish(pass, memory, plain, channels, slope, sums, at);
            }
        }
    }
}

/* Rows of taps whose sums stay in registers together: enough of them to hide the latency of one. */
#define TAP_ROWS(kernel, group)                                                                 \
    ((kernel) * (kernel) * (group) <= SUMS                                           ? (kernel) \
     : (kernel) % 2 == 0 && (kernel) * (group) < 8 && 2 * (kernel) * (group) <= SUMS ? 2        \
                                                                                     : 1)

/* sums[tap][j] += sum over a row's columns of dy x. */
PART void weigh_row(const int kernel, const int group, const int stride, const float *const *row, const float *dy,
                    int64_t dy_step, int64_t columns, float *sums) {
    enum { MOST = TAM_GROUPED_KERNEL * 4 };
    const int rows = TAP_ROWS(kernel, group), vectors = kernel * group;
    for (int tap = 0; tap < kernel; tap += rows) {
        vec sum[MOST];
        UNROLL
        for (int k = 0; k < rows * vectors; k++) {
            sum[k] = *(const vec *)(sums + (tap * vectors + k) * LANES);
        }
        const float *at = dy;
        for (int64_t column = 0; column < columns; column++, at += dy_step) {
            vec d = *(const vec *)at;
            __builtin_prefetch(at + PIXELS_AHEAD * dy_step, 0, 3);
            const vec swapped[4] = {d, SWAP(d, 1), SWAP(d, 2), SWAP(d, 3)};
            UNROLL
            for (int r = 0; r < rows; r++) {
                const float *x = row[tap + r] + column * stride * LANES;
                UNROLL
                for (int k = 0; k < vectors; k++) {
                    sum[r * vectors + k] += swapped[k % group] * *(const vec *)(x + k / group * LANES);
                }
            }
        }
        UNROLL
        for (int k = 0; k < rows * vectors; k++) {
            *(vec *)(sums + (tap * vectors + k) * LANES) = sum[k];
        }
    }
}

PART void weigh_kernel(const int group, const int stride, int kernel, const float *const *row, const float *dy,
                       int64_t dy_step, int64_t columns, float *sums) {
#define CASE(size)                                                       \
    case size:                                                           \
        weigh_row(size, group, stride, row, dy, dy_step, columns, sums); \
        break
    switch (kernel) {
        CASE(1);
        CASE(2);
        CASE(3);
        CASE(4);
        CASE(5);
        CASE(6);
        CASE(7);
    }
#undef CASE
}

CALL void weigh(const tam_grouped_pass *pass, const tam_grouped_memory *memory, int64_t image, int first, int end,
                float *data) {
    const int64_t unit = tam_grouped_sums(pass, LANES), lanes = pass->to.lanes;
    ring r = ring_of(pass, data);
    float *wide_dy = data + (end - first) * r.slice, *zeros = data + pass->kernel * r.row;
    memset(zeros, 0, (size_t)r.row * sizeof *zeros);
    for (int row = 0; row < pass->to.h; row++) {
        reach reached;
        reach_of(pass, row, &reached);
        fill(pass, memory->from, image, first, end, &reached, &r);
        for (int slice = first; slice < end; slice++) {
            const float *rows[TAM_GROUPED_KERNEL];
            for (int tap = 0; tap < pass->kernel; tap++) {
                rows[tap] = zeros;
            }
            for (int k = 0; k < reached.count; k++) {
                rows[reached.tap[k]] = r.data + (slice - first) * r.slice + reached.row[k] % pass->kernel * r.row;
            }
            int64_t at = place(&pass->to, image, slice * LANES, row);
            bool wide = pass->to.dtype == TAM_F32;
            const int channels = channels_of(pass, slice);
            if (channels < LANES) {
                widen_some(TAM_BF16, memory->dy, at, lanes, pass->to.w, channels, wide_dy);
            } else if (!wide) {
                widen_row(TAM_BF16, memory->dy, at, lanes, pass->to.w, wide_dy);
            }
            const float *dy = wide ? (const float *)memory->dy + at : wide_dy;
            int64_t step = wide ? lanes : LANES;
            float *sums = memory->sums + slice * unit;
            FOR_GROUP(pass->group, pass->stride, weigh_kernel, pass->kernel, rows, dy, step, pass->to.w, sums);
            if (memory->sum_dy) {
                sum_row(dy, step, pass->to.w, sums + unit - LANES);
            }
        }
    }
}

static const tam_grouped_kernels table = {KERNEL_NAME, LANES, convolve, weigh};

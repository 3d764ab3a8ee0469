#include "backend/cpu/class/class_bf16.h"

#include <string.h>

#include "backend/class_rows.h"
#include "base/kernel.h"

enum { LANES = TAM_BF16_LANES, DEPTH = TAM_BF16_DEPTH, BLOCK = TAM_BF16_BLOCK, LINE = 64 };

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* Rows and panels that are read together lie an odd number of lines apart, so that they do not fall into the same sets
 * of a cache. */
static int64_t unit_stride(int64_t rows) {
    return tam_bf16_up(rows, DEPTH) * LANES + LINE / 2;
}

static int64_t t_stride(int64_t rows) {
    return (tam_bf16_up(rows, DEPTH) / DEPTH | 1) * DEPTH;
}

/* A task's room. `logits` and `embeddings` share the first three, `weights` uses the others in their place. */
typedef struct room {
    float *edge;      /* [2, 32, 32] a block of C; or two rows, filled with zeros: 2 D */
    tam_bf16 *rows;   /* [32, D] rows of w, rounded: A of p */
    tam_bf16 *unit;   /* w^ [T, D]: B of dx */
    tam_bf16 *t;      /* [N, T]: A of dx */
    float *dw;        /* [32, D] */
    tam_bf16 *scaled; /* [32, N] rows of a slot, rescaled */
    size_t bytes;
} room;

static room room_of(void *memory, int n, int dim, int64_t rows) {
    size_t of_n = (size_t)tam_bf16_up(n, DEPTH), of_dim = (size_t)tam_bf16_up(dim, DEPTH);

    size_t edge = (of_dim > BLOCK * BLOCK ? of_dim : BLOCK * BLOCK) * 2 * sizeof(float);
    size_t of_block = BLOCK * of_dim * sizeof(tam_bf16),
           of_unit = of_dim / LANES * (size_t)unit_stride(rows) * sizeof(tam_bf16);
    size_t of_t = of_n * (size_t)t_stride(rows) * sizeof(tam_bf16);
    size_t first = of_block + of_unit + of_t, second = 2 * of_block + BLOCK * of_n * sizeof(tam_bf16);
    size_t bytes = edge + (first > second ? first : second);
    if (memory == NULL) {
        return (room){.bytes = bytes};
    }
    char *base = memory, *shared = base + edge;
    return (room){.edge = memory,
                  .rows = (void *)shared,
                  .unit = (void *)(shared + of_block),
                  .t = (void *)(shared + of_block + of_unit),
                  .dw = (void *)shared,
                  .scaled = (void *)(shared + 2 * of_block),
                  .bytes = bytes};
}

static room room_of_tile(const tam_class_tile *tile) {
    return room_of(tile->room, tile->n, tile->dim, tile->rows);
}

size_t tam_bf16_room_bytes(int n, int dim, int64_t rows) {
    return room_of(NULL, n, dim, rows).bytes;
}

size_t tam_bf16_slot_bytes(int n, int64_t stride) {
    return (size_t)stride * (size_t)tam_bf16_up(n, DEPTH) * sizeof(tam_bf16);
}

/* Memory that the finish of a block will read, or the next block's rows: fetched while the products run, which read
 * little. Two streams that move together. */
typedef struct ahead {
    const char *next[2];
    int64_t left; /* bytes of each */
} ahead;

static bool rows_follow(const tam_class_tile *tile, int64_t first, int64_t count) {
    return tile->row[first + count - 1] - tile->row[first] == count - 1;
}

/* The rows [first, first + count) of w, and with `both` of momentum: nothing where they are scattered. */
static ahead ahead_of(tam_class_dtype dtype, const tam_class_tile *tile, int64_t first, int64_t count, bool both) {
    int64_t row_bytes = tile->dim * (int64_t)tam_class_number_bytes(dtype);
    if (count < 1 || !rows_follow(tile, first, count)) {
        return (ahead){{NULL, NULL}, 0};
    }
    const char *w = (const char *)tile->w + tile->row[first] * row_bytes;
    const char *momentum = (const char *)tile->momentum + tile->row[first] * row_bytes;
    return (ahead){{w, both ? momentum : w}, count * row_bytes};
}

/* The rows after the tile, which are likely the next tile's: a guess that nothing but time depends on. */
static ahead ahead_of_next_tile(tam_class_dtype dtype, const tam_class_tile *tile) {
    ahead stream = ahead_of(dtype, tile, 0, tile->rows, false);
    for (int k = 0; k < 2 && stream.left > 0; k++) {
        stream.next[k] += stream.left;
    }
    return stream;
}

static void fetch_ahead(ahead *stream, tam_bf16_block *block) {
    enum { MOST = 8 }; /* lines while 32 of K are multiplied: as many as memory gives in that time */
    int64_t steps = block->depth / DEPTH, lines = stream->left / LINE / steps;
    block->lines = (int)least(lines, stream->next[0] != stream->next[1] ? MOST / 2 : MOST);
    for (int k = 0; k < 2; k++) {
        block->ahead[k] = stream->next[k];
        stream->next[k] += block->lines * steps * LINE;
    }
    stream->left -= block->lines * steps * LINE;
}

/* Row k of the tile as it lies in w, or the same filled with zeros in `edge`. */
static const void *whole_row(tam_class_dtype dtype, const tam_class_tile *tile, int64_t k, void *edge) {
    size_t number = tam_class_number_bytes(dtype), bytes = (size_t)tile->dim * number;
    const char *row = k < tile->rows ? (const char *)tile->w + tile->row[k] * (int64_t)bytes : NULL;
    if (row != NULL && tile->dim % DEPTH == 0) {
        return row;
    }
    memset(edge, 0, (size_t)tam_bf16_up(tile->dim, DEPTH) * number);
    if (row != NULL) {
        memcpy(edge, row, bytes);
    }
    return edge;
}

/* The rows [first, first + 32) into the room, as A of p and as B of dx. Returns A, which may be w itself. */
static const tam_bf16 *read_rows(const tam_bf16_kind *kind, tam_class_dtype dtype, const tam_class_tile *tile,
                                 const room *r, int64_t first) {
    int64_t dim = tam_bf16_up(tile->dim, DEPTH), b_stride = unit_stride(tile->rows);
    int64_t count = least(BLOCK, tile->rows - first);
    bool lean = dtype == TAM_CLASS_BF16_LEAN;
    bool direct = lean && dim == tile->dim && count % LANES == 0 && rows_follow(tile, first, count);
    for (int64_t k = 0; k < BLOCK; k += 2) {
        const void *row[2];
        float scale[2];
        tam_bf16 *a[2];
        for (int i = 0; i < 2; i++) {
            row[i] = whole_row(dtype, tile, first + k + i, r->edge + i * dim);
            scale[i] = first + k + i < tile->rows ? tile->inverse_w[first + k + i] : 0.0f;
            a[i] = r->rows + (k + i) * dim;
            if (lean && !direct) {
                memcpy(a[i], row[i], (size_t)dim * sizeof *a[i]);
            }
        }
        tam_bf16 *b = r->unit + (first + k) * LANES;
        if (lean) {
            kind->scale_rows(dim, (const tam_bf16 *const[2]){row[0], row[1]}, scale, b, b_stride);
        } else {
            kind->round_rows(dim, (const float *const[2]){row[0], row[1]}, scale, a, b, b_stride);
        }
    }
    return direct ? (const tam_bf16 *)tile->w + tile->row[first] * dim : r->rows;
}

/* p of up to 32 samples from i on, from c [32 classes, 32 samples]. */
static void write_logits(const tam_bf16_kind *kind, const tam_class_tile *tile, const tam_bf16_block *block, int64_t i,
                         int64_t first, float *p) {
    for (int64_t k = 0; k < block->rows * LANES; k += LANES) {
        for (int64_t l = 0; l < block->columns * LANES; l += LANES) {
            const float *c = block->c + k * BLOCK + l;
            float *to = p + (i + l) * tile->stride + first + k;
            int64_t samples = least(LANES, tile->n - i - l);
            if (samples == LANES) {
                kind->transpose(c, BLOCK, to, tile->stride);
            } else {
                float edge[LANES * LANES];
                kind->transpose(c, BLOCK, edge, LANES);
                for (int64_t s = 0; s < samples; s++) {
                    memcpy(to + s * tile->stride, edge + s * LANES, LANES * sizeof *to);
                }
            }
        }
    }
}

void tam_bf16_logits(const tam_bf16_kind *kind, tam_class_dtype dtype, const tam_class_tile *tile, const void *packed,
                     float *p) {
    room r = room_of_tile(tile);
    int64_t dim = tam_bf16_up(tile->dim, DEPTH);
    kind->begin();
    for (int64_t first = 0; first < tile->rows; first += BLOCK) {
        int64_t count = least(BLOCK, tile->rows - first), next = first + count;
        ahead stream = ahead_of(dtype, tile, next, least(BLOCK, tile->rows - next), false);
        tam_bf16_block block = {.rows = (int)(tam_bf16_up(count, LANES) / LANES),
                                .depth = dim,
                                .a = read_rows(kind, dtype, tile, &r, first),
                                .a_stride = dim,
                                .b_stride = dim * LANES,
                                .c_stride = BLOCK};
        for (int64_t i = 0; i < tile->n; i += BLOCK) {
            block.columns = tile->n - i > LANES ? 2 : 1;
            block.b = (const tam_bf16 *)packed + i * dim;
            block.c = r.edge + i / BLOCK % 2 * BLOCK * BLOCK;
            fetch_ahead(&stream, &block);
            kind->block(&block);
            write_logits(kind, tile, &block, i, first, p);
        }
    }
    kind->end();
}

/* t into the room, and its transpose into the slot, if there is one: class by class, for the slot is memory that was
 * not in the cache.
 */
static void round_slot(const tam_bf16_kind *kind, const tam_class_tile *tile, const float *t, tam_bf16 *rows,
                       tam_bf16 *slot) {
    int64_t of_n = tam_bf16_up(tile->n, DEPTH), stride_t = t_stride(tile->rows);
    for (int64_t k = 0; k < tam_bf16_up(tile->rows, DEPTH); k += LANES) {
        for (int64_t i = 0; i < tile->n; i += BLOCK) {
            int64_t samples = least(BLOCK, tile->n - i), classes = least(LANES, tile->rows - k);
            float edge[BLOCK * LANES];
            tam_bf16 beyond[BLOCK * LANES];
            const float *from = t + i * tile->stride + k;
            int64_t stride = tile->stride;
            bool filled = slot != NULL && k < tile->stride;
            if (samples < BLOCK || classes < LANES) {
                memset(edge, 0, sizeof edge);
                for (int64_t s = 0; s < samples && classes > 0; s++) {
                    memcpy(edge + s * LANES, from + s * stride, (size_t)classes * sizeof *edge);
                }
                from = edge;
                stride = LANES;
            }
            kind->round_slot(from, stride, rows + i * stride_t + k, stride_t, filled ? slot + k * of_n + i : beyond,
                             filled ? of_n : BLOCK);
        }
    }
}

/* dx [rows, columns] += c. */
TAM_KERNEL static void add_block(int64_t rows, int64_t columns, const float *c, float *dx, int64_t stride) {
    for (int64_t i = 0; i < rows; i++) {
        if (columns == BLOCK) {
            for (int64_t d = 0; d < BLOCK; d++) {
                dx[i * stride + d] += c[i * BLOCK + d];
            }
            continue;
        }
        for (int64_t d = 0; d < columns; d++) {
            dx[i * stride + d] += c[i * BLOCK + d];
        }
    }
}

/* A block of C is added to dx while the next is multiplied: they lie in two places in turn. */
void tam_bf16_embeddings(const tam_bf16_kind *kind, tam_class_dtype dtype, const tam_class_tile *tile, const float *t,
                         void *slot, float *dx) {
    ahead stream = ahead_of_next_tile(dtype, tile);
    room r = room_of_tile(tile);
    int64_t stride = t_stride(tile->rows), b_stride = unit_stride(tile->rows), turn = 0;
    round_slot(kind, tile, t, r.t, slot);
    if (dx == NULL) {
        return;
    }
    kind->begin();
    for (int64_t i = 0; i < tile->n; i += BLOCK) {
        int64_t samples = least(BLOCK, tile->n - i);
        for (int64_t d = 0; d < tile->dim; d += BLOCK) {
            int64_t width = least(BLOCK, tile->dim - d);
            tam_bf16_block block = {.rows = samples > LANES ? 2 : 1,
                                    .columns = width > LANES ? 2 : 1,
                                    .depth = tam_bf16_up(tile->rows, DEPTH),
                                    .a = r.t + i * stride,
                                    .a_stride = stride,
                                    .b = r.unit + d / LANES * b_stride,
                                    .b_stride = b_stride,
                                    .c = r.edge + turn++ % 2 * BLOCK * BLOCK,
                                    .c_stride = BLOCK};
            fetch_ahead(&stream, &block);
            kind->block(&block);
            add_block(samples, width, block.c, dx + i * tile->dim + d, tile->dim);
        }
    }
    kind->end();
}

static bool all_ones(int n, const float *rescale) {
    for (int i = 0; rescale != NULL && i < n; i++) {
        if (rescale[i] != 1.0f) {
            return false;
        }
    }
    return true;
}

/* Powers of two: nothing is rounded. */
TAM_KERNEL static void scale_columns(int64_t n, const float *scale, const tam_bf16 *from, tam_bf16 *to) {
    for (int64_t i = 0; i < n; i++) {
        to[i] = tam_bf16_nearest(scale[i] * tam_bf16_value(from[i]));
    }
}

/* The rows of the slot, rescaled where that is called for. */
static const tam_bf16 *slot_rows(const tam_class_tile *tile, const tam_bf16 *slot, const float *rescale, int64_t first,
                                 tam_bf16 *scaled) {
    int64_t of_n = tam_bf16_up(tile->n, DEPTH), count = least(BLOCK, tile->stride - first);
    if (rescale == NULL) {
        return slot + first * of_n;
    }
    for (int64_t k = 0; k < count; k++) {
        memset(scaled + (k + 1) * of_n - DEPTH, 0, DEPTH * sizeof *scaled);
        scale_columns(tile->n, rescale, slot + (first + k) * of_n, scaled + k * of_n);
    }
    return scaled;
}

void tam_bf16_weights(const tam_bf16_kind *kind, tam_class_dtype dtype, const tam_class_tile *tile, void *slot,
                      const void *packed, const tam_class_update *update) {
    room r = room_of_tile(tile);
    int64_t dim = tam_bf16_up(tile->dim, DEPTH), of_n = tam_bf16_up(tile->n, DEPTH);
    const float *rescale = all_ones(tile->n, update->rescale) ? NULL : update->rescale;
    for (int64_t first = 0; first < tile->rows; first += BLOCK) {
        int64_t count = least(BLOCK, tile->rows - first);
        ahead stream = ahead_of(dtype, tile, first, count, update->sgd != NULL);
        tam_bf16_block block = {.rows = (int)(tam_bf16_up(count, LANES) / LANES),
                                .columns = 2,
                                .depth = of_n,
                                .a = slot_rows(tile, slot, rescale, first, r.scaled),
                                .a_stride = of_n,
                                .b_stride = of_n * LANES,
                                .c_stride = dim};
        kind->begin();
        for (int64_t d = 0; d < tile->dim; d += BLOCK) {
            block.b = (const tam_bf16 *)packed + d * of_n;
            block.c = r.dw + d;
            fetch_ahead(&stream, &block);
            kind->block(&block);
        }
        kind->end();
        for (int64_t k = 1; k < count && dim != tile->dim; k++) {
            memmove(r.dw + k * tile->dim, r.dw + k * dim, (size_t)tile->dim * sizeof *r.dw);
        }
        tam_class_rows_finish(dtype, tile, update, first, count, r.dw);
    }
}

TAM_KERNEL static float column_sum(int64_t n, const tam_bf16 *t, const float *factor, const float *rescale) {
    float sum = 0.0f;
    if (rescale == NULL) {
#pragma omp simd reduction(+ : sum)
        for (int64_t i = 0; i < n; i++) {
            sum += factor[i] * tam_bf16_value(t[i]);
        }
        return sum;
    }
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < n; i++) {
        sum += factor[i] * rescale[i] * tam_bf16_value(t[i]);
    }
    return sum;
}

void tam_bf16_column_sums(const tam_class_tile *tile, const void *slot, const float *factor, const float *rescale,
                          float *sums) {
    int64_t of_n = tam_bf16_up(tile->n, DEPTH);
    for (int64_t k = 0; k < tile->rows; k++) {
        sums[k] = column_sum(tile->n, (const tam_bf16 *)slot + k * of_n, factor, rescale);
    }
}

/* The class head's f32 products for one instruction set; included once by each class_f32_<set>.c, which defines
 *     KERNEL_TARGET   the attribute of every function here
 *     LANES           f32 numbers in a vector
 *     ROWS, VECTORS   the register tile: ROWS x VECTORS vectors of sums stay in registers; ROWS is 4 or 8
 *     KERNEL_NAME     of the table
 *     STREAM(to, v)   stores a vector past the cache; STREAMED() waits for that
 *
 * All three products are one loop, sum[r][lane] = sum_k a[r][k] b[k][lane], where a number of `a` is spread over a
 * vector and b lies packed in panels, VECTORS vectors wide (the last one may be narrower):
 *     logits       a: rows of w where they lie      b: x, a lane each sample     k over D
 *     embeddings   a: rows of t                     b: w^, a lane each d         k over the tile's classes
 *     weights      a: columns of t                  b: f x, a lane each d        k over N
 * Rows that are missing in the last ROWS of a are read as the last one again; what they give is dropped. */
#include "backend/class_rows.h"
#include "backend/cpu/class/class_f32_multiply.h"

#define CALL static KERNEL_TARGET

/* Calls `part` with the number of vectors as a constant. */
#define FOR_WIDTH(width, part, ...)     \
    do {                                \
        if ((width) > 2 * LANES) {      \
            part(VECTORS, __VA_ARGS__); \
        } else if ((width) > LANES) {   \
            part(2, __VA_ARGS__);       \
        } else {                        \
            part(1, __VA_ARGS__);       \
        }                               \
    } while (0)

static size_t packed_bytes(tam_class_pack pack, int n, int dim) {
    int lanes = pack == TAM_PACK_FOR_LOGITS ? n : dim, depth = pack == TAM_PACK_FOR_LOGITS ? dim : n;
    return (((size_t)lanes + LANES - 1) / LANES * LANES) * (size_t)depth * sizeof(float);
}

static size_t slot_bytes(int n, int64_t stride) {
    return (size_t)n * (size_t)stride * sizeof(float);
}

/* For embeddings a panel of w^; for weights t of a block of classes, rescaled, and the sums of a block of classes. */
static size_t room_bytes(int n, int dim, int64_t rows) {
    size_t panel = (size_t)rows * WIDTH, block = ((size_t)n + (size_t)dim) * BLOCK;
    return (panel > block ? panel : block) * sizeof(float);
}

static int64_t pack_tasks(tam_class_pack pack, int n, int dim) {
    (void)pack, (void)dim;
    return (n + LANES - 1) / LANES;
}

/* Samples [first, first + LANES) as a vector of each d; four samples by four numbers at a time. */
CALL void pack_for_logits(int n, int dim, const float *x, const float *factor, float *packed, int64_t first) {
    int64_t panel = first / WIDTH, width = panel_width(n, panel), count = least(LANES, n - first), i = 0;
    float *to = packed + panel * WIDTH * dim + first % WIDTH;
    for (; i + 4 <= count && factor == NULL; i += 4) {
        int64_t d = 0;
        for (; d + 4 <= dim; d += 4) {
            transpose(x + (first + i) * dim + d, dim, to + d * width + i, width);
        }
        for (; d < dim; d++) {
            for (int64_t k = i; k < i + 4; k++) {
                to[d * width + k] = x[(first + k) * dim + d];
            }
        }
    }
    for (; i < LANES; i++) {
        float scale = i >= count ? 0.0f : factor != NULL ? factor[first + i] : 1.0f;
        for (int64_t d = 0; d < dim; d++) {
            to[d * width + i] = i < count ? scale * x[(first + i) * dim + d] : 0.0f;
        }
    }
}

/* Row i of the product's right side, cut into panels. */
CALL void pack_for_weights(int n, int dim, const float *x, const float *factor, float *packed, int64_t i) {
    float scale = factor != NULL ? factor[i] : 1.0f;
    for (int64_t panel = 0; panel * WIDTH < dim; panel++) {
        int64_t width = panel_width(dim, panel), first = panel * WIDTH, count = least(width, dim - first);
        float *to = packed + first * n + i * width;
        for (int64_t d = 0; d < count; d++) {
            to[d] = scale * x[i * dim + first + d];
        }
        memset(to + count, 0, (size_t)(width - count) * sizeof *to);
    }
}

CALL void pack(tam_class_pack what, int n, int dim, const float *x, const float *factor, void *packed, int64_t task) {
    int64_t first = task * LANES, end = least(first + LANES, n);
    if (what == TAM_PACK_FOR_LOGITS) {
        pack_for_logits(n, dim, x, factor, packed, first);
        return;
    }
    for (int64_t i = first; i < end; i++) {
        pack_for_weights(n, dim, x, factor, packed, i);
    }
}

PART const float *row_of(const tam_class_tile *tile, int64_t k) {
    return (const float *)tile->w + tile->row[least(k, tile->rows - 1)] * tile->dim;
}

PART void logits_part(const int vectors, const tam_class_tile *tile, const float *const a[ROWS], const float *b,
                      const ahead *next, int64_t samples, float *p) {
    vec sum[ROWS][VECTORS];
    multiply(vectors, tile->dim, a, 1, b, next, sum);
    put_transposed(vectors, sum, least(vectors * LANES, samples), p, tile->stride);
}

/* For each panel of samples all classes, of which the first panel brings the next ROWS in from memory. */
CALL void logits(const tam_class_tile *tile, const void *packed, float *p) {
    int64_t n = tile->n, dim = tile->dim;
    ahead rows = pace(dim, ROWS, dim * 4), none = {.count = 1, .steps = dim, .at = {packed}};
    for (int64_t first = 0; first < n; first += WIDTH) {
        const float *b = (const float *)packed + first * dim;
        for (int64_t j = 0; j < tile->stride; j += ROWS) {
            const float *a[ROWS];
            for (int r = 0; r < ROWS; r++) {
                a[r] = row_of(tile, j + r);
                rows.at[r] = (const char *)row_of(tile, j + ROWS + r);
            }
            FOR_WIDTH(panel_width(n, first / WIDTH), logits_part, tile, a, b, first == 0 ? &rows : &none, n - first,
                      p + first * tile->stride + j);
        }
    }
}

/* A panel of w^ into the room. */
PART void gather(const tam_class_tile *tile, int64_t first, int64_t width, float *panel) {
    int64_t count = least(width, tile->dim - first);
    for (int64_t k = 0; k < tile->rows; k++) {
        const float *w = row_of(tile, k) + first;
        float inverse = tile->inverse_w[k], *to = panel + k * width;
        if (count == WIDTH) {
            UNROLL
            for (int v = 0; v < VECTORS; v++) {
                *(vec *)(to + v * LANES) = inverse * *(const vec *)(w + v * LANES);
            }
            continue;
        }
        for (int64_t d = 0; d < count; d++) {
            to[d] = inverse * w[d];
        }
        memset(to + count, 0, (size_t)(width - count) * sizeof *to);
    }
}

PART void embeddings_part(const int vectors, const tam_class_tile *tile, const float *const a[ROWS], const float *b,
                          const ahead *next, int64_t samples, int64_t first, float *dx) {
    vec sum[ROWS][VECTORS];
    for (int r = 0; r < least(ROWS, samples); r++) {
        for (int v = 0; v < vectors; v += LINE / 4 / LANES) {
            __builtin_prefetch(dx + r * tile->dim + first + v * LANES, 1, 3);
        }
    }
    multiply(vectors, tile->rows, a, 1, b, next, sum);
    for (int r = 0; r < ROWS; r++) {
        if (r < samples) {
            add(vectors, sum[r], tile->dim - first, dx + r * tile->dim + first);
        }
    }
}

/* t into the slot, BLOCK classes after BLOCK classes, as the products of the second pass read it: [T / BLOCK, N,
 * BLOCK]. A slot that is kept for long must not push w out of the cache. */
CALL void fill_slot(const tam_class_tile *tile, const float *t, float *slot) {
    for (int64_t j = 0; j < tile->stride; j += BLOCK) {
        for (int64_t i = 0; i < tile->n; i++, slot += BLOCK) {
            const float *from = t + i * tile->stride + j;
            UNROLL
            for (int v = 0; v < BLOCK; v += LANES) {
                if (tile->kept) {
                    STREAM(slot + v, *(const vec *)(from + v));
                } else {
                    *(vec *)(slot + v) = *(const vec *)(from + v);
                }
            }
        }
    }
    STREAMED();
}

/* For each panel of w^ all samples, while the rows of w for the next one come in. */
CALL void embeddings(const tam_class_tile *tile, const float *t, void *slot, float *dx) {
    int64_t n = dx == NULL ? 0 : tile->n, dim = tile->dim;
    bool neighbours = tile->row[tile->rows - 1] - tile->row[0] == tile->rows - 1;
    float *b = tile->room;
    for (int64_t first = 0; first < dim && n > 0; first += WIDTH) {
        int64_t width = panel_width(dim, first / WIDTH), coming = first + WIDTH;
        gather(tile, first, width, b);
        for (int64_t i = 0; i < n; i += ROWS) {
            const float *a[ROWS];
            ahead next = {.count = 1, .steps = tile->rows, .at = {(const char *)b}};
            for (int r = 0; r < ROWS; r++) {
                a[r] = t + least(i + r, n - 1) * tile->stride;
            }
            if (neighbours && coming < least(first + 2 * WIDTH, dim)) {
                next.stride = dim * 4;
                next.at[0] = (const char *)(row_of(tile, 0) + coming);
                coming += LINE / 4;
            }
            FOR_WIDTH(width, embeddings_part, tile, a, b, &next, n - i, first, dx + i * dim);
        }
    }
    if (slot != NULL) {
        fill_slot(tile, t, slot);
    }
}

/* t of a block of classes, from the slot, each sample's times its rescale. */
PART const float *block_of(const tam_class_tile *tile, const float *slot, const float *rescale, int64_t first,
                           float *rescaled) {
    const float *t = slot + first * tile->n;
    for (int64_t i = 0; i < tile->n && rescale != NULL; i++) {
        for (int64_t k = i * BLOCK; k < (i + 1) * BLOCK; k++) {
            rescaled[k] = rescale[i] * t[k];
        }
    }
    return rescale != NULL ? rescaled : t;
}

PART void weights_part(const int vectors, const tam_class_tile *tile, const float *const a[ROWS], const float *b,
                       const ahead *next, int64_t first, float *dw) {
    vec sum[ROWS][VECTORS];
    multiply(vectors, tile->n, a, BLOCK, b, next, sum);
    UNROLL
    for (int r = 0; r < ROWS; r++) {
        put(vectors, sum[r], tile->dim - first, dw + r * tile->dim + first);
    }
}

/* What the block of classes from j on reads from memory: rows of w and momentum in turn, `piece` of 2 BLOCK. */
PART const char *coming_row(const tam_class_tile *tile, int64_t j, int64_t piece) {
    int64_t row = tile->row[least(j + piece / 2, tile->rows - 1)];
    const float *from = piece % 2 == 0 || tile->momentum == NULL ? tile->w : tile->momentum;
    return (const char *)(from + row * tile->dim);
}

/* For each block of classes all of D, and its rows move while they are in the cache. */
CALL void weights(const tam_class_tile *tile, void *slot, const void *packed, const tam_class_update *update) {
    int64_t n = tile->n, dim = tile->dim, calls = panel_count(dim) * (BLOCK / ROWS);
    float *rescaled = tile->room, *dw = rescaled + n * BLOCK;
    ahead lengths = {.count = 1, .steps = n, .stride = BLOCK * 4};
    ahead rows = pace(n, (2 * BLOCK + calls - 2) / (calls - 1), dim * 4);
    for (int64_t j = 0; j < tile->rows; j += BLOCK) {
        const float *t = block_of(tile, slot, update->rescale, j, rescaled);
        lengths.at[0] = (const char *)((const float *)slot + least(j + BLOCK, tile->stride - BLOCK) * n);
        for (int64_t call = 0, coming = 0; call < calls; call++) {
            int64_t group = call % (BLOCK / ROWS) * ROWS, first = call / (BLOCK / ROWS) * WIDTH;
            const float *a[ROWS], *b = (const float *)packed + first * n;
            for (int r = 0; r < ROWS; r++) {
                a[r] = t + group + r;
            }
            for (int64_t piece = 0; call > 0 && piece < rows.count; piece++) {
                rows.at[piece] = coming_row(tile, j + BLOCK, coming);
                coming += coming < 2 * BLOCK - 1;
            }
            FOR_WIDTH(panel_width(dim, first / WIDTH), weights_part, tile, a, b, call > 0 ? &rows : &lengths, first,
                      dw + group * dim);
        }
        tam_class_rows_finish(TAM_CLASS_F32, tile, update, j, least(BLOCK, tile->rows - j), dw);
    }
}

CALL void column_sums(const tam_class_tile *tile, const void *slot, const float *factor, const float *rescale,
                      float *sums) {
    const float *t = slot;
    memset(sums, 0, (size_t)tile->rows * sizeof *sums);
    for (int64_t j = 0; j < tile->rows; j += BLOCK) {
        for (int64_t i = 0; i < tile->n; i++, t += BLOCK) {
            float scale = factor[i] * (rescale != NULL ? rescale[i] : 1.0f);
            for (int64_t k = 0; k < least(BLOCK, tile->rows - j); k++) {
                sums[j + k] += scale * t[k];
            }
        }
    }
}

static const tam_class_products table = {
    .name = KERNEL_NAME,
    .lengths_late = true,
    .packed_bytes = packed_bytes,
    .slot_bytes = slot_bytes,
    .room_bytes = room_bytes,
    .pack_tasks = pack_tasks,
    .pack = pack,
    .logits = logits,
    .embeddings = embeddings,
    .weights = weights,
    .column_sums = column_sums,
};

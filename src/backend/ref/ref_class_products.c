/* The class head's products in plain loops: what backend/class_products.h says, and nothing for speed. */
#include <string.h>

#include "backend/class_rows.h"
#include "backend/ref/ref.h"
#include "base/bf16.h"

static size_t packed_bytes(tam_class_pack pack, int n, int dim) {
    (void)pack;
    return (size_t)n * (size_t)dim * sizeof(float);
}

static size_t slot_bytes(int n, int64_t stride) {
    return (size_t)n * (size_t)stride * sizeof(float);
}

/* The tile's rows as the products see them, and dw. */
static size_t room_bytes(int n, int dim, int64_t rows) {
    (void)n;
    return 2 * (size_t)rows * (size_t)dim * sizeof(float);
}

static int64_t pack_tasks(tam_class_pack pack, int n, int dim) {
    (void)pack, (void)dim;
    return n;
}

static float round_to_bf16(float x) {
    return tam_bf16_value(tam_bf16_nearest(x));
}

static void pack_row(bool bf16, int dim, const float *x, const float *factor, float *packed, int64_t i) {
    float scale = factor != NULL ? factor[i] : 1.0f;
    for (int64_t d = i * dim; d < (i + 1) * dim; d++) {
        packed[d] = bf16 ? round_to_bf16(scale * x[d]) : scale * x[d];
    }
}

/* The tile's rows into its room as the products see them, each times its `scale` (NULL: 1). */
static const float *read_rows(tam_class_dtype dtype, const tam_class_tile *tile, const float *scale) {
    float *room = tile->room;
    for (int64_t k = 0; k < tile->rows; k++) {
        float *row = room + k * tile->dim, factor = scale != NULL ? scale[k] : 1.0f;
        tam_class_row_read(dtype, tile->w, tile->row[k], tile->dim, row);
        for (int d = 0; d < tile->dim; d++) {
            row[d] = dtype == TAM_CLASS_F32 ? factor * row[d] : round_to_bf16(factor * row[d]);
        }
    }
    return room;
}

static void logits(tam_class_dtype dtype, const tam_class_tile *tile, const float *x, float *p) {
    int64_t dim = tile->dim;
    const float *w = read_rows(dtype, tile, NULL);
    for (int64_t i = 0; i < tile->n; i++) {
        for (int64_t k = 0; k < tile->rows; k++) {
            double sum = 0.0;
            for (int64_t d = 0; d < dim; d++) {
                sum += (double)x[i * dim + d] * (double)w[k * dim + d];
            }
            p[i * tile->stride + k] = (float)sum;
        }
    }
}

static void embeddings(tam_class_dtype dtype, const tam_class_tile *tile, const float *t, float *slot, float *dx) {
    int64_t dim = tile->dim;
    const float *w = read_rows(dtype, tile, tile->inverse_w);
    for (int64_t i = 0; i < tile->n; i++, t += tile->stride) {
        for (int64_t k = 0; k < tile->rows && slot != NULL; k++) {
            slot[i * tile->stride + k] = dtype == TAM_CLASS_F32 ? t[k] : round_to_bf16(t[k]);
        }
        for (int64_t d = 0; d < dim && dx != NULL; d++) {
            double sum = 0.0;
            for (int64_t k = 0; k < tile->rows; k++) {
                double of_i = (double)(dtype == TAM_CLASS_F32 ? t[k] : round_to_bf16(t[k]));
                sum += of_i * (double)w[k * dim + d];
            }
            dx[i * dim + d] += (float)sum;
        }
    }
}

static void weights(tam_class_dtype dtype, const tam_class_tile *tile, const float *slot, const float *x,
                    const tam_class_update *update) {
    int64_t dim = tile->dim;
    float *dw = (float *)tile->room + tile->rows * dim;
    for (int64_t k = 0; k < tile->rows; k++) {
        for (int64_t d = 0; d < dim; d++) {
            double sum = 0.0;
            for (int64_t i = 0; i < tile->n; i++) {
                double rescale = update->rescale != NULL ? (double)update->rescale[i] : 1.0;
                sum += rescale * (double)slot[i * tile->stride + k] * (double)x[i * dim + d];
            }
            dw[k * dim + d] = (float)sum;
        }
    }
    tam_class_rows_finish(dtype, tile, update, 0, tile->rows, dw);
}

static void column_sums(const tam_class_tile *tile, const void *slot, const float *factor, const float *rescale,
                        float *sums) {
    const float *t = slot;
    memset(sums, 0, (size_t)tile->rows * sizeof *sums);
    for (int64_t i = 0; i < tile->n; i++) {
        for (int64_t k = 0; k < tile->rows; k++) {
            sums[k] += factor[i] * (rescale != NULL ? rescale[i] : 1.0f) * t[i * tile->stride + k];
        }
    }
}

static void pack_f32(tam_class_pack pack, int n, int dim, const float *x, const float *factor, void *packed,
                     int64_t task) {
    (void)pack, (void)n;
    pack_row(false, dim, x, factor, packed, task);
}

static void pack_bf16(tam_class_pack pack, int n, int dim, const float *x, const float *factor, void *packed,
                      int64_t task) {
    (void)pack, (void)n;
    pack_row(true, dim, x, factor, packed, task);
}

/* The calls of one dtype, which the plain loops take as an argument. */
#define CALLS(suffix, dtype)                                                                             \
    static void logits_##suffix(const tam_class_tile *tile, const void *packed, float *p) {              \
        logits(dtype, tile, packed, p);                                                                  \
    }                                                                                                    \
    static void embeddings_##suffix(const tam_class_tile *tile, const float *t, void *slot, float *dx) { \
        embeddings(dtype, tile, t, slot, dx);                                                            \
    }                                                                                                    \
    static void weights_##suffix(const tam_class_tile *tile, void *slot, const void *packed,             \
                                 const tam_class_update *update) {                                       \
        weights(dtype, tile, slot, packed, update);                                                      \
    }
CALLS(f32, TAM_CLASS_F32)
CALLS(bf16, TAM_CLASS_BF16)
CALLS(lean, TAM_CLASS_BF16_LEAN)

#define TABLE(pack_, suffix)                                                                            \
    {                                                                                                   \
        .name = "plain", .lengths_late = true, .packed_bytes = packed_bytes, .slot_bytes = slot_bytes,  \
        .room_bytes = room_bytes, .pack_tasks = pack_tasks, .pack = (pack_), .logits = logits_##suffix, \
        .embeddings = embeddings_##suffix, .weights = weights_##suffix, .column_sums = column_sums      \
    }

const tam_class_products *tam_ref_class_products(tam_class_dtype dtype) {
    static const tam_class_products table[TAM_CLASS_DTYPES] = {
        [TAM_CLASS_F32] = TABLE(pack_f32, f32),
        [TAM_CLASS_BF16] = TABLE(pack_bf16, bf16),
        [TAM_CLASS_BF16_LEAN] = TABLE(pack_bf16, lean),
    };
    return &table[dtype];
}

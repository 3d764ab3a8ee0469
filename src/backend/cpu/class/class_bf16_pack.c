/* x laid out as a factor of the class head's products in bf16. */
#include <string.h>

#include "backend/cpu/class/class_bf16.h"

enum { LANES = TAM_BF16_LANES, DEPTH = TAM_BF16_DEPTH };

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* x as B of a product: panels of samples, deep as D; or panels of D, deep as N. Both round both up alike. */
size_t tam_bf16_packed_bytes(tam_class_pack pack, int n, int dim) {
    (void)pack;
    return (size_t)tam_bf16_up(n, DEPTH) * (size_t)tam_bf16_up(dim, DEPTH) * sizeof(tam_bf16);
}

/* A task lays out a panel of samples, or 32 samples of every panel. */
int64_t tam_bf16_pack_tasks(tam_class_pack pack, int n, int dim) {
    (void)dim;
    return tam_bf16_up(n, DEPTH) / (pack == TAM_PACK_FOR_LOGITS ? LANES : DEPTH);
}

static void copy_block(int64_t rows, int64_t columns, const float *from, int64_t from_stride, float *to,
                       int64_t to_stride) {
    for (int64_t i = 0; i < rows; i++) {
        memcpy(to + i * to_stride, from + i * from_stride, (size_t)columns * sizeof *to);
    }
}

static void pack_for_logits(const tam_bf16_kind *kind, int n, int dim, const float *x, const float *factor,
                            tam_bf16 *panel, int64_t first) {
    int64_t count = least(LANES, n - first);
    float scale[LANES] = {0};
    for (int64_t i = 0; i < count; i++) {
        scale[i] = factor != NULL ? factor[first + i] : 1.0f;
    }
    for (int64_t d = 0; d < dim; d += DEPTH) {
        const float *from = x + first * dim + d;
        int64_t stride = dim, columns = least(DEPTH, dim - d);
        float edge[LANES * DEPTH];
        if (count < LANES || columns < DEPTH) {
            memset(edge, 0, sizeof edge);
            if (count > 0) {
                copy_block(count, columns, from, dim, edge, DEPTH);
            }
            from = edge;
            stride = DEPTH;
        }
        kind->round_columns(from, stride, scale, panel + d * LANES);
    }
}

static void pack_for_weights(const tam_bf16_kind *kind, int n, int dim, const float *x, const float *factor,
                             tam_bf16 *packed, int64_t first) {
    int64_t b_stride = tam_bf16_up(n, DEPTH) * LANES;
    for (int64_t i = first; i < first + DEPTH; i += 2) {
        for (int64_t d = 0; d < dim; d += DEPTH) {
            int64_t width = least(DEPTH, dim - d);
            const float *row[2];
            float edge[2][DEPTH] = {{0.0f}}, scale[2] = {0.0f, 0.0f};
            for (int k = 0; k < 2; k++) {
                row[k] = edge[k];
                if (i + k < n) {
                    scale[k] = factor != NULL ? factor[i + k] : 1.0f;
                    row[k] = x + (i + k) * dim + d;
                }
                if (i + k < n && width < DEPTH) {
                    memcpy(edge[k], row[k], (size_t)width * sizeof *edge[k]);
                    row[k] = edge[k];
                }
            }
            tam_bf16 *to = packed + d / LANES * b_stride + i * LANES;
            kind->round_rows(DEPTH, row, scale, (tam_bf16 *const[2]){NULL, NULL}, to, b_stride);
        }
    }
}

void tam_bf16_pack(const tam_bf16_kind *kind, tam_class_pack pack, int n, int dim, const float *x, const float *factor,
                   void *packed, int64_t task) {
    if (pack == TAM_PACK_FOR_LOGITS) {
        tam_bf16 *panel = (tam_bf16 *)packed + task * tam_bf16_up(dim, DEPTH) * LANES;
        pack_for_logits(kind, n, dim, x, factor, panel, task * LANES);
    } else {
        pack_for_weights(kind, n, dim, x, factor, packed, task * DEPTH);
    }
}

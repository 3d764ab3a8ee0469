/* What a test of the class head's products needs: samples, rows of w, a tile of them, and every buffer of exactly the
 * size that the kernels ask for, watched at both ends. */
#ifndef TESTS_UNIT_BACKEND_CLASS_WORLD_H
#define TESTS_UNIT_BACKEND_CLASS_WORLD_H

#include <math.h>

#include "backend/class_rows.h"
#include "support.h"

enum { MARGIN = 64, CANARY = 0x5a };

/* Exactly `bytes` to be used; beyond them the sanitizer watches, or a margin on both sides does. */
typedef struct block {
    unsigned char *whole, *data;
    size_t bytes;
} block;

#if defined(__SANITIZE_ADDRESS__)
static block block_of(size_t bytes) {
    void *data = NULL;
    assert_int_equal(posix_memalign(&data, 64, bytes), 0);
    memset(data, CANARY, bytes);
    return (block){data, data, bytes};
}

static void block_free(block *b) {
    free(b->whole);
}
#else
static block block_of(size_t bytes) {
    void *data = NULL;
    assert_int_equal(posix_memalign(&data, 64, bytes + 2 * MARGIN), 0);
    memset(data, CANARY, bytes + 2 * MARGIN);
    return (block){data, (unsigned char *)data + MARGIN, bytes};
}

static void block_free(block *b) {
    for (size_t k = 0; k < MARGIN; k++) {
        assert_int_equal(b->whole[k], CANARY);
        assert_int_equal(b->data[b->bytes + k], CANARY);
    }
    free(b->whole);
}
#endif

static uint64_t drawn;

static void *copy_of(const void *data, size_t bytes) {
    void *copy = malloc(bytes);
    memcpy(copy, data, bytes);
    return copy;
}

/* In [-1, 1). */
static float any(void) {
    uint64_t bits = ++drawn * 0x9e3779b97f4a7c15u;
    bits = (bits ^ bits >> 32) * 0xd6e8feb86659fd93u;
    return (float)(int32_t)(bits >> 32) * 0x1p-31f;
}

/* What is asked of the kernels beside the plain case. */
typedef struct variant {
    bool unit_w, sgd, dw, own, rescale, gaps, factor;
} variant;

typedef struct world {
    tam_class_dtype dtype;
    variant is;
    int n, dim, owns;
    int64_t rows, all_rows, stride;
    block x, w, momentum, row, inverse, factor, rescale, own;
    block for_logits, for_weights, room, p, slot, dx, dw, sums;
    double *w_before, *v_before; /* [all_rows, D] */
    tam_class_tile tile;
} world;

static double *values_of(tam_class_dtype dtype, const void *rows, int64_t count, int dim) {
    double *values = malloc((size_t)count * (size_t)dim * sizeof *values);
    float *one = malloc((size_t)dim * sizeof *one);
    for (int64_t row = 0; row < count; row++) {
        tam_class_row_read(dtype, rows, row, dim, one);
        for (int d = 0; d < dim; d++) {
            values[row * dim + d] = (double)one[d];
        }
    }
    free(one);
    return values;
}

/* Rows of length about 1, but one in seven: 0, 1e-30 or 1e30. */
static void fill_rows(world *t) {
    float *one = malloc((size_t)t->dim * sizeof *one);
    for (int64_t row = 0; row < t->all_rows; row++) {
        static const float lengths[] = {1.0f, 1.0f, 1e-30f, 1.0f, 0.0f, 1.0f, 1e30f};
        float length = t->all_rows > 1 ? lengths[row % 7] : 1.0f;
        for (int d = 0; d < t->dim; d++) {
            one[d] = length * (any() + 0.01f) / sqrtf((float)t->dim);
        }
        tam_class_row_write(t->dtype, t->w.data, row, t->dim, one);
        for (int d = 0; d < t->dim; d++) {
            one[d] = 0.1f * any();
        }
        tam_class_row_write(t->dtype, t->momentum.data, row, t->dim, one);
    }
    free(one);
    t->w_before = values_of(t->dtype, t->w.data, t->all_rows, t->dim);
    t->v_before = values_of(t->dtype, t->momentum.data, t->all_rows, t->dim);
}

static float *floats(size_t count, block *b) {
    *b = block_of(count * sizeof(float));
    float *values = (float *)b->data;
    for (size_t k = 0; k < count; k++) {
        values[k] = any();
    }
    return values;
}

static void fill_own(world *t) {
    t->owns = !t->is.own ? 0 : t->n < 5 ? t->n : 5;
    t->own = block_of((size_t)(t->owns + 1) * sizeof(tam_class_own));
    tam_class_own *own = (tam_class_own *)t->own.data;
    for (int k = 0; k < t->owns; k++) {
        int64_t place = t->rows * k / t->owns, row = ((const int64_t *)t->row.data)[place];
        double square = 0.0;
        for (int d = 0; d < t->dim; d++) {
            square += t->w_before[row * t->dim + d] * t->w_before[row * t->dim + d];
        }
        float along = t->is.unit_w || square == 0.0 ? 0.0f : (float)(0.3 / sqrt(square));
        own[k] = (tam_class_own){place, any(), along, (const float *)t->x.data + (int64_t)k * t->dim};
    }
}

static void world_make(world *t, const tam_class_products *p, tam_class_dtype dtype, variant is, int n, int dim,
                       int64_t rows) {
    int64_t all_rows = is.gaps ? rows + (rows - 1) / 3 * 2 + 2 : rows;
    *t = (world){.dtype = dtype, .is = is, .n = n, .dim = dim, .rows = rows, .all_rows = all_rows};
    t->stride = (rows + TAM_CLASS_MULTIPLE - 1) / TAM_CLASS_MULTIPLE * TAM_CLASS_MULTIPLE;
    size_t numbers = (size_t)all_rows * (size_t)dim;
    t->w = block_of(numbers * tam_class_number_bytes(dtype));
    t->momentum = block_of(numbers * tam_class_number_bytes(dtype));
    fill_rows(t);
    t->row = block_of((size_t)rows * sizeof(int64_t));
    for (int64_t k = 0; k < rows; k++) {
        ((int64_t *)t->row.data)[k] = is.gaps ? 1 + k + k / 3 * 2 : k;
    }
    floats((size_t)n * (size_t)dim, &t->x);
    floats((size_t)n * (size_t)dim, &t->dx);
    floats((size_t)rows, &t->inverse);
    assert_true(tam_class_rows_measure(dtype, t->w.data, dim, rows, (int64_t *)t->row.data, is.unit_w,
                                       (float *)t->inverse.data));
    float *factor = floats((size_t)n, &t->factor), *rescale = floats((size_t)n, &t->rescale);
    for (int i = 0; i < n; i++) {
        factor[i] = (1.5f + factor[i]) / (float)n;
        rescale[i] = i % 3 == 0 ? 0.25f : i % 3 == 1 ? 1.0f : 2.0f;
    }
    fill_own(t);
    t->for_logits = block_of(p->packed_bytes(TAM_PACK_FOR_LOGITS, n, dim));
    t->for_weights = block_of(p->packed_bytes(TAM_PACK_FOR_WEIGHTS, n, dim));
    t->room = block_of(p->room_bytes(n, dim, rows));
    t->slot = block_of(p->slot_bytes(n, t->stride));
    t->p = block_of((size_t)n * (size_t)t->stride * sizeof(float));
    t->dw = block_of(numbers * sizeof(float));
    t->sums = block_of((size_t)rows * sizeof(float));
    t->tile = (tam_class_tile){
        n,         dim,          rows, (int64_t *)t->row.data, t->w.data, t->momentum.data, (float *)t->inverse.data,
        t->stride, t->room.data, false};
}

static void world_free(world *t) {
    block *blocks[] = {&t->x,       &t->w,   &t->momentum,   &t->row,         &t->inverse, &t->factor,
                       &t->rescale, &t->own, &t->for_logits, &t->for_weights, &t->room,    &t->p,
                       &t->slot,    &t->dx,  &t->dw,         &t->sums};
    for (size_t k = 0; k < sizeof blocks / sizeof *blocks; k++) {
        block_free(blocks[k]);
    }
    free(t->w_before);
    free(t->v_before);
}

#endif

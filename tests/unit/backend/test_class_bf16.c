/* What is special to products in bf16: factors are rounded exactly as the reference rounds them, so that the results
 * agree to the error of a sum in f32; and rows in bf16 move by the exact step on average. */
#include <math.h>

#include "backend/class_rows.h"
#include "backend/cpu/class/cpu_class_products.h"
#include "backend/ref/ref.h"
#include "backend/sgd.h"
#include "base/bf16.h"
#include "support.h"

static uint32_t state = 1;

/* In [-1, 1). */
static float any(void) {
    state = state * 1664525u + 1013904223u;
    return (float)(int32_t)state * 0x1p-31f;
}

static void *block_of(size_t bytes) {
    void *data = NULL;
    assert_int_equal(posix_memalign(&data, 64, bytes), 0);
    memset(data, 0, bytes);
    return data;
}

static float *floats(size_t count, float size) {
    float *values = block_of(count * sizeof *values);
    for (size_t k = 0; k < count; k++) {
        values[k] = size * any();
    }
    return values;
}

typedef struct input {
    tam_class_dtype dtype;
    int n, dim;
    int64_t rows, stride, *row;
    void *w, *momentum;
    float *x, *t, *inverse, *factor, *rescale;
} input;

static input input_of(tam_class_dtype dtype, int n, int dim, int64_t rows, bool gaps) {
    input in = {.dtype = dtype, .n = n, .dim = dim, .rows = rows, .stride = (rows + 15) / 16 * 16};
    int64_t all = gaps ? 2 * rows : rows;
    in.row = block_of((size_t)rows * sizeof *in.row);
    in.w = block_of((size_t)(all * dim) * tam_class_number_bytes(dtype));
    in.momentum = block_of((size_t)(all * dim) * tam_class_number_bytes(dtype));
    for (int64_t k = 0; k < all; k++) {
        float *values = floats((size_t)dim, 1.0f);
        tam_class_row_write(dtype, in.w, k, dim, values);
        free(values);
    }
    for (int64_t k = 0; k < rows; k++) {
        in.row[k] = gaps ? 2 * k + 1 : k;
    }
    in.x = floats((size_t)n * (size_t)dim, 1.0f);
    in.t = floats((size_t)n * (size_t)in.stride, 1.0f);
    in.inverse = floats((size_t)rows, 1.0f);
    in.factor = floats((size_t)n, 1.0f);
    in.rescale = floats((size_t)n, 0.0f);
    for (int i = 0; i < n; i++) {
        in.rescale[i] = i % 3 == 0 ? 0x1p-9f : i % 3 == 1 ? 1.0f : 4.0f;
    }
    assert_true(tam_class_rows_measure(dtype, in.w, dim, rows, in.row, true, in.inverse));
    return in;
}

static void input_free(input *in) {
    void *blocks[] = {in->row, in->w, in->momentum, in->x, in->t, in->inverse, in->factor, in->rescale};
    for (size_t k = 0; k < sizeof blocks / sizeof *blocks; k++) {
        free(blocks[k]);
    }
}

typedef struct output {
    float *p, *dx, *dw, *sums;
} output;

static void *packed(const tam_class_products *kernels, const input *in, tam_class_pack what) {
    void *to = block_of(kernels->packed_bytes(what, in->n, in->dim));
    const float *factor = what == TAM_PACK_FOR_WEIGHTS ? in->factor : NULL;
    for (int64_t task = 0; task < kernels->pack_tasks(what, in->n, in->dim); task++) {
        kernels->pack(what, in->n, in->dim, in->x, factor, to, task);
    }
    return to;
}

static output output_of(const tam_class_products *kernels, const input *in) {
    size_t of_dx = (size_t)in->n * (size_t)in->dim, of_dw = (size_t)(in->row[in->rows - 1] + 1) * (size_t)in->dim;
    output out = {floats((size_t)in->n * (size_t)in->stride, 0.0f), floats(of_dx, 0.0f), floats(of_dw, 0.0f),
                  floats((size_t)in->rows, 0.0f)};
    tam_class_tile tile = {in->n,       in->dim,    in->rows,
                           in->row,     in->w,      in->momentum,
                           in->inverse, in->stride, block_of(kernels->room_bytes(in->n, in->dim, in->rows)),
                           false};
    void *for_logits = packed(kernels, in, TAM_PACK_FOR_LOGITS);
    void *for_weights = packed(kernels, in, TAM_PACK_FOR_WEIGHTS);
    void *slot = block_of(kernels->slot_bytes(in->n, in->stride));
    tam_class_update update = {.unit_w = true, .rescale = in->rescale, .dw = out.dw};
    kernels->logits(&tile, for_logits, out.p);
    kernels->embeddings(&tile, in->t, slot, out.dx);
    kernels->weights(&tile, slot, for_weights, &update);
    kernels->column_sums(&tile, slot, in->factor, in->rescale, out.sums);
    free(slot);
    free(for_weights);
    free(for_logits);
    free(tile.room);
    return out;
}

static void output_free(output *out) {
    free(out->p);
    free(out->dx);
    free(out->dw);
    free(out->sums);
}

/* Sums of `terms` products like `product`, in f32 and in any order. */
static void assert_alike(const char *what, const float *got, const float *expected, int64_t count, int64_t terms,
                         double product) {
    for (int64_t k = 0; k < count; k++) {
        if (!(fabs((double)got[k] - (double)expected[k]) <= 0x1p-23 * (double)(terms + 8) * product)) {
            fail_msg("%s: number %lld is %.9g instead of %.9g", what, (long long)k, (double)got[k],
                     (double)expected[k]);
        }
    }
}

static void compare(const tam_class_products *kernels, const input *in) {
    output got = output_of(kernels, in), expected = output_of(tam_ref_class_products(in->dtype), in);
    double unit = 1.0 / sqrt((double)in->dim);
    for (int64_t i = 0; i < in->n; i++) {
        assert_alike("p", got.p + i * in->stride, expected.p + i * in->stride, in->rows, in->dim, 1.0);
    }
    assert_alike("dx", got.dx, expected.dx, (int64_t)in->n * in->dim, in->rows, 2.0 * unit);
    assert_alike("dw", got.dw, expected.dw, (in->row[in->rows - 1] + 1) * in->dim, in->n, 8.0 * unit);
    assert_alike("sums", got.sums, expected.sums, in->rows, in->n, 4.0);
    output_free(&got);
    output_free(&expected);
}

/* Every kind of kernels, at and beside the sizes of their blocks. */
static void factors_are_rounded_like_the_reference(void **unused) {
    (void)unused;
    static const int samples[] = {1, 15, 16, 33, 48, 128}, dims[] = {2, 31, 32, 48, 65, 512};
    static const int64_t rows[] = {1, 16, 17, 32, 47, 80, 257};
    for (int dtype = TAM_CLASS_BF16; dtype < TAM_CLASS_DTYPES; dtype++) {
        for (int turn = 0; turn < 42; turn++) {
            input in = input_of((tam_class_dtype)dtype, samples[turn % 6], dims[(turn + turn / 6) % 6], rows[turn % 7],
                                turn % 4 == 3);
            const tam_class_products *kernels;
            for (int k = 0; (kernels = tam_cpu_class_products_at((tam_class_dtype)dtype, k)) != NULL; k++) {
                compare(kernels, &in);
            }
            input_free(&in);
        }
    }
}

/* One row of `dim` numbers that moves by `dw` with these weights and speeds; key and row choose the random bits. */
typedef struct mover {
    int dim;
    int64_t row;
    uint64_t key;
    tam_sgd sgd;
    tam_bf16 w[2 * 64], v[2 * 64];
    float dw[64];
} mover;

static void move(mover *m) {
    const float inverse = 1.0f;
    float *dw = block_of(sizeof m->dw);
    memcpy(dw, m->dw, sizeof m->dw);
    tam_class_tile tile = {
        .n = 1, .dim = m->dim, .rows = 1, .row = &m->row, .w = m->w, .momentum = m->v, .inverse_w = &inverse};
    tam_class_update update = {.sgd = &m->sgd, .rounding = m->key};
    tam_class_rows_finish(TAM_CLASS_BF16_LEAN, &tile, &update, 0, 1, dw);
    free(dw);
}

/* Steps far below the last digit: no single one is right, their mean is. The last of 37 numbers go another way. */
static void steps_are_exact_on_average(void **unused) {
    (void)unused;
    enum { DIM = 37, TURNS = 20000 };
    double w[DIM] = {0.0}, v[DIM] = {0.0};
    mover m = {.dim = DIM, .sgd = {.lr = 0.5f, .momentum = 0.0f, .gradient_scale = 1.0f}};
    for (int turn = 0; turn < TURNS; turn++) {
        m.key = (uint64_t)(turn / 100) << 32 | (uint64_t)(turn % 100);
        for (int d = 0; d < DIM; d++) {
            m.w[d] = tam_bf16_nearest(d % 2 == 0 ? 1.0f : -1.5f);
            m.v[d] = 0;
            m.dw[d] = (float)(d + 1) * 0x1p-14f + 0x1p-9f;
        }
        mover moved = m;
        move(&moved);
        for (int d = 0; d < DIM; d++) {
            double digit = 0x1p-7, above = (double)tam_bf16_value(moved.w[d]) - (double)tam_bf16_value(m.w[d]);
            assert_true(above == 0.0 || above == -digit || above == -digit / 2.0);
            w[d] += above / TURNS;
            v[d] += (double)tam_bf16_value(moved.v[d]) / TURNS;
        }
    }
    for (int d = 0; d < DIM; d++) {
        double exact = (double)m.dw[d];
        assert_true(fabs(w[d] + 0.5 * exact) < 5.0 * sqrt(0.5 * exact * 0x1p-7 / TURNS));
        assert_true(fabs(v[d] - exact) < 5.0 * 0x1p-16 / sqrt((double)TURNS));
    }
}

/* So often that a single wrong one among 2^16 random numbers would show. */
static void what_is_exact_stays(void **unused) {
    (void)unused;
    for (int turn = 0; turn < 8000; turn++) {
        int dim = 64 - turn % 8 * 9;
        mover m = {.dim = dim, .key = (uint64_t)turn, .sgd = {.lr = 1.0f, .momentum = 1.0f, .gradient_scale = 1.0f}};
        for (int d = 0; d < dim; d++) {
            m.w[d] = tam_bf16_nearest(3.0f);
            m.v[d] = tam_bf16_nearest(0.25f);
            m.dw[d] = 0.25f * (float)(d % 3);
        }
        move(&m);
        for (int d = 0; d < dim; d++) {
            assert_true(tam_bf16_value(m.v[d]) == 0.25f * (float)(1 + d % 3));
            assert_true(tam_bf16_value(m.w[d]) == 3.0f - 0.25f * (float)(1 + d % 3));
        }
    }
}

/* Also a NaN whose bits are all 1, to which nothing can be added; its neighbours move as without it. */
static void infinities_and_nan_stay(void **unused) {
    (void)unused;
    const uint32_t full = 0x7fffffffu;
    for (int turn = 0; turn < 50; turn++) {
        mover m = {.dim = 40, .key = (uint64_t)turn, .sgd = {.lr = 0.1f, .momentum = 0.9f, .gradient_scale = 1.0f}};
        for (int d = 0; d < m.dim; d++) {
            m.w[d] = tam_bf16_nearest(any());
            m.v[d] = tam_bf16_nearest(any());
            m.dw[d] = any();
        }
        mover plain = m;
        memcpy(&m.dw[3], &full, sizeof full);
        m.dw[4] = INFINITY;
        m.w[39] = 0xff80;
        m.v[38] = 0x7fff;
        move(&m);
        move(&plain);
        assert_true(isnan(tam_bf16_value(m.v[3])) && isnan(tam_bf16_value(m.w[3])));
        assert_true(isinf(tam_bf16_value(m.v[4])) && isinf(tam_bf16_value(m.w[4])));
        assert_true(!isfinite(tam_bf16_value(m.w[39])));
        assert_true(isnan(tam_bf16_value(m.v[38])) && isnan(tam_bf16_value(m.w[38])));
        for (int d = 0; d < 38; d++) {
            if (d != 3 && d != 4) {
                assert_int_equal(m.w[d], plain.w[d]);
                assert_int_equal(m.v[d], plain.v[d]);
            }
        }
    }
}

/* Row and key both choose the bits, and a class that no sample moves takes the bits of one with a sum of 0. */
static void random_bits_have_a_key(void **unused) {
    (void)unused;
    enum { DIM = 64, BYTES = DIM * sizeof(tam_bf16) };
    mover m = {.dim = DIM, .key = 5, .sgd = {.lr = 0.3f, .momentum = 0.9f, .weight_decay = 0.3f}};
    for (int d = 0; d < DIM; d++) {
        m.w[d] = m.w[DIM + d] = tam_bf16_nearest(any());
        m.v[d] = m.v[DIM + d] = tam_bf16_nearest(any());
    }
    mover same = m, other_key = m, other_row = m, coasting = m;
    other_key.key = (uint64_t)5 << 32 | 5;
    other_row.row = 1;
    move(&m);
    move(&same);
    move(&other_key);
    move(&other_row);
    tam_class_tile tile = {.dim = DIM, .rows = 1, .row = &m.row, .w = coasting.w, .momentum = coasting.v};
    tam_class_update update = {.sgd = &m.sgd, .rounding = m.key};
    tam_class_rows_coast(TAM_CLASS_BF16_LEAN, &tile, &update);
    assert_memory_equal(m.w, same.w, BYTES);
    assert_memory_equal(m.w, coasting.w, BYTES);
    assert_memory_equal(m.v, coasting.v, BYTES);
    assert_memory_not_equal(m.v, other_key.v, BYTES);
    assert_memory_not_equal(m.v, other_row.v + DIM, BYTES);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(factors_are_rounded_like_the_reference),
        cmocka_unit_test(steps_are_exact_on_average),
        cmocka_unit_test(what_is_exact_stays),
        cmocka_unit_test(infinities_and_nan_stay),
        cmocka_unit_test(random_bits_have_a_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

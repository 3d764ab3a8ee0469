/* What is special to products in bf16: factors are rounded exactly as the reference rounds them, so that the results
 * agree to the error of a sum in f32; and rows in bf16 move by the exact step on average. */
#include <math.h>

#include "backend/class_rows.h"
#include "backend/cpu/cpu_class_products.h"
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
                           in->inverse, in->stride, block_of(kernels->room_bytes(in->n, in->dim, in->rows))};
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(factors_are_rounded_like_the_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Every set of kernels for the class head's products, against the textbook in f64. A new set appears in the list of its
 * backend and is tested here without another line. */
#include "backend/backend.h"
#include "backend/cpu/class/cpu_class_products.h"
#include "backend/ref/ref.h"
#include "class_world.h"

/* Relative to the sum of the products' magnitudes. */
static double product_error(tam_class_dtype dtype) {
    return dtype == TAM_CLASS_F32 ? 4e-6 : 0x1p-7;
}

static void near(const world *t, const char *what, int64_t a, int64_t b, double got, double expected, double error) {
    if (!(fabs(got - expected) <= error + 1e-37)) {
        fail_msg("%s[%lld, %lld] is %.9g instead of %.9g +- %.2g (dtype %d, N %d, D %d, T %lld)", what, (long long)a,
                 (long long)b, got, expected, error, (int)t->dtype, t->n, t->dim, (long long)t->rows);
    }
}

static double inverse_of(const world *t, int64_t k) {
    return (double)((const float *)t->inverse.data)[k];
}

static const double *old_row(const world *t, int64_t k) {
    return t->w_before + ((const int64_t *)t->row.data)[k] * t->dim;
}

static float *logits_of(const world *t) {
    return (float *)t->p.data;
}

static void pack(const world *t, const tam_class_products *p, tam_class_pack what) {
    const float *factor = what == TAM_PACK_FOR_WEIGHTS && t->is.factor ? (const float *)t->factor.data : NULL;
    void *packed = what == TAM_PACK_FOR_WEIGHTS ? t->for_weights.data : t->for_logits.data;
    for (int64_t task = p->pack_tasks(what, t->n, t->dim); task-- > 0;) {
        p->pack(what, t->n, t->dim, (const float *)t->x.data, factor, packed, task);
    }
}

static void check_logits(const world *t, const tam_class_products *p) {
    float *got = logits_of(t);
    const float *x = (const float *)t->x.data;
    pack(t, p, TAM_PACK_FOR_LOGITS);
    p->logits(&t->tile, t->for_logits.data, got);
    for (int64_t i = 0; i < t->n; i++) {
        for (int64_t k = 0; k < t->stride; k++) {
            assert_true(isfinite(got[i * t->stride + k]));
        }
        for (int64_t k = 0; k < t->rows; k++) {
            double sum = 0.0, magnitude = 0.0;
            for (int64_t d = 0; d < t->dim; d++) {
                double product = (double)x[i * t->dim + d] * old_row(t, k)[d];
                sum += product;
                magnitude += fabs(product);
            }
            near(t, "p", i, k, (double)got[i * t->stride + k], sum, product_error(t->dtype) * magnitude);
        }
    }
    size_t bytes = (size_t)t->n * (size_t)t->stride * sizeof *got;
    float *first = copy_of(got, bytes);
    p->logits(&t->tile, t->for_logits.data, got);
    for (int64_t i = 0; i < t->n; i++) {
        assert_memory_equal(first + i * t->stride, got + i * t->stride, (size_t)t->rows * sizeof *got);
    }
    free(first);
}

/* t [N, stride] in place of p, a quarter of it 0; returns a copy. */
static float *put_t(const world *t) {
    size_t count = (size_t)t->n * (size_t)t->stride;
    float *copy = malloc(count * sizeof *copy);
    for (size_t k = 0; k < count; k++) {
        copy[k] = fmaxf(any(), -0.5f) + 0.5f;
    }
    memcpy(logits_of(t), copy, count * sizeof *copy);
    return copy;
}

static void check_embeddings(const world *t, const tam_class_products *p, const float *lengths) {
    size_t count = (size_t)t->n * (size_t)t->dim;
    float *got = (float *)t->dx.data, *before = copy_of(got, count * sizeof *got);
    p->embeddings(&t->tile, logits_of(t), t->slot.data, NULL);
    void *slot = copy_of(t->slot.data, t->slot.bytes);
    memset(t->slot.data, CANARY, t->slot.bytes);
    p->embeddings(&t->tile, logits_of(t), t->slot.data, got);
    assert_memory_equal(slot, t->slot.data, t->slot.bytes);
    /* Kept for long it holds the same; and dx does not need it. */
    float *once = copy_of(got, count * sizeof *got);
    tam_class_tile tile = t->tile;
    tile.kept = true;
    memset(t->slot.data, CANARY, t->slot.bytes);
    p->embeddings(&tile, logits_of(t), t->slot.data, NULL);
    assert_memory_equal(slot, t->slot.data, t->slot.bytes);
    memcpy(got, before, count * sizeof *got);
    p->embeddings(&tile, logits_of(t), NULL, got);
    assert_memory_equal(once, got, count * sizeof *got);
    free(once);
    free(slot);
    for (int64_t i = 0; i < t->n; i++) {
        for (int64_t d = 0; d < t->dim; d++) {
            double sum = (double)before[i * t->dim + d], magnitude = fabs(sum);
            for (int64_t k = 0; k < t->rows; k++) {
                double product = (double)lengths[i * t->stride + k] * inverse_of(t, k) * old_row(t, k)[d];
                sum += product;
                magnitude += fabs(product);
            }
            near(t, "dx", i, d, (double)got[i * t->dim + d], sum, product_error(t->dtype) * magnitude);
        }
    }
    free(before);
}

static double rescale_of(const world *t, int64_t i) {
    return t->is.rescale ? (double)((const float *)t->rescale.data)[i] : 1.0;
}

static void check_column_sums(const world *t, const tam_class_products *p, const float *lengths) {
    const float *factor = (const float *)t->factor.data;
    float *got = (float *)t->sums.data;
    p->column_sums(&t->tile, t->slot.data, factor, t->is.rescale ? (const float *)t->rescale.data : NULL, got);
    for (int64_t k = 0; k < t->rows; k++) {
        double sum = 0.0, magnitude = 0.0;
        for (int64_t i = 0; i < t->n; i++) {
            double product = (double)factor[i] * rescale_of(t, i) * (double)lengths[i * t->stride + k];
            sum += product;
            magnitude += fabs(product);
        }
        near(t, "sums", k, 0, (double)got[k], sum, product_error(t->dtype) * magnitude);
    }
}

/* The textbook's dw of the tile's row k, and by how much each number of it may be off. */
static void textbook_dw(const world *t, const float *lengths, int64_t k, double *dw, double *error) {
    const float *x = (const float *)t->x.data;
    const tam_class_own *own = (const tam_class_own *)t->own.data;
    double inverse = inverse_of(t, k), along = 0.0, along_error = 0.0;
    for (int64_t d = 0; d < t->dim; d++) {
        dw[d] = error[d] = 0.0;
        for (int64_t i = 0; i < t->n; i++) {
            double factor = t->is.factor ? (double)((const float *)t->factor.data)[i] : 1.0;
            double product = rescale_of(t, i) * factor * (double)lengths[i * t->stride + k];
            dw[d] += product * (double)x[i * t->dim + d];
            error[d] += fabs(product * (double)x[i * t->dim + d]);
        }
        for (int q = 0; q < t->owns; q++) {
            if (own[q].place == k) {
                double pull = (double)own[q].g * (double)own[q].x[d];
                double stretch = (double)own[q].along * old_row(t, k)[d];
                dw[d] += pull + stretch;
                error[d] += fabs(pull) + fabs(stretch);
            }
        }
        dw[d] *= inverse;
        error[d] *= inverse * product_error(t->dtype);
        along += dw[d] * inverse * old_row(t, k)[d];
        along_error += (error[d] + 1e-6 * fabs(dw[d])) * inverse * fabs(old_row(t, k)[d]);
    }
    for (int64_t d = 0; t->is.unit_w && d < t->dim; d++) {
        dw[d] -= along * inverse * old_row(t, k)[d];
        error[d] += (along_error + 1e-6 * fabs(along)) * inverse * fabs(old_row(t, k)[d]);
    }
}

static const tam_sgd sgd = {.lr = 0.1f, .momentum = 0.9f, .weight_decay = 5e-4f, .gradient_scale = 0.5f};

/* The rows of the tile moved as they must, and no others. */
static void check_rows(const world *t, const float *lengths) {
    double *dw = malloc(2 * (size_t)t->dim * sizeof *dw), *error = dw + t->dim;
    double *w = values_of(t->dtype, t->w.data, t->all_rows, t->dim);
    double *v = values_of(t->dtype, t->momentum.data, t->all_rows, t->dim);
    double digit = t->dtype == TAM_CLASS_BF16_LEAN ? 0x1p-7 : 1e-6;
    int64_t k = 0;
    for (int64_t row = 0; row < t->all_rows; row++) {
        bool taken = k < t->rows && row == ((const int64_t *)t->row.data)[k];
        if (taken) {
            textbook_dw(t, lengths, k++, dw, error);
        }
        for (int64_t d = 0; d < t->dim; d++) {
            int64_t at = row * t->dim + d;
            double speed = t->v_before[at], moved = t->w_before[at], v_error = 0.0, w_error = 0.0;
            if (taken && t->is.sgd) {
                speed = (double)sgd.momentum * speed + (double)sgd.gradient_scale * dw[d] +
                        (double)sgd.weight_decay * moved;
                v_error = error[d] + digit * (fabs(speed) + fabs(t->v_before[at]) + fabs(dw[d]));
                moved -= (double)sgd.lr * speed;
                w_error = v_error + digit * (fabs(moved) + fabs(t->w_before[at]));
            }
            near(t, "v", row, d, v[at], speed, v_error);
            near(t, "w", row, d, w[at], moved, w_error);
            if (taken && t->is.dw) {
                near(t, "dw", row, d, (double)((const float *)t->dw.data)[at], dw[d], error[d] + 1e-6 * fabs(dw[d]));
            } else {
                assert_int_equal(t->dw.data[(size_t)at * sizeof(float)], CANARY);
            }
        }
    }
    free(v);
    free(w);
    free(dw);
}

static void check_weights(const world *t, const tam_class_products *p, const float *lengths) {
    tam_class_update update = {.own = (const tam_class_own *)t->own.data,
                               .owns = t->owns,
                               .unit_w = t->is.unit_w,
                               .rescale = t->is.rescale ? (const float *)t->rescale.data : NULL,
                               .dw = t->is.dw ? (float *)t->dw.data : NULL,
                               .sgd = t->is.sgd ? &sgd : NULL,
                               .rounding = 7};
    unsigned char *kept[] = {t->w.data, t->momentum.data, t->slot.data};
    size_t bytes[] = {t->w.bytes, t->momentum.bytes, t->slot.bytes};
    unsigned char *before[3], *after[2];
    for (int k = 0; k < 3; k++) {
        before[k] = copy_of(kept[k], bytes[k]);
    }
    pack(t, p, TAM_PACK_FOR_WEIGHTS);
    p->weights(&t->tile, t->slot.data, t->for_weights.data, &update);
    check_rows(t, lengths);
    for (int k = 0; k < 2; k++) {
        after[k] = copy_of(kept[k], bytes[k]);
    }
    for (int k = 0; k < 3; k++) {
        memcpy(kept[k], before[k], bytes[k]);
        free(before[k]);
    }
    p->weights(&t->tile, t->slot.data, t->for_weights.data, &update);
    for (int k = 0; k < 2; k++) {
        assert_memory_equal(after[k], kept[k], bytes[k]);
        free(after[k]);
    }
}

static void check(const tam_class_products *p, tam_class_dtype dtype, variant is, int n, int dim, int64_t rows) {
    world t;
    world_make(&t, p, dtype, is, n, dim, rows);
    check_logits(&t, p);
    float *lengths = put_t(&t);
    check_embeddings(&t, p, lengths);
    check_column_sums(&t, p, lengths);
    check_weights(&t, p, lengths);
    free(lengths);
    world_free(&t);
}

static const variant variants[] = {
    {.unit_w = true, .sgd = true, .own = true, .factor = true},
    {.unit_w = true, .dw = true, .own = true, .rescale = true, .factor = true},
    {.unit_w = false, .sgd = true, .own = true, .gaps = true, .factor = true},
    {.unit_w = true, .sgd = true, .dw = true, .own = true, .rescale = true, .gaps = true},
    {.unit_w = false, .dw = true, .own = true},
    {.unit_w = true, .sgd = true, .gaps = true, .factor = true},
    {.unit_w = true},
};
enum { VARIANTS = sizeof variants / sizeof *variants };

/* Every shape, and every variant at several of them. */
static void check_shapes(const tam_class_products *p, tam_class_dtype dtype) {
    static const int samples[] = {1, 7, 12, 31, 128}, dims[] = {1, 3, 16, 33, 123, 512};
    static const int64_t rows[] = {1, 5, 16, 37, 130};
    int turn = 0;
    for (int a = 0; a < 5; a++) {
        for (int b = 0; b < 6; b++) {
            for (int c = 0; c < 5; c++) {
                check(p, dtype, variants[turn++ % VARIANTS], samples[a], dims[b], rows[c]);
            }
        }
    }
    for (int k = 0; k < VARIANTS; k++) {
        check(p, dtype, variants[k], 31, 33, 37);
        check(p, dtype, variants[k], 128, 123, 130);
    }
}

static void test_reference_kernels(void **unused) {
    (void)unused;
    for (int dtype = 0; dtype < TAM_CLASS_DTYPES; dtype++) {
        check_shapes(tam_ref_class_products((tam_class_dtype)dtype), (tam_class_dtype)dtype);
    }
}

static void test_processor_kernels(void **unused) {
    (void)unused;
    for (int dtype = 0; dtype < TAM_CLASS_DTYPES; dtype++) {
        const tam_class_products *p;
        for (int k = 0; (p = tam_cpu_class_products_at((tam_class_dtype)dtype, k)) != NULL; k++) {
            print_message("dtype %d: %s\n", dtype, p->name);
            check_shapes(p, (tam_class_dtype)dtype);
        }
        assert_ptr_equal(tam_cpu_class_products((tam_class_dtype)dtype),
                         tam_cpu_class_products_at((tam_class_dtype)dtype, 0));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reference_kernels),
        cmocka_unit_test(test_processor_kernels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What the tests of the head share: random batches, and heads made in a line. */
#ifndef TESTS_HEAD_SUPPORT_H
#define TESTS_HEAD_SUPPORT_H

#include "support.h"

#include <math.h>

#include "base/random.h"
#include "tammes/head.h"
#include "tammes/loss.h"

static inline float *test_floats(int64_t count) {
    float *block = calloc((size_t)count, sizeof *block);
    assert_non_null(block);
    return block;
}

static inline double *test_doubles(int64_t count, const float *from) {
    double *block = calloc((size_t)count, sizeof *block);
    assert_non_null(block);
    for (int64_t k = 0; from != NULL && k < count; k++) {
        block[k] = (double)from[k];
    }
    return block;
}

static inline void test_normal(uint32_t stream, int64_t count, float deviation, float *out) {
    tam_random random = tam_random_at(7, TAM_PURPOSE_TEST, stream, 0);
    for (int64_t k = 0; k < count; k++) {
        out[k] = deviation * tam_random_normal(&random);
    }
}

/* Labels in [0, classes); every `skip`-th is -1 (0: none). */
static inline void test_labels(uint32_t stream, int n, int64_t classes, int skip, int32_t *y) {
    tam_random random = tam_random_at(7, TAM_PURPOSE_TEST, stream, 1);
    for (int i = 0; i < n; i++) {
        y[i] = (int32_t)tam_random_below(&random, (uint32_t)classes);
        if (skip > 0 && i % skip == skip - 1) {
            y[i] = -1;
        }
    }
}

/* Every registered class loss by its name, then `extras`; NULL at the end. */
static inline const char *test_loss(int index, const char *const *extras, int count) {
    if (index < tam_loss_count()) {
        return tam_loss_describe(index).name;
    }
    return index - tam_loss_count() < count ? extras[index - tam_loss_count()] : NULL;
}

static inline tam_head *test_head(tam_ctx *ctx, const char *loss, int64_t classes, int dim, int batch) {
    tam_head *head = NULL;
    tam_head_config config = {.loss = loss, .classes = classes, .dim = dim, .batch = batch, .seed = 3};
    test_ok(ctx, tam_head_create(ctx, &config, &head));
    return head;
}

/* Fails unless |value - exact| <= tolerance * (the largest |exact|, at least `least`) everywhere. */
static inline void test_near(const char *what, int64_t count, const float *value, const double *exact, double tolerance,
                             double least) {
    double largest = least, worst = 0.0;
    for (int64_t k = 0; k < count; k++) {
        largest = fmax(largest, fabs(exact[k]));
        double error = fabs((double)value[k] - exact[k]);
        worst = error <= worst ? worst : error; /* a NaN becomes the worst */
    }
    if (!(worst <= tolerance * largest)) {
        fail_msg("%s: off by %g where the largest is %g", what, worst, largest);
    }
}

#endif

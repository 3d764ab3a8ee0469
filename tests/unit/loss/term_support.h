/* A loss's batch terms on a batch, without a head. */
#ifndef TESTS_TERM_SUPPORT_H
#define TESTS_TERM_SUPPORT_H

#include "support.h"

#include <math.h>

#include "base/random.h"
#include "loss/pair_batch.h"

typedef struct test_batch {
    int n, dim;
    int64_t classes;
    const float *x;   /* [n, D] */
    const int32_t *y; /* [n] */
    float *centres;   /* [C, D], or NULL: zeros */
    int64_t step;
    int threads; /* 0: one */
} test_batch;

static inline void *test_zeros(size_t bytes) {
    void *block = calloc(bytes + 64, 1);
    assert_non_null(block);
    return block;
}

/* The room that a term asks for, not one byte more, so that a sanitizer sees what goes beyond it. */
static inline void *test_room(const tam_loss_term *term, const test_batch *batch) {
    size_t bytes = term->term->room != NULL ? term->term->room(term->key, batch->n, batch->dim, batch->classes) : 0;
    void *room = aligned_alloc(64, (bytes + 64) / 64 * 64);
    assert_non_null(room);
    memset(room, 0x7f, (bytes + 64) / 64 * 64); /* nobody may count on zeros */
    return room;
}

static inline double test_pair_term(tam_ctx *ctx, const tam_loss_term *term, const test_batch *batch, float *dx) {
    size_t bytes = (tam_pair_space_bytes(batch->n, batch->dim) + 63) / 64 * 64;
    void *space = aligned_alloc(64, bytes), *room = test_room(term, batch);
    assert_non_null(space);
    tam_pair_space_fill(ctx, space, batch->n, batch->dim, batch->x, batch->y);
    double loss = tam_pair_space_apply(ctx, space, term, 5, batch->step, room, dx);
    free(space);
    free(room);
    return loss;
}

static inline double test_centre_term(const tam_loss_term *term, const test_batch *batch, float *dx, bool move) {
    size_t centre_bytes = (size_t)batch->classes * (size_t)batch->dim * sizeof(float);
    float *zeros = test_zeros(centre_bytes);
    int32_t *in_batch = test_zeros((size_t)batch->classes * sizeof *in_batch);
    void *room = test_room(term, batch);
    bool keeps = (term->term->traits & TAM_TERM_CENTRES) != 0;
    tam_term_batch view = {.n = batch->n,
                           .dim = batch->dim,
                           .classes = batch->classes,
                           .x = batch->x,
                           .y = batch->y,
                           .centres = !keeps                   ? NULL
                                      : batch->centres != NULL ? batch->centres
                                                               : zeros,
                           .in_batch = keeps ? in_batch : NULL,
                           .room = room,
                           .seed = 5,
                           .step = batch->step};
    for (int i = 0; i < batch->n; i++) {
        view.counted += batch->y[i] >= 0;
    }
    view.counted = view.counted > 0 ? view.counted : 1;
    double loss = 0.0;
    if (move) {
        term->term->move(term->key, &view);
    } else {
        loss = term->term->loss(term->key, &view, dx);
    }
    for (int64_t j = 0; j < batch->classes; j++) {
        assert_int_equal(in_batch[j], 0);
    }
    free(zeros);
    free(in_batch);
    free(room);
    return loss;
}

/* The loss of the specification's one term; dx [n, D] receives its gradient. */
static inline double test_term(const char *specification, const test_batch *batch, float *dx) {
    tam_ctx *ctx = test_ctx(batch->threads > 0 ? batch->threads : 1);
    tam_loss loss;
    test_ok(ctx, tam_loss_read(ctx, specification, batch->classes, &loss));
    assert_int_equal(loss.terms, 1);
    memset(dx, 0, (size_t)batch->n * (size_t)batch->dim * sizeof *dx);
    double value = tam_batch_term_is_pair(loss.term[0].term) ? test_pair_term(ctx, &loss.term[0], batch, dx)
                                                             : test_centre_term(&loss.term[0], batch, dx, false);
    test_ctx_free(ctx);
    return value;
}

/* Multiples of 1/1024 in about [-3, 3]: exact in f32, and so are they +- the steps below. */
static inline void test_grid(uint32_t stream, int64_t count, float *out) {
    tam_random random = tam_random_at(7, TAM_PURPOSE_TEST, stream, 0);
    for (int64_t k = 0; k < count; k++) {
        out[k] = (float)((int32_t)tam_random_below(&random, 6144) - 3072) / 1024.0f;
    }
}

/* Compares dx with differences of fourth order of the loss by every x. Where the differences of two widths disagree
 * there is a corner or a jump in between. Returns how many there were. */
static inline int test_gradient(const char *specification, const test_batch *batch, double tolerance) {
    int64_t count = (int64_t)batch->n * batch->dim;
    float *x = test_zeros((size_t)count * sizeof *x), *dx = test_zeros((size_t)count * sizeof *dx);
    float *ignored = test_zeros((size_t)count * sizeof *ignored);
    test_batch moved = *batch;
    double largest = 0.0;
    int corners = 0;
    memcpy(x, batch->x, (size_t)count * sizeof *x);
    moved.x = x;
    (void)test_term(specification, batch, dx);
    for (int64_t k = 0; k < count; k++) {
        largest = fmax(largest, fabs((double)dx[k]));
    }
    if (!(largest > 1e-9)) {
        fail_msg("%s: no gradient to compare", specification);
    }
    for (int64_t k = 0; k < count; k++) {
        double slope[2];
        for (int width = 0; width < 2; width++) {
            const float h = width == 0 ? 0x1p-14f : 0x1p-13f;
            double at[4];
            for (int s = 0; s < 4; s++) {
                x[k] = batch->x[k] + h * (float)(s < 2 ? s - 2 : s - 1);
                at[s] = test_term(specification, &moved, ignored);
            }
            x[k] = batch->x[k];
            slope[width] = (at[0] - 8.0 * at[1] + 8.0 * at[2] - at[3]) / (12.0 * (double)h);
        }
        if (fabs(slope[0] - slope[1]) > 0.1 * tolerance * largest) {
            corners++;
        } else if (fabs(slope[0] - (double)dx[k]) > tolerance * largest) {
            fail_msg("%s: dx[%d] is %.9g, by differences %.9g", specification, (int)k, (double)dx[k], slope[0]);
        }
    }
    free(x);
    free(dx);
    free(ignored);
    return corners;
}

/* Fails unless the loss and dx of `specification` on the batch, and on the batch with its rows in another order, are
 * alike. */
static inline void test_reordered(const char *specification, const test_batch *batch) {
    int64_t dim = batch->dim, count = batch->n * dim;
    float *x = test_zeros((size_t)count * sizeof *x), *dx = test_zeros((size_t)count * sizeof *dx);
    float *dx_other = test_zeros((size_t)count * sizeof *dx_other);
    int32_t *y = test_zeros((size_t)batch->n * sizeof *y);
    test_batch other = *batch;
    double largest = 1e-9;
    for (int64_t i = 0; i < batch->n; i++) {
        int64_t from = (i * 5 + 3) % batch->n; /* n must not be a multiple of 5 */
        memcpy(x + i * dim, batch->x + from * dim, (size_t)dim * sizeof *x);
        y[i] = batch->y[from];
    }
    other.x = x;
    other.y = y;
    double a = test_term(specification, batch, dx), b = test_term(specification, &other, dx_other);
    if (!(fabs(a - b) <= 1e-12 * (fabs(a) + 1e-12))) {
        fail_msg("%s: %.15g becomes %.15g when rows change places", specification, a, b);
    }
    for (int64_t k = 0; k < count; k++) {
        largest = fmax(largest, fabs((double)dx[k]));
    }
    for (int64_t k = 0; k < count; k++) {
        int64_t from = (k / dim * 5 + 3) % batch->n;
        assert_true(fabs((double)dx_other[k] - (double)dx[from * dim + k % dim]) <= 1e-6 * largest);
    }
    free(x);
    free(y);
    free(dx);
    free(dx_other);
}

#endif

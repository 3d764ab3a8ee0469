/* The reference against numbers worked out by hand, where finite differences cannot see: values, running statistics,
 * masks. */
#include "support.h"

#include <math.h>

#include "backend/backend.h"
#include "backend/dropout_mask.h"

enum { MOST = 64 };

/* Runs one forward of `text` with the parameters given as "name index value" triples already written. */
typedef struct run {
    tam_ctx *ctx;
    tam_graph *graph;
    tam_parameters *parameters;
    tam_plan *plan;
    const tam_backend *ref;
    float y[MOST];
} run;

static run start(const char *text, int batch, bool training) {
    run r = {.ctx = test_ctx(1)};
    tam_plan_config config = {.batch = batch, .training = training, .seed = 8};
    r.ref = tam_backend_find(r.ctx, "ref");
    test_ok(r.ctx, tam_graph_parse(r.ctx, text, &r.graph));
    test_ok(r.ctx, r.ref->parameters_create(r.ctx, r.graph, &(uint64_t){1}, &r.parameters));
    test_ok(r.ctx, r.ref->plan_create(r.ctx, r.graph, r.parameters, &config, &r.plan));
    return r;
}

static void stop(run *r) {
    r->ref->plan_free(r->plan);
    r->ref->parameters_free(r->parameters);
    tam_graph_free(r->graph);
    test_ctx_free(r->ctx);
}

static void assert_values(const float *got, const float *expected, int count) {
    for (int i = 0; i < count; i++) {
        if (!(fabsf(got[i] - expected[i]) < 1e-5F)) {
            fail_msg("value %d is %.8g, not %.8g", i, (double)got[i], (double)expected[i]);
        }
    }
}

static void a_convolution(void **state) {
    (void)state;
    run r = start("input = input(channels=2, height=2, width=3)\n"
                  "c = conv(input, out=2, kernel=2, stride=2, pad=1, groups=2)\nf = flatten(c)\n",
                  1, false);
    const float x[] = {1, 2, 3, 4, 5, 6, -1, -2, -3, -4, -5, -6};
    const float weight[] = {1, 10, 100, 1000, 1, 2, 3, 4}, bias[] = {0.5F, -0.5F};
    /* Windows start at rows -1, 1 and columns -1, 1; top left: only the last weight meets the map. */
    const float expected[] = {1000.5F, 3200.5F, 40.5F, 65.5F, -4.5F, -18.5F, -8.5F, -17.5F};
    test_ok(r.ctx, r.ref->parameter_write(r.parameters, 0, TAM_PART_VALUE, weight));
    test_ok(r.ctx, r.ref->parameter_write(r.parameters, 1, TAM_PART_VALUE, bias));
    test_ok(r.ctx, r.ref->forward(r.plan, 1, x, 0, r.y));
    assert_values(r.y, expected, 8);
    stop(&r);
}

static void pools(void **state) {
    (void)state;
    const float x[] = {-1, -2, -3, -4, -5, -6, -7, -8, -9};
    const float most[] = {-1, -2, -4, -5}; /* the padding does not win with 0 */
    const float mean[] = {-1, -2.5F, -5.5F, -7};
    run r =
        start("input = input(channels=1, height=3, width=3)\np = max_pool(input, pad=1)\nf = flatten(p)\n", 1, false);
    test_ok(r.ctx, r.ref->forward(r.plan, 1, x, 0, r.y));
    assert_values(r.y, most, 4);
    stop(&r);
    r = start("input = input(channels=1, height=3, width=3)\np = avg_pool(input, pad=1)\nf = flatten(p)\n", 1, false);
    test_ok(r.ctx, r.ref->forward(r.plan, 1, x, 0, r.y));
    assert_values(r.y, mean, 4);
    stop(&r);
    const float equal[] = {5, 5, 5, 5, 5, 5, 5, 5, 5}, dy = 3;
    float dx[9];
    r = start("input = input(channels=1, height=3, width=3)\np = max_pool(input, kernel=3)\nf = flatten(p)\n", 1, true);
    test_ok(r.ctx, r.ref->forward(r.plan, 1, equal, 0, r.y));
    test_ok(r.ctx, r.ref->backward(r.plan, &dy, dx));
    assert_values(dx, (float[]){3, 0, 0, 0, 0, 0, 0, 0, 0}, 9); /* the first of equals */
    stop(&r);
    const float spoiled[] = {1, 2, 3, 4, NAN, 6, 7, 8, 9};
    r = start("input = input(channels=1, height=3, width=3)\np = max_pool(input, kernel=3)\nf = flatten(p)\n", 1,
              false);
    test_ok(r.ctx, r.ref->forward(r.plan, 1, spoiled, 0, r.y));
    assert_true(isnan(r.y[0])); /* a diverged run must show */
    stop(&r);
}

static void batch_norm_keeps_statistics(void **state) {
    (void)state;
    const char *text = "input = input(channels=1, height=1, width=2)\n"
                       "b = batch_norm(input, momentum=0.25, eps=0.5)\nf = flatten(b)\n";
    const float x[] = {1, 3, 5, 7};
    /* mean 4, variance 5 (over 4) or 20 / 3 (over 3); gamma 2, beta 1 */
    float gamma = 2, beta = 1, mean, variance;
    run r = start(text, 2, true);
    test_ok(r.ctx, r.ref->parameter_write(r.parameters, 0, TAM_PART_VALUE, &gamma));
    test_ok(r.ctx, r.ref->parameter_write(r.parameters, 1, TAM_PART_VALUE, &beta));
    test_ok(r.ctx, r.ref->forward(r.plan, 2, x, 0, r.y));
    float unit = 2 / sqrtf(5.5F);
    assert_values(r.y, (float[]){1 - 3 * unit, 1 - unit, 1 + unit, 1 + 3 * unit}, 4);
    test_ok(r.ctx, r.ref->parameter_read(r.parameters, 2, TAM_PART_VALUE, &mean));
    test_ok(r.ctx, r.ref->parameter_read(r.parameters, 3, TAM_PART_VALUE, &variance));
    assert_values(&mean, (float[]){1}, 1);
    assert_values(&variance, (float[]){0.75F + 5.0F / 3}, 1);
    tam_plan *inference = NULL;
    tam_plan_config config = {.batch = 3, .training = false};
    test_ok(r.ctx, r.ref->plan_create(r.ctx, r.graph, r.parameters, &config, &inference));
    test_ok(r.ctx, r.ref->forward(inference, 1, x, 0, r.y));
    unit = 2 / sqrtf(0.75F + 5.0F / 3 + 0.5F);
    assert_values(r.y, (float[]){1, 1 + 2 * unit}, 2);
    r.ref->plan_free(inference);
    stop(&r);
}

static void masks_do_not_depend_on_the_cut(void **state) {
    (void)state;
    enum { COUNT = 40000 };
    static float whole[COUNT], piece[COUNT], other[COUNT];
    int64_t dropped = 0;
    tam_dropout_mask(5, 7, 3, 0.3, 0, COUNT, whole);
    for (int64_t at = 0, length = 1; at < COUNT; at += length, length = length % 97 + 3) {
        int64_t left = COUNT - at;
        tam_dropout_mask(5, 7, 3, 0.3, at, length < left ? length : left, piece + at);
    }
    assert_memory_equal(whole, piece, sizeof whole);
    for (int i = 0; i < COUNT; i++) {
        assert_true(whole[i] == 0 || whole[i] == (float)(1 / 0.7));
        dropped += whole[i] == 0;
    }
    assert_true(fabs((double)dropped / COUNT - 0.3) < 0.01);
    tam_dropout_mask(5, 8, 3, 0.3, 0, COUNT, other);
    assert_memory_not_equal(whole, other, sizeof whole);
    tam_dropout_mask(5, 7, 4, 0.3, 0, COUNT, other);
    assert_memory_not_equal(whole, other, sizeof whole);
    tam_dropout_mask(6, 7, 3, 0.3, 0, COUNT, other);
    assert_memory_not_equal(whole, other, sizeof whole);
}

static void dropout_only_in_training(void **state) {
    (void)state;
    const char *text = "input = input(channels=64, height=1, width=1)\nf = flatten(input)\nd = dropout(f, p=0.5)\n";
    float x[MOST], mask[MOST];
    for (int i = 0; i < MOST; i++) {
        x[i] = (float)i + 1;
    }
    run r = start(text, 1, true);
    tam_dropout_mask(8, 99, 2, 0.5, 0, MOST, mask);
    test_ok(r.ctx, r.ref->forward(r.plan, 1, x, 99, r.y));
    for (int i = 0; i < MOST; i++) {
        assert_true(r.y[i] == mask[i] * x[i]);
    }
    stop(&r);
    r = start(text, 1, false);
    test_ok(r.ctx, r.ref->forward(r.plan, 1, x, 99, r.y));
    assert_values(r.y, x, MOST);
    stop(&r);
}

/* On every backend: an infinity or a NaN in the batch leaves the running statistics of its channel as they were. */
static void statistics_that_are_not_finite_do_not_enter(void **state) {
    (void)state;
    for (int b = 0; b < tam_backend_count(); b++) {
        const tam_backend *backend = tam_backend_at(b);
        tam_ctx *ctx = test_ctx(1);
        tam_graph *graph;
        tam_parameters *parameters;
        tam_plan *plan;
        tam_plan_config config = {.batch = 3, .training = true};
        float x[] = {1, 1, 2, INFINITY, 3, 1}, y[6], mean[2], variance[2];
        test_ok(ctx, tam_graph_parse(ctx,
                                     "input = input(channels=2, height=1, width=1)\n"
                                     "b = batch_norm(input, momentum=0.5)\nf = flatten(b)\n",
                                     &graph));
        test_ok(ctx, backend->parameters_create(ctx, graph, &(uint64_t){1}, &parameters));
        test_ok(ctx, backend->plan_create(ctx, graph, parameters, &config, &plan));
        test_ok(ctx, backend->forward(plan, 3, x, 0, y));
        x[3] = NAN;
        test_ok(ctx, backend->forward(plan, 3, x, 1, y));
        test_ok(ctx, backend->parameter_read(parameters, 2, TAM_PART_VALUE, mean));
        test_ok(ctx, backend->parameter_read(parameters, 3, TAM_PART_VALUE, variance));
        assert_values(mean, (const float[]){1.5F, 0}, 2);
        assert_values(variance, (const float[]){1, 1}, 2);
        assert_true(isfinite(y[3]) == false); /* but it is seen */
        backend->plan_free(plan);
        backend->parameters_free(parameters);
        tam_graph_free(graph);
        test_ctx_free(ctx);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_convolution),
        cmocka_unit_test(pools),
        cmocka_unit_test(batch_norm_keeps_statistics),
        cmocka_unit_test(statistics_that_are_not_finite_do_not_enter),
        cmocka_unit_test(masks_do_not_depend_on_the_cut),
        cmocka_unit_test(dropout_only_in_training),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

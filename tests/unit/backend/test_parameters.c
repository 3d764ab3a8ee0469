/* Parameters on the host: starting values, the update worked out by hand, the length of the gradient. */
#include "support.h"

#include <math.h>

#include "backend/parameters.h"
#include "base/random.h"

/* conv1.weight 64 x 32 x 3 x 3 = 18432 values: more than one chunk, and not a multiple of it. */
static const char net[] = "input = input(channels=32, height=3, width=3)\n"
                          "conv1 = conv(input, out=64, bias=1)\n"
                          "norm = batch_norm(conv1, scale=0)\n"
                          "prelu = prelu(norm)\n"
                          "fc1 = fc(prelu, out=100, bias=1)\n";

enum { CONV_WEIGHT, CONV_BIAS, GAMMA, BETA, MEAN, VARIANCE, SLOPE, FC_WEIGHT, FC_BIAS };

typedef struct fixture {
    tam_ctx *ctx;
    tam_graph *graph;
    tam_parameters *parameters;
} fixture;

static fixture open_fixture(int threads, uint64_t seed) {
    fixture f = {.ctx = test_ctx(threads)};
    test_ok(f.ctx, tam_graph_parse(f.ctx, net, &f.graph));
    test_ok(f.ctx, tam_parameters_create(f.ctx, f.graph, &(uint64_t){seed}, &f.parameters));
    return f;
}

static void close_fixture(fixture *f) {
    tam_parameters_free(f->parameters);
    tam_graph_free(f->graph);
    test_ctx_free(f->ctx);
}

static int64_t count_of(const fixture *f, int index) {
    return tam_graph_parameter_at(f->graph, index)->count;
}

static double moment(const fixture *f, int index, int power) {
    const float *value = tam_parameters_value(f->parameters, index);
    double sum = 0;
    for (int64_t i = 0; i < count_of(f, index); i++) {
        sum += pow(value[i], power);
    }
    return sum / (double)count_of(f, index);
}

static void starting_values(void **state) {
    (void)state;
    fixture f = open_fixture(2, 3), same = open_fixture(1, 3), other = open_fixture(1, 4);
    const float constant[] = {
        [CONV_BIAS] = 0, [GAMMA] = 1, [BETA] = 0, [MEAN] = 0, [VARIANCE] = 1, [SLOPE] = 0.25F, [FC_BIAS] = 0};
    for (int i = CONV_BIAS; i <= FC_BIAS; i++) {
        for (int64_t k = 0; i != FC_WEIGHT && k < count_of(&f, i); k++) {
            assert_true(tam_parameters_value(f.parameters, i)[k] == constant[i]);
        }
    }
    /* He: variance 2 / 288, and the fourth moment of a normal is three times the square of its second. */
    assert_true(fabs(moment(&f, CONV_WEIGHT, 1)) < 4 * sqrt(2.0 / 288 / 18432));
    assert_true(fabs(moment(&f, CONV_WEIGHT, 2) * 288 / 2 - 1) < 0.05);
    assert_true(fabs(moment(&f, CONV_WEIGHT, 4) / pow(moment(&f, CONV_WEIGHT, 2), 2) - 3) < 0.3);
    /* Xavier: variance 1 / 64, and 9 / 5 for a uniform. */
    assert_true(fabs(moment(&f, FC_WEIGHT, 2) * 64 - 1) < 0.05);
    assert_true(fabs(moment(&f, FC_WEIGHT, 4) / pow(moment(&f, FC_WEIGHT, 2), 2) - 1.8) < 0.1);
    size_t bytes = (size_t)count_of(&f, CONV_WEIGHT) * sizeof(float);
    const float *weight = tam_parameters_value(f.parameters, CONV_WEIGHT);
    assert_memory_equal(weight, tam_parameters_value(same.parameters, CONV_WEIGHT), bytes);
    assert_memory_not_equal(weight, tam_parameters_value(other.parameters, CONV_WEIGHT), bytes);
    assert_int_equal((uintptr_t)tam_parameters_value(f.parameters, FC_BIAS) % 64, 0);
    close_fixture(&f);
    close_fixture(&same);
    close_fixture(&other);
}

static void fill(float *values, int64_t count, uint32_t stream) {
    tam_random random = tam_random_at(1, TAM_PURPOSE_TEST, stream, 0);
    for (int64_t i = 0; i < count; i++) {
        values[i] = tam_random_normal(&random);
    }
}

static void the_update_is_sgd(void **state) {
    (void)state;
    fixture f = open_fixture(3, 3);
    tam_sgd sgd = {.lr = 0.1F, .momentum = 0.9F, .weight_decay = 0.01F, .gradient_scale = 0.5F};
    static double w[18432], v[18432];
    static float read[18432];
    int indices[] = {CONV_WEIGHT, CONV_BIAS, BETA, SLOPE, FC_WEIGHT, FC_BIAS};
    uint64_t version = tam_parameters_version(f.parameters);
    for (size_t k = 0; k < sizeof indices / sizeof indices[0]; k++) {
        int index = indices[k];
        int64_t count = count_of(&f, index);
        bool decayed = index == CONV_WEIGHT || index == FC_WEIGHT;
        for (int64_t i = 0; i < count; i++) {
            w[i] = tam_parameters_value(f.parameters, index)[i];
            v[i] = 0.01 * (double)(i % 7);
            read[i] = (float)v[i];
        }
        test_ok(f.ctx, tam_parameters_write(f.parameters, index, TAM_PART_MOMENTUM, read));
        for (int step = 0; step < 2; step++) {
            float *g = tam_parameters_gradient(f.parameters, index);
            fill(g, count, (uint32_t)step);
            tam_parameters_update(f.parameters, &sgd);
            for (int64_t i = 0; i < count; i++) {
                v[i] = 0.9 * v[i] + (0.5 * g[i] + (decayed ? 0.01 * w[i] : 0));
                w[i] -= 0.1 * v[i];
            }
        }
        test_ok(f.ctx, tam_parameters_read(f.parameters, index, TAM_PART_VALUE, read));
        for (int64_t i = 0; i < count; i++) {
            assert_true(fabs(w[i] - read[i]) < 1e-6 * (1 + fabs(w[i])));
        }
        memset(tam_parameters_gradient(f.parameters, index), 0, (size_t)count * sizeof(float));
    }
    assert_true(tam_parameters_version(f.parameters) > version);
    assert_true(tam_parameters_value(f.parameters, GAMMA)[5] == 1);
    assert_true(tam_parameters_value(f.parameters, VARIANCE)[5] == 1);
    close_fixture(&f);
}

static void the_gradient_norm_is_the_same_on_any_team(void **state) {
    (void)state;
    double norms[3], expected = 0;
    for (int threads = 1; threads <= 3; threads++) {
        fixture f = open_fixture(threads, 3);
        expected = 0;
        for (int i = 0; i < tam_graph_parameter_count(f.graph); i++) {
            float *g = tam_parameters_gradient(f.parameters, i);
            if (tam_graph_parameter_at(f.graph, i)->trained) {
                fill(g, count_of(&f, i), (uint32_t)i);
            }
            for (int64_t k = 0; k < count_of(&f, i); k++) {
                expected += (double)g[k] * g[k];
            }
        }
        norms[threads - 1] = tam_parameters_gradient_norm(f.parameters);
        close_fixture(&f);
    }
    assert_true(fabs(norms[0] / sqrt(expected) - 1) < 1e-12);
    assert_true(norms[0] == norms[1] && norms[1] == norms[2]);
}

static void parts_are_separate_and_indices_checked(void **state) {
    (void)state;
    fixture f = open_fixture(1, 3);
    float one[100], two[100], got[100];
    fill(one, 100, 1);
    fill(two, 100, 2);
    test_ok(f.ctx, tam_parameters_write(f.parameters, FC_BIAS, TAM_PART_VALUE, one));
    test_ok(f.ctx, tam_parameters_write(f.parameters, FC_BIAS, TAM_PART_MOMENTUM, two));
    test_ok(f.ctx, tam_parameters_read(f.parameters, FC_BIAS, TAM_PART_VALUE, got));
    assert_memory_equal(got, one, sizeof got);
    test_ok(f.ctx, tam_parameters_read(f.parameters, FC_BIAS, TAM_PART_MOMENTUM, got));
    assert_memory_equal(got, two, sizeof got);
    test_ok(f.ctx, tam_parameters_read(f.parameters, FC_BIAS, TAM_PART_GRADIENT, got));
    assert_true(got[0] == 0 && got[99] == 0);
    test_fails(f.ctx, tam_parameters_read(f.parameters, 9, TAM_PART_VALUE, got), TAM_CONFIG, "no parameter 9");
    test_fails(f.ctx, tam_parameters_write(f.parameters, -1, TAM_PART_VALUE, got), TAM_CONFIG, "no parameter -1");
    close_fixture(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(starting_values),
        cmocka_unit_test(the_update_is_sgd),
        cmocka_unit_test(the_gradient_norm_is_the_same_on_any_team),
        cmocka_unit_test(parts_are_separate_and_indices_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

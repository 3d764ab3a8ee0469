/* What a plan may do in several ways: keep values or make them again (the same bits), compute in bf16 (near ref's f32).
 */
#include "compare_nets.h"

/* A unit as the face nets have it, twice, so that there is something between two crossings. */
static const problem units = {
    4, "input = input(channels=3, height=12, width=10)\n"
       "a = conv(input, out=16, pad=1, bias=0)\nb = batch_norm(a)\nc = prelu(b)\nd = batch_norm(c)\n"
       "e = conv(d, out=16, pad=1, bias=0)\nf = batch_norm(e)\ng = prelu(f)\n"
       "h = conv(g, out=16, pad=1, bias=0)\ni = batch_norm(h)\nj = add(i, c)\nk = batch_norm(j)\n"
       "l = conv(k, out=32, pad=1, bias=0)\nm = batch_norm(l)\nn = prelu(m)\n"
       "o = conv(n, out=32, stride=2, pad=1, bias=0)\np = batch_norm(o)\n"
       "q = conv(j, out=32, kernel=1, stride=2, bias=0)\nr = batch_norm(q)\ns = add(p, r)\nt = batch_norm(s)\n"
       "u = dropout(t, p=0.4)\nv = fc(u, out=24, bias=0)\nw = batch_norm(v, scale=0)\n"};

static const problem *option_problem(int index) {
    return index == PROBLEMS + LARGE_PROBLEMS ? &units : problem_at(index);
}

static void what_is_made_again_has_the_same_bits(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(2);
    const tam_backend *cpu = tam_backend_find(ctx, "cpu");
    for (int dtype = TAM_F32; dtype <= TAM_BF16; dtype++) {
        for (int p = 0; p <= PROBLEMS + LARGE_PROBLEMS; p++) {
            bench_net nets[3];
            for (int recompute = 0; recompute < 3; recompute++) {
                tam_plan_config options = {.dtype = (tam_dtype)dtype, .recompute = (tam_recompute)recompute};
                nets[recompute] = bench_net_open_as(ctx, cpu, option_problem(p), options);
                bench_net_run_twice(&nets[recompute]);
            }
            assert_same_bits(&nets[TAM_RECOMPUTE_NONE], &nets[TAM_RECOMPUTE_SWEEPS], option_problem(p)->text);
            assert_same_bits(&nets[TAM_RECOMPUTE_NONE], &nets[TAM_RECOMPUTE_UNITS], option_problem(p)->text);
            for (int recompute = 0; recompute < 3; recompute++) {
                bench_net_close(&nets[recompute]);
            }
        }
    }
    test_ctx_free(ctx);
}

/* Less is kept, so less memory is taken: of twelve units at one size, units keep one map each, sweeps the two that the
 * convolutions make, too. */
static void what_is_made_again_takes_no_memory(void **state) {
    (void)state;
    enum { UNITS = 12, SIDE = 48, WIDTH = 32, BATCH = 2 };
    tam_ctx *ctx = test_ctx(1);
    const tam_backend *cpu = tam_backend_find(ctx, "cpu");
    static char text[8192];
    int length =
        snprintf(text, sizeof text, "input = input(channels=3, height=%d, width=%d)\ns0 = conv(input, out=%d, pad=1)\n",
                 SIDE, SIDE, WIDTH);
    for (int i = 0; i < UNITS; i++) {
        length += snprintf(text + length, sizeof text - (size_t)length,
                           "a%d = batch_norm(s%d)\nb%d = conv(a%d, out=%d, pad=1, bias=0)\nc%d = batch_norm(b%d)\n"
                           "d%d = prelu(c%d)\ne%d = conv(d%d, out=%d, pad=1, bias=0)\nf%d = batch_norm(e%d)\n"
                           "s%d = add(f%d, s%d)\n",
                           i, i, i, i, WIDTH, i, i, i, i, i, i, WIDTH, i, i, i + 1, i, i);
    }
    length += snprintf(text + length, sizeof text - (size_t)length, "p = global_pool(s%d)\nq = fc(p, out=8)\n", UNITS);
    assert_true(length < (int)sizeof text);
    const problem large = {BATCH, text};
    size_t bytes[3], map = (size_t)BATCH * WIDTH * SIDE * SIDE * sizeof(float);
    for (int recompute = 0; recompute < 3; recompute++) {
        bench_net net = bench_net_open_as(ctx, cpu, &large, (tam_plan_config){.recompute = (tam_recompute)recompute});
        bytes[recompute] = cpu->plan_bytes(net.training);
        bench_net_close(&net);
    }
    assert_true(bytes[TAM_RECOMPUTE_SWEEPS] + (2 * UNITS - 4) * map < bytes[TAM_RECOMPUTE_NONE]);
    assert_true(bytes[TAM_RECOMPUTE_UNITS] + (2 * UNITS - 8) * map < bytes[TAM_RECOMPUTE_SWEEPS]);
    test_ctx_free(ctx);
}

/* The length of the difference beside the length of what is expected: single numbers may be off by more, where signs of
 * an activation's input flip. What must be 0 (a bias before a norm) is rounding of numbers of the size of 1. */
static void assert_near(const float *got, const float *expected, int64_t count, double tolerance, const char *what,
                        const char *text) {
    double difference = 0, length = 0;
    for (int64_t i = 0; i < count; i++) {
        double away = (double)got[i] - (double)expected[i];
        difference += away * away;
        length += (double)expected[i] * (double)expected[i];
    }
    if (!(sqrt(difference) <= tolerance * (sqrt(length) + 0.15 * sqrt((double)count)))) {
        fail_msg("bf16: %s: %s is %.3g away of %.3g", text, what, sqrt(difference), sqrt(length));
    }
}

static void bf16_is_near_f32(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(2);
    const tam_backend *cpu = tam_backend_find(ctx, "cpu"), *ref = tam_backend_find(ctx, "ref");
    for (int p = 0; p <= PROBLEMS + LARGE_PROBLEMS; p++) {
        const char *text = option_problem(p)->text;
        double tolerance =
            strstr(text, "max_pool") != NULL ? 0.2 : 0.1; /* other maxima win, and move whole gradients */
        bench_net got = bench_net_open_as(ctx, cpu, option_problem(p), (tam_plan_config){.dtype = TAM_BF16});
        bench_net expected = bench_net_open(ctx, ref, option_problem(p));
        bench_net_run_twice(&got);
        bench_net_run_twice(&expected);
        assert_near(got.y, expected.y, got.outputs, tolerance, "output", text);
        assert_near(got.dx, expected.dx, got.inputs, tolerance, "input's gradient", text);
        for (int i = 0; i < tam_graph_parameter_count(got.graph); i++) {
            const tam_parameter *parameter = tam_graph_parameter_at(got.graph, i);
            float *one = bench_net_parameter(&got, i, TAM_PART_GRADIENT);
            float *other = bench_net_parameter(&expected, i, TAM_PART_GRADIENT);
            assert_near(one, other, parameter->count, tolerance, parameter->name, text);
            free(one);
            free(other);
        }
        test_ok(ctx, cpu->forward(got.inference, got.batch, got.x, 0, got.y));
        test_ok(ctx, ref->forward(expected.inference, got.batch, got.x, 0, expected.y));
        assert_near(got.y, expected.y, got.outputs, tolerance, "output in inference", text);
        bench_net_close(&got);
        bench_net_close(&expected);
    }
    test_ctx_free(ctx);
}

/* Every part of a step is told, with times that add up to no more than the step's. */
static void costs_are_told(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    const tam_backend *cpu = tam_backend_find(ctx, "cpu");
    bench_net net = bench_net_open(ctx, cpu, &units);
    bench_net_forward(&net);
    bench_net_backward(&net);
    tam_plan_cost cost;
    int count = 0, products = 0;
    for (; cpu->plan_cost(net.training, count, &cost); count++) {
        assert_non_null(cost.node);
        assert_non_null(cost.part);
        assert_non_null(cost.algorithm);
        assert_true(cost.seconds >= 0 && cost.bytes > 0);
        products += cost.flops > 0;
    }
    assert_int_equal(products, 3 * 7); /* each layer forward, by data and by weights: here dx is wanted too */
    assert_true(count > products + 10);
    bench_net_close(&net);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_made_again_has_the_same_bits),
        cmocka_unit_test(what_is_made_again_takes_no_memory),
        cmocka_unit_test(bf16_is_near_f32),
        cmocka_unit_test(costs_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

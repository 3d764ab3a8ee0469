/* Every backend against the last, `ref`, on every problem: outputs, the input's gradient, the parameters' gradients and
 * running statistics, in training and in inference; and the products of the head. */
#include "compare_nets.h"

static const double tolerance = 1e-4;

static void compare_training(bench_net *net, bench_net *ref, const char *text) {
    bench_net_forward(net);
    bench_net_forward(ref);
    compare_values(net->y, ref->y, net->outputs, tolerance, "output in training", net->backend->name, text);
    bench_net_backward(net);
    bench_net_backward(ref);
    compare_values(net->dx, ref->dx, net->inputs, tolerance, "input's gradient", net->backend->name, text);
    compare_parameters(net, ref, TAM_PART_GRADIENT, tolerance, text);
    compare_parameters(net, ref, TAM_PART_VALUE, tolerance, text);
    double expected = ref->backend->gradient_norm(ref->parameters);
    assert_true(fabs(net->backend->gradient_norm(net->parameters) - expected) <= tolerance * (expected + 1e-6));
}

/* Training and inference plans share parameters: inference must see what training has changed. */
static void compare_inference(bench_net *net, bench_net *ref, const char *text) {
    for (int n = 1; n <= net->batch; n += net->batch > 1 ? net->batch - 1 : 1) {
        int64_t outputs = net->outputs / net->batch * n;
        test_ok(net->ctx, net->backend->forward(net->inference, n, net->x, 0, net->y));
        test_ok(net->ctx, ref->backend->forward(ref->inference, n, ref->x, 0, ref->y));
        compare_values(net->y, ref->y, outputs, tolerance, "output in inference", net->backend->name, text);
    }
}

static void backends_match_ref(void **state) {
    (void)state;
    tam_sgd sgd = {.lr = 0.01F, .momentum = 0.9F, .weight_decay = 0.1F, .gradient_scale = 0.5F};
    for (int threads = 1; threads <= 3; threads += 2) {
        tam_ctx *ctx = test_ctx(threads);
        const tam_backend *plain = tam_backend_at(tam_backend_count() - 1);
        assert_string_equal(plain->name, "ref");
        for (int b = 0; b < tam_backend_count() - 1; b++) {
            for (int p = 0; p < PROBLEMS + LARGE_PROBLEMS; p++) {
                const char *text = problem_at(p)->text;
                bench_net net = bench_net_open(ctx, tam_backend_at(b), problem_at(p));
                bench_net ref = bench_net_open(ctx, plain, problem_at(p));
                compare_training(&net, &ref, text);
                compare_inference(&net, &ref, text);
                net.backend->update(net.parameters, &sgd);
                ref.backend->update(ref.parameters, &sgd);
                compare_parameters(&net, &ref, TAM_PART_MOMENTUM, tolerance, text);
                compare_inference(&net, &ref, text);
                compare_training(&net, &ref, text);
                bench_net_close(&net);
                bench_net_close(&ref);
            }
        }
        test_ctx_free(ctx);
    }
}

/* The same work gives the same bits, in the same plan and in a new one. */
static void results_repeat(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(2);
    for (int b = 0; b < tam_backend_count(); b++) {
        for (int p = 0; p < PROBLEMS + LARGE_PROBLEMS; p++) {
            bench_net first = bench_net_open(ctx, tam_backend_at(b), problem_at(p));
            bench_net second = bench_net_open(ctx, tam_backend_at(b), problem_at(p));
            for (int round = 0; round < 2; round++) {
                bench_net_forward(&first);
                bench_net_backward(&first);
            }
            bench_net_forward(&second);
            bench_net_backward(&second);
            assert_memory_equal(first.y, second.y, (size_t)first.outputs * sizeof(float));
            assert_memory_equal(first.dx, second.dx, (size_t)first.inputs * sizeof(float));
            for (int i = 0; i < tam_graph_parameter_count(first.graph); i++) {
                float *one = bench_net_parameter(&first, i, TAM_PART_GRADIENT);
                float *other = bench_net_parameter(&second, i, TAM_PART_GRADIENT);
                size_t bytes = (size_t)tam_graph_parameter_at(first.graph, i)->count * sizeof *one;
                assert_memory_equal(one, other, bytes);
                free(one);
                free(other);
            }
            bench_net_close(&first);
            bench_net_close(&second);
        }
    }
    test_ctx_free(ctx);
}

/* What every backend refuses, and that running takes no memory. */
static void plans_refuse_and_allocate_nothing(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(2);
    const problem net_text = {4, "2x9x9 conv(out=8,pad=1,bias=0) batch_norm() prelu() max_pool() fc(out=5)"};
    for (int b = 0; b < tam_backend_count(); b++) {
        const tam_backend *backend = tam_backend_at(b);
        bench_net net = bench_net_open(ctx, backend, &net_text);
        tam_plan *plan = NULL;
        tam_plan_config config = {.batch = 0, .training = true};
        test_fails(ctx, backend->plan_create(ctx, net.graph, net.parameters, &config, &plan), TAM_CONFIG, "batch of 0");
        test_fails(ctx, backend->forward(net.training, 3, net.x, 0, net.y), TAM_CONFIG, "3 rows");
        test_fails(ctx, backend->forward(net.inference, 5, net.x, 0, net.y), TAM_CONFIG, "5 rows");
        test_fails(ctx, backend->backward(net.inference, net.r, NULL), TAM_CONFIG, "backward");
        test_fails(ctx, backend->backward(net.training, net.r, NULL), TAM_CONFIG, "backward");
        assert_true(backend->plan_bytes(net.training) > backend->plan_bytes(net.inference) / 2);
        bench_net_forward(&net);
        bench_net_backward(&net);
        uint64_t before = tam_ctx_memory(ctx).allocations;
        bench_net_forward(&net);
        bench_net_backward(&net);
        bench_net_forward(&net);
        test_ok(ctx, backend->backward(net.training, net.r, NULL));
        test_ok(ctx, backend->forward(net.inference, 2, net.x, 0, net.y));
        assert_int_equal(tam_ctx_memory(ctx).allocations, before);
        bench_net_close(&net);

        tam_graph *graph = problem_graph(ctx, "3x1x1 batch_norm()");
        tam_parameters *parameters = NULL;
        test_ok(ctx, backend->parameters_create(ctx, graph, &(uint64_t){1}, &parameters));
        config.batch = 1;
        test_fails(ctx, backend->plan_create(ctx, graph, parameters, &config, &plan), TAM_CONFIG,
                   "batch norm needs more than one value");
        backend->parameters_free(parameters);
        tam_graph_free(graph);
    }
    tam_backend_find(ctx, "reff");
    assert_non_null(strstr(tam_ctx_message(ctx), "did you mean 'ref'?"));
    test_ctx_free(ctx);
}

/* One product with rows longer than they need to be. */
static void check_product(const tam_backend *backend, int transposed, int64_t m, int64_t n, int64_t k, float beta) {
    bool ta = (transposed & 1) != 0, tb = (transposed & 2) != 0;
    int64_t lda = (ta ? m : k) + 3, ldb = (tb ? k : n) + 1, ldc = n + 2;
    int64_t a_count = lda * (ta ? k : m), b_count = ldb * (tb ? n : k), c_count = ldc * m;
    float *a = new_values(a_count), *b = new_values(b_count), *got = new_values(c_count), *c = new_values(c_count);
    char text[120];
    snprintf(text, sizeof text, "product %lld x %lld x %lld, transposed %d, beta %g", (long long)m, (long long)n,
             (long long)k, transposed, (double)beta);
    fill_normal(a, a_count, 3);
    fill_normal(b, b_count, 4);
    fill_normal(c, c_count, 5);
    memcpy(got, c, (size_t)c_count * sizeof *c);
    for (int64_t i = 0; i < m; i++) {
        for (int64_t j = 0; j < n; j++) {
            double sum = 0;
            for (int64_t l = 0; l < k; l++) {
                sum += (double)a[ta ? l * lda + i : i * lda + l] * b[tb ? j * ldb + l : l * ldb + j];
            }
            c[i * ldc + j] = (float)(0.7F * sum + beta * c[i * ldc + j]);
            got[i * ldc + j] = beta == 0 ? NAN : got[i * ldc + j];
        }
    }
    backend->product(ta, tb, m, n, k, 0.7F, a, lda, b, ldb, beta, got, ldc);
    compare_values(got, c, c_count, tolerance, "c", backend->name, text);
    free(a);
    free(b);
    free(c);
    free(got);
}

static void products_are_sums(void **state) {
    (void)state;
    static const int64_t sizes[][3] = {{1, 1, 1}, {3, 5, 7}, {17, 33, 65}, {1, 252, 13}, {123, 1, 40}, {64, 48, 128}};
    for (int b = 0; b < tam_backend_count(); b++) {
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            for (int transposed = 0; transposed < 4; transposed++) {
                check_product(tam_backend_at(b), transposed, sizes[i][0], sizes[i][1], sizes[i][2], 0);
                check_product(tam_backend_at(b), transposed, sizes[i][0], sizes[i][1], sizes[i][2], 1);
                check_product(tam_backend_at(b), transposed, sizes[i][0], sizes[i][1], sizes[i][2], -0.3F);
            }
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(backends_match_ref),
        cmocka_unit_test(results_repeat),
        cmocka_unit_test(plans_refuse_and_allocate_nothing),
        cmocka_unit_test(products_are_sums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

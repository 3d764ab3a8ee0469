/* Inference, where layers take over what stands beside them: held against `ref`, which does every op by itself. */
#include "bench_net.h"

typedef struct fold_problem {
    problem problem;
    int parts; /* that an inference in f32 has, changes of layout aside */
} fold_problem;

#define MAP "input = input(channels=3, height=9, width=11)\n"

static const fold_problem folds[] = {
    /* Norms behind, with and without activation and bias; a pool takes the activation. */
    {{3, "3x9x11 conv(out=16,pad=1,bias=0) batch_norm() prelu() conv(out=32,kernel=1) batch_norm(scale=0) relu() "
         "conv(out=16,stride=2,pad=1) batch_norm() global_pool()"},
     4},
    {{2, "3x9x11 conv(out=16,pad=1) batch_norm() prelu() max_pool() flatten()"}, 2},
    {{4, "32x8x8 conv(out=32,pad=1,bias=0) batch_norm() relu() conv(out=40,pad=1) batch_norm() prelu() global_pool()"},
     3},
    {{5, "7x1x1 flatten() fc(out=12) batch_norm() prelu() fc(out=9,bias=0) batch_norm(scale=0) relu()"}, 2},
    /* Other activations, scales, and products with a vector. */
    {{3, "3x9x11 conv(out=16,pad=1,bias=0) batch_norm() relu6() conv(out=32,kernel=1) scale(factor=0.3) swish() "
         "conv(out=32,pad=1,groups=32,bias=0) batch_norm() relu6() global_pool()"},
     4},
    {{2, MAP "a = conv(input, out=16, pad=1)\nb = relu(a)\nc = conv(b, out=16, kernel=1)\n"
             "d = scale(c, factor=0.17, shift=0.1)\ne = add(d, b)\nf = relu6(e)\ng = global_pool(f)\n"},
     3},
    {{2, MAP "a = conv(input, out=16, pad=1, bias=0)\nb = batch_norm(a)\nc = global_pool(b)\nd = fc(c, out=4)\n"
             "e = relu(d)\nf = fc(e, out=16)\ng = sigmoid(f)\nh = mul(b, g)\ni = conv(input, out=16, kernel=1)\n"
             "j = add(h, i)\nk = relu(j)\nl = global_pool(k)\n"},
     7},
    /* Groups. */
    {{2, "32x9x7 conv(out=32,pad=1,groups=32,bias=0) batch_norm() prelu() conv(out=32,pad=1,groups=16,stride=2) "
         "batch_norm() relu() conv(out=20,pad=1,groups=2,bias=0) batch_norm() flatten()"},
     3},
    /* Norms in front: of layers that pad nothing, through dropout, over maps and vectors, between two layers. */
    {{3, "6x5x4 batch_norm() dropout(p=0.4) fc(out=12,bias=0) batch_norm(scale=0)"}, 1},
    {{2, "6x5x4 batch_norm() flatten() fc(out=12)"}, 1},
    {{2, "6x5x4 flatten() batch_norm() fc(out=12) prelu() batch_norm() dropout(p=0.1) fc(out=3) relu()"}, 2},
    {{2, "8x7x7 batch_norm() conv(out=12,kernel=3,groups=4) batch_norm() relu() batch_norm() "
         "conv(out=16,kernel=1,stride=2,bias=0) prelu() global_pool()"},
     3},
    {{2, "3x7x7 conv(out=16,pad=1) batch_norm() fc(out=4)"}, 2},
    /* Additions: of an earlier map, of the net's input, behind both of two layers; activation behind that. */
    {{3, MAP "a = conv(input, out=16, pad=1)\nb = conv(a, out=16, pad=1, bias=0)\nc = batch_norm(b)\nd = add(c, a)\n"
             "e = relu(d)\nf = conv(e, out=16, kernel=1)\ng = batch_norm(f)\nh = add(e, g)\ni = prelu(h)\n"
             "j = global_pool(i)\n"},
     4},
    {{2, MAP "a = conv(input, out=3, pad=1)\nb = add(input, a)\nc = prelu(b)\nd = fc(c, out=5)\n"}, 2},
    {{3, MAP "a = conv(input, out=32, stride=2, pad=1, bias=0)\nb = batch_norm(a)\n"
             "c = conv(input, out=32, kernel=1, stride=2, bias=0)\nd = batch_norm(c)\ne = add(b, d)\nf = relu(e)\n"
             "g = global_pool(f)\n"},
     3},
    {{3, "input = input(channels=32, height=12, width=12)\na = conv(input, out=32, pad=1, bias=0)\nb = batch_norm(a)\n"
         "c = add(b, input)\nd = conv(c, out=32, pad=1, groups=32)\ne = batch_norm(d)\nf = add(c, e)\ng = prelu(f)\n"
         "h = global_pool(g)\n"},
     3},
    /* A map is added that someone reads later, so that it must stay as it is. */
    {{3, "input = input(channels=32, height=12, width=12)\na = conv(input, out=32, pad=1)\nb = relu(a)\n"
         "c = conv(b, out=32, pad=1)\nd = add(c, b)\ne = conv(d, out=32, pad=1)\nf = batch_norm(e)\ng = add(f, b)\n"
         "h = add(g, d)\ni = global_pool(h)\n"},
     5},
    /* Another reader of what lies between: of the convolution, of its norm, of the sum, of the norm in front. */
    {{3, MAP "a = conv(input, out=16, pad=1)\nb = batch_norm(a)\nc = add(b, a)\nd = relu(c)\ne = global_pool(d)\n"}, 3},
    {{3, MAP "a = conv(input, out=16, pad=1)\nb = batch_norm(a)\nc = prelu(b)\nd = add(b, c)\ne = global_pool(d)\n"},
     4},
    {{3, MAP "a = conv(input, out=3, pad=1)\nb = batch_norm(a)\nc = add(b, input)\nd = relu(c)\ne = add(c, d)\n"
             "f = global_pool(e)\n"},
     4},
    {{3, MAP "a = batch_norm(input)\nb = conv(a, out=3, kernel=1)\nc = add(a, b)\nd = fc(c, out=4)\n"}, 3},
};

enum { FOLDS = sizeof folds / sizeof folds[0] };

static void compare(bench_net *net, bench_net *ref, double tolerance, int n, const char *text, const char *changed) {
    const int64_t outputs = net->outputs / net->batch * n;
    test_ok(net->ctx, net->backend->forward(net->inference, n, net->x, 0, net->y));
    test_ok(net->ctx, ref->backend->forward(ref->inference, n, ref->x, 0, ref->y));
    double scale = largest(ref->y, outputs) + 0.05;
    for (int64_t i = 0; i < outputs; i++) {
        if (!(fabs((double)net->y[i] - (double)ref->y[i]) <= tolerance * scale)) {
            fail_msg("%s: %s: y[%lld] is %.9g, ref has %.9g", text, changed, (long long)i, (double)net->y[i],
                     (double)ref->y[i]);
        }
    }
}

static void change(bench_net *net, int parameter) {
    const tam_parameter *p = tam_graph_parameter_at(net->graph, parameter);
    float *values = bench_net_parameter(net, parameter, TAM_PART_VALUE);
    for (int64_t i = 0; i < p->count; i++) {
        values[i] = 0.7F * values[i] + 0.2F;
    }
    test_ok(net->ctx, net->backend->parameter_write(net->parameters, parameter, TAM_PART_VALUE, values));
    free(values);
}

/* Whichever parameter changes between two inferences, the second one knows. */
static void folded_layers_match_ref(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(2);
    const tam_backend *cpu = tam_backend_find(ctx, "cpu"), *plain = tam_backend_find(ctx, "ref");
    for (int p = 0; p < 3 * FOLDS; p++) {
        const problem *which = &folds[p / 3].problem;
        tam_plan_config options = {.dtype = p % 3 == 1 ? TAM_BF16 : TAM_F32, .deterministic = p % 3 == 2};
        const double tolerance = p % 3 == 1 ? 0.05 : 1e-4;
        bench_net net = bench_net_open_as(ctx, cpu, which, options), ref = bench_net_open(ctx, plain, which);
        compare(&net, &ref, tolerance, which->batch, which->text, "as it is");
        for (int i = 0; i < tam_graph_parameter_count(net.graph); i++) {
            change(&net, i);
            change(&ref, i);
            compare(&net, &ref, tolerance, 1 + i % which->batch, which->text,
                    tam_graph_parameter_at(net.graph, i)->name);
        }
        bench_net_close(&net);
        bench_net_close(&ref);
    }
    test_ctx_free(ctx);
}

static void what_is_folded_is_no_part(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    const tam_backend *cpu = tam_backend_find(ctx, "cpu");
    for (int p = 0; p < FOLDS; p++) {
        bench_net net = bench_net_open(ctx, cpu, &folds[p].problem);
        tam_plan_cost cost;
        int parts = 0;
        for (int i = 0; cpu->plan_cost(net.inference, i, &cost); i++) {
            parts += strcmp(cost.algorithm, "reorder") != 0 && strcmp(cost.algorithm, "flatten") != 0;
        }
        if (parts != folds[p].parts) {
            fail_msg("%s: %d parts", folds[p].problem.text, parts);
        }
        bench_net_close(&net);
    }
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folded_layers_match_ref),
        cmocka_unit_test(what_is_folded_is_no_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The reference backend's gradients against finite differences, for every problem: by the input and by every trained
 * parameter. All other backends are held against the reference in test_backends.c. */
#include "bench_net.h"

/* Central differences of L = sum r y. The values of the input lie on a grid 0.03 wide, so the first step crosses no
 * kink of an op that reads the input. Deeper in a net a step may cross one; a smaller step then may not, so a gradient
 * is right when one step agrees. Rounding in f32 spoils steps that are smaller still. */
static const double steps[] = {4e-3, 1e-3, 2.5e-4};
enum { MOST_PROBES = 40, STEPS = sizeof steps / sizeof steps[0] };

static double loss(bench_net *net) {
    double sum = 0;
    bench_net_forward(net);
    for (int64_t i = 0; i < net->outputs; i++) {
        sum += (double)net->r[i] * net->y[i];
    }
    return sum;
}

static double slope_by_input(bench_net *net, int64_t i, double step) {
    float kept = net->x[i], above = (float)(kept + step), below = (float)(kept - step);
    net->x[i] = above;
    double upper = loss(net);
    net->x[i] = below;
    double lower = loss(net);
    net->x[i] = kept;
    return (upper - lower) / ((double)above - below);
}

static double slope_by_parameter(bench_net *net, int index, int64_t i, double step) {
    float *value = bench_net_parameter(net, index, TAM_PART_VALUE);
    float kept = value[i], above = (float)(kept + step), below = (float)(kept - step);
    value[i] = above;
    test_ok(net->ctx, net->backend->parameter_write(net->parameters, index, TAM_PART_VALUE, value));
    double upper = loss(net);
    value[i] = below;
    test_ok(net->ctx, net->backend->parameter_write(net->parameters, index, TAM_PART_VALUE, value));
    double lower = loss(net);
    value[i] = kept;
    test_ok(net->ctx, net->backend->parameter_write(net->parameters, index, TAM_PART_VALUE, value));
    free(value);
    return (upper - lower) / ((double)above - below);
}

/* The probes are spread over the tensor with an odd stride. */
static void compare(bench_net *net, int index, const float *gradient, int64_t count, const char *what,
                    const char *text) {
    bool deep = tam_graph_node_count(net->graph) > 3;
    double allowed = (deep ? 1e-2 : 4e-3) * (largest(gradient, count) + 0.1);
    int64_t stride = count / MOST_PROBES + 1;
    for (int64_t i = 0; i < count; i += stride) {
        double slope = 0;
        bool agrees = false;
        for (int k = 0; k < STEPS && !agrees; k++) {
            slope = index < 0 ? slope_by_input(net, i, steps[k]) : slope_by_parameter(net, index, i, steps[k]);
            agrees = fabs(slope - gradient[i]) <= allowed;
        }
        if (!agrees) {
            fail_msg("%s: gradient by %s[%lld] is %g, differences say %g (allowed error %g)", text, what, (long long)i,
                     (double)gradient[i], slope, allowed);
        }
    }
}

static void gradients_are_slopes(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    const tam_backend *ref = tam_backend_find(ctx, "ref");
    for (int p = 0; p < PROBLEMS; p++) {
        const problem *given = &problems[p];
        bench_net net = bench_net_open(ctx, ref, given);
        bench_net_forward(&net);
        bench_net_backward(&net);
        for (int i = 0; i < tam_graph_parameter_count(net.graph); i++) {
            const tam_parameter *parameter = tam_graph_parameter_at(net.graph, i);
            float *gradient = bench_net_parameter(&net, i, TAM_PART_GRADIENT);
            if (parameter->trained) {
                compare(&net, i, gradient, parameter->count, parameter->name, given->text);
            } else {
                assert_true(largest(gradient, parameter->count) == 0);
            }
            free(gradient);
        }
        compare(&net, -1, net.dx, net.inputs, "input", given->text);
        bench_net_close(&net);
    }
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_are_slopes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

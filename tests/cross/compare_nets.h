/* Results of one net beside those of another. */
#ifndef TESTS_CROSS_COMPARE_NETS_H
#define TESTS_CROSS_COMPARE_NETS_H

#include "bench_net.h"

/* Errors are measured against the largest value of the tensor: single numbers may cancel to nothing. */
static inline void compare_values(const float *got, const float *expected, int64_t count, double tolerance,
                                  const char *what, const char *backend, const char *text) {
    /* before another batch norm the gradients of a scale all cancel: what is left is rounding of numbers near 1 */
    double scale = largest(expected, count) + (strstr(what, ".gamma") != NULL ? 0.2 : 0.05);
    for (int64_t i = 0; i < count; i++) {
        double error = fabs((double)got[i] - expected[i]);
        if (!(error <= tolerance * scale)) {
            fail_msg("%s: %s: %s[%lld] is %.9g, ref has %.9g (largest %g)", backend, text, what, (long long)i,
                     (double)got[i], (double)expected[i], scale);
        }
    }
}

static inline void compare_parameters(bench_net *net, bench_net *ref, tam_parameter_part part, double tolerance,
                                      const char *text) {
    for (int i = 0; i < tam_graph_parameter_count(net->graph); i++) {
        const tam_parameter *parameter = tam_graph_parameter_at(net->graph, i);
        float *got = bench_net_parameter(net, i, part), *expected = bench_net_parameter(ref, i, part);
        compare_values(got, expected, parameter->count, tolerance, parameter->name, net->backend->name, text);
        free(got);
        free(expected);
    }
}

static inline void assert_same_parameters(bench_net *a, bench_net *b, tam_parameter_part part, const char *text) {
    for (int i = 0; i < tam_graph_parameter_count(a->graph); i++) {
        const tam_parameter *parameter = tam_graph_parameter_at(a->graph, i);
        float *one = bench_net_parameter(a, i, part), *other = bench_net_parameter(b, i, part);
        if (memcmp(one, other, (size_t)parameter->count * sizeof *one) != 0) {
            fail_msg("%s: other bits of %s", text, parameter->name);
        }
        free(one);
        free(other);
    }
}

/* Of the output, the input's gradient, the parameters and their gradients. */
static inline void assert_same_bits(bench_net *a, bench_net *b, const char *text) {
    bool y = memcmp(a->y, b->y, (size_t)a->outputs * sizeof(float)) == 0;
    bool dx = memcmp(a->dx, b->dx, (size_t)a->inputs * sizeof(float)) == 0;
    if (!y || !dx) {
        fail_msg("%s: other bits of the %s", text, y ? "input's gradient" : "output");
    }
    assert_same_parameters(a, b, TAM_PART_VALUE, text);
    assert_same_parameters(a, b, TAM_PART_GRADIENT, text);
}

static inline void bench_net_run_twice(bench_net *net) {
    for (int round = 0; round < 2; round++) {
        bench_net_forward(net);
        bench_net_backward(net);
    }
}

#endif

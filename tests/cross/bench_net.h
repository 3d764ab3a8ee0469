/* A problem on a backend: the graph, its parameters off their special starting values, plans, and all results. */
#ifndef TESTS_CROSS_BENCH_NET_H
#define TESTS_CROSS_BENCH_NET_H

#include <math.h>

#include "backend/backend.h"
#include "base/random.h"
#include "problems.h"
#include "support.h"

enum { NET_STEP = 12345, NET_SEED = 77 };

typedef struct bench_net {
    tam_ctx *ctx;
    const tam_backend *backend;
    tam_graph *graph;
    tam_parameters *parameters;
    tam_plan *training, *inference;
    int batch;
    int64_t inputs, outputs; /* of a whole batch */
    float *x, *y, *r;        /* r: dL/dy of L = sum r y */
    float *dx;
} bench_net;

/* Takes "op(keys) op(keys)" apart; adds to the graph. */
static inline void build_chain(tam_graph *graph, const char *text) {
    int x = 0;
    while (*text != '\0') {
        char op[32], keys[128] = "";
        int used = 0;
        assert_true(sscanf(text, " %31[a-z_0-9](%n", op, &used) == 1 && used > 0);
        text += used;
        size_t length = strcspn(text, ")");
        assert_true(length < sizeof keys && text[length] == ')');
        memcpy(keys, text, length);
        text += length + 1;
        x = tam_graph_add_named(graph, NULL, op, &x, 1, keys);
    }
    if (x >= 0 && !tam_graph_node(graph, x)->shape.flat) {
        (void)tam_graph_plain(graph, "flatten", x);
    }
}

static inline tam_graph *problem_graph(tam_ctx *ctx, const char *text) {
    tam_graph *graph = NULL;
    int c, h, w, used;
    if (sscanf(text, "%dx%dx%d%n", &c, &h, &w, &used) < 3) {
        test_ok(ctx, tam_graph_parse(ctx, text, &graph));
        return graph;
    }
    test_ok(ctx, tam_graph_create(ctx, c, h, w, &graph));
    build_chain(graph, text + used);
    test_ok(ctx, tam_graph_finish(graph));
    return graph;
}

/* Distinct values at least 0.03 apart, none within 0.015 of zero, in random order: far from every kink and tie. Few
 * values are spread wider, or their batch norm would be too curved for finite differences. */
static inline void fill_grid(float *values, int64_t count, uint32_t stream) {
    tam_random random = tam_random_at(9, TAM_PURPOSE_TEST, stream, 0);
    float apart = fmaxf(0.03F, 2.0F / (float)count);
    for (int64_t i = 0; i < count; i++) {
        values[i] = apart * ((float)(i - count / 2) + 0.5F);
    }
    for (int64_t i = count; i > 1; i--) {
        int64_t j = tam_random_below(&random, (uint32_t)i);
        float kept = values[i - 1];
        values[i - 1] = values[j];
        values[j] = kept;
    }
}

static inline void fill_normal(float *values, int64_t count, uint32_t stream) {
    tam_random random = tam_random_at(9, TAM_PURPOSE_TEST, stream, 1);
    for (int64_t i = 0; i < count; i++) {
        values[i] = tam_random_normal(&random);
    }
}

static inline float *new_values(int64_t count) {
    float *values = calloc((size_t)count, sizeof *values);
    assert_non_null(values);
    return values;
}

/* Moves every parameter away from 0 and 1, so that a forgotten factor shows. */
static inline void disturb(bench_net *net) {
    for (int i = 0; i < tam_graph_parameter_count(net->graph); i++) {
        const tam_parameter *parameter = tam_graph_parameter_at(net->graph, i);
        float *value = new_values(parameter->count);
        tam_random random = tam_random_at(9, TAM_PURPOSE_TEST, (uint32_t)i, 2);
        test_ok(net->ctx, net->backend->parameter_read(net->parameters, i, TAM_PART_VALUE, value));
        for (int64_t k = 0; k < parameter->count; k++) {
            value[k] += tam_random_between(&random, -0.2F, 0.3F);
        }
        test_ok(net->ctx, net->backend->parameter_write(net->parameters, i, TAM_PART_VALUE, value));
        free(value);
    }
}

/* options: what a plan may do in several ways (dtype, recompute, deterministic). */
static inline bench_net bench_net_open_as(tam_ctx *ctx, const tam_backend *backend, const problem *p,
                                          tam_plan_config config) {
    bench_net net = {.ctx = ctx, .backend = backend, .batch = p->batch, .graph = problem_graph(ctx, p->text)};
    config.batch = p->batch;
    config.training = true;
    config.seed = NET_SEED;
    net.inputs = p->batch * tam_shape_count(tam_graph_node(net.graph, 0)->shape);
    net.outputs = p->batch * tam_shape_count(tam_graph_output_shape(net.graph));
    net.x = new_values(net.inputs);
    net.dx = new_values(net.inputs);
    net.y = new_values(net.outputs);
    net.r = new_values(net.outputs);
    fill_grid(net.x, net.inputs, 0);
    fill_normal(net.r, net.outputs, 1);
    test_ok(ctx, backend->parameters_create(ctx, net.graph, &(uint64_t){5}, &net.parameters));
    disturb(&net);
    test_ok(ctx, backend->plan_create(ctx, net.graph, net.parameters, &config, &net.training));
    config.training = false;
    test_ok(ctx, backend->plan_create(ctx, net.graph, net.parameters, &config, &net.inference));
    return net;
}

static inline bench_net bench_net_open(tam_ctx *ctx, const tam_backend *backend, const problem *p) {
    return bench_net_open_as(ctx, backend, p, (tam_plan_config){0});
}

static inline void bench_net_close(bench_net *net) {
    net->backend->plan_free(net->inference);
    net->backend->plan_free(net->training);
    net->backend->parameters_free(net->parameters);
    tam_graph_free(net->graph);
    free(net->x);
    free(net->y);
    free(net->r);
    free(net->dx);
}

static inline void bench_net_forward(bench_net *net) {
    test_ok(net->ctx, net->backend->forward(net->training, net->batch, net->x, NET_STEP, net->y));
}

static inline void bench_net_backward(bench_net *net) {
    test_ok(net->ctx, net->backend->backward(net->training, net->r, net->dx));
}

static inline float *bench_net_parameter(bench_net *net, int index, tam_parameter_part part) {
    float *values = new_values(tam_graph_parameter_at(net->graph, index)->count);
    test_ok(net->ctx, net->backend->parameter_read(net->parameters, index, part, values));
    return values;
}

static inline const problem *problem_at(int index) {
    return index < PROBLEMS ? &problems[index] : &large_problems[index - PROBLEMS];
}

static inline double largest(const float *values, int64_t count) {
    double most = 0;
    for (int64_t i = 0; i < count; i++) {
        most = fmax(most, fabs((double)values[i]));
    }
    return most;
}

#endif

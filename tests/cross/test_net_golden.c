/* Every backend against PyTorch: tests/golden/net.txt, written by tests/oracle/net_oracle.py. */
#include "support.h"

#include <math.h>

#include "backend/backend.h"
#include "golden_numbers.h"

enum { TEXT_ROOM = 16384, LINE_ROOM = 2048, FIRST_STREAM = 10 };

static float *numbers(uint32_t stream, int64_t count, float centre) {
    float *values = calloc((size_t)count, sizeof *values);
    assert_non_null(values);
    for (int64_t i = 0; i < count; i++) {
        values[i] = golden_number(stream, (uint32_t)i) + centre;
    }
    return values;
}

typedef struct golden_net {
    tam_ctx *ctx;
    const tam_backend *backend;
    tam_graph *graph;
    tam_parameters *parameters;
    tam_plan *training, *inference;
    int batch;
    double tolerance; /* of a tensor's largest value */
    int64_t inputs, outputs;
    float *x, *y, *dy, *dx;
} golden_net;

static void fill_parameters(golden_net *net) {
    for (int i = 0; i < tam_graph_parameter_count(net->graph); i++) {
        const tam_parameter *parameter = tam_graph_parameter_at(net->graph, i);
        float *values =
            numbers(FIRST_STREAM + (uint32_t)i, parameter->count, parameter->init == TAM_INIT_ONE ? 1.0F : 0.0F);
        test_ok(net->ctx, net->backend->parameter_write(net->parameters, i, TAM_PART_VALUE, values));
        free(values);
    }
}

static golden_net open_net(const tam_backend *backend, int batch, double tolerance, const char *text) {
    golden_net net = {.ctx = test_ctx(2), .backend = backend, .batch = batch, .tolerance = tolerance};
    tam_plan_config config = {.batch = batch, .training = true};
    test_ok(net.ctx, tam_graph_parse(net.ctx, text, &net.graph));
    test_ok(net.ctx, backend->parameters_create(net.ctx, net.graph, &(uint64_t){0}, &net.parameters));
    fill_parameters(&net);
    test_ok(net.ctx, backend->plan_create(net.ctx, net.graph, net.parameters, &config, &net.training));
    config.training = false;
    test_ok(net.ctx, backend->plan_create(net.ctx, net.graph, net.parameters, &config, &net.inference));
    net.inputs = batch * tam_shape_count(tam_graph_node(net.graph, 0)->shape);
    net.outputs = batch * tam_shape_count(tam_graph_output_shape(net.graph));
    net.x = numbers(0, net.inputs, 0);
    net.dy = numbers(1, net.outputs, 0);
    net.y = numbers(2, net.outputs, 0);
    net.dx = numbers(3, net.inputs, 0);
    test_ok(net.ctx, backend->forward(net.training, batch, net.x, 0, net.y));
    test_ok(net.ctx, backend->backward(net.training, net.dy, net.dx));
    return net;
}

static void close_net(golden_net *net) {
    free(net->x);
    free(net->y);
    free(net->dy);
    free(net->dx);
    net->backend->plan_free(net->inference);
    net->backend->plan_free(net->training);
    net->backend->parameters_free(net->parameters);
    tam_graph_free(net->graph);
    test_ctx_free(net->ctx);
}

/* Compares every stride-th of the values with the numbers of a line. */
static void compare(const golden_net *net, const char *what, const float *values, int64_t count, const char *line) {
    double largest = 1; /* gradients that cancel to zero are sums of numbers of this size */
    int used = 0, stride = 0;
    assert_int_equal(sscanf(line, "%d%n", &stride, &used), 1);
    for (int64_t i = 0; i < count; i++) {
        largest = fmax(largest, fabs((double)values[i]));
    }
    for (int64_t i = 0; i < count; i += stride) {
        double expected = 0;
        line += used;
        assert_int_equal(sscanf(line, "%lf%n", &expected, &used), 1);
        if (!(fabs(values[i] - expected) <= net->tolerance * largest)) {
            fail_msg("%s: %s[%lld] is %.9g, PyTorch has %.9g", net->backend->name, what, (long long)i,
                     (double)values[i], expected);
        }
    }
    assert_int_equal(strspn(line + used, " \n"), strlen(line + used));
}

static void check_parameter(golden_net *net, const char *name, tam_parameter_part part, const char *line) {
    for (int i = 0; i < tam_graph_parameter_count(net->graph); i++) {
        const tam_parameter *parameter = tam_graph_parameter_at(net->graph, i);
        if (strcmp(parameter->name, name) == 0) {
            float *values = numbers(0, parameter->count, 0);
            test_ok(net->ctx, net->backend->parameter_read(net->parameters, i, part, values));
            compare(net, name, values, parameter->count, line);
            free(values);
            return;
        }
    }
    fail_msg("the net has no parameter %s", name);
}

static void check_line(golden_net *net, const char *line) {
    char kind[32], name[96];
    int used = 0;
    assert_int_equal(sscanf(line, "%31s %95s%n", kind, name, &used), 2);
    line += used;
    if (strcmp(kind, "training") == 0) {
        compare(net, "y in training", net->y, net->outputs, line);
    } else if (strcmp(kind, "gradient") == 0 && strcmp(name, "x") == 0) {
        compare(net, "dx", net->dx, net->inputs, line);
    } else if (strcmp(kind, "inference") == 0) {
        test_ok(net->ctx, net->backend->forward(net->inference, net->batch, net->x, 0, net->y));
        compare(net, "y in inference", net->y, net->outputs, line);
    } else {
        check_parameter(net, name, strcmp(kind, "value") == 0 ? TAM_PART_VALUE : TAM_PART_GRADIENT, line);
    }
}

static int check_file(FILE *file, const tam_backend *backend) {
    char line[LINE_ROOM], text[TEXT_ROOM];
    int batch = 0, lines = 0;
    double tolerance = 0;
    bool open = false;
    golden_net net;
    while (fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "net %d %lf", &batch, &tolerance) == 2) {
            if (open) {
                close_net(&net);
            }
            open = false;
            text[0] = '\0';
        } else if (strcmp(line, "end\n") == 0) {
            net = open_net(backend, batch, tolerance, text);
            open = true;
        } else if (!open) {
            assert_true(strlen(text) + strlen(line) < sizeof text);
            strcat(text, line);
        } else {
            check_line(&net, line);
            lines++;
        }
    }
    if (open) {
        close_net(&net);
    }
    return lines;
}

static void every_backend_agrees_with_pytorch(void **state) {
    (void)state;
    char path[1024];
    const char *source = getenv("TAMMES_SOURCE");
    snprintf(path, sizeof path, "%s/tests/golden/net.txt", source != NULL ? source : ".");
    for (int b = 0; b < tam_backend_count(); b++) {
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        assert_true(check_file(file, tam_backend_at(b)) > 30);
        fclose(file);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_backend_agrees_with_pytorch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

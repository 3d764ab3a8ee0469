/* Every net of the zoo, by every backend, against PyTorch: tests/golden/zoo/NAME.txt, written by
 * tests/oracle/zoo_oracle.py, which also holds the net's text against a module of PyTorch's own. */
#include "support.h"

#include <math.h>

#include "backend/backend.h"
#include "golden_numbers.h"
#include "zoo/zoo.h"

enum { SPEC_ROOM = 128, LINE_ROOM = 1024, SUM_STREAM = 4, FIRST_STREAM = 10, LIFT = 2 };

static float *room(int64_t count) {
    float *values = calloc((size_t)count, sizeof *values);
    assert_non_null(values);
    return values;
}

static float *numbers(uint32_t stream, int64_t count) {
    float *values = room(count);
    for (int64_t i = 0; i < count; i++) {
        values[i] = golden_number(stream, (uint32_t)i);
    }
    return values;
}

typedef struct golden_case {
    char spec[SPEC_ROOM];
    int batch, channels, size, dim;
    double tolerance; /* of a tensor's largest value */
} golden_case;

typedef struct golden_net {
    tam_ctx *ctx;
    const tam_backend *backend;
    const golden_case *of;
    tam_graph *graph;
    tam_parameters *parameters;
    tam_plan *training, *inference;
    int64_t inputs, outputs;
    float *x, *y, *dy, *dx;
    int parameter, compared; /* the next one; lines of gradients so far */
} golden_net;

static bool is_part(const tam_parameter *parameter, const char *part) {
    return strcmp(strrchr(parameter->name, '.'), part) == 0;
}

static double centre_of(const tam_parameter *parameter) {
    if (is_part(parameter, ".beta") && strncmp(parameter->name, "batch_norm", 10) == 0) {
        return LIFT;
    }
    return parameter->init == TAM_INIT_ONE ? 1 : parameter->init == TAM_INIT_QUARTER ? 0.25 : 0;
}

/* Weights have the variance 2 / fan-in, so that maps keep their size through many layers; all others lie within a
 * quarter of where they begin, but batch norms lift what they give, clear of the ReLU's kink. zoo_oracle.py does the
 * same. */
static float value_of(const tam_parameter *parameter, uint32_t stream, int64_t i) {
    double number = golden_number(stream, (uint32_t)i);
    if (is_part(parameter, ".weight")) {
        return (float)(number * sqrt(24.0 / (double)parameter->fan_in));
    }
    return (float)(0.5 * number + centre_of(parameter));
}

static void fill_parameters(golden_net *net) {
    for (int i = 0; i < tam_graph_parameter_count(net->graph); i++) {
        const tam_parameter *parameter = tam_graph_parameter_at(net->graph, i);
        float *values = room(parameter->count);
        for (int64_t k = 0; k < parameter->count; k++) {
            values[k] = value_of(parameter, FIRST_STREAM + (uint32_t)i, k);
        }
        test_ok(net->ctx, net->backend->parameter_write(net->parameters, i, TAM_PART_VALUE, values));
        free(values);
    }
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

/* A training step and an answer. */
static void open_net(golden_net *net, const tam_backend *backend, const golden_case *of) {
    *net = (golden_net){.ctx = test_ctx(2), .backend = backend, .of = of};
    tam_plan_config config = {.batch = of->batch, .training = true};
    test_ok(net->ctx, tam_backbone_build(net->ctx, of->spec, of->channels, of->size, of->size, of->dim, &net->graph));
    test_ok(net->ctx, backend->parameters_create(net->ctx, net->graph, &(uint64_t){0}, &net->parameters));
    fill_parameters(net);
    test_ok(net->ctx, backend->plan_create(net->ctx, net->graph, net->parameters, &config, &net->training));
    config.training = false;
    test_ok(net->ctx, backend->plan_create(net->ctx, net->graph, net->parameters, &config, &net->inference));
    net->inputs = of->batch * tam_shape_count(tam_graph_node(net->graph, 0)->shape);
    net->outputs = (int64_t)of->batch * of->dim;
    net->x = numbers(0, net->inputs);
    net->dy = numbers(1, net->outputs);
    net->y = room(net->outputs);
    net->dx = room(net->inputs);
    test_ok(net->ctx, backend->forward(net->training, of->batch, net->x, 0, net->y));
    test_ok(net->ctx, backend->backward(net->training, net->dy, net->dx));
}

static void expect(const golden_net *net, const char *what, double value, double expected, double largest) {
    if (!(fabs(value - expected) <= net->of->tolerance * largest)) {
        fail_msg("%s by %s: %s is %.9g, PyTorch has %.9g; its largest value is %g", net->of->spec, net->backend->name,
                 what, value, expected, largest);
    }
}

/* A tensor's line: its largest value, the sum of all values times numbers of their own over sqrt(count), which has the
 * size of a value, and samples at equal distances. */
static void compare(const golden_net *net, const char *name, const float *values, int64_t count, const char *line) {
    double largest = 0, expected = 0, sum = 0, samples[8];
    int used = 0, sample_count = 0;
    assert_int_equal(sscanf(line, "%lf%lf%n", &largest, &expected, &used), 2);
    for (int64_t i = 0; i < count; i++) {
        sum += (double)values[i] * golden_number(SUM_STREAM, (uint32_t)i);
    }
    expect(net, name, sum / sqrt((double)count), expected, largest);
    for (line += used; sample_count < 8 && sscanf(line, "%lf%n", &samples[sample_count], &used) == 1; line += used) {
        sample_count++;
    }
    assert_true(sample_count > 0 && strspn(line, " \n") == strlen(line));
    int64_t stride = count / 2 + 1;
    assert_int_equal(sample_count, (count + stride - 1) / stride);
    for (int k = 0; k < sample_count; k++) {
        expect(net, name, values[k * stride], samples[k], largest);
    }
}

/* The lines have the graph's order. */
static void compare_gradient(golden_net *net, const char *name, const char *line) {
    while (!tam_graph_parameter_at(net->graph, net->parameter)->trained) {
        net->parameter++;
        assert_true(net->parameter < tam_graph_parameter_count(net->graph));
    }
    const tam_parameter *parameter = tam_graph_parameter_at(net->graph, net->parameter);
    assert_string_equal(parameter->name, name);
    float *values = room(parameter->count);
    test_ok(net->ctx, net->backend->parameter_read(net->parameters, net->parameter, TAM_PART_GRADIENT, values));
    compare(net, name, values, parameter->count, line);
    free(values);
    net->parameter++;
    net->compared++;
}

/* Inference's line is the last one: no gradient may be without one. */
static void compare_inference(golden_net *net, const char *line) {
    int trained = 0;
    for (int i = 0; i < tam_graph_parameter_count(net->graph); i++) {
        trained += tam_graph_parameter_at(net->graph, i)->trained;
    }
    assert_int_equal(net->compared, trained);
    test_ok(net->ctx, net->backend->forward(net->inference, net->of->batch, net->x, 0, net->y));
    compare(net, "y in inference", net->y, net->outputs, line);
}

/* True behind a net's last line. */
static bool check_line(golden_net *net, const char *line) {
    char kind[32], name[96];
    int used = 0;
    assert_int_equal(sscanf(line, "%31s %95s%n", kind, name, &used), 2);
    line += used;
    if (strcmp(kind, "training") == 0) {
        compare(net, "y in training", net->y, net->outputs, line);
    } else if (strcmp(kind, "inference") == 0) {
        compare_inference(net, line);
        return true;
    } else if (strcmp(name, "x") == 0) {
        compare(net, "dx", net->dx, net->inputs, line);
    } else {
        compare_gradient(net, name, line);
    }
    return false;
}

/* The number of nets in the file, each compared with this backend. */
static int check_file(FILE *file, const tam_backend *backend) {
    char line[LINE_ROOM];
    int nets = 0;
    golden_case of;
    golden_net net;
    while (fgets(line, sizeof line, file) != NULL) {
        assert_int_equal(sscanf(line, "zoo %127s %d %d %d %d %lf", of.spec, &of.batch, &of.channels, &of.size, &of.dim,
                                &of.tolerance),
                         6);
        bool ended = false;
        open_net(&net, backend, &of);
        while (!ended) {
            assert_non_null(fgets(line, sizeof line, file));
            ended = check_line(&net, line);
        }
        close_net(&net);
        nets++;
    }
    return nets;
}

static void every_net_agrees_with_pytorch(void **state) {
    (void)state;
    char path[1024];
    const char *source = getenv("TAMMES_SOURCE");
    for (int i = 0; i < tam_backbone_count(); i++) {
        const char *name = tam_backbone_at(i)->name;
        snprintf(path, sizeof path, "%s/tests/golden/zoo/%s.txt", source != NULL ? source : ".", name);
        for (int b = 0; b < tam_backend_count(); b++) {
            FILE *file = fopen(path, "r");
            if (file == NULL) {
                fail_msg("%s is missing: add a case to tests/oracle/zoo_torch and run tests/oracle/zoo_oracle.py",
                         path);
            }
            int nets = check_file(file, tam_backend_at(b));
            assert_true(nets > 0 || b < tam_backend_count() - 1);
            fclose(file);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_net_agrees_with_pytorch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

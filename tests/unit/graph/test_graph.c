/* Building graphs: shapes, parameters, counts, names, and the first failure that sticks. */
#include "support.h"

#include "graph/graph.h"

static tam_graph *new_graph(tam_ctx *ctx, int channels, int height, int width) {
    tam_graph *graph = NULL;
    test_ok(ctx, tam_graph_create(ctx, channels, height, width, &graph));
    return graph;
}

static void assert_shape(const tam_graph *graph, int id, int c, int h, int w, bool flat) {
    assert_true(id > 0);
    tam_shape shape = tam_graph_node(graph, id)->shape;
    assert_int_equal(shape.c, c);
    assert_int_equal(shape.h, h);
    assert_int_equal(shape.w, w);
    assert_int_equal(shape.flat, flat);
}

static void shapes_of_every_op(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_graph *graph = new_graph(ctx, 3, 13, 10);
    int conv = tam_graph_then(graph, "conv", 0, "out=8,kernel=3,stride=2,pad=1");
    assert_shape(graph, conv, 8, 7, 5, false); /* (13+2-3)/2+1, (10+2-3)/2+1 rounded down */
    int norm = tam_graph_then(graph, "batch_norm", conv, "scale=0");
    assert_shape(graph, norm, 8, 7, 5, false);
    int prelu = tam_graph_plain(graph, "prelu", norm);
    int most = tam_graph_plain(graph, "max_pool", prelu);
    assert_shape(graph, most, 8, 3, 2, false);
    int mean = tam_graph_then(graph, "avg_pool", prelu, "kernel=3,stride=2,pad=1");
    assert_shape(graph, mean, 8, 4, 3, false);
    int narrow = tam_graph_then(graph, "conv", mean, "out=8,kernel=2,groups=4,bias=0");
    assert_shape(graph, narrow, 8, 3, 2, false);
    int sum = tam_graph_add_named(graph, NULL, "add", (int[]){most, narrow}, 2, NULL);
    assert_shape(graph, sum, 8, 3, 2, false);
    int relu = tam_graph_plain(graph, "relu", sum);
    int flat = tam_graph_plain(graph, "flatten", relu);
    assert_shape(graph, flat, 48, 1, 1, true);
    int pooled = tam_graph_plain(graph, "global_pool", relu);
    assert_shape(graph, pooled, 8, 1, 1, true);
    int fc = tam_graph_then(graph, "fc", flat, "out=8");
    int both = tam_graph_add_named(graph, NULL, "add", (int[]){fc, pooled}, 2, NULL);
    int out = tam_graph_then(graph, "dropout", both, "p=%g", 0.25);
    assert_shape(graph, out, 8, 1, 1, true);
    test_ok(ctx, tam_graph_finish(graph));

    assert_int_equal(tam_graph_readers(graph, prelu), 2);
    assert_int_equal(tam_graph_readers(graph, out), 0);
    assert_int_equal(tam_graph_output_shape(graph).c, 8);
    int64_t macs = 8 * 7 * 5 * 27 + 8 * 3 * 2 * 2 * 4 + 48 * 8;
    assert_int_equal(tam_graph_macs(graph), macs);
    assert_int_equal(tam_node_macs(graph, fc), 48 * 8);
    assert_string_equal(tam_graph_node(graph, narrow)->name, "conv2");
    assert_int_equal(tam_graph_find(graph, "conv2"), narrow);
    assert_int_equal(tam_graph_find(graph, "conv3"), -1);
    tam_graph_free(graph);
    test_ctx_free(ctx);
}

static void parameters_of_every_op(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int64_t count, fan_in;
        bool trained, decayed;
    } expected[] = {
        {"conv1.weight", 6L * 2 * 9, 18, true, true},
        {"conv1.bias", 6, 18, true, false},
        {"batch_norm1.gamma", 6, 6, false, false},
        {"batch_norm1.beta", 6, 6, true, false},
        {"batch_norm1.mean", 6, 6, false, false},
        {"batch_norm1.variance", 6, 6, false, false},
        {"prelu1.slope", 6, 6, true, false},
        {"fc1.weight", 5L * 54, 54, true, true},
        {"fc1.bias", 5, 54, true, false},
    };
    tam_ctx *ctx = test_ctx(1);
    tam_graph *graph = new_graph(ctx, 4, 5, 5);
    int x = tam_graph_then(graph, "conv", 0, "out=6,groups=2");
    x = tam_graph_then(graph, "batch_norm", x, "scale=0");
    x = tam_graph_plain(graph, "prelu", x);
    tam_graph_then(graph, "fc", x, "out=5");
    test_ok(ctx, tam_graph_finish(graph));
    assert_int_equal(tam_graph_parameter_count(graph), 9);
    for (int i = 0; i < 9; i++) {
        const tam_parameter *parameter = tam_graph_parameter_at(graph, i);
        assert_string_equal(parameter->name, expected[i].name);
        assert_int_equal(parameter->count, expected[i].count);
        assert_int_equal(parameter->fan_in, expected[i].fan_in);
        assert_int_equal(parameter->trained, expected[i].trained);
        assert_int_equal(parameter->decayed, expected[i].decayed);
    }
    const tam_node *conv = tam_graph_node(graph, 1);
    assert_int_equal(conv->first_parameter, 0);
    assert_int_equal(conv->parameter_count, 2);
    assert_int_equal(tam_graph_parameter_at(graph, 0)->dims, 4);
    assert_int_equal(tam_graph_parameter_at(graph, 0)->size[1], 2);
    tam_graph_free(graph);
    test_ctx_free(ctx);
}

/* Adds one node to a 4 x 5 x 5 input (after a fully connected one where `vector` is set) and expects the sentence. */
static void assert_refused(const char *op, const char *keys, bool vector, const char *part) {
    tam_ctx *ctx = test_ctx(1);
    tam_graph *graph = new_graph(ctx, 4, 5, 5);
    int x = vector ? tam_graph_then(graph, "fc", 0, "out=7") : 0;
    assert_int_equal(tam_graph_then(graph, op, x, "%s", keys), -1);
    assert_int_equal(tam_graph_then(graph, "fc", x, "out=3"), -1);
    test_fails(ctx, tam_graph_finish(graph), TAM_CONFIG, part);
    tam_graph_free(graph);
    test_ctx_free(ctx);
}

static void faults_name_the_node(void **state) {
    (void)state;
    assert_refused("convv", "out=3", false, "unknown op 'convv' (did you mean 'conv'?)");
    assert_refused("conv", "", false, "conv1: conv needs out=");
    assert_refused("conv", "out=0", false, "conv1: out=0 is outside its range");
    assert_refused("conv", "out=3,kernal=5", false, "unknown key of conv1 'kernal' (did you mean 'kernel'?)");
    assert_refused("conv", "out=3,kernel=6", false, "conv1: a 6 x 6 window does not fit its input of 5 x 5 (pad 0)");
    assert_refused("conv", "out=6,groups=3", false, "conv1: 3 groups do not divide 4 input and 6 output channels");
    assert_refused("conv", "out=3", true, "conv1: conv reads a map, but its input is a vector of 7");
    assert_refused("max_pool", "", true, "max_pool reads a map");
    assert_refused("avg_pool", "kernel=2,pad=2", false, "avg_pool1: pad 2 is not below the kernel's 2");
    assert_refused("max_pool", "kernel=7,pad=0", false, "max_pool1: a 7 x 7 window does not fit");
    assert_refused("global_pool", "", true, "global_pool reads a map");
    assert_refused("flatten", "", true, "flatten reads a map");
    assert_refused("relu", "p=1", false, "takes no keys");
    assert_refused("dropout", "p=1", false, "dropout1: p=1 is outside");
    assert_refused("add", "", false, "add1: add takes 2 inputs, not 1");
    assert_refused("input", "channels=1,height=2,width=2", false, "the input comes first, and once");
}

static void faults_of_whole_graphs(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_graph *graph = NULL;
    test_fails(ctx, tam_graph_create(ctx, 0, 5, 5, &graph), TAM_CONFIG, "channels=0");
    assert_null(graph);
    test_fails(ctx, tam_graph_create(ctx, 4096, 16384, 16384, &graph), TAM_CONFIG, "values a sample are more than");

    graph = new_graph(ctx, 1, 8, 8);
    test_fails(ctx, tam_graph_finish(graph), TAM_CONFIG, "the last node must give a vector");
    tam_graph_then(graph, "fc", 0, "out=4");
    test_ok(ctx, tam_graph_finish(graph));
    tam_graph_then(graph, "fc", 0, "out=5");
    test_fails(ctx, tam_graph_finish(graph), TAM_CONFIG, "fc1: no node reads it");
    assert_int_equal(tam_graph_add_named(graph, NULL, "add", (int[]){1, 2}, 2, NULL), -1);
    test_fails(ctx, tam_graph_finish(graph), TAM_CONFIG, "add1: cannot add 4 x 1 x 1 (a vector) and 5 x 1 x 1");
    tam_graph_free(graph);

    graph = new_graph(ctx, 1, 8, 8);
    assert_int_equal(tam_graph_then(graph, "fc", 7, "out=4"), -1);
    test_fails(ctx, tam_graph_finish(graph), TAM_CONFIG, "fc1: there is no node 7");
    tam_graph_free(graph);

    graph = new_graph(ctx, 1, 128, 128);
    tam_graph_then(graph, "conv", 0, "out=65536,kernel=1");
    test_fails(ctx, tam_graph_finish(graph), TAM_CONFIG, "conv1: 65536 x 128 x 128 values a sample");
    tam_graph_free(graph);
    test_ctx_free(ctx);
}

static void a_long_graph_grows(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_graph *graph = new_graph(ctx, 1, 3, 3);
    int x = tam_graph_then(graph, "fc", 0, "out=2");
    for (int i = 0; i < 1000; i++) {
        x = tam_graph_plain(graph, "prelu", x);
    }
    test_ok(ctx, tam_graph_finish(graph));
    assert_int_equal(tam_graph_node_count(graph), 1002);
    assert_string_equal(tam_graph_parameter_at(graph, 1001)->name, "prelu1000.slope");
    tam_graph_free(graph);
    test_ctx_free(ctx);
}

static void names_and_readers_of_many_nodes(void **state) {
    (void)state;
    enum { MOST = 8192 };
    tam_ctx *ctx = test_ctx(1);
    tam_graph *graph = new_graph(ctx, 1, 2, 2);
    char name[TAM_NAME_LENGTH];
    assert_int_equal(tam_graph_find(graph, "n1"), -1);
    for (int i = 1; i < MOST; i++) {
        snprintf(name, sizeof name, "n%d", i);
        assert_int_equal(tam_graph_add_named(graph, name, "add", (int[]){i - 1, i / 2}, 2, NULL), i);
    }
    for (int i = 1; i < MOST; i++) {
        snprintf(name, sizeof name, "n%d", i);
        assert_int_equal(tam_graph_find(graph, name), i);
        /* i + 1 reads it once, 2 i and 2 i + 1 as their second input, those that there are. */
        assert_int_equal(tam_graph_readers(graph, i), (i + 1 < MOST) + (2 * i < MOST) + (2 * i + 1 < MOST));
        assert_int_equal(tam_graph_node(graph, i)->first_reader, i + 1 < MOST ? i + 1 : 0);
    }
    assert_int_equal(tam_graph_readers(graph, 0), 2); /* both inputs of the first */
    assert_int_equal(tam_graph_find(graph, "input"), 0);
    assert_int_equal(tam_graph_find(graph, "n8192"), -1);
    assert_int_equal(tam_graph_add_named(graph, "n8192", "relu", (int[]){1}, 1, NULL), -1);
    test_fails(ctx, tam_graph_finish(graph), TAM_CONFIG, "a graph has at most 8192 nodes");
    tam_graph_free(graph);
    graph = new_graph(ctx, 1, 2, 2);
    assert_int_equal(tam_graph_add_named(graph, "twin", "relu", (int[]){0}, 1, NULL), 1);
    assert_int_equal(tam_graph_add_named(graph, "twin", "relu", (int[]){0}, 1, NULL), -1);
    test_fails(ctx, tam_graph_finish(graph), TAM_CONFIG, "two nodes are named 'twin'");
    tam_graph_free(graph);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes_of_every_op),   cmocka_unit_test(parameters_of_every_op),
        cmocka_unit_test(faults_name_the_node), cmocka_unit_test(faults_of_whole_graphs),
        cmocka_unit_test(a_long_graph_grows),   cmocka_unit_test(names_and_readers_of_many_nodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The residual nets and the mobile nets: their published counts, and what their options change. */
#include "zoo_counts.h"

static tam_graph *build(tam_ctx *ctx, const char *net, int size, int dim) {
    tam_graph *graph = NULL;
    test_ok(ctx, tam_backbone_build(ctx, net, 3, size, size, dim, &graph));
    return graph;
}

/* Multiply-adds in millions, with the rounding of what was published; `fixed` numbers are parameters there but not
 * learned here, the scales of the last norm. */
static const struct {
    const char *net;
    int size, dim;
    int64_t parameters, fixed;
    double macs, rounding;
    int a_norm; /* what the publication counts for each number that a batch norm gives */
} published[] = {
    /* torchvision's pages of the models: num_params, and GFLOPS 1.81, 3.66, 4.09, 7.8 and 0.3. */
    {"resnet18:input=S,output=B", 224, 1000, 11689512, 0, 1810, 5, 0},
    {"resnet34:input=S,output=B", 224, 1000, 21797672, 0, 3660, 5, 0},
    {"resnet50:input=S,output=B", 224, 1000, 25557032, 0, 4090, 5, 0},
    {"resnet101:input=S,output=B", 224, 1000, 44549160, 0, 7800, 5, 0},
    {"mobilenet-v2:input=S,output=B", 224, 1000, 3504872, 0, 300, 5, 0},
    /* MobileNets, table 8: 569 million, 4.2 million parameters; Keras counts 4,231,976 that are trained. */
    {"mobilenet-v1:input=S,output=B", 224, 1000, 4231976, 0, 569, 0.5, 0},
    /* MobileNets, table 6: 149 and 41 million; 1.3 and 0.5 million parameters. */
    {"mobilenet-v1:width=0.5,input=S,output=B", 224, 1000, 1331592, 0, 149, 0.6, 0},
    {"mobilenet-v1:width=0.25,input=S,output=B", 224, 1000, 470072, 0, 41, 0.6, 0},
    /* insightface's arcface_torch: 2.6, 6.3, 12.1 and 23.5, norms included (ir34 is not in its table: the figure is of
     * the same count); modules of PyTorch have 24.03, 34.14, 43.59, 65.16 and 118.8 million parameters. */
    {"ir18", 112, 512, 24025088, 512, 2600, 50, 2},
    {"ir34", 112, 512, 34138816, 512, 4480, 50, 2},
    {"ir50", 112, 512, 43590336, 512, 6300, 50, 2},
    {"ir100", 112, 512, 65155648, 512, 12100, 50, 2},
    {"ir200", 112, 512, 118833408, 512, 23500, 50, 2},
};

static void counts_are_the_published_ones(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    for (size_t i = 0; i < sizeof published / sizeof published[0]; i++) {
        tam_graph *graph = build(ctx, published[i].net, published[i].size, published[i].dim);
        double macs = million_macs(graph, published[i].a_norm), low = published[i].macs - published[i].rounding;
        if (trained(graph) + published[i].fixed != published[i].parameters || macs < low ||
            macs > low + 2 * published[i].rounding) {
            fail_msg("%s has %lld parameters and %g million multiply-adds", published[i].net, (long long)trained(graph),
                     macs);
        }
        tam_graph_free(graph);
    }
    test_ctx_free(ctx);
}

/* Two full layers with biases a unit, to a 16th of its channels and back, and a slope for each of the narrow ones. */
static void squeeze_and_excitation_adds_its_layers(void **state) {
    (void)state;
    static const struct {
        const char *without, *with;
        int units[4], expansion, slope;
    } cases[] = {
        {"ir18", "ir-se18", {2, 2, 2, 2}, 1, 1},
        {"ir34", "ir-se34", {3, 4, 6, 3}, 1, 1},
        {"ir50", "ir-se50", {3, 4, 14, 3}, 1, 1},
        {"ir50:se=1", "ir-se50", {0, 0, 0, 0}, 1, 1},
        {"ir100", "ir-se100", {3, 13, 30, 3}, 1, 1},
        {"resnet50", "resnet50:se=1", {3, 4, 6, 3}, 4, 0},
        {"resnet50:block=ir", "resnet50:block=ir,se=1", {3, 4, 6, 3}, 4, 1},
    };
    tam_ctx *ctx = test_ctx(1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t added = 0;
        for (int stage = 0; stage < 4; stage++) {
            int64_t c = (int64_t)(64 << stage) * cases[i].expansion, narrow = c / 16;
            added += cases[i].units[stage] * (2 * c * narrow + c + narrow * (1 + cases[i].slope));
        }
        tam_graph *without = build(ctx, cases[i].without, 112, 512), *with = build(ctx, cases[i].with, 112, 512);
        assert_int_equal(trained(with) - trained(without), added);
        tam_graph_free(without);
        tam_graph_free(with);
    }
    test_ctx_free(ctx);
}

/* What the output reads. */
static tam_shape last_map(const tam_graph *graph) {
    tam_shape last = {0};
    for (int i = 0; i < tam_graph_node_count(graph); i++) {
        const tam_node *node = tam_graph_node(graph, i);
        last = node->shape.flat ? last : node->shape;
    }
    return last;
}

static void the_input_decides_the_last_map(void **state) {
    (void)state;
    static const struct {
        const char *net;
        int size, c, side;
    } cases[] = {
        {"ir18", 112, 512, 7},
        {"ir18:input=S", 112, 512, 4},
        {"ir18:input=S", 96, 512, 3},
        {"ir-se50:input=S", 224, 512, 7},
        {"resnet50", 112, 2048, 7},
        {"resnet50:input=S,block=ir", 112, 2048, 4},
        {"resnet34:width=16", 112, 128, 7},
        {"mobilenet-v1", 112, 1024, 7},
        {"mobilenet-v1:input=S", 112, 1024, 4},
        {"mobilenet-v2", 112, 1280, 7},
        {"mobilenet-v2:input=S,width=1.4", 112, 1792, 4},
        {"mobilenet-v2:width=0.35", 96, 1280, 6},
        {"mobilefacenet:output=E", 112, 512, 7},
    };
    tam_ctx *ctx = test_ctx(1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tam_graph *graph = build(ctx, cases[i].net, cases[i].size, 64);
        tam_shape map = last_map(graph);
        if (map.c != cases[i].c || map.h != cases[i].side || map.w != cases[i].side) {
            fail_msg("%s for %d ends as %d x %d x %d", cases[i].net, cases[i].size, map.c, map.h, map.w);
        }
        tam_graph_free(graph);
    }
    test_ctx_free(ctx);
}

/* The ops behind the last map. */
static void outputs_end_as_the_study_names_them(void **state) {
    (void)state;
    static const struct {
        const char *output, *ops;
    } cases[] = {
        {"A", "add global_pool "},
        {"B", "add global_pool fc "},
        {"C", "add global_pool fc batch_norm "},
        {"D", "add global_pool fc batch_norm prelu "},
        {"E", "add batch_norm dropout fc batch_norm "},
        {"GDC", "add conv batch_norm fc batch_norm "},
    };
    tam_ctx *ctx = test_ctx(1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char net[64], ops[128] = "";
        snprintf(net, sizeof net, "ir18:output=%s", cases[i].output);
        tam_graph *graph = build(ctx, net, 112, 512);
        for (int k = tam_graph_find(graph, "add8"); k < tam_graph_node_count(graph); k++) {
            strcat(strcat(ops, tam_graph_node(graph, k)->op->name), " ");
        }
        assert_string_equal(ops, cases[i].ops);
        assert_int_equal(tam_graph_output_shape(graph).c, 512);
        tam_graph_free(graph);
    }
    test_ctx_free(ctx);
}

static int count_of(const tam_graph *graph, const char *op) {
    int count = 0;
    for (int i = 0; i < tam_graph_node_count(graph); i++) {
        count += strcmp(tam_graph_node(graph, i)->op->name, op) == 0;
    }
    return count;
}

static void blocks_have_their_own_norms_and_activations(void **state) {
    (void)state;
    static const struct {
        const char *net;
        int convs, norms, relus, prelus;
    } cases[] = {
        /* The stem, 8 units, 4 or 3 shortcuts, 2 norms of the output. */
        {"ir18", 1 + 16 + 4, 1 + 24 + 4 + 2, 0, 1 + 8},
        {"ir18:block=orig", 1 + 16 + 4, 1 + 16 + 4 + 2, 1 + 16, 0},
        {"resnet18", 1 + 16 + 4, 1 + 16 + 4 + 2, 1 + 16, 0},
        {"resnet18:input=S", 1 + 16 + 3, 1 + 16 + 3 + 2, 1 + 16, 0},
        {"resnet18:block=ir", 1 + 16 + 4, 1 + 24 + 4 + 2, 0, 1 + 8},
        {"resnet50", 1 + 48 + 4, 1 + 48 + 4 + 2, 1 + 48, 0},
        {"resnet50:block=ir", 1 + 48 + 4, 1 + 64 + 4 + 2, 0, 1 + 32},
    };
    tam_ctx *ctx = test_ctx(1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tam_graph *graph = build(ctx, cases[i].net, 112, 64);
        if (count_of(graph, "conv") != cases[i].convs || count_of(graph, "batch_norm") != cases[i].norms ||
            count_of(graph, "relu") != cases[i].relus || count_of(graph, "prelu") != cases[i].prelus) {
            fail_msg("%s has %d convolutions, %d norms, %d relu and %d prelu", cases[i].net, count_of(graph, "conv"),
                     count_of(graph, "batch_norm"), count_of(graph, "relu"), count_of(graph, "prelu"));
        }
        tam_graph_free(graph);
    }
    test_ctx_free(ctx);
}

static void faults_of_options(void **state) {
    (void)state;
    static const struct {
        const char *net, *part;
    } cases[] = {
        {"ir18:output=A", "the mean of the last map, which has 512 channels, not 64"},
        {"resnet50:output=A", "which has 2048 channels, not 64: ask for an embedding of 2048, or for output=B"},
        {"mobilefacenet:output=A", "which has 512 channels, not 64"},
        {"ir18:output=F", "output=F is none of E|A|B|C|D|GDC"},
        {"ir18:input=l", "input=l is none of L|S"},
        {"resnet18:block=v2", "block=v2 is none of ir|orig"},
        {"ir18:se=2", "se=2"},
        {"ir18:dropout=1", "dropout=1"},
        {"ir18:bloc=ir", "did you mean 'block'"},
        {"mobilenet-v2:width=0", "width=0"},
        {"mobilenet-v3", "did you mean 'mobilenet-v"},
    };
    tam_ctx *ctx = test_ctx(1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tam_graph *graph = NULL;
        test_fails(ctx, tam_backbone_build(ctx, cases[i].net, 3, 112, 112, 64, &graph), TAM_CONFIG, cases[i].part);
        assert_null(graph);
    }
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_the_published_ones),
        cmocka_unit_test(squeeze_and_excitation_adds_its_layers),
        cmocka_unit_test(the_input_decides_the_last_map),
        cmocka_unit_test(outputs_end_as_the_study_names_them),
        cmocka_unit_test(blocks_have_their_own_norms_and_activations),
        cmocka_unit_test(faults_of_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

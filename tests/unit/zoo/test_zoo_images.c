/* The nets of image classification and the transformers: their published counts, options, and sizes that fit or not. */
#include "zoo_counts.h"

static tam_graph *build(tam_ctx *ctx, const char *net, int channels, int height, int width, int dim) {
    tam_graph *graph = NULL;
    test_ok(ctx, tam_backbone_build(ctx, net, channels, height, width, dim, &graph));
    return graph;
}

/* Parameters are exact; multiply-adds, in millions, are those of a publication with the digits that it gives. */
static const struct {
    const char *net;
    int size, dim;
    int64_t parameters;
    double macs, rounding;
    int a_norm; /* what the publication counts for each number that a batch norm gives */
} published[] = {
    /* timm's table of models: 2.87, 13.18 and 2.35 thousand million. */
    {"densenet121:input=S,output=B", 224, 1000, 7978856, 2870, 5, 2},
    {"inception-resnet-v2:input=S,output=B", 299, 1000, 55843464, 13180, 5, 2},
    {"dpn68:input=S,output=B", 224, 1000, 12611602, 2350, 5, 2},
    /* torchvision's table: 0.145, 0.04, 0.296 and 0.583 (ShuffleNet V2's paper, table 8: 146, 41, 299 and 591). */
    {"shufflenet-v2:input=S,output=B", 224, 1000, 2278604, 145, 0.5, 0},
    {"shufflenet-v2:input=S,output=B,width=0.5", 224, 1000, 1366792, 40, 5, 0},
    {"shufflenet-v2:input=S,output=B,width=1.5", 224, 1000, 3503624, 296, 0.5, 0},
    {"shufflenet-v2:input=S,output=B,width=2", 224, 1000, 7393996, 583, 0.5, 0},
    /* InsightFace's arcface_torch: 1.5 and 5.7. Parameters as tests/oracle/zoo_torch/vit.py has them. */
    {"vit-t:patch=9", 112, 512, 19137024, 1500, 50, 0},
    {"vit-s:patch=9", 112, 512, 76022272, 5700, 50, 0},
};

static void counts_are_the_published_ones(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    for (size_t i = 0; i < sizeof published / sizeof published[0]; i++) {
        tam_graph *graph = build(ctx, published[i].net, 3, published[i].size, published[i].size, published[i].dim);
        double macs = million_macs(graph, published[i].a_norm), low = published[i].macs - published[i].rounding;
        if (trained(graph) != published[i].parameters || macs < low || macs > low + 2 * published[i].rounding) {
            fail_msg("%s has %lld parameters and %g million multiply-adds", published[i].net, (long long)trained(graph),
                     macs);
        }
        tam_graph_free(graph);
    }
    test_ctx_free(ctx);
}

/* The last node that is a map: what the output reads, or for the transformers the tokens. */
static tam_shape last_map(const tam_graph *graph) {
    tam_shape last = {0};
    for (int i = 0; i < tam_graph_node_count(graph); i++) {
        tam_shape shape = tam_graph_node(graph, i)->shape;
        last = shape.flat ? last : shape;
    }
    return last;
}

static void the_last_map(void **state) {
    (void)state;
    static const struct {
        const char *net;
        int channels, height, width;
        struct {
            int c, h, w;
        } map;
    } cases[] = {
        {"densenet121", 3, 112, 112, {1024, 7, 7}},
        {"densenet121:input=S", 3, 112, 112, {1024, 3, 3}},
        {"densenet121:input=S", 1, 224, 224, {1024, 7, 7}},
        {"densenet121:growth=12,output=GDC", 1, 112, 96, {384, 2, 1}}, /* behind a filter of 6 x 6 */
        {"inception-resnet-v2", 3, 112, 112, {1536, 7, 7}},
        {"inception-resnet-v2:input=S", 3, 112, 112, {1536, 2, 2}},
        {"inception-resnet-v2:input=S", 1, 299, 299, {1536, 8, 8}},
        {"inception-resnet-v2:width=2", 1, 112, 96, {96, 7, 6}},
        {"dpn68", 3, 112, 112, {832, 7, 7}},
        {"dpn68:input=S", 3, 112, 112, {832, 4, 4}},
        {"dpn68:input=S", 1, 224, 224, {832, 7, 7}},
        {"dpn68:width=4", 1, 112, 96, {52, 7, 6}},
        {"shufflenet-v2", 3, 112, 112, {1024, 7, 7}},
        {"shufflenet-v2:input=S", 3, 112, 112, {1024, 4, 4}},
        {"shufflenet-v2:input=S,width=2", 1, 224, 224, {2048, 7, 7}},
        {"shufflenet-v2:width=0.5", 1, 112, 96, {1024, 7, 6}},
        {"vit-t", 3, 112, 112, {256, 14, 14}},
        {"vit-s", 1, 224, 112, {512, 28, 14}},
        {"vit-t:patch=16,width=24,heads=3", 3, 112, 127, {24, 7, 7}}, /* 15 columns fill no patch */
    };
    tam_ctx *ctx = test_ctx(1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tam_graph *graph = build(ctx, cases[i].net, cases[i].channels, cases[i].height, cases[i].width, 64);
        tam_shape map = last_map(graph);
        if (map.c != cases[i].map.c || map.h != cases[i].map.h || map.w != cases[i].map.w) {
            fail_msg("%s for %d x %d ends as %d x %d x %d", cases[i].net, cases[i].height, cases[i].width, map.c, map.h,
                     map.w);
        }
        assert_int_equal(tam_graph_output_shape(graph).c, 64);
        tam_graph_free(graph);
    }
    test_ctx_free(ctx);
}

/* The smallest square that a net takes; one less is refused with the layer's name and that size. */
static void the_smallest_input(void **state) {
    (void)state;
    static const struct {
        const char *net;
        int side;
        const char *layer;
    } cases[] = {
        {"densenet121:growth=4", 15, "avg_pool3: a 2 x 2 window does not fit its input of 1 x 1"},
        {"densenet121:growth=4,input=S", 29, "avg_pool3: a 2 x 2 window does not fit its input of 1 x 1"},
        {"inception-resnet-v2:width=2", 1, NULL},
        {"inception-resnet-v2:width=2,input=S", 75, "conv188: a 3 x 3 window does not fit its input of 2 x 2"},
        {"dpn68:width=4", 1, NULL},
        {"dpn68:width=4,input=S", 1, NULL},
        {"shufflenet-v2:width=0.5", 1, NULL},
        {"shufflenet-v2:width=0.5,input=S", 1, NULL},
        {"vit-t:depth=1", 8, "conv1: a 8 x 8 window does not fit its input of 7 x 7"},
        {"vit-s:depth=1,patch=31", 31, "conv1: a 31 x 31 window does not fit its input of 30 x 30"},
    };
    tam_ctx *ctx = test_ctx(1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int side = cases[i].side;
        tam_graph *graph = build(ctx, cases[i].net, 3, side, side, 8);
        tam_graph_free(graph);
        if (cases[i].layer != NULL) {
            char wanted[128];
            tam_status status = tam_backbone_build(ctx, cases[i].net, 3, side - 1, side - 1, 8, &graph);
            test_fails(ctx, status, TAM_CONFIG, cases[i].layer);
            snprintf(wanted, sizeof wanted, "the input is too small for this net, which takes %d x %d and more", side,
                     side);
            test_fails(ctx, status, TAM_CONFIG, wanted);
            assert_null(graph);
        }
    }
    test_ctx_free(ctx);
}

/* What a larger input does not mend is not blamed on the input; nor is a side that would do, because of the other. */
static void what_else_is_refused(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_graph *graph = NULL;
    test_fails(ctx, tam_backbone_build(ctx, "densenet121", 3, 112, 14, 8, &graph), TAM_CONFIG, "takes 15 x 15");
    test_fails(ctx, tam_backbone_build(ctx, "densenet121:output=A", 3, 112, 112, 512, &graph), TAM_CONFIG,
               "which has 1024 channels, not 512");
    assert_null(strstr(tam_ctx_message(ctx), "too small"));
    test_fails(ctx, tam_backbone_build(ctx, "shufflenet-v2:width=1.2", 3, 112, 112, 8, &graph), TAM_CONFIG,
               "width=1.2 is none of 0.5, 1, 1.5 and 2");
    test_fails(ctx, tam_backbone_build(ctx, "dpn68:width=6", 3, 112, 112, 8, &graph), TAM_CONFIG,
               "width=6 is not a multiple of 4");
    test_fails(ctx, tam_backbone_build(ctx, "inception-resnet-v2:width=5", 3, 112, 112, 8, &graph), TAM_CONFIG,
               "width=5 is not even");
    test_fails(ctx, tam_backbone_build(ctx, "vit-t:heads=7", 3, 32, 32, 8, &graph), TAM_CONFIG,
               "768 channels are not 3 x 7 heads");
    assert_null(strstr(tam_ctx_message(ctx), "too small"));
    test_fails(ctx, tam_backbone_build(ctx, "vit-t:patch=0", 3, 112, 112, 8, &graph), TAM_CONFIG, "patch=0");
    test_fails(ctx, tam_backbone_build(ctx, "dpn86", 3, 112, 112, 8, &graph), TAM_CONFIG, "did you mean 'dpn68'");
    test_ctx_free(ctx);
}

/* A layer reads all maps of its block by one concat, not by a chain of pairs. */
static void a_dense_layer_reads_one_concat(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_graph *graph = build(ctx, "densenet121", 3, 112, 112, 512);
    int most = 0, concats = 0;
    for (int i = 0; i < tam_graph_node_count(graph); i++) {
        const tam_node *node = tam_graph_node(graph, i);
        bool concat = strcmp(node->op->name, "concat") == 0;
        for (int k = 0; concat && k < node->inputs; k++) {
            assert_string_not_equal(tam_graph_node(graph, node->input[k])->op->name, "concat");
        }
        concats += concat;
        most = concat && node->inputs > most ? node->inputs : most;
    }
    assert_int_equal(concats, 6 + 12 + 24 + 16);
    assert_int_equal(most, 1 + 24);
    tam_graph_free(graph);
    test_ctx_free(ctx);
}

/* The last block of Inception-ResNet-v2 is neither damped nor cut off by a ReLU. */
static void the_damping_of_inception_resnet(void **state) {
    (void)state;
    static const double factors[] = {0.17, 0.1, 0.2};
    int count[] = {0, 0, 0}, total = 0;
    tam_ctx *ctx = test_ctx(1);
    tam_graph *graph = build(ctx, "inception-resnet-v2", 3, 112, 112, 512);
    for (int i = 0; i < tam_graph_node_count(graph); i++) {
        const tam_node *node = tam_graph_node(graph, i);
        bool scale = strcmp(node->op->name, "scale") == 0;
        for (int k = 0; k < 3; k++) {
            count[k] += scale && node->key[TAM_SCALE_FACTOR] == factors[k];
        }
        total += scale;
    }
    assert_true(count[0] == 10 && count[1] == 20 && count[2] == 9 && total == 39);
    int last = tam_graph_find(graph, "add40");
    assert_string_equal(tam_graph_node(graph, last + 1)->op->name, "conv");
    assert_int_equal(tam_graph_node(graph, last + 1)->input[0], last);
    tam_graph_free(graph);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_the_published_ones),
        cmocka_unit_test(the_last_map),
        cmocka_unit_test(the_smallest_input),
        cmocka_unit_test(what_else_is_refused),
        cmocka_unit_test(a_dense_layer_reads_one_concat),
        cmocka_unit_test(the_damping_of_inception_resnet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

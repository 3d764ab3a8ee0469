/* The backbones: counts worked out by hand, the text of one, sizes that fit and sizes that do not. */
#include "support.h"

#include "zoo/zoo.h"

static tam_graph *build(tam_ctx *ctx, const char *net, int channels, int height, int width, int dim) {
    tam_graph *graph = NULL;
    test_ok(ctx, tam_backbone_build(ctx, net, channels, height, width, dim, &graph));
    return graph;
}

static int64_t trained(const tam_graph *graph) {
    int64_t count = 0;
    for (int i = 0; i < tam_graph_parameter_count(graph); i++) {
        const tam_parameter *parameter = tam_graph_parameter_at(graph, i);
        count += parameter->trained ? parameter->count : 0;
    }
    return count;
}

static void assert_counts(const char *net, int channels, int size, int dim, int64_t parameters, int64_t macs) {
    tam_ctx *ctx = test_ctx(1);
    tam_graph *graph = build(ctx, net, channels, size, size, dim);
    assert_int_equal(trained(graph), parameters);
    assert_int_equal(tam_graph_macs(graph), macs);
    assert_int_equal(tam_graph_output_shape(graph).c, dim);
    tam_graph_free(graph);
    test_ctx_free(ctx);
}

static void lenetpp_counts(void **state) {
    (void)state;
    /* 28 x 28, 14 x 14 and 7 x 7 maps; 3 x 3 are left. Weights, biases, slopes. */
    int64_t weights = 25L * (1 * 32 + 32 * 32 + 32 * 64 + 64 * 64 + 64 * 128 + 128 * 128) + 128L * 3 * 3 * 2;
    int64_t others = 2L * (32 + 32 + 64 + 64 + 128 + 128) + 2;
    int64_t macs =
        25L * (784 * (1 * 32 + 32 * 32) + 196 * (32 * 64 + 64 * 64) + 49 * (64 * 128 + 128 * 128)) + 128L * 3 * 3 * 2;
    assert_counts("lenet++", 1, 28, 2, weights + others, macs);
}

static void conv4_counts(void **state) {
    (void)state;
    /* 28, 14, 7, 3 and 1 are the sides of the maps. A batch norm has two numbers a channel, the last one. */
    int64_t blocks = 9L * (1 * 64 + 3 * 64 * 64) + 4L * 2 * 64;
    int64_t macs = 9L * (784 * 64 + (196 + 49 + 9) * 64 * 64) + 64L * 128;
    assert_counts("conv4", 1, 28, 128, blocks + 64L * 128 + 128, macs);
    assert_counts("conv4:bn=0", 1, 28, 128, blocks + 64L * 128 + 128, macs);
    assert_counts("conv4:width=8,bn=0", 3, 32, 5, 9L * (3 * 8 + 3 * 8 * 8) + 4L * 2 * 8 + 32 * 5 + 5,
                  9L * (1024 * 3 * 8 + (256 + 64 + 16) * 8 * 8) + 32 * 5);
}

static void ir10_counts(void **state) {
    (void)state;
    /* A unit from a to b channels: convolutions a b, b b of 9 and a shortcut a b; norms of a, b, b, b; b slopes. */
    int64_t parameters = 9L * 3 * 32 + 2 * 32 + 32;
    int64_t macs = 12544L * 9 * 3 * 32;
    int64_t from[] = {32, 32, 64, 128}, to[] = {32, 64, 128, 256}, side[] = {112, 56, 28, 14};
    for (int i = 0; i < 4; i++) {
        int64_t a = from[i], b = to[i], map = side[i] * side[i];
        parameters += 9 * a * b + 9 * b * b + a * b + 2 * a + 6 * b + b;
        macs += map * 9 * a * b + map / 4 * (9 * b * b + a * b);
    }
    parameters += 2L * 256 + 256L * 49 * 512 + 512;
    macs += 256L * 49 * 512;
    assert_counts("ir10", 3, 112, 512, parameters, macs);
}

/* Numbers of PyTorch's modules of the same nets, less the 512 scales of the last norm, which are 1 here and not
 * learned. The published counts are 24.0, 43.6 and 2.06 million parameters, and 2.6, 6.3 and 0.44 (0.45 with norms and
 * activations) thousand million multiply-adds. */
static void nets_of_faces_have_the_counts_of_pytorch(void **state) {
    (void)state;
    assert_counts("ir18", 3, 112, 512, 24025088 - 512, 2609954816);
    assert_counts("ir50", 3, 112, 512, 43590336 - 512, 6309330944);
    assert_counts("mobilefacenet", 3, 112, 512, 2059520 - 512, 437520896);
}

static void ir50_counts(void **state) {
    (void)state;
    int64_t parameters = 9L * 3 * 16 + 2 * 16 + 16, macs = 1024L * 9 * 3 * 16, a = 16;
    int64_t units[] = {3, 4, 14, 3}, to[] = {16, 32, 64, 128}, side[] = {32, 16, 8, 4};
    for (int i = 0; i < 4; i++) {
        int64_t b = to[i], map = side[i] * side[i];
        parameters += 9 * a * b + 9 * b * b + a * b + 2 * a + 6 * b + b;
        parameters += (units[i] - 1) * (18 * b * b + 2 * b + 4 * b + b);
        macs += map * 9 * a * b + map / 4 * (9 * b * b + a * b) + (units[i] - 1) * map / 4 * 18 * b * b;
        a = b;
    }
    assert_counts("ir50:width=16", 3, 32, 24, parameters + 2L * 128 + 128L * 4 * 24 + 24, macs + 128L * 4 * 24);
}

static void mobilefacenet_counts(void **state) {
    (void)state;
    /* Units from a over w to b channels: 1 x 1, 3 x 3 a channel, 1 x 1; norms of w, w, b, slopes of w, w. */
    int64_t a[] = {16, 16, 16, 32, 32, 32}, w[] = {16, 16, 32, 32, 64, 32}, b[] = {16, 16, 32, 32, 32, 32};
    int64_t count[] = {1, 4, 1, 6, 1, 2}, in[] = {16, 8, 8, 4, 4, 2}, out[] = {8, 8, 4, 4, 2, 2};
    int64_t parameters = 27L * 16 + 3L * 16 + 9L * 2 * 16 + 3L * 16, macs = 256L * (27 * 16 + 9 * 2 * 16);
    for (int i = 0; i < 6; i++) {
        parameters += count[i] * (a[i] * w[i] + 9 * w[i] + w[i] * b[i] + 2 * (2 * w[i] + b[i]) + 2 * w[i]);
        macs += count[i] * (in[i] * in[i] * a[i] * w[i] + out[i] * out[i] * (9 * w[i] + w[i] * b[i]));
    }
    parameters += 32L * 64 + 3L * 64 + 4L * 64 + 2L * 64 + 64L * 24 + 24;
    macs += 4L * 32 * 64 + 4L * 64 + 64L * 24;
    assert_counts("mobilefacenet:width=16", 3, 32, 24, parameters, macs);
}

/* Model files hold the text; its nodes keep their names and their order. */
static void an_identity_shortcut_is_no_node(void **state) {
    (void)state;
    static const char second_unit[] = "add1 = add(batch_norm4, batch_norm5)\n"
                                      "batch_norm6 = batch_norm(add1, eps=1e-05, momentum=0.1, scale=1)\n"
                                      "conv5 = conv(batch_norm6, out=64, kernel=3, stride=1, pad=1, groups=1, bias=0)\n"
                                      "batch_norm7 = batch_norm(conv5, eps=1e-05, momentum=0.1, scale=1)\n"
                                      "prelu3 = prelu(batch_norm7)\n"
                                      "conv6 = conv(prelu3, out=64, kernel=3, stride=1, pad=1, groups=1, bias=0)\n"
                                      "batch_norm8 = batch_norm(conv6, eps=1e-05, momentum=0.1, scale=1)\n"
                                      "add2 = add(batch_norm8, add1)\n";
    static char text[65536];
    tam_ctx *ctx = test_ctx(1);
    tam_graph *graph = build(ctx, "ir18", 3, 112, 112, 512);
    assert_true(tam_graph_text(graph, text, sizeof text) < sizeof text);
    assert_non_null(strstr(text, second_unit));
    tam_graph_free(graph);
    test_ctx_free(ctx);
}

static void every_backbone_has_a_usual_input(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    for (int i = 0; i < tam_backbone_count(); i++) {
        const tam_backbone *net = tam_backbone_at(i);
        tam_graph *graph = build(ctx, net->name, net->usual.channels, net->usual.size, net->usual.size, net->usual.dim);
        tam_graph_free(graph);
    }
    assert_string_equal(tam_backbone_find(ctx, "mobilefacenet:width=16")->name, "mobilefacenet");
    assert_null(tam_backbone_find(ctx, "mobilefacenett"));
    assert_non_null(strstr(tam_ctx_message(ctx), "did you mean 'mobilefacenet'"));
    test_ctx_free(ctx);
}

static void the_text_of_a_net_is_the_net(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    for (int i = 0; i < tam_backbone_count(); i++) {
        static char text[65536], again[65536];
        tam_graph *graph = build(ctx, tam_backbone_at(i)->name, 3, 64, 48, 32), *copy = NULL;
        size_t length = tam_graph_text(graph, text, sizeof text);
        assert_true(length < sizeof text);
        test_ok(ctx, tam_graph_parse(ctx, text, &copy));
        assert_int_equal(tam_graph_text(copy, again, sizeof again), length);
        assert_string_equal(text, again);
        assert_int_equal(trained(copy), trained(graph));
        tam_graph_free(copy);
        tam_graph_free(graph);
    }
    test_ctx_free(ctx);
}

static void the_text_of_conv4(void **state) {
    (void)state;
    static const char expected[] = "input = input(channels=1, height=28, width=28)\n"
                                   "conv1 = conv(input, out=64, kernel=3, stride=1, pad=1, groups=1, bias=0)\n"
                                   "batch_norm1 = batch_norm(conv1, eps=1e-05, momentum=0.1, scale=1)\n"
                                   "relu1 = relu(batch_norm1)\n"
                                   "max_pool1 = max_pool(relu1, kernel=2, stride=2, pad=0)\n";
    static const char end[] = "fc1 = fc(max_pool4, out=100, bias=0)\n"
                              "batch_norm5 = batch_norm(fc1, eps=1e-05, momentum=0.1, scale=0)\n";
    tam_ctx *ctx = test_ctx(1);
    char text[4096];
    tam_graph *graph = build(ctx, "conv4", 1, 28, 28, 100);
    tam_graph_text(graph, text, sizeof text);
    assert_memory_equal(text, expected, strlen(expected));
    assert_string_equal(text + strlen(text) - strlen(end), end);
    tam_graph_free(graph);
    test_ctx_free(ctx);
}

static void small_and_long_inputs(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_graph *graph = build(ctx, "ir10", 1, 1, 1, 8); /* convolutions with padding fit anywhere */
    tam_graph_free(graph);
    graph = build(ctx, "ir10:width=8", 1, 64, 48, 8);
    tam_shape last = tam_graph_node(graph, tam_graph_find(graph, "dropout1"))->shape;
    assert_true(last.c == 64 && last.h == 4 && last.w == 3);
    tam_graph_free(graph);
    graph = build(ctx, "lenet++", 1, 8, 31, 2);
    last = tam_graph_node(graph, tam_graph_find(graph, "max_pool3"))->shape;
    assert_true(last.c == 128 && last.h == 1 && last.w == 3);
    tam_graph_free(graph);
    graph = build(ctx, "ir50:width=8", 1, 1, 1, 8);
    tam_graph_free(graph);
    graph = build(ctx, "mobilefacenet:width=16", 3, 1, 1, 8);
    tam_graph_free(graph);
    graph = build(ctx, "mobilefacenet:width=16", 3, 64, 48, 8); /* the last window is as wide as the map */
    last = tam_graph_node(graph, tam_graph_find(graph, "conv49"))->shape;
    assert_true(last.c == 64 && last.h == 2 && last.w == 1);
    tam_graph_free(graph);
    test_fails(ctx, tam_backbone_build(ctx, "conv4", 1, 4, 4, 64, &graph), TAM_CONFIG,
               "net conv4 for 1 x 4 x 4: max_pool3: a 2 x 2 window does not fit its input of 1 x 1");
    assert_null(graph);
    test_fails(ctx, tam_backbone_build(ctx, "lenet++", 1, 28, 7, 2, &graph), TAM_CONFIG, "max_pool3");
    test_ctx_free(ctx);
}

/* A net's window that does not fit is named: here the net was built for 112 x 112. */
static void a_text_for_another_input(void **state) {
    (void)state;
    static char text[65536];
    tam_ctx *ctx = test_ctx(1);
    tam_graph *graph = build(ctx, "mobilefacenet", 3, 112, 112, 512), *smaller = NULL;
    assert_true(tam_graph_text(graph, text, sizeof text) < sizeof text);
    memcpy(strstr(text, "height=112"), "height= 96", 10);
    test_fails(ctx, tam_graph_parse(ctx, text, &smaller), TAM_INPUT,
               "conv49: a 7 x 7 window does not fit its input of 6 x 7");
    assert_null(smaller);
    tam_graph_free(graph);
    test_ctx_free(ctx);
}

static void faults_of_specifications(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_graph *graph = NULL;
    test_fails(ctx, tam_backbone_build(ctx, "conv5", 1, 28, 28, 64, &graph), TAM_CONFIG, "did you mean 'conv4'?");
    test_fails(ctx, tam_backbone_build(ctx, "", 1, 28, 28, 64, &graph), TAM_CONFIG, "known: lenet++, conv4, ir10");
    test_fails(ctx, tam_backbone_build(ctx, "conv4:widh=3", 1, 28, 28, 64, &graph), TAM_CONFIG, "'width'");
    test_fails(ctx, tam_backbone_build(ctx, "conv4:width=0", 1, 28, 28, 64, &graph), TAM_CONFIG, "width=0");
    test_fails(ctx, tam_backbone_build(ctx, "lenet++:width=3", 1, 28, 28, 64, &graph), TAM_CONFIG, "takes no keys");
    test_fails(ctx, tam_backbone_build(ctx, "mobilefacenet:width=7", 3, 112, 112, 64, &graph), TAM_CONFIG,
               "3 groups do not divide 7 input and 7 output channels");
    test_fails(ctx, tam_backbone_build(ctx, "ir10", 1, 28, 28, 0, &graph), TAM_CONFIG, "out=0");
    test_fails(ctx, tam_backbone_build(ctx, "ir10", 0, 28, 28, 8, &graph), TAM_CONFIG, "channels=0");
    char name[300];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    test_fails(ctx, tam_backbone_build(ctx, name, 1, 28, 28, 8, &graph), TAM_CONFIG, "unknown net");
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lenetpp_counts),
        cmocka_unit_test(conv4_counts),
        cmocka_unit_test(ir10_counts),
        cmocka_unit_test(nets_of_faces_have_the_counts_of_pytorch),
        cmocka_unit_test(ir50_counts),
        cmocka_unit_test(mobilefacenet_counts),
        cmocka_unit_test(an_identity_shortcut_is_no_node),
        cmocka_unit_test(every_backbone_has_a_usual_input),
        cmocka_unit_test(the_text_of_a_net_is_the_net),
        cmocka_unit_test(the_text_of_conv4),
        cmocka_unit_test(small_and_long_inputs),
        cmocka_unit_test(a_text_for_another_input),
        cmocka_unit_test(faults_of_specifications),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

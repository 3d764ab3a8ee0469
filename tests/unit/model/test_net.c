/* The public net: what it tells, and that a few steps of training lower a loss, on the default backend and on ref. */
#include "support.h"

#include <math.h>

#include "tammes/net.h"
#include "zoo/zoo.h"

static tam_net *create(tam_ctx *ctx, const tam_net_config *config) {
    tam_net *net = NULL;
    test_ok(ctx, tam_net_create(ctx, config, &net));
    return net;
}

static void it_describes_itself(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_net *net =
        create(ctx, &(tam_net_config){.net = "conv4:width=8,bn=0", .channels = 1, .height = 16, .width = 33});
    tam_net_info info = tam_net_describe(net);
    assert_int_equal(info.channels, 1);
    assert_int_equal(info.height, 16);
    assert_int_equal(info.width, 33);
    assert_int_equal(info.dim, 512);
    assert_int_equal(info.layers, 18);
    int64_t parameters = 0, macs = 0, trained = 0;
    for (int i = 0; i < info.layers; i++) {
        tam_net_layer layer = tam_net_layer_at(net, i);
        parameters += layer.parameters;
        macs += layer.macs;
    }
    for (int i = 0; i < tam_net_tensor_count(net); i++) {
        tam_net_tensor tensor = tam_net_tensor_at(net, i);
        trained += tensor.trained ? tensor.count : 0;
    }
    assert_int_equal(parameters, 9 * (8 + 3 * 64) + 4 * 16 + 16 * 512 + 512);
    assert_int_equal(info.parameters, parameters);
    assert_int_equal(trained, parameters);
    assert_int_equal(info.macs, macs);
    tam_net_layer layer = tam_net_layer_at(net, 5);
    assert_string_equal(layer.name, "conv2");
    assert_string_equal(layer.op, "conv");
    assert_true(layer.c == 8 && layer.h == 8 && layer.w == 16);
    tam_net_tensor tensor = tam_net_tensor_at(net, 0);
    assert_string_equal(tensor.name, "conv1.weight");
    assert_true(tensor.dims == 4 && tensor.size[0] == 8 && tensor.size[1] == 1 && tensor.size[3] == 3);
    tam_net_free(net);
    assert_int_equal(tam_net_count(), tam_backbone_count());
    assert_string_equal(tam_net_name(0), "lenet++");
    assert_non_null(strstr(tam_net_source(0), "ECCV 2016"));
    assert_int_equal(tam_net_key_count(0), 0);
    assert_int_equal(tam_net_key_count(1), 2);
    assert_string_equal(tam_net_key(1, 0).name, "width");
    assert_true(tam_net_key(1, 0).otherwise == 64 && tam_net_key(1, 0).low == 1);
    tam_net_free(NULL);
    tam_net_plan_free(NULL);
    test_ctx_free(ctx);
}

static void each_has_a_usual_input(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_net_usual usual;
    test_ok(ctx, tam_net_find_usual(ctx, "conv4:width=8", &usual));
    assert_true(usual.channels == 1 && usual.height == 28 && usual.width == 28 && usual.dim == 128);
    test_ok(ctx, tam_net_find_usual(ctx, "mobilefacenet", &usual));
    assert_true(usual.channels == 3 && usual.height == 112 && usual.width == 112 && usual.dim == 512);
    test_fails(ctx, tam_net_find_usual(ctx, "ir51", &usual), TAM_CONFIG, "unknown net 'ir51'");
    test_ctx_free(ctx);
}

static void its_text_makes_the_same_net(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    static char text[4096];
    tam_net *copy = NULL;
    tam_net *net = create(
        ctx,
        &(tam_net_config){
            .net = "conv4:width=4", .channels = 2, .height = 16, .width = 16, .dim = 6, .seed = 9, .backend = "ref"});
    assert_true(tam_net_text(net, text, sizeof text) < sizeof text);
    test_ok(ctx, tam_net_parse(ctx, text, "ref", 9, &copy));
    float x[2 * 16 * 16], one[6], other[6];
    for (int i = 0; i < 512; i++) {
        x[i] = sinf((float)i);
    }
    tam_net_plan *plan = NULL;
    test_ok(ctx, tam_net_plan_create(net, &(tam_net_plan_config){.batch = 1}, &plan));
    test_ok(ctx, tam_net_forward(plan, 1, x, 0, one));
    assert_true(tam_net_plan_bytes(plan) > 0);
    tam_net_plan_free(plan);
    test_ok(ctx, tam_net_plan_create(copy, &(tam_net_plan_config){.batch = 1}, &plan));
    test_ok(ctx, tam_net_forward(plan, 1, x, 0, other));
    tam_net_plan_free(plan);
    assert_memory_equal(one, other, sizeof one);
    tam_net_free(copy);
    test_fails(ctx, tam_net_parse(ctx, "input = inputt()", "ref", 9, &copy), TAM_INPUT, "line 1");
    assert_null(copy);
    tam_net_free(net);
    test_ctx_free(ctx);
}

/* Least squares on four samples: L = sum (y - t)^2 / 2. */
static double train(tam_net *net, tam_net_plan *plan, int steps) {
    enum { BATCH = 4, SIDE = 9, DIM = 3 };
    float images[BATCH * SIDE * SIDE], x[BATCH * DIM], dx[BATCH * DIM];
    double loss = 0;
    tam_ctx *ctx = test_ctx(1);
    for (int i = 0; i < BATCH * SIDE * SIDE; i++) {
        images[i] = sinf((float)(i * i % 1009));
    }
    for (int step = 0; step < steps; step++) {
        loss = 0;
        test_ok(ctx, tam_net_forward(plan, BATCH, images, (uint64_t)step, x));
        for (int i = 0; i < BATCH * DIM; i++) {
            dx[i] = x[i] - (float)(i % 5);
            loss += 0.5 * dx[i] * dx[i];
        }
        test_ok(ctx, tam_net_backward(plan, dx));
        double length = tam_net_gradient_norm(net);
        assert_true(isfinite(length) && length > 0);
        tam_net_update(net, 0.01F, 0.9F, 1e-4F, length > 5 ? (float)(5 / length) : 1);
    }
    test_ctx_free(ctx);
    return loss;
}

static void training_lowers_a_loss(void **state) {
    (void)state;
    const char *backends[] = {NULL, "ref"};
    for (int b = 0; b < 2; b++) {
        tam_ctx *ctx = test_ctx(1);
        tam_net *net = create(ctx, &(tam_net_config){.net = "ir10:width=4,dropout=0",
                                                     .channels = 1,
                                                     .height = 9,
                                                     .width = 9,
                                                     .dim = 3,
                                                     .seed = 1,
                                                     .backend = backends[b]});
        tam_net_plan *plan = NULL;
        test_ok(ctx, tam_net_plan_create(net, &(tam_net_plan_config){.batch = 4, .training = 1}, &plan));
        double first = train(net, plan, 1), last = train(net, plan, 40);
        if (!(last < 0.5 * first)) {
            fail_msg("the loss went from %g to %g", first, last);
        }
        float slope[4];
        int index = 5; /* conv1.weight, the norm's four, prelu1.slope */
        assert_string_equal(tam_net_tensor_at(net, index).name, "prelu1.slope");
        test_ok(ctx, tam_net_read(net, index, TAM_NET_VALUE, slope));
        assert_true(slope[0] != 0.25F);
        slope[0] = 7;
        test_ok(ctx, tam_net_write(net, index, TAM_NET_VALUE, slope));
        slope[0] = 0;
        test_ok(ctx, tam_net_read(net, index, TAM_NET_VALUE, slope));
        assert_true(slope[0] == 7);
        test_ok(ctx, tam_net_read(net, index, TAM_NET_MOMENTUM, slope));
        assert_true(slope[0] != 0 && slope[0] != 7);
        tam_net_plan_free(plan);
        tam_net_free(net);
        test_ctx_free(ctx);
    }
}

static void faults(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_net *net = NULL;
    tam_net_config config = {.channels = 1, .height = 28, .width = 28};
    test_fails(ctx, tam_net_create(ctx, &config, &net), TAM_CONFIG, "a net needs a name");
    config.net = "ir10";
    config.backend = "gpu";
    test_fails(ctx, tam_net_create(ctx, &config, &net), TAM_CONFIG, "backend 'gpu'");
    config.backend = "ref";
    config.dim = -3;
    test_fails(ctx, tam_net_create(ctx, &config, &net), TAM_CONFIG, "out=-3");
    assert_null(net);
    config.dim = 3;
    net = create(ctx, &config);
    tam_net_plan *plan = NULL;
    test_fails(ctx, tam_net_plan_create(net, &(tam_net_plan_config){.batch = -1, .training = 1}, &plan), TAM_CONFIG,
               "batch of -1");
    assert_null(plan);
    tam_net_free(net);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_describes_itself),
        cmocka_unit_test(each_has_a_usual_input),
        cmocka_unit_test(its_text_makes_the_same_net),
        cmocka_unit_test(training_lowers_a_loss),
        cmocka_unit_test(faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

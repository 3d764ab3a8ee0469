/* Loss specifications as people type them, and the sentences they get back. */
#include "support.h"

#include "loss/loss.h"

static void test_valid(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_loss loss;
    test_ok(ctx, tam_loss_read(ctx, NULL, 10, &loss));
    assert_string_equal(loss.class_loss->name, "arcface");
    assert_true(loss.state.key[0] == 64.0 && loss.state.key[1] == 0.5 && loss.terms == 0 && loss.state.classes == 10);
    test_ok(ctx, tam_loss_read(ctx, "arcface:m=0.3,s=1e+1", 10, &loss)); /* this plus belongs to the number */
    assert_true(loss.state.key[0] == 10.0 && loss.state.key[1] == 0.3);
    test_ok(ctx, tam_loss_read(ctx, "center:lambda=0.01", 10, &loss));
    assert_string_equal(loss.class_loss->name, "softmax");
    assert_true(loss.terms == 1 && loss.term[0].key[0] == 0.01 && loss.term[0].key[1] == 0.5);
    test_ok(ctx, tam_loss_read(ctx, "cosface:s=30+center:alpha=0.25", 10, &loss));
    assert_string_equal(loss.class_loss->name, "cosface");
    assert_true(loss.terms == 1 && loss.term[0].key[0] == 0.003 && loss.term[0].key[1] == 0.25);
    test_ok(ctx, tam_loss_check(ctx, "sphereface:m=2", 2));
    test_ctx_free(ctx);
}

static void test_refused(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    test_fails(ctx, tam_loss_check(ctx, "arcfac", 10), TAM_CONFIG, "unknown loss 'arcfac' (did you mean 'arcface'?)");
    test_fails(ctx, tam_loss_check(ctx, "centre", 10), TAM_CONFIG, "unknown loss 'centre' (did you mean 'center'?)");
    test_fails(ctx, tam_loss_check(ctx, "", 10), TAM_CONFIG, "unknown loss ''");
    test_fails(ctx, tam_loss_check(ctx, "arcface:margin=0.3", 10), TAM_CONFIG, "unknown key of arcface 'margin'");
    test_fails(ctx, tam_loss_check(ctx, "arcface:m=3", 10), TAM_CONFIG, "arcface: m=3 is outside its range [0, 1.5]");
    test_fails(ctx, tam_loss_check(ctx, "cosface:m=-0.1", 10), TAM_CONFIG, "m=-0.1 is outside its range [0, 1]");
    test_fails(ctx, tam_loss_check(ctx, "sphereface:m=2.5", 10), TAM_CONFIG,
               "m=2.5 is outside its range [1, 8] of whole numbers");
    test_fails(ctx, tam_loss_check(ctx, "arcface:m=0.3,m=0.4", 10), TAM_CONFIG, "m is given twice");
    test_fails(ctx, tam_loss_check(ctx, "arcface:s=big", 10), TAM_CONFIG, "s=big is not a number");
    test_fails(ctx, tam_loss_check(ctx, "softmax:s=3", 10), TAM_CONFIG, "softmax takes no keys, but 's' was given");
    test_fails(ctx, tam_loss_check(ctx, "arcface+cente", 10), TAM_CONFIG,
               "unknown term 'cente' (did you mean 'center'?)");
    test_fails(ctx, tam_loss_check(ctx, "arcface+", 10), TAM_CONFIG, "unknown term ''");
    test_fails(ctx, tam_loss_check(ctx, "center+center", 10), TAM_CONFIG, "the term center is given twice");
    test_fails(ctx, tam_loss_check(ctx, "arcface+center:lambda=-1", 10), TAM_CONFIG, "center: lambda=-1 is outside");
    test_fails(ctx, tam_loss_check(ctx, "arcface", 1), TAM_CONFIG, "at least 2 classes, not 1");
    char text[1100];
    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = '\0';
    test_fails(ctx, tam_loss_check(ctx, text, 10), TAM_CONFIG, "1099 characters");
    test_ctx_free(ctx);
}

static void test_curve_arguments(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_loss_point point;
    test_fails(ctx, tam_loss_curve(ctx, "arcface", 10, &(tam_loss_query){3.2, 1.0, 1.0, 0}, &point), TAM_CONFIG,
               "theta 3.2");
    test_fails(ctx, tam_loss_curve(ctx, "arcface", 10, &(tam_loss_query){0.5, 1.0, -1.0, 0}, &point), TAM_CONFIG,
               "norm -1");
    test_fails(ctx, tam_loss_curve(ctx, "arcfase", 10, &(tam_loss_query){0.5, 1.0, 1.0, 0}, &point), TAM_CONFIG,
               "arcface");
    test_ctx_free(ctx);
}

/* The public list is complete and every default is inside its own range. */
static void test_list(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    assert_true(tam_loss_count() >= 6);
    for (int k = 0; k < tam_loss_count(); k++) {
        tam_loss_info info = tam_loss_describe(k);
        test_ok(ctx, tam_loss_check(ctx, info.name, 2));
        for (int i = 0; i < info.keys; i++) {
            tam_key_info key = tam_loss_key(k, i);
            assert_true(key.low <= key.otherwise && key.otherwise <= key.high);
            assert_true(strlen(key.name) > 0 && strlen(key.about) > 0);
        }
    }
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_valid),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_curve_arguments),
        cmocka_unit_test(test_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

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

/* Words beside numbers, options beside keys, and pluses of both kinds. */
static void test_options(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_loss loss;
    const tam_loss_options *options = &loss.state.options;
    test_ok(ctx, tam_loss_read(ctx, "arcface", 10, &loss));
    assert_true(options->beyond_pi == TAM_BEYOND_PI_LINEAR && options->slope == TAM_SLOPE_EXACT);
    assert_true(options->margin_warmup == 0.0 && options->interclass_filter == 2.0);
    test_ok(ctx, tam_loss_read(ctx, "arcface:beyond-pi=easy", 10, &loss));
    assert_true(options->beyond_pi == TAM_BEYOND_PI_EASY && loss.state.key[1] == 0.5);
    test_ok(ctx,
            tam_loss_read(ctx, "cosface:grad=detached,interclass-filter=-0.5,m=0.1,margin-warmup=1e+3", 10, &loss));
    assert_true(options->slope == TAM_SLOPE_DETACHED && options->interclass_filter == -0.5);
    assert_true(options->margin_warmup == 1000.0 && loss.state.key[1] == 0.1);
    test_ok(ctx, tam_loss_read(ctx, "arcface:beyond-pi=smooth", 10, &loss));
    assert_true(options->beyond_pi == TAM_BEYOND_PI_SMOOTH);
    test_ok(ctx, tam_loss_read(ctx, "combined:beyond-pi=none,m1=1.5", 10, &loss));
    assert_true(options->beyond_pi == TAM_BEYOND_PI_NONE && loss.state.key[1] == 1.5);
    test_ok(ctx, tam_loss_read(ctx, "mv-softmax:margin=am", 10, &loss));
    assert_true(loss.state.key[3] == 1.0);
    test_ok(ctx, tam_loss_read(ctx, "p2sgrad:interclass-filter=0.5", 10, &loss));
    assert_true(options->interclass_filter == 0.5);
    test_ok(ctx, tam_loss_read(ctx, "softmax", 10, &loss)); /* no cosines: nothing is left out */
    assert_true(options->interclass_filter == 2.0);
    test_ctx_free(ctx);
}

static void test_options_refused(void **state) {
    (void)state;
    static const struct {
        const char *text, *sentence;
    } bad[] = {
        {"arcface:beyond-pi=soft", "arcface: beyond-pi=soft is none of linear|none|easy|smooth"},
        {"arcface:beyond-pi=", "beyond-pi= is none of"},
        {"arcface:beyond-pi=eas", "beyond-pi=eas is none of"},
        {"arcface:beyond-pi=easy|smooth", "is none of linear|none|easy|smooth"},
        {"arcface:beyond_pi=easy", "unknown key of arcface 'beyond_pi' (did you mean 'beyond-pi'?)"},
        {"arcface:grad=1", "grad=1 is none of exact|detached"},
        {"arcface:margin-warmup=2.5", "margin-warmup=2.5 is outside its range [0, 1e+09] of whole numbers"},
        {"arcface:margin-warmup=-1", "margin-warmup=-1 is outside"},
        {"arcface:interclass-filter=2.1", "interclass-filter=2.1 is outside its range [-1, 2]"},
        {"arcface:beyond-pi=easy,beyond-pi=none", "arcface: beyond-pi is given twice"},
        {"normface:beyond-pi=easy", "unknown key of normface 'beyond-pi'"}, /* no margin */
        {"p2sgrad:grad=exact", "unknown key of p2sgrad 'grad'"},
        {"circle:margin-warmup=5", "unknown key of circle 'margin-warmup'"},
        {"softmax:interclass-filter=0.5", "softmax takes no keys"}, /* no cosines */
        {"l2-softmax:interclass-filter=0.5", "unknown key of l2-softmax 'interclass-filter'"},
        {"l-softmax:interclass-filter=0.5", "unknown key of l-softmax 'interclass-filter'"},
        {"proxy-anchor:interclass-filter=0.5", "unknown key of proxy-anchor 'interclass-filter'"},
        {"normface:learn=maybe", "normface: learn=maybe is none of no|yes"},
        {"subcenter-arcface:K=0", "K=0 is outside its range [1, 16] of whole numbers"},
        {"subcenter-arcface:K=2.5", "K=2.5 is outside its range [1, 16] of whole numbers"},
        {"elasticface-arc:sigma=-0.1", "sigma=-0.1 is outside its range [0, 0.2]"},
        {"magface:la=110", "magface: la=110 is not below ua=110"},
        {"magface:la=110,ua=10", "magface: la=110 is not below ua=10"},
        {"magface:lm=0.9", "magface: lm=0.9 is above um=0.8"},
        {"curicularface", "unknown loss 'curicularface' (did you mean 'curricularface'?)"},
        {"subcentre-arcface", "(did you mean 'subcenter-arcface'?)"},
        {"mvsoftmax", "(did you mean 'mv-softmax'?)"},
        {"zzzzzzzz", "unknown loss 'zzzzzzzz' (known: softmax, "},
    };
    tam_ctx *ctx = test_ctx(1);
    for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
        test_fails(ctx, tam_loss_check(ctx, bad[k].text, 10), TAM_CONFIG, bad[k].sentence);
    }
    test_ctx_free(ctx);
}

/* The factor of the angle is whole, 1 to 8, in the whole psi family. */
static void test_angle_factors(void **state) {
    (void)state;
    static const char *const family[] = {"l-softmax", "sphereface", "sphereface-norm"};
    static const char *const bad[] = {"0", "9", "2.5", "-4", "1e9"};
    tam_ctx *ctx = test_ctx(1);
    char text[64];
    for (size_t k = 0; k < sizeof family / sizeof family[0]; k++) {
        for (int m = 1; m <= 8; m++) {
            snprintf(text, sizeof text, "%s:m=%d", family[k], m);
            test_ok(ctx, tam_loss_check(ctx, text, 10));
        }
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
            snprintf(text, sizeof text, "%s:m=%s", family[k], bad[i]);
            test_fails(ctx, tam_loss_check(ctx, text, 10), TAM_CONFIG, "range [1, 8] of whole numbers");
        }
    }
    test_ctx_free(ctx);
}

/* Terms on centres bring softmax with them, pair losses stand alone, and each may be beside a class loss. */
static void test_terms(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_loss loss;
    test_ok(ctx, tam_loss_read(ctx, "triplet", 10, &loss));
    assert_true(loss.class_loss == NULL && loss.terms == 1 && loss.term[0].weight == 1.0);
    assert_true(tam_batch_term_is_pair(loss.term[0].term));
    test_ok(ctx, tam_loss_read(ctx, "triplet:m=0.3,distance=angular,lambda=0.25", 10, &loss));
    assert_true(loss.term[0].weight == 0.25 && loss.term[0].key[0] == 0.3 && loss.term[0].key[1] == 2.0);
    test_ok(ctx, tam_loss_read(ctx, "softmax+triplet", 10, &loss));
    assert_string_equal(loss.class_loss->name, "softmax");
    assert_true(loss.terms == 1);
    test_ok(ctx, tam_loss_read(ctx, "arcface:s=16+center:lambda=0.1+triplet:lambda=2", 10, &loss));
    assert_string_equal(loss.class_loss->name, "arcface");
    assert_true(loss.terms == 2 && loss.term[0].weight == 1.0 && loss.term[0].key[0] == 0.1);
    assert_true(loss.term[1].weight == 2.0);
    /* The first part decides: a term on centres needs a class loss, whatever follows it. */
    test_ok(ctx, tam_loss_read(ctx, "center+triplet", 10, &loss));
    assert_string_equal(loss.class_loss->name, "softmax");
    assert_true(loss.terms == 2);
    test_fails(ctx, tam_loss_check(ctx, "triplet+triplet:m=0.1", 10), TAM_CONFIG, "the term triplet is given twice");
    test_fails(ctx, tam_loss_check(ctx, "arcface+triplet+center+triplet", 10), TAM_CONFIG, "given twice");
    test_fails(ctx, tam_loss_check(ctx, "softmax+arcface", 10), TAM_CONFIG, "unknown term 'arcface'");
    test_fails(ctx, tam_loss_check(ctx, "softmax+tripplet", 10), TAM_CONFIG, "(did you mean 'triplet'?)");
    test_fails(ctx, tam_loss_check(ctx, "triplet:lambda=-1", 10), TAM_CONFIG, "triplet: lambda=-1 is outside");
    test_fails(ctx, tam_loss_check(ctx, "triplet:miner=hardest", 10), TAM_CONFIG, "miner=hardest is none of all|");
    test_fails(ctx, tam_loss_check(ctx, "triplet:beyond-pi=easy", 10), TAM_CONFIG, "unknown key of triplet");
    test_fails(ctx, tam_loss_check(ctx, "triplet+", 10), TAM_CONFIG, "unknown term ''");
    test_ctx_free(ctx);
}

/* Lists: which commas separate specifications. */
static void test_lists(void **state) {
    (void)state;
    static const struct {
        const char *list;
        size_t first;
    } cases[] = {{"", 0},
                 {",arcface", 0},
                 {"arcface", 7},
                 {"softmax+center,arcface", 14},
                 {"arcface:s=16,m=0.3,cosface", 18},
                 {"arcface:s=16,cosface:s=8,m=0.2", 12},
                 {"arcface:s=16,m", 12},
                 {"arcface,=3", 7}};
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        assert_int_equal(tam_loss_list_first(cases[k].list), cases[k].first);
    }
}

static void keep_warning(void *user, const char *sentence) {
    snprintf(user, 256, "%s", sentence);
}

/* MagFace's bound: s K ua^2 la^2 / (ua^2 - la^2), K = (um - lm) / (ua - la). */
static void test_warning_below_a_bound(void **state) {
    (void)state;
    char warning[256] = "";
    tam_ctx *ctx = NULL;
    tam_ctx_config config = {.threads = 1, .warn = keep_warning, .warn_user = warning};
    assert_int_equal(tam_ctx_create(&config, &ctx), TAM_OK);
    test_ok(ctx, tam_loss_check(ctx, "magface", 10));
    test_ok(ctx, tam_loss_check(ctx, "magface:lambda-g=22.6", 10));
    assert_string_equal(warning, "");
    test_ok(ctx, tam_loss_check(ctx, "magface:lambda-g=22.5", 10));
    assert_non_null(strstr(warning, "lambda-g=22.5"));
    assert_non_null(strstr(warning, "22.59")); /* 64 * 0.0035 * 12100 * 100 / 12000 = 22.587 */
    test_ok(ctx, tam_loss_check(ctx, "magface:s=128", 10));
    assert_non_null(strstr(warning, "45.17"));
    warning[0] = '\0';
    test_ok(ctx, tam_loss_check(ctx, "magface:lambda-g=22.5", 10));
    test_ok(ctx, tam_loss_check(ctx, "magface:s=128", 10));
    assert_string_equal(warning, ""); /* each is said once */
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
    test_fails(ctx, tam_loss_curve(ctx, "triplet", 10, &(tam_loss_query){0.5, 1.0, 1.0, 0}, &point), TAM_CONFIG,
               "triplet is a loss on pairs");
    test_ctx_free(ctx);
}

/* The public list is complete and every default is inside its own range. */
static void test_list(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    assert_true(tam_loss_count() >= 22);
    for (int k = 0; k < tam_loss_count() + tam_loss_term_count(); k++) {
        int term = k - tam_loss_count();
        tam_loss_info info = term < 0 ? tam_loss_describe(k) : tam_loss_term_describe(term);
        test_ok(ctx, tam_loss_check(ctx, info.name, 2));
        for (int i = 0; i < info.keys; i++) {
            tam_key_info key = term < 0 ? tam_loss_key(k, i) : tam_loss_term_key(term, i);
            assert_true(key.low <= key.otherwise && key.otherwise <= key.high);
            assert_true(strlen(key.name) > 0 && strlen(key.about) > 0);
        }
    }
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_valid),           cmocka_unit_test(test_refused),
        cmocka_unit_test(test_options),         cmocka_unit_test(test_options_refused),
        cmocka_unit_test(test_angle_factors),   cmocka_unit_test(test_terms),
        cmocka_unit_test(test_lists),           cmocka_unit_test(test_warning_below_a_bound),
        cmocka_unit_test(test_curve_arguments), cmocka_unit_test(test_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

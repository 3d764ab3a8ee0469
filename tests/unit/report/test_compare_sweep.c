/* Sweeps: how they are read, and how a value comes into a net's or a loss's specification. */
#include "list_fixture.h"

#include "report/compare_sweep.h"

static tam_compare_sweep sweep_of(const fixture *made, const char *text) {
    tam_compare_sweep sweep;
    test_ok(made->ctx, tam_compare_sweep_read(made->ctx, made->arena, text, &sweep));
    return sweep;
}

static void keys_say_whose_they_are(void **state) {
    (void)state;
    fixture made = begin();
    tam_compare_sweep sweep = sweep_of(&made, "net.output=A,B,C");
    assert_int_equal(sweep.owner, TAM_SWEEP_NET);
    assert_string_equal(sweep.key, "net.output");
    assert_string_equal(sweep.name, "output");
    assert_int_equal(sweep.count, 3);
    assert_string_equal(sweep.value[1], "B");
    assert_false(tam_compare_sweep_is_numeric(&sweep));
    sweep = sweep_of(&made, "loss.m=0.3,4e-1");
    assert_int_equal(sweep.owner, TAM_SWEEP_LOSS);
    assert_true(tam_compare_sweep_is_numeric(&sweep));
    sweep = sweep_of(&made, "schedule=cosine,step:at=0.5/0.75,by=0.1,constant");
    assert_int_equal(sweep.owner, TAM_SWEEP_RECIPE);
    assert_int_equal(sweep.count, 3);
    assert_string_equal(sweep.value[1], "step:at=0.5/0.75,by=0.1");
    end(&made);
}

static void bad_sweeps_are_refused(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"lr", "is not KEY=VALUE"},
        {"=0.1", "is not KEY=VALUE"},
        {"lr=", "list of values of lr '' has an empty place"},
        {"lr=0.1,,0.2", "empty place"},
        {"lr=0.1,0.2,1e-1", "names 0.1 twice"},
        {"net.output=A,B,A", "names A twice"},
    };
    fixture made = begin();
    tam_compare_sweep sweep;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        test_fails(made.ctx, tam_compare_sweep_read(made.ctx, made.arena, cases[i][0], &sweep), TAM_CONFIG,
                   cases[i][1]);
    }
    end(&made);
}

static void values_come_into_nets(void **state) {
    (void)state;
    static const struct {
        const char *sweep, *net, *given, *value, *expected;
    } cases[] = {
        {"net.width=8", "ir10", "ir10", "8", "ir10:width=8"},
        {"net.width=8", "ir10:dropout=0.1", "ir10:dropout=0.1", "8", "ir10:dropout=0.1,width=8"},
        {"net.bn=1", "conv4:bn=0", NULL, "1", "conv4:bn=1"},
        {"net.width=8", "conv4:width=1,bn=0", NULL, "8", "conv4:width=8,bn=0"},
    };
    fixture made = begin();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tam_compare_sweep sweep = sweep_of(&made, cases[i].sweep);
        const char *net = cases[i].net;
        test_ok(made.ctx, tam_compare_sweep_net(made.ctx, made.arena, &sweep, cases[i].value, cases[i].given, &net));
        assert_string_equal(net, cases[i].expected);
    }
    tam_compare_sweep width = sweep_of(&made, "net.width=8"), wrong = sweep_of(&made, "net.widht=8");
    const char *net = "ir10:width=16";
    test_fails(made.ctx, tam_compare_sweep_net(made.ctx, made.arena, &width, "8", net, &net), TAM_CONFIG,
               "the net 'ir10:width=16' says what its width is");
    test_fails(made.ctx, tam_compare_sweep_net(made.ctx, made.arena, &wrong, "8", net, &net), TAM_CONFIG,
               "unknown key of the net ir10 'widht' (did you mean 'width'?)");
    net = "ir11";
    test_fails(made.ctx, tam_compare_sweep_net(made.ctx, made.arena, &width, "8", net, &net), TAM_CONFIG,
               "unknown net 'ir11' (did you mean 'ir10'?)");
    end(&made);
}

static void values_come_into_losses(void **state) {
    (void)state;
    static const struct {
        const char *sweep, *loss, *given, *value, *expected;
    } cases[] = {
        {"loss.m=1", "arcface", "arcface", "0.3", "arcface:m=0.3"},
        {"loss.m=1", "arcface:s=4,m=0.1", "arcface", "0.3", "arcface:s=4,m=0.3"},
        {"loss.s=1", "arcface:s=1e+1,m=0.1+center", "arcface+center", "3", "arcface:s=3,m=0.1+center"},
        {"loss.s=1", "arcface:m=0.1+center:lambda=1e+1", "arcface:m=0.1+center:lambda=1e+1", "3",
         "arcface:m=0.1,s=3+center:lambda=1e+1"},
        {"loss.lambda=1", "arcface:s=4+center", "arcface:s=4+center", "0.5", "arcface:s=4+center:lambda=0.5"},
        {"loss.m=1", "arcfase", "arcfase", "0.3", "arcfase"},
    };
    fixture made = begin();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tam_compare_sweep sweep = sweep_of(&made, cases[i].sweep);
        const char *loss = cases[i].loss;
        test_ok(made.ctx, tam_compare_sweep_loss(made.ctx, made.arena, &sweep, cases[i].value, cases[i].given, &loss));
        assert_string_equal(loss, cases[i].expected);
    }
    static const char *const refused[][3] = {
        {"loss.m=1", "arcface:m=0.5", "the loss 'arcface:m=0.5' says what its m is"},
        {"loss.mm=1", "arcface", "unknown key of the loss 'arcface' 'mm' (did you mean 'm'?)"},
        {"loss.m=1", "softmax", "the loss 'softmax'"},
        {"loss.m=1", "arcface+triplet", "2 parts of the loss 'arcface+triplet' have a key m"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        tam_compare_sweep sweep = sweep_of(&made, refused[i][0]);
        const char *loss = refused[i][1];
        test_fails(made.ctx, tam_compare_sweep_loss(made.ctx, made.arena, &sweep, "0.3", refused[i][1], &loss),
                   TAM_CONFIG, refused[i][2]);
    }
    end(&made);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_say_whose_they_are),
        cmocka_unit_test(bad_sweeps_are_refused),
        cmocka_unit_test(values_come_into_nets),
        cmocka_unit_test(values_come_into_losses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "support.h"

#include <math.h>

#include "optim/schedule.h"

static double rate_at(tam_ctx *ctx, const char *specification, double warmup, int64_t step) {
    tam_schedule schedule;
    test_ok(ctx, tam_schedule_read(ctx, specification, 0.2, 100, warmup, &schedule));
    return tam_schedule_rate(&schedule, step);
}

static void rates_are_exact(void **state) {
    (void)state;
    static const struct {
        const char *specification;
        double warmup;
        int64_t step;
        double rate;
    } cases[] = {
        {"constant", 0.0, 0, 0.2},
        {"constant", 0.0, 99, 0.2},
        {"constant", 0.1, 0, 0.02},
        {"constant", 0.1, 4, 0.1},
        {"constant", 0.1, 9, 0.2},
        {"constant", 0.1, 10, 0.2},
        {"constant", 0.009, 0, 0.2}, /* less than one step: none */
        {"cosine", 0.0, 0, 0.2},
        {"cosine", 0.0, 50, 0.1},
        {"cosine", 0.0, 25, 0.2 * 0.5 * (1.0 + 0.70710678118654752)},
        {"cosine:end=0.5", 0.0, 50, 0.15},
        {"cosine", 0.2, 20, 0.2},
        {"cosine", 0.2, 60, 0.1},
        {"step", 0.0, 49, 0.2},
        {"step", 0.0, 50, 0.02},
        {"step", 0.0, 75, 0.002},
        {"step:at=0.1/0.2/0.3,by=0.5", 0.0, 9, 0.2},
        {"step:at=0.1/0.2/0.3,by=0.5", 0.0, 10, 0.1},
        {"step:by=0.5,at=0.1/0.2/0.3", 0.0, 99, 0.025},
        {"step:at=0.9", 0.0, 89, 0.2},
        {"poly", 0.0, 50, 0.05},
        {"poly:power=1", 0.0, 75, 0.05},
        {"poly:power=1,end=0.5", 0.0, 50, 0.15},
    };
    tam_ctx *ctx = test_ctx(1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double rate = rate_at(ctx, cases[i].specification, cases[i].warmup, cases[i].step);
        if (!(fabs(rate - cases[i].rate) < 1e-15)) {
            fail_msg("%s at step %d: %.17g, not %.17g", cases[i].specification, (int)cases[i].step, rate,
                     cases[i].rate);
        }
    }
    test_ctx_free(ctx);
}

static void wrong_specifications_are_refused(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"cosin", "did you mean 'cosine'"},
        {"", "unknown schedule"},
        {"constant:x=1", "takes no keys"},
        {"cosine:end=2", "outside its range"},
        {"cosine:end=", "not a number"},
        {"step:at=", "not a number"},
        {"step:at=0.5/", "not a number"},
        {"step:at=0.5/0.4", "must rise"},
        {"step:at=0.5/0.5", "must rise"},
        {"step:at=0", "must rise"},
        {"step:at=1", "must rise"},
        {"step:at=x", "not a number"},
        {"step:at=0.1,at=0.2", "at is given twice"},
        {"step:by=0.5,at=0.1,at=0.2", "at is given twice"},
        {"step:at=0.5,", "a comma ends"},
        {"step:by=0.5,", "a comma ends"},
        {"step:bye=0.5", "did you mean 'by'"},
        {"step:at=.01/.02/.03/.04/.05/.06/.07/.08/.09/.1/.11/.12/.13/.14/.15/.16/.17", "more than 16"},
    };
    tam_ctx *ctx = test_ctx(1);
    tam_schedule schedule;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        test_fails(ctx, tam_schedule_read(ctx, cases[i][0], 0.1, 10, 0.0, &schedule), TAM_CONFIG, cases[i][1]);
    }
    test_fails(ctx, tam_schedule_read(ctx, "poly", NAN, 10, 0.0, &schedule), TAM_CONFIG, "learning rate");
    test_fails(ctx, tam_schedule_read(ctx, "poly", 0.0, 10, 0.0, &schedule), TAM_CONFIG, "learning rate");
    test_fails(ctx, tam_schedule_read(ctx, "poly", 0.1, 10, 1.0, &schedule), TAM_CONFIG, "warm-up");
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_are_exact),
        cmocka_unit_test(wrong_specifications_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* --deterministic: the bits of a run do not depend on the number of threads. */
#include "train_sample.h"

static void threads_do_not_change_a_run(void **state) {
    (void)state;
    static const struct {
        const char *net, *dtype, *loss;
    } cases[] = {{"conv4:width=16", "f32", "arcface:s=16,m=0.2+center"},
                 {"lenet++", "f32", "softmax"},
                 {"ir10:width=16", "f32", "cosface:s=16"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        train_sample s;
        char folders[3][96];
        train_sample_make(&s, 1);
        for (int threads = 1; threads <= 3; threads++) {
            tam_train_result result;
            char *out = folders[threads - 1];
            tam_ctx *ctx = test_ctx(threads);
            snprintf(out, sizeof folders[0], "%s/threads%d", s.folder, threads);
            s.config.net = cases[i].net;
            s.config.dtype = cases[i].dtype;
            s.config.loss = cases[i].loss;
            s.config.out = out;
            s.config.lr = 0.01;
            s.config.deterministic = 1;
            s.config.accumulate = 2;
            s.config.batch = 9;
            s.config.epochs = 3;
            test_ok(ctx, tam_train(ctx, &s.config, &result));
            test_ctx_free(ctx);
            same_file(folders[0], out, "last.safetensors");
            same_file(folders[0], out, "best.safetensors");
        }
        train_sample_free(&s);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_do_not_change_a_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

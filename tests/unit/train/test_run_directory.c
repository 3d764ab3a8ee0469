#include "train_sample.h"

#include <sys/file.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/memory.h"
#include "train/run.h"

static tam_status train(train_sample *s) {
    tam_train_result result;
    return tam_train(s->ctx, &s->config, &result);
}

static void another_configuration_is_refused(void **state) {
    (void)state;
    train_sample s;
    train_sample_make(&s, 1);
    s.config.epochs = 1;
    test_ok(s.ctx, train(&s));
    tam_train_config kept = s.config;
    s.config.lr = 0.05;
    test_fails(s.ctx, train(&s), TAM_CONFIG, "lr: 0.03, this one 0.05");
    s.config = kept;
    s.config.net = "conv4:width=17";
    test_fails(s.ctx, train(&s), TAM_CONFIG, "net: \"conv4:width=16\", this one \"conv4:width=17\"");
    s.config = kept;
    s.config.loss = "softmax";
    test_fails(s.ctx, train(&s), TAM_CONFIG, "this one \"softmax\"");
    s.config = kept;
    s.config.dim = 7;
    test_fails(s.ctx, train(&s), TAM_CONFIG, "dim: 6, this one 7");
    s.config = kept;
    s.config.validation.path = NULL;
    test_fails(s.ctx, train(&s), TAM_CONFIG, "this one absent");
    s.config = kept;
    s.config.data.classes = "id00000[0-4]";
    test_fails(s.ctx, train(&s), TAM_CONFIG, "classes: absent, this one \"id00000[0-4]\"");
    s.config = kept;
    s.config.resume = TAM_RESUME_NO;
    test_fails(s.ctx, train(&s), TAM_CONFIG, "--resume no");
    s.config = kept;
    s.config.sampler = "pk:P=2,K=4";
    s.config.batch = 0;
    test_fails(s.ctx, train(&s), TAM_CONFIG, "sampler: absent, this one \"pk:P=2,K=4\"");
    s.config = kept;
    s.config.dtype = "bf16";
    test_fails(s.ctx, train(&s), TAM_CONFIG, "dtype: absent, this one \"bf16\"");
    s.config = kept;
    s.config.deterministic = 1;
    test_fails(s.ctx, train(&s), TAM_CONFIG, "deterministic: absent, this one true");
    s.config = kept;
    s.config.accumulate = 2;
    test_fails(s.ctx, train(&s), TAM_CONFIG, "accumulate: absent, this one 2");
    s.config = kept;
    s.config.dtype = "f32"; /* the default, given */
    s.config.accumulate = 1;
    s.config.recompute = "units"; /* decides no bit */
    s.config.tune = "fast";       /* the run's choices are made */
    test_ok(s.ctx, train(&s));
    s.config = kept;
    s.config.sampler = "shuffle"; /* the default, given */
    s.config.loader_threads = 2;  /* does not decide the result */
    s.config.checkpoint_seconds = 5;
    test_ok(s.ctx, train(&s));
    train_sample_free(&s);
}

static void shell(const char *format, const char *a, const char *b) {
    char command[500];
    snprintf(command, sizeof command, format, a, b);
    assert_int_equal(system(command), 0);
}

static void a_checkpoint_of_another_run_is_refused(void **state) {
    (void)state;
    train_sample s;
    char other[96];
    train_sample_make(&s, 1);
    s.config.epochs = 1;
    test_ok(s.ctx, train(&s));
    snprintf(other, sizeof other, "%s/other", s.folder);
    s.config.out = other;
    s.config.dim = 7;
    test_ok(s.ctx, train(&s));
    shell("cp %s/last.safetensors %s/last.safetensors", s.out, other);
    test_fails(s.ctx, train(&s), TAM_CONFIG, "the checkpoint has dim '6', this run '7'");
    shell("cp %s/best.safetensors %s/last.safetensors", other, other);
    test_fails(s.ctx, train(&s), TAM_CONFIG, "the checkpoint has kind 'model', this run 'checkpoint'");
    shell("printf x > %s/last.safetensors%s", other, "");
    test_fails(s.ctx, train(&s), TAM_INPUT, "last.safetensors");
    s.config.out = s.out;
    s.config.dim = 6;
    shell("rm %s/id000000/%s", s.data, "000.png");
    test_fails(s.ctx, train(&s), TAM_CONFIG, "had 54 images, these have 53");
    shell("mv %s/id000000 %s/renamed", s.data, s.data);
    test_fails(s.ctx, train(&s), TAM_CONFIG, "classes have other names");
    train_sample_free(&s);
}

static void folders_that_are_no_run_are_left_alone(void **state) {
    (void)state;
    train_sample s;
    train_sample_make(&s, 1);
    s.config.epochs = 1;
    shell("mkdir %s && echo precious > %s/diary", s.out, s.out);
    test_fails(s.ctx, train(&s), TAM_CONFIG, "holds 'diary' and no run");
    shell("test \"$(ls %s)\" = diary && rm %s/diary", s.out, s.out);
    shell("touch %s/config.yaml.tmp%s", s.out, ""); /* killed at the very first write */
    test_ok(s.ctx, train(&s));
    s.config.out = s.data;
    test_fails(s.ctx, train(&s), TAM_CONFIG, "and no run");
    s.config.out = "/proc/nowhere/run";
    test_fails(s.ctx, train(&s), TAM_RESOURCES, "/proc/nowhere");
    s.config.out = "/dev/null";
    test_fails(s.ctx, train(&s), TAM_RESOURCES, "/dev/null");
    train_sample_free(&s);
}

static void two_processes_do_not_share_a_run(void **state) {
    (void)state;
    train_sample s;
    train_sample_make(&s, 1);
    tam_run *run = train_sample_open(&s);
    test_fails(s.ctx, train(&s), TAM_RESOURCES, "another process trains in this folder");
    train_sample_close(&s, run);
    train_sample_free(&s);
}

static void wrong_configurations_are_refused(void **state) {
    (void)state;
    train_sample s;
    train_sample_make(&s, 1);
    tam_train_config kept = s.config;
#define REFUSED(change, sentence)                             \
    do {                                                      \
        s.config = kept;                                      \
        change;                                               \
        test_fails(s.ctx, train(&s), TAM_CONFIG, (sentence)); \
    } while (0)
    REFUSED(s.config.out = NULL, "run directory");
    REFUSED(s.config.data.path = NULL, "needs data");
    REFUSED(s.config.net = "conv5", "did you mean 'conv4'");
    REFUSED(s.config.net = "conv4:widht=3", "did you mean 'width'");
    REFUSED(s.config.loss = "arcfase", "did you mean 'arcface'");
    REFUSED(s.config.loss = "arcface:m=9", "m=9");
    REFUSED(s.config.schedule = "linear", "unknown schedule");
    REFUSED(s.config.augment = "blurr=1", "blurr");
    REFUSED(s.config.batch = 55, "54 images are fewer than one batch of 55");
    REFUSED(s.config.batch = -1, "batch is -1");
    REFUSED(s.config.lr = -0.1, "lr is -0.1");
    REFUSED(s.config.momentum = 1.5, "momentum is 1.5");
    REFUSED(s.config.dim = -3, "dim is -3");
    REFUSED(s.config.data.classes = "nothing*", "nothing*");
    REFUSED(s.config.dtype = "f16", "unknown dtype 'f16'");
    REFUSED(s.config.recompute = "unit", "unknown recomputation 'unit' (did you mean 'units'?)");
    REFUSED(s.config.tune = "ful", "unknown tuning 'ful' (did you mean 'full'?)");
#undef REFUSED
    assert_int_equal(tam_path_look(s.out), TAM_PATH_ABSENT); /* a wrong word leaves no trace */
    train_sample_free(&s);
}

static void the_configuration_is_yaml(void **state) {
    (void)state;
    char text[2000];
    tam_ctx *ctx = test_ctx(1);
    tam_train_config config = {.data.path = "a \"b\"\\c\n",
                               .out = "x",
                               .steps = 5,
                               .lr = 1.0 / 3.0,
                               .clip = -1,
                               .weight_decay = 5e-4,
                               .seed = UINT64_MAX};
    tam_train_config resolved;
    test_ok(ctx, tam_train_resolve(ctx, &config, &resolved));
    size_t length = tam_train_config_text(&resolved, text, sizeof text);
    assert_int_equal(length, strlen(text));
    assert_string_equal(text, "data: \"a \\\"b\\\"\\\\c\\x0a\"\nnet: \"conv4\"\nloss: \"arcface\"\ndim: 512\nsteps: 5\n"
                              "batch: 128\nlr: 0.3333333333333333\nmomentum: 0.9\nwd: 0.0005\nschedule: \"cosine\"\n"
                              "warmup: 0.02\nclip: 0\naugment: \"none\"\nlog-every: 20\nseed: 18446744073709551615\n");
    config.sampler = "pk:P=2,K=3";
    config.init_from = "runs/a";
    test_ok(ctx, tam_train_resolve(ctx, &config, &resolved));
    assert_int_equal(resolved.batch, 6);
    length = tam_train_config_text(&resolved, text, sizeof text);
    assert_non_null(strstr(text, "steps: 5\nsampler: \"pk:P=2,K=3\"\ninit-from: \"runs/a\"\nlr: "));
    config.accumulate = 4;
    config.dtype = "bf16";
    config.recompute = "units";
    config.tune = "full";
    config.deterministic = 7;
    test_ok(ctx, tam_train_resolve(ctx, &config, &resolved));
    length = tam_train_config_text(&resolved, text, sizeof text);
    assert_non_null(strstr(text, "runs/a\"\naccumulate: 4\ndtype: \"bf16\"\nrecompute: \"units\"\ntune: \"full\"\n"
                                 "deterministic: true\nlr: "));
    for (size_t room = 0; room < 40; room++) {
        char small[41];
        memset(small, '#', sizeof small);
        assert_int_equal(tam_train_config_text(&resolved, small, room), length);
        assert_int_equal(small[room], '#');
    }
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_configuration_is_refused),
        cmocka_unit_test(a_checkpoint_of_another_run_is_refused),
        cmocka_unit_test(folders_that_are_no_run_are_left_alone),
        cmocka_unit_test(two_processes_do_not_share_a_run),
        cmocka_unit_test(wrong_configurations_are_refused),
        cmocka_unit_test(the_configuration_is_yaml),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

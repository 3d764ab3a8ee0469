/* A run that begins with another run's model. */
#include "train_sample.h"

#include "base/file.h"
#include "base/memory.h"
#include "tammes/model.h"
#include "train/run.h"

typedef struct fixture {
    train_sample s;
    char first[96], moved[96]; /* the run to begin with, and where it goes later */
} fixture;

static void train(train_sample *s) {
    tam_train_result result;
    test_ok(s->ctx, tam_train(s->ctx, &s->config, &result));
}

/* A finished run in `first`; the sample's configuration then names it as the beginning of another run. */
static void make(fixture *f) {
    train_sample_make(&f->s, 1);
    snprintf(f->first, sizeof f->first, "%s/first", f->s.folder);
    snprintf(f->moved, sizeof f->moved, "%s/moved", f->s.folder);
    f->s.config.out = f->first;
    f->s.config.epochs = 2;
    train(&f->s);
    f->s.config.out = f->s.out;
    f->s.config.init_from = f->first;
    f->s.config.lr = 0.01;
    f->s.config.seed = 5;
}

static void expect_in_log(const train_sample *s, const char *text) {
    char command[400];
    snprintf(command, sizeof command, "head -n 1 '%s/log.jsonl' | grep -qF '%s'", s->config.out, text);
    if (system(command) != 0) {
        fail_msg("the log's first line does not have %s", text);
    }
}

/* Every number of the net, running statistics too, is the model's; every momentum is 0. */
static void the_net_is_the_models(void **state) {
    (void)state;
    fixture f;
    tam_model *model;
    make(&f);
    tam_run *run = train_sample_open(&f.s);
    test_ok(f.s.ctx, tam_model_open(f.s.ctx, f.first, &model));
    int statistics = 0;
    for (int i = 0; i < tam_net_tensor_count(run->net); i++) {
        tam_net_tensor tensor = tam_net_tensor_at(run->net, i);
        float *a = calloc((size_t)tensor.count, sizeof *a), *b = calloc((size_t)tensor.count, sizeof *b);
        test_ok(f.s.ctx, tam_net_read(run->net, i, TAM_NET_VALUE, a));
        test_ok(f.s.ctx, tam_net_read(tam_model_net(model), i, TAM_NET_VALUE, b));
        assert_memory_equal(a, b, (size_t)tensor.count * sizeof *a);
        if (tensor.trained) {
            test_ok(f.s.ctx, tam_net_read(run->net, i, TAM_NET_MOMENTUM, a));
            for (int64_t k = 0; k < tensor.count; k++) {
                assert_true(a[k] == 0.0f);
            }
        }
        statistics += !tensor.trained;
        free(a);
        free(b);
    }
    assert_true(statistics > 0);
    assert_memory_equal(tam_head_weights(run->head), tam_model_class_weights(model), 6 * 6 * sizeof(float));
    assert_int_equal(run->counters.step, 0);
    char said[96];
    snprintf(said, sizeof said, "\"init_step\":%lld,\"class_weights\":\"taken\"",
             (long long)tam_model_describe(model).step);
    tam_model_free(model);
    train_sample_close(&f.s, run);
    expect_in_log(&f.s, said);
    train_sample_free(&f.s);
}

/* Whether the class weights fit decides the loss and the classes, not the run as a whole. */
static void class_weights_are_taken_where_they_fit(void **state) {
    (void)state;
    static const struct {
        const char *loss, *classes, *said;
    } cases[] = {
        {"softmax", NULL, "\"class_weights\":\"taken\""},
        {"cosface:s=8", NULL, "\"class_weights\":\"taken\""},
        {"arcface", "id00000[0-4]", "\"class_weights\":\"fresh: the model has other classes\""},
    };
    fixture f;
    make(&f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        f.s.config.loss = cases[i].loss;
        f.s.config.data.classes = cases[i].classes;
        train_sample_close(&f.s, train_sample_open(&f.s));
        expect_in_log(&f.s, cases[i].said);
        test_folder_remove(f.s.out);
    }
    char command[400]; /* as many classes, one of them with another name */
    snprintf(command, sizeof command, "mv '%s/id000005' '%s/id000007'", f.s.data, f.s.data);
    assert_int_equal(system(command), 0);
    f.s.config.data.classes = NULL;
    train_sample_close(&f.s, train_sample_open(&f.s));
    expect_in_log(&f.s, "\"class_weights\":\"fresh: the model has other classes\"");
    train_sample_free(&f.s);
}

/* Biases of plain softmax come along. */
static void biases_come_along(void **state) {
    (void)state;
    fixture f;
    tam_model *model;
    make(&f);
    f.s.config.init_from = NULL;
    f.s.config.loss = "softmax";
    train(&f.s);
    char tuned[96];
    snprintf(tuned, sizeof tuned, "%s/tuned", f.s.folder);
    f.s.config.init_from = f.s.out;
    f.s.config.out = tuned;
    tam_run *run = train_sample_open(&f.s);
    test_ok(f.s.ctx, tam_model_open(f.s.ctx, f.s.out, &model));
    int found = 0;
    for (int i = 0; i < tam_head_tensor_count(run->head); i++) {
        tam_head_tensor tensor = tam_head_tensor_at(run->head, i);
        if (strcmp(tensor.name, "head.bias") == 0) {
            assert_memory_equal(tensor.data, tam_model_class_bias(model), 6 * sizeof(float));
            found++;
        }
    }
    assert_int_equal(found, 1);
    tam_model_free(model);
    train_sample_close(&f.s, run);
    train_sample_free(&f.s);
}

static void a_model_that_does_not_fit_is_refused(void **state) {
    (void)state;
    fixture f;
    tam_train_result result;
    make(&f);
    tam_train_config kept = f.s.config;
#define REFUSED(change, status, sentence)                                                    \
    do {                                                                                     \
        f.s.config = kept;                                                                   \
        change;                                                                              \
        test_fails(f.s.ctx, tam_train(f.s.ctx, &f.s.config, &result), (status), (sentence)); \
        assert_int_equal(tam_path_look(f.s.out), TAM_PATH_ABSENT);                           \
    } while (0)
    REFUSED(f.s.config.net = "conv4:width=8", TAM_CONFIG,
            "the model's net is 'conv4:width=16', this run's 'conv4:width=8'");
    REFUSED(f.s.config.dim = 7, TAM_CONFIG, "the model has dim 6, this run 7");
    REFUSED(f.s.config.data.size = 20, TAM_CONFIG,
            "takes 16 x 16 with 1 channels, this run's images are 20 x 20 with 1");
    REFUSED(f.s.config.data.channels = 3, TAM_CONFIG,
            "takes 16 x 16 with 1 channels, this run's images are 16 x 16 with 3");
    REFUSED(f.s.config.init_from = f.s.data, TAM_INPUT, "neither best.safetensors nor last.safetensors");
    REFUSED(f.s.config.init_from = "/nowhere/best.safetensors", TAM_INPUT, "/nowhere/best.safetensors");
#undef REFUSED
    train_sample_free(&f.s);
}

/* From the first moment on the run's own checkpoint stands for the model: killed after any number of steps, and the
 * model gone, it ends with the bytes of the run that was left alone. */
static void a_resumed_run_does_not_need_the_model(void **state) {
    (void)state;
    static const int stops[] = {0, 1, 7};
    fixture f;
    tam_train_result result;
    char whole[96];
    make(&f);
    snprintf(whole, sizeof whole, "%s/whole", f.s.folder);
    f.s.config.out = whole;
    train(&f.s);
    f.s.config.out = f.s.out;
    for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++) {
        tam_run *run = train_sample_open(&f.s);
        for (int step = 0; step < stops[i]; step++) {
            if (step > 0 && step % run->steps_per_epoch == 0) {
                test_ok(f.s.ctx, tam_run_end_epoch(run));
            }
            test_ok(f.s.ctx, tam_run_step(run));
            if (run->counters.step % f.s.config.log_every == 0) {
                tam_log_step(run);
            }
        }
        if (stops[i] > 1) { /* else killed before it was time for another checkpoint */
            test_ok(f.s.ctx, tam_checkpoint_save(run));
        }
        train_sample_close(&f.s, run);
        assert_int_equal(rename(f.first, f.moved), 0);
        test_ok(f.s.ctx, tam_train(f.s.ctx, &f.s.config, &result));
        assert_int_equal(rename(f.moved, f.first), 0);
        assert_true(result.resumed);
        same_file(whole, f.s.out, "last.safetensors");
        same_file(whole, f.s.out, "best.safetensors");
        test_folder_remove(f.s.out);
    }
    train_sample_free(&f.s);
}

static void another_beginning_is_another_run(void **state) {
    (void)state;
    fixture f;
    tam_train_result result;
    make(&f);
    f.s.config.epochs = 1;
    train(&f.s);
    f.s.config.init_from = NULL;
    test_fails(f.s.ctx, tam_train(f.s.ctx, &f.s.config, &result), TAM_CONFIG, "this one absent");
    f.s.config.init_from = f.s.data;
    test_fails(f.s.ctx, tam_train(f.s.ctx, &f.s.config, &result), TAM_CONFIG, "init-from: ");
    train_sample_free(&f.s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_net_is_the_models),
        cmocka_unit_test(class_weights_are_taken_where_they_fit),
        cmocka_unit_test(biases_come_along),
        cmocka_unit_test(a_model_that_does_not_fit_is_refused),
        cmocka_unit_test(a_resumed_run_does_not_need_the_model),
        cmocka_unit_test(another_beginning_is_another_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

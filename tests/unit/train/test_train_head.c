/* Training with the head's options: dtypes, workspace, sampled classes, the gradient filter. */
#include "train_sample.h"

#include <math.h>
#include <sys/stat.h>

#include "base/bf16.h"
#include "base/file.h"
#include "base/free_memory.h"
#include "tammes/model.h"

enum { CLASSES = 300, DIM = 6, WIDE = 1000, STEPS = 5 };

/* Enough classes for several tiles of them, one image each. */
static void make(train_sample *s, int threads) {
    train_sample_make(s, threads);
    test_folder_remove(s->data);
    tam_glyphs_config glyphs = {.identities = CLASSES, .per_identity = 1, .size = 16};
    test_ok(s->ctx, tam_glyphs_write(s->ctx, &glyphs, s->data));
    s->config.validation.path = NULL;
    s->config.epochs = 0;
    s->config.steps = STEPS;
    s->config.log_every = 3;
    s->config.loss = "arcface:s=8,m=0.2";
}

static void train(train_sample *s, bool resumed) {
    tam_train_result result;
    test_ok(s->ctx, tam_train(s->ctx, &s->config, &result));
    assert_int_equal(result.step, STEPS);
    assert_int_equal(result.skipped, 0);
    assert_int_equal(result.resumed, resumed);
}

/* As if killed right after the checkpoint behind so many steps. */
static void train_and_die(train_sample *s, int steps) {
    tam_run *run = train_sample_open(s);
    for (int step = 0; step < steps; step++) {
        test_ok(s->ctx, tam_run_step(run));
        if (run->counters.step % s->config.log_every == 0) {
            tam_log_step(run);
        }
    }
    test_ok(s->ctx, tam_checkpoint_save(run));
    train_sample_close(s, run);
}

static void expect(const train_sample *s, const char *file, const char *pattern) {
    char command[400];
    snprintf(command, sizeof command, "grep -q -- '%s' '%s/%s'", pattern, s->config.out, file);
    if (system(command) != 0) {
        fail_msg("%s does not have %s", file, pattern);
    }
}

typedef struct variant {
    const char *dtype;
    double sample_rate;
    int filter;
    const char *loss;
} variant;

static void use(train_sample *s, const variant *v) {
    s->config.head_dtype = v->dtype;
    s->config.sample_rate = v->sample_rate;
    s->config.gradient_filter = v->filter;
    s->config.loss = v->loss != NULL ? v->loss : "arcface:s=8,m=0.2";
}

/* Killed at any step, every other one for each variant, and continued with another workspace: the bytes of the run that
 * was left alone. */
static void a_resumed_run_is_the_same_run(void **state) {
    (void)state;
    static const variant variants[] = {
        {"bf16", 0, 0, NULL}, {"bf16-lean", 0, 0, NULL},   {"f32", 0.3, 0, NULL},
        {"f32", 0, 1, NULL},  {"bf16-lean", 0.3, 1, NULL}, {"bf16-lean", 0.5, 0, "subcenter-arcface:s=8,K=2+center"},
    };
    for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++) {
        train_sample s;
        char whole[96];
        make(&s, 1);
        use(&s, &variants[i]);
        snprintf(whole, sizeof whole, "%s/whole", s.folder);
        s.config.out = whole;
        train(&s, false);
        s.config.out = s.out;
        for (int stop = (int)i % 2; stop <= STEPS; stop += 2) {
            s.config.head_workspace = 0;
            train_and_die(&s, stop);
            s.config.head_workspace = stop % 4 < 2 ? TAM_HEAD_LEAST_WORKSPACE : (size_t)3 << 20;
            train(&s, true);
            same_file(whole, s.out, "last.safetensors");
            same_file(whole, s.out, "best.safetensors");
            same_file(whole, s.out, "config.yaml");
            test_folder_remove(s.out);
        }
        train_sample_free(&s);
    }
}

/* The configuration and the log say what was left out, where anything can be. */
static void what_is_left_out_is_logged(void **state) {
    (void)state;
    train_sample s;
    make(&s, 1);
    train(&s, false);
    expect(&s, "log.jsonl", "\"head_dtype\":\"f32\"");
    char command[200];
    snprintf(command, sizeof command, "! grep -q 'tiles_left\\|bound\\|\"step\".*\"classes\":' '%s/log.jsonl'", s.out);
    assert_int_equal(system(command), 0);
    snprintf(command, sizeof command, "! grep -q 'head-\\|sample-rate\\|filter' '%s/config.yaml'", s.out);
    assert_int_equal(system(command), 0);
    test_folder_remove(s.out);
    use(&s, &(variant){"bf16-lean", 0.2, 1, NULL});
    s.config.head_workspace = (size_t)5 << 20;
    train(&s, false);
    expect(&s, "config.yaml", "^head-dtype: \"bf16-lean\"$");
    expect(&s, "config.yaml", "^sample-rate: 0.2$");
    expect(&s, "config.yaml", "^gradient-filter: 1$");
    snprintf(command, sizeof command, "! grep -q workspace '%s/config.yaml'", s.out);
    assert_int_equal(system(command), 0);
    expect(&s, "log.jsonl", "\"head_dtype\":\"bf16-lean\"");
    expect(&s, "log.jsonl", "\"kind\":\"step\",\"step\":3.*\"classes\":60,\"tiles_left_out\":[01].*\"filter_bound\":");
    train_sample_free(&s);
}

/* Samples that are sure of their class, which is among the first: tiles of other classes hold almost nothing. */
static void the_filter_reaches_the_head(void **state) {
    (void)state;
    for (int filter = 0; filter < 2; filter++) {
        train_sample s;
        float x[8 * DIM], dx[8 * DIM];
        const int32_t y[8] = {0, 1, 2, 3, 4, 5, 6, 7};
        const tam_head_update update = {.lr = 0.1f};
        tam_head_result result;
        make(&s, 1);
        use(&s, &(variant){"f32", 0, filter, "arcface:s=64,m=0"});
        tam_run *run = train_sample_open(&s);
        test_ok(s.ctx, tam_head_read_weights(run->head, 0, 8, x));
        test_ok(s.ctx, tam_head_step(run->head, 8, x, y, dx, NULL, &update, &result));
        assert_true(result.tiles > 1);
        assert_int_equal(result.tiles_left_out > 0, filter);
        train_sample_close(&s, run);
        train_sample_free(&s);
    }
}

/* Sums of the steps since the last line become means, and the largest bound. */
static void sums_of_what_was_left_out_are_logged(void **state) {
    (void)state;
    train_sample s;
    make(&s, 1);
    use(&s, &(variant){"f32", 0.2, 1, NULL});
    tam_run *run = train_sample_open(&s);
    tam_left_out_sums *sums = &run->sums.left_out;
    for (int step = 0; step < 3; step++) {
        test_ok(s.ctx, tam_run_step(run));
    }
    assert_true(sums->steps == 3.0 && sums->classes == 3.0 * CLASSES / 5 && sums->tiles >= 3.0);
    *sums = (tam_left_out_sums){.steps = 4, .classes = 241, .tiles = 12, .tiles_left_out = 3, .largest_bound = 0.125};
    tam_log_step(run);
    expect(&s, "log.jsonl", "\"classes\":60.25,\"tiles_left_out\":0.25,\"filter_bound\":0.125,");
    assert_true(sums->steps == 0.0 && sums->largest_bound == 0.0);
    train_sample_close(&s, run);
    train_sample_free(&s);
}

/* What does not take part does not move: of the rows of w, those of the classes in the batch and of the others drawn.
 */
static void unsampled_classes_stay(void **state) {
    (void)state;
    train_sample s;
    static float before[CLASSES * DIM], after[CLASSES * DIM];
    make(&s, 1);
    use(&s, &(variant){"f32", 0.1, 0, NULL});
    tam_run *run = train_sample_open(&s);
    for (int step = 0; step < 3; step++) {
        test_ok(s.ctx, tam_head_read_weights(run->head, 0, CLASSES, before));
        test_ok(s.ctx, tam_run_step(run));
        test_ok(s.ctx, tam_head_read_weights(run->head, 0, CLASSES, after));
        int moved = 0;
        for (int c = 0; c < CLASSES; c++) {
            moved += memcmp(before + c * DIM, after + c * DIM, DIM * sizeof(float)) != 0;
        }
        assert_int_equal(moved, CLASSES / 10);
    }
    train_sample_close(&s, run);
    train_sample_free(&s);
}

/* Of the head's own part, given the same embeddings: the net's backward has its bits by the number of threads. */
static void threads_do_not_change_the_head(void **state) {
    (void)state;
    static const variant variants[] = {{"bf16", 0, 0, NULL}, {"bf16-lean", 0, 0, NULL}, {"bf16-lean", 0.3, 1, NULL}};
    const tam_head_update update = {.lr = 0.1f, .momentum = 0.9f, .weight_decay = 5e-4f};
    for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++) {
        train_sample s[2];
        tam_run *run[2];
        for (int k = 0; k < 2; k++) {
            make(&s[k], k + 1);
            use(&s[k], &variants[i]);
            run[k] = train_sample_open(&s[k]);
        }
        for (int step = 0; step < 4; step++) {
            float x[8 * DIM], dx[2][8 * DIM];
            int32_t y[8];
            tam_head_result result;
            for (int n = 0; n < 8; n++) {
                y[n] = (step * 8 + n) * 37 % CLASSES;
            }
            for (int n = 0; n < 8 * DIM; n++) {
                x[n] = sinf((float)(step * 100 + n));
            }
            for (int k = 0; k < 2; k++) {
                test_ok(s[k].ctx, tam_head_step(run[k]->head, 8, x, y, dx[k], NULL, &update, &result));
            }
            assert_memory_equal(dx[0], dx[1], sizeof dx[0]);
        }
        for (int t = 0; t < tam_head_tensor_count(run[0]->head); t++) {
            tam_head_tensor a = tam_head_tensor_at(run[0]->head, t), b = tam_head_tensor_at(run[1]->head, t);
            assert_int_equal(a.bytes, b.bytes);
            assert_memory_equal(a.data, b.data, a.bytes);
        }
        for (int k = 0; k < 2; k++) {
            train_sample_close(&s[k], run[k]);
            train_sample_free(&s[k]);
        }
    }
}

static void another_head_is_another_run(void **state) {
    (void)state;
    train_sample s;
    tam_train_result result;
    make(&s, 1);
    use(&s, &(variant){"bf16", 0.5, 0, NULL});
    train(&s, false);
#define REFUSED(change, sentence)                                                        \
    do {                                                                                 \
        use(&s, &(variant){"bf16", 0.5, 0, NULL});                                       \
        change;                                                                          \
        test_fails(s.ctx, tam_train(s.ctx, &s.config, &result), TAM_CONFIG, (sentence)); \
    } while (0)
    REFUSED(s.config.head_dtype = NULL, "head-dtype: \"bf16\", this one absent");
    REFUSED(s.config.head_dtype = "bf16-lean", "head-dtype: \"bf16\", this one \"bf16-lean\"");
    REFUSED(s.config.sample_rate = 0, "sample-rate: 0.5, this one absent");
    REFUSED(s.config.sample_rate = 0.25, "sample-rate: 0.5, this one 0.25");
    REFUSED(s.config.gradient_filter = 3, "gradient-filter: absent, this one 3");
#undef REFUSED
    use(&s, &(variant){"bf16", 0.5, 0, NULL});
    s.config.head_workspace = TAM_HEAD_LEAST_WORKSPACE;
    train(&s, true);
    train_sample_free(&s);
}

static void wrong_heads_are_refused(void **state) {
    (void)state;
    train_sample s;
    tam_train_result result;
    tam_dataset *data;
    make(&s, 1);
    test_ok(s.ctx, tam_dataset_open(s.ctx, &s.config.data, &data));
#define REFUSED(change, sentence)                                                           \
    do {                                                                                    \
        use(&s, &(variant){NULL, 0, 0, NULL});                                              \
        s.config.head_workspace = 0;                                                        \
        change;                                                                             \
        test_fails(s.ctx, tam_train(s.ctx, &s.config, &result), TAM_CONFIG, (sentence));    \
        test_fails(s.ctx, tam_train_check(s.ctx, &s.config, data), TAM_CONFIG, (sentence)); \
    } while (0)
    REFUSED(s.config.head_dtype = "f16", "'f16'; there are f32, bf16 and bf16-lean");
    REFUSED(s.config.sample_rate = -0.1, "sample-rate is -0.1, not above 0 and at most 1");
    REFUSED(s.config.sample_rate = 1.5, "sample-rate is 1.5, not above 0 and at most 1");
    REFUSED(s.config.sample_rate = NAN, "sample-rate is nan, not above 0 and at most 1");
    REFUSED(s.config.gradient_filter = -1, "gradient-filter is -1, outside [0, 60]");
    REFUSED(s.config.gradient_filter = 61, "gradient-filter is 61, outside [0, 60]");
    REFUSED(s.config.head_workspace = 1, "the least is");
#undef REFUSED
    assert_int_equal(tam_path_look(s.out), TAM_PATH_ABSENT);
    tam_dataset_free(data);
    train_sample_free(&s);
}

/* As many folders with the one image. */
static void link_classes(const train_sample *s, int count) {
    char from[160], folder[160], to[200];
    snprintf(from, sizeof from, "%s/id000000/000.png", s->data);
    for (int c = CLASSES; c < count; c++) {
        snprintf(folder, sizeof folder, "%s/id%06d", s->data, c);
        snprintf(to, sizeof to, "%s/000.png", folder);
        assert_int_equal(mkdir(folder, 0777), 0);
        assert_int_equal(link(from, to), 0);
    }
}

/* More than the whole machine has, for some thousand images: refused before any of it is taken. */
static void a_head_that_does_not_fit_is_refused(void **state) {
    (void)state;
    train_sample s;
    tam_train_result result;
    tam_dataset *data;
    char sentence[64];
    const size_t class_bytes = 2 * sizeof(float) * 16 * 65536;
    size_t classes = tam_total_memory("") / class_bytes + 1;
    if (classes < CLASSES || classes > 10000) {
        skip(); /* the machine does not tell, or so many folders take too long */
    }
    make(&s, 1);
    link_classes(&s, (int)classes);
    s.config.loss = "subcenter-arcface:K=16";
    s.config.dim = 65536;
    snprintf(sentence, sizeof sentence, "a head of %zu classes", classes);
    test_fails(s.ctx, tam_train(s.ctx, &s.config, &result), TAM_RESOURCES, sentence);
    assert_non_null(strstr(tam_ctx_message(s.ctx), "and width 65536"));
    assert_non_null(strstr(tam_ctx_message(s.ctx), "GB can be had now"));
    assert_non_null(strstr(tam_ctx_message(s.ctx), "bf16-lean"));
    assert_true(tam_ctx_memory(s.ctx).peak_bytes < (size_t)32 << 20);
    assert_int_equal(tam_path_look(s.out), TAM_PATH_ABSENT);
    test_ok(s.ctx, tam_dataset_open(s.ctx, &s.config.data, &data));
    test_fails(s.ctx, tam_train_check(s.ctx, &s.config, data), TAM_RESOURCES, sentence);
    tam_dataset_free(data);
    train_sample_free(&s);
}

/* A model of one dtype is the start of a run of another: its weights, in bf16 the nearest. They are more than
 * are taken at a time. */
static void a_model_of_another_dtype_begins_a_run(void **state) {
    (void)state;
    static const char *const dtypes[] = {"f32", "bf16-lean", "bf16"};
    static float there[CLASSES * WIDE], here[CLASSES * WIDE];
    train_sample s;
    tam_train_result result;
    char first[96];
    make(&s, 1);
    s.config.dim = WIDE;
    s.config.steps = 1;
    snprintf(first, sizeof first, "%s/first", s.folder);
    for (int from = 0; from < 2; from++) {
        tam_model *model;
        s.config.out = first;
        s.config.init_from = NULL;
        use(&s, &(variant){dtypes[from], 0, 0, NULL});
        test_ok(s.ctx, tam_train(s.ctx, &s.config, &result));
        test_ok(s.ctx, tam_model_open(s.ctx, first, &model));
        memcpy(there, tam_model_class_weights(model), sizeof there);
        tam_model_free(model);
        s.config.out = s.out;
        s.config.init_from = first;
        for (int to = 0; to < 3; to++) {
            use(&s, &(variant){dtypes[to], 0, 0, NULL});
            tam_run *run = train_sample_open(&s);
            assert_string_equal(run->class_weights, "taken");
            test_ok(s.ctx, tam_head_read_weights(run->head, 0, CLASSES, here));
            for (int i = 0; i < CLASSES * WIDE; i++) {
                float expected = to == 1 ? tam_bf16_value(tam_bf16_nearest(there[i])) : there[i];
                assert_true(here[i] == expected);
            }
            train_sample_close(&s, run);
            test_folder_remove(s.out);
        }
        test_folder_remove(first);
    }
    train_sample_free(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_resumed_run_is_the_same_run),
        cmocka_unit_test(what_is_left_out_is_logged),
        cmocka_unit_test(the_filter_reaches_the_head),
        cmocka_unit_test(sums_of_what_was_left_out_are_logged),
        cmocka_unit_test(unsampled_classes_stay),
        cmocka_unit_test(threads_do_not_change_the_head),
        cmocka_unit_test(another_head_is_another_run),
        cmocka_unit_test(wrong_heads_are_refused),
        cmocka_unit_test(a_head_that_does_not_fit_is_refused),
        cmocka_unit_test(a_model_of_another_dtype_begins_a_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

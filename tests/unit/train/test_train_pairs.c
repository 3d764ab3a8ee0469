/* Training with losses on pairs, and with several or no class weights. */
#include "train_sample.h"

#include <math.h>

#include "base/file.h"
#include "base/memory.h"
#include "head/head_loss.h"
#include "io/safetensors.h"
#include "tammes/model.h"
#include "train/run.h"

static int warnings;
static char first_warning[512];

static void keep_warning(void *user, const char *sentence) {
    (void)user;
    if (warnings++ == 0) {
        snprintf(first_warning, sizeof first_warning, "%s", sentence);
    }
}

/* The sample with a context that collects warnings. */
static void make(train_sample *s, const char *loss, const char *sampler) {
    train_sample_make(s, 1);
    test_ctx_free(s->ctx);
    tam_ctx_config config = {.threads = 1, .warn = keep_warning};
    assert_int_equal(tam_ctx_create(&config, &s->ctx), TAM_OK);
    s->config.loss = loss;
    s->config.sampler = sampler;
    s->config.batch = 0;
    warnings = 0;
}

/* All trained numbers of the net and their momenta, one after another. */
static float *net_numbers(train_sample *s, tam_run *run, size_t *bytes) {
    size_t count = 0, at = 0;
    for (int i = 0; i < tam_net_tensor_count(run->net); i++) {
        count += 2 * (size_t)tam_net_tensor_at(run->net, i).count;
    }
    float *numbers = calloc(count, sizeof *numbers);
    for (int i = 0; i < tam_net_tensor_count(run->net); i++) {
        tam_net_tensor tensor = tam_net_tensor_at(run->net, i);
        for (int part = 0; tensor.trained && part < 2; part++) {
            test_ok(s->ctx, tam_net_read(run->net, i, part == 0 ? TAM_NET_VALUE : TAM_NET_MOMENTUM, numbers + at));
            at += (size_t)tensor.count;
        }
    }
    *bytes = at * sizeof *numbers;
    return numbers;
}

static void run_to(train_sample *s, tam_run *run, int steps) {
    while (run->counters.step < steps) {
        int64_t step = run->counters.step;
        if (step > 0 && step % run->steps_per_epoch == 0) {
            test_ok(s->ctx, tam_run_end_epoch(run));
        }
        test_ok(s->ctx, tam_run_step(run));
        if (run->counters.step % s->config.log_every == 0) {
            tam_log_step(run);
        }
    }
}

/* Killed after any step and started again: the bytes of the run that was left alone. The miner draws by step. */
static void a_resumed_run_is_the_same_run(void **state) {
    (void)state;
    static const char *const losses[] = {"triplet:miner=distance-weighted", "arcface:s=16+triplet",
                                         "subcenter-arcface:s=16", "curricularface:s=16"};
    static const int stops[] = {1, 5, 7, 18};
    for (size_t l = 0; l < sizeof losses / sizeof losses[0]; l++) {
        train_sample s;
        tam_train_result result;
        char whole[96];
        make(&s, losses[l], "pk:P=3,K=3");
        snprintf(whole, sizeof whole, "%s/whole", s.folder);
        s.config.out = whole;
        test_ok(s.ctx, tam_train(s.ctx, &s.config, &result));
        assert_int_equal(result.step, 18); /* 54 images, batches of 9 */
        assert_int_equal(result.no_pairs, 0);
        s.config.out = s.out;
        for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++) {
            tam_run *run = train_sample_open(&s);
            run_to(&s, run, stops[i]);
            test_ok(s.ctx, tam_checkpoint_save(run));
            train_sample_close(&s, run);
            test_ok(s.ctx, tam_train(s.ctx, &s.config, &result));
            assert_true(result.resumed);
            same_file(whole, s.out, "last.safetensors");
            same_file(whole, s.out, "best.safetensors");
            test_folder_remove(s.out);
        }
        assert_int_equal(warnings, 0);
        train_sample_free(&s);
    }
}

/* Batches without pairs move nothing, are counted, are no failure however many come, and are told of once. */
static void batches_without_pairs_are_passed_over(void **state) {
    (void)state;
    train_sample s;
    size_t bytes;
    make(&s, "triplet", NULL);
    s.config.batch = 2;
    s.config.epochs = 4;
    tam_run *run = train_sample_open(&s);
    int passed = 0;
    for (int step = 0; step < 60; step++) {
        int64_t before_count = run->counters.no_pairs, counted = (int64_t)run->sums.epoch.steps;
        float *before = net_numbers(&s, run, &bytes);
        test_ok(s.ctx, tam_run_step(run));
        float *after = net_numbers(&s, run, &bytes);
        bool none = run->counters.no_pairs > before_count;
        assert_int_equal(memcmp(before, after, bytes) == 0, none);
        assert_int_equal((int64_t)run->sums.epoch.steps - counted, none ? 0 : 1);
        passed += none;
        free(before);
        free(after);
    }
    assert_true(passed > 40 && passed < 60); /* of two images, five of six times of different classes */
    assert_int_equal(run->counters.no_pairs, passed);
    assert_int_equal(run->counters.skipped, 0);
    assert_int_equal(warnings, 1);
    assert_non_null(strstr(first_warning, "--sampler pk:P=16,K=4"));
    train_sample_close(&s, run);
    train_sample_free(&s);
}

/* Beside a class loss such batches are counted too, but learned from. */
static void a_class_loss_learns_without_pairs(void **state) {
    (void)state;
    train_sample s;
    size_t bytes;
    make(&s, "arcface:s=16+triplet", "pk:P=6,K=1");
    tam_run *run = train_sample_open(&s);
    assert_int_equal(warnings, 1);
    assert_non_null(strstr(first_warning, "pk:P=6,K=1 no two images of a batch have the same class, but triplet"));
    float *before = net_numbers(&s, run, &bytes);
    test_ok(s.ctx, tam_run_step(run));
    float *after = net_numbers(&s, run, &bytes);
    assert_memory_not_equal(before, after, bytes);
    assert_int_equal(run->counters.no_pairs, 1);
    free(before);
    free(after);
    train_sample_close(&s, run);
    train_sample_free(&s);
}

static void a_run_of_nothing_but_such_batches_ends(void **state) {
    (void)state;
    train_sample s;
    tam_train_result result;
    make(&s, "triplet", "pk:P=6,K=1");
    s.config.epochs = 4;
    test_ok(s.ctx, tam_train(s.ctx, &s.config, &result));
    assert_int_equal(result.step, 36);
    assert_int_equal(result.no_pairs, 36);
    assert_int_equal(result.skipped, 0);
    assert_true(isnan(result.loss));
    assert_int_equal(warnings, 2); /* at the beginning, and at the first batch */
    train_sample_free(&s);
}

/* A sample that is the only one of its class in the batch has no angle, and no place in the histogram. */
static void the_histogram_holds_pairs_only(void **state) {
    (void)state;
    train_sample s;
    make(&s, "triplet", NULL);
    s.config.batch = 4;
    tam_run *run = train_sample_open(&s);
    double counted = 0.0, expected = 0.0;
    for (int step = 0; step < 12; step++) {
        test_ok(s.ctx, tam_run_step(run));
        int lone = 0;
        for (int i = 0; i < 4; i++) {
            lone += !isfinite(run->theta[i]);
        }
        expected += lone < 4 ? 4 - lone : 0;
    }
    for (int i = 0; i < TAM_THETA_BINS; i++) {
        counted += run->sums.histogram[i];
    }
    assert_true(expected > 0.0 && expected < 40.0);
    assert_true(counted == expected);
    train_sample_close(&s, run);
    train_sample_free(&s);
}

static void expect_log(const train_sample *s, const char *pattern, bool there) {
    char command[400];
    snprintf(command, sizeof command, "grep '\"kind\":\"step\"' '%s/log.jsonl' | grep -qE '%s'", s->config.out,
             pattern);
    assert_int_equal(system(command) == 0, there);
}

/* Losses with running statistics show them in every line of steps; the others do not have the field. */
static void the_log_shows_running_statistics(void **state) {
    (void)state;
    train_sample s;
    tam_train_result result;
    make(&s, "adacos", NULL);
    s.config.batch = 9;
    s.config.epochs = 1;
    test_ok(s.ctx, tam_train(s.ctx, &s.config, &result));
    expect_log(&s, "\"no_pairs\":0,\"running\":\\[[0-9.]+,[-0-9.e]+,[-0-9.e]+\\],", true);
    test_folder_remove(s.out);
    s.config.loss = "arcface";
    test_ok(s.ctx, tam_train(s.ctx, &s.config, &result));
    expect_log(&s, "running", false);
    test_folder_remove(s.out);
    s.config.loss = "triplet";
    test_ok(s.ctx, tam_train(s.ctx, &s.config, &result));
    expect_log(&s, "running", false);
    train_sample_free(&s);
}

static void model_of(const train_sample *s, int sub_centres, int rows) {
    tam_model *model;
    test_ok(s->ctx, tam_model_open(s->ctx, s->config.out, &model));
    assert_int_equal(tam_model_describe(model).sub_centres, sub_centres);
    assert_int_equal(tam_model_class_weights(model) != NULL, rows > 0);
    float x[6] = {1, 2, 3, 4, 5, 6};
    int32_t best = -1;
    if (rows > 0) {
        test_ok(s->ctx, tam_model_classify(s->ctx, model, 1, x, &best));
        assert_in_range(best, 0, 5);
        /* the row of the largest cosine belongs to that class */
        double largest = -2.0;
        int nearest = -1;
        for (int r = 0; r < rows; r++) {
            const float *w = tam_model_class_weights(model) + 6 * r;
            double dot = 0.0, square = 0.0;
            for (int d = 0; d < 6; d++) {
                dot += (double)w[d] * (double)x[d];
                square += (double)w[d] * (double)w[d];
            }
            if (dot / sqrt(square) > largest) {
                largest = dot / sqrt(square);
                nearest = r;
            }
        }
        assert_int_equal(best, nearest / sub_centres);
    } else {
        test_fails(s->ctx, tam_model_classify(s->ctx, model, 1, x, &best), TAM_INPUT, "no class weights");
    }
    tam_model_free(model);
}

/* Models with K class weights each and with none: written, read, and the beginning of one another. */
static void class_weights_may_be_several_or_none(void **state) {
    (void)state;
    static const struct {
        const char *loss;
        int sub_centres;
        const char *said; /* when it begins with the model before */
    } cases[] = {
        {"subcenter-arcface:s=16", 3, NULL},
        {"subcenter-arcface:s=8", 3, "taken"},
        {"arcface", 1, "fresh: the model has another number of sub-centres"},
        {"triplet", 0, "none: the loss has no class weights"},
        {"cosface", 1, "fresh: the model has none"},
    };
    train_sample s;
    tam_train_result result;
    char out[2][96], command[500];
    make(&s, NULL, "pk:P=3,K=3");
    s.config.epochs = 1;
    for (int i = 0; i < (int)(sizeof cases / sizeof cases[0]); i++) {
        snprintf(out[i % 2], sizeof out[0], "%s/run%d", s.folder, i);
        s.config.out = out[i % 2];
        s.config.init_from = i > 0 ? out[1 - i % 2] : NULL;
        s.config.loss = cases[i].loss;
        test_ok(s.ctx, tam_train(s.ctx, &s.config, &result));
        model_of(&s, cases[i].sub_centres, 6 * cases[i].sub_centres);
        if (cases[i].said != NULL) {
            snprintf(command, sizeof command, "head -n 1 '%s/log.jsonl' | grep -qF '\"class_weights\":\"%s\"'",
                     s.config.out, cases[i].said);
            assert_int_equal(system(command), 0);
        }
    }
    train_sample_free(&s);
}

/* Writes the checkpoint anew with `size` numbers in the vector of that name, from `data` if that is given. */
static void replace_vector(train_sample *s, const char *name, int64_t size, const void *data) {
    static const char *const keys[] = {"format", "kind", "net",        "loss",    "channels", "height",
                                       "width",  "dim",  "mean_scale", "classes", "step",     "graph"};
    tam_tensors *read;
    tam_tensor items[64];
    tam_metadata facts[12];
    char path[160];
    snprintf(path, sizeof path, "%s/last.safetensors", s->out);
    uint8_t *file;
    size_t file_size;
    test_ok(s->ctx, tam_file_read(s->ctx, path, 0, &file, &file_size));
    test_ok(s->ctx, tam_tensors_parse(s->ctx, path, file, file_size, &read));
    int count = tam_tensors_count(read), found = 0;
    assert_true(count <= 64);
    for (int i = 0; i < 12; i++) {
        facts[i] = (tam_metadata){keys[i], tam_tensors_text(read, keys[i])};
    }
    for (int i = 0; i < count; i++) {
        items[i] = *tam_tensors_at(read, i);
        if (strcmp(items[i].name, name) == 0) {
            items[i].data = data != NULL ? data : items[i].data;
            items[i].bytes = items[i].bytes / (size_t)items[i].size[0] * (size_t)size;
            items[i].size[0] = size;
            found++;
        }
    }
    assert_int_equal(found, 1);
    test_ok(s->ctx, tam_tensors_write(s->ctx, path, items, count, facts, 12));
    tam_tensors_free(read);
    tam_release(s->ctx, file);
}

/* Checkpoints from before pair losses count one thing less, those from before classes were left out sum less. */
static void older_checkpoints_are_continued(void **state) {
    (void)state;
    train_sample s;
    tam_train_result result;
    char whole[96];
    make(&s, "arcface:s=16", NULL);
    snprintf(whole, sizeof whole, "%s/whole", s.folder);
    s.config.batch = 8;
    s.config.out = whole;
    test_ok(s.ctx, tam_train(s.ctx, &s.config, &result));
    s.config.out = s.out;
    tam_run *run = train_sample_open(&s);
    run_to(&s, run, 7);
    test_ok(s.ctx, tam_checkpoint_save(run));
    train_sample_close(&s, run);
    replace_vector(&s, "train.counters", 6, NULL);
    replace_vector(&s, "train.sums", offsetof(tam_run_sums, left_out) / sizeof(double), NULL);
    test_ok(s.ctx, tam_train(s.ctx, &s.config, &result));
    assert_true(result.resumed);
    same_file(whole, s.out, "last.safetensors");
    train_sample_free(&s);
}

/* No run writes such numbers, and a run that took them in would only be found out later. */
static void checkpoints_with_bad_numbers_are_refused(void **state) {
    (void)state;
    static const double bad[][TAM_LOSS_RUNNING] = {{1, NAN, 0, 0}, {1, 20, INFINITY, 0}};
    static const double odd[TAM_LOSS_RUNNING] = {-1e300, 20, 100, 0};
    train_sample s;
    tam_train_result result;
    make(&s, "adaface:s=16+triplet:miner=distance-weighted", NULL);
    s.config.batch = 8;
    s.config.epochs = 1;
    test_ok(s.ctx, tam_train(s.ctx, &s.config, &result));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        replace_vector(&s, "head.running", TAM_LOSS_RUNNING, bad[i]);
        test_fails(s.ctx, tam_train(s.ctx, &s.config, &result), TAM_INPUT,
                   "array 'head.running' has a NaN or infinite number");
    }
    replace_vector(&s, "head.running", TAM_LOSS_RUNNING, odd);
    tam_run *run = train_sample_open(&s); /* a number of steps that cannot be draws as step 0 does */
    assert_int_equal(tam_head_loss(run->head)->state.running[TAM_RUNNING_STEP] == odd[0], 1);
    test_ok(s.ctx, tam_run_step(run));
    train_sample_close(&s, run);
    train_sample_free(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_resumed_run_is_the_same_run),
        cmocka_unit_test(batches_without_pairs_are_passed_over),
        cmocka_unit_test(a_class_loss_learns_without_pairs),
        cmocka_unit_test(a_run_of_nothing_but_such_batches_ends),
        cmocka_unit_test(the_histogram_holds_pairs_only),
        cmocka_unit_test(the_log_shows_running_statistics),
        cmocka_unit_test(class_weights_may_be_several_or_none),
        cmocka_unit_test(older_checkpoints_are_continued),
        cmocka_unit_test(checkpoints_with_bad_numbers_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "train_sample.h"

#include <math.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/memory.h"
#include "tammes/model.h"
#include "train/run.h"

static void a_run_leaves_its_files(void **state) {
    (void)state;
    train_sample s;
    tam_train_result result;
    tam_model *model;
    char path[160];
    uint8_t *data;
    size_t size;
    train_sample_make(&s, 1);
    test_ok(s.ctx, tam_train(s.ctx, &s.config, &result));
    assert_int_equal(result.step, 18);
    assert_int_equal(result.skipped, 0);
    assert_false(result.resumed);
    assert_true(isfinite(result.loss) && result.images_per_second > 0.0);
    double shares = result.load + result.forward + result.head + result.backward + result.update;
    assert_true(shares > 0.5 && shares <= 1.0 + 1e-9);
    test_ok(s.ctx, tam_model_open(s.ctx, s.out, &model));
    assert_int_equal(tam_model_describe(model).classes, 6);
    tam_model_free(model);
    snprintf(path, sizeof path, "%s/classes.txt", s.out);
    test_ok(s.ctx, tam_file_read(s.ctx, path, 0, &data, &size));
    assert_string_equal((char *)data, "id000000\nid000001\nid000002\nid000003\nid000004\nid000005\n");
    tam_release(s.ctx, data);
    snprintf(path, sizeof path, "grep -c '\"kind\":\"epoch\"' '%s/log.jsonl' | grep -qx 3", s.out);
    assert_int_equal(system(path), 0);
    train_sample_free(&s);
}

/* best.safetensors is the model after the first epoch with the least EER. */
static void best_is_the_least_eer(void **state) {
    (void)state;
    train_sample s;
    tam_train_result result;
    tam_model *model;
    char path[160], line[TAM_LOG_LINE];
    double least = INFINITY, most = -INFINITY;
    int64_t least_step = -1;
    train_sample_make(&s, 1);
    s.config.epochs = 8;
    test_ok(s.ctx, tam_train(s.ctx, &s.config, &result));
    snprintf(path, sizeof path, "%s/log.jsonl", s.out);
    FILE *file = fopen(path, "r");
    while (fgets(line, sizeof line, file) != NULL) {
        const char *eer = strstr(line, "\"eer\":"), *step = strstr(line, "\"step\":");
        if (strstr(line, "\"kind\":\"epoch\"") == NULL) {
            continue;
        }
        double value = strtod(eer + 6, NULL);
        if (value < least) {
            least = value;
            least_step = strtoll(step + 7, NULL, 10);
        }
        most = value > most ? value : most;
    }
    fclose(file);
    assert_true(most > least); /* or the test would say nothing */
    test_ok(s.ctx, tam_model_open(s.ctx, s.out, &model));
    assert_int_equal(tam_model_describe(model).step, least_step);
    tam_model_free(model);
    train_sample_free(&s);
}

/* Without momentum and decay one step moves the net by rate * gradient, so by no more than rate * clip. */
static void clipping_bounds_the_net(void **state) {
    (void)state;
    static const double clips[] = {1e-3, 1e-2};
    train_sample s;
    double moved[2];
    train_sample_make(&s, 1);
    for (int i = 0; i < 2; i++) {
        float before[400], after[400];
        s.config.clip = clips[i];
        s.config.momentum = s.config.weight_decay = s.config.warmup = -1;
        s.config.schedule = "constant";
        tam_run *run = train_sample_open(&s);
        assert_true(tam_net_tensor_at(run->net, 0).count <= 400);
        test_ok(s.ctx, tam_net_read(run->net, 0, TAM_NET_VALUE, before));
        test_ok(s.ctx, tam_run_step(run));
        test_ok(s.ctx, tam_net_read(run->net, 0, TAM_NET_VALUE, after));
        moved[i] = 0.0;
        for (int64_t k = 0; k < tam_net_tensor_at(run->net, 0).count; k++) {
            moved[i] += pow((double)after[k] - (double)before[k], 2.0);
        }
        moved[i] = sqrt(moved[i]);
        assert_true(moved[i] > 0.0 && moved[i] <= 0.03 * clips[i] * 1.01);
        train_sample_close(&s, run);
        test_folder_remove(s.out);
    }
    assert_true(fabs(moved[1] / moved[0] - 10.0) < 0.1);
    train_sample_free(&s);
}

/* Stopping after any step and starting again gives the bytes of an uninterrupted run. */
static void a_resumed_run_is_the_same_run(void **state) {
    (void)state;
    static const int stops[] = {1, 6, 7, 18};
    train_sample s;
    tam_train_result result;
    char whole[96];
    train_sample_make(&s, 1);
    snprintf(whole, sizeof whole, "%s/whole", s.folder);
    s.config.out = whole;
    test_ok(s.ctx, tam_train(s.ctx, &s.config, &result));
    s.config.out = s.out;
    for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++) {
        tam_run *run = train_sample_open(&s);
        for (int step = 0; step < stops[i]; step++) {
            /* The loop's own order: an epoch's end is due before the next step. */
            if (step > 0 && step % run->steps_per_epoch == 0) {
                test_ok(s.ctx, tam_run_end_epoch(run));
            }
            test_ok(s.ctx, tam_run_step(run));
            if (run->counters.step % s.config.log_every == 0) {
                tam_log_step(run);
            }
        }
        test_ok(s.ctx, tam_checkpoint_save(run));
        train_sample_close(&s, run);
        test_ok(s.ctx, tam_train(s.ctx, &s.config, &result));
        assert_true(result.resumed);
        same_file(whole, s.out, "last.safetensors");
        same_file(whole, s.out, "best.safetensors");
        test_folder_remove(s.out);
    }
    train_sample_free(&s);
}

/* The same command on a finished run changes nothing. */
static void a_finished_run_stays_as_it_is(void **state) {
    (void)state;
    train_sample s;
    tam_train_result result;
    char command[400];
    train_sample_make(&s, 1);
    test_ok(s.ctx, tam_train(s.ctx, &s.config, &result));
    snprintf(command, sizeof command, "cp -r '%s' '%s/copy'", s.out, s.folder);
    assert_int_equal(system(command), 0);
    test_ok(s.ctx, tam_train(s.ctx, &s.config, &result));
    assert_true(result.resumed);
    assert_int_equal(result.step, 18);
    snprintf(command, sizeof command, "%s/copy", s.folder);
    same_file(command, s.out, "last.safetensors");
    same_file(command, s.out, "best.safetensors");
    same_file(command, s.out, "config.yaml");
    train_sample_free(&s);
}

static void a_step_allocates_nothing(void **state) {
    (void)state;
    train_sample s;
    train_sample_make(&s, 2);
    s.config.epochs = 10;
    s.config.log_every = 1;
    tam_run *run = train_sample_open(&s);
    test_ok(s.ctx, tam_run_step(run));
    uint64_t before = tam_ctx_memory(s.ctx).allocations;
    for (int i = 0; i < 20; i++) {
        test_ok(s.ctx, tam_run_step(run));
        tam_log_step(run);
    }
    assert_int_equal(tam_ctx_memory(s.ctx).allocations, before);
    train_sample_close(&s, run);
    train_sample_free(&s);
}

/* Writing a large head may take longer than the time between checkpoints. */
static void checkpoints_take_a_tenth_of_the_time(void **state) {
    (void)state;
    tam_run run = {.config.checkpoint_seconds = 60, .saved = 1000.0};
    assert_false(tam_checkpoint_is_due(&run, 1059.9));
    assert_true(tam_checkpoint_is_due(&run, 1060.0));
    run.save_seconds = 6.0;
    assert_true(tam_checkpoint_is_due(&run, 1060.0));
    run.save_seconds = 90.0;
    assert_false(tam_checkpoint_is_due(&run, 1809.0));
    assert_true(tam_checkpoint_is_due(&run, 1810.0));
}

static void a_diverging_run_is_stopped(void **state) {
    (void)state;
    train_sample s;
    tam_train_result result;
    train_sample_make(&s, 1);
    s.config.loss = "softmax";
    s.config.lr = 1e30;
    s.config.clip = -1;
    s.config.warmup = -1;
    s.config.epochs = 20;
    test_fails(s.ctx, tam_train(s.ctx, &s.config, &result), TAM_NEGATIVE, "not finite in 20 steps in a row");
    assert_true(result.skipped >= 20);
    train_sample_free(&s);
}

/* A NaN in the gradient of one step leaves weights alone and the run goes on. */
static void one_bad_step_is_skipped(void **state) {
    (void)state;
    train_sample s;
    train_sample_make(&s, 1);
    tam_run *run = train_sample_open(&s);
    test_ok(s.ctx, tam_run_step(run));
    float *weights = tam_head_weights(run->head), kept = weights[3];
    float before[6 * 6];
    weights[3] = NAN;
    memcpy(before, weights, sizeof before);
    test_ok(s.ctx, tam_run_step(run));
    assert_memory_equal(before, weights, sizeof before);
    assert_int_equal(run->counters.skipped, 1);
    assert_int_equal(run->counters.step, 2);
    weights[3] = kept;
    test_ok(s.ctx, tam_run_step(run));
    assert_int_equal(run->counters.skipped, 1);
    assert_int_equal(run->counters.skipped_in_row, 0);
    train_sample_close(&s, run);
    train_sample_free(&s);
}

static volatile sig_atomic_t stop_now;

static void request_stop(void *user, const tam_train_progress *progress) {
    (void)user, (void)progress;
    stop_now = 1;
}

static void a_stop_saves(void **state) {
    (void)state;
    train_sample s;
    tam_train_result result;
    char path[160];
    train_sample_make(&s, 1);
    stop_now = 1; /* before the first step */
    s.config.stop = &stop_now;
    s.config.progress = request_stop;
    test_fails(s.ctx, tam_train(s.ctx, &s.config, &result), TAM_STOPPED, "stopped after step 0 of 18");
    snprintf(path, sizeof path, "%s/last.safetensors", s.out);
    assert_int_equal(tam_path_look(path), TAM_PATH_FILE);
    stop_now = 0;
    s.config.progress = NULL;
    test_ok(s.ctx, tam_train(s.ctx, &s.config, &result));
    assert_true(result.resumed);
    assert_int_equal(result.step, 18);
    train_sample_free(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_leaves_its_files),
        cmocka_unit_test(best_is_the_least_eer),
        cmocka_unit_test(clipping_bounds_the_net),
        cmocka_unit_test(a_resumed_run_is_the_same_run),
        cmocka_unit_test(a_step_allocates_nothing),
        cmocka_unit_test(a_finished_run_stays_as_it_is),
        cmocka_unit_test(one_bad_step_is_skipped),
        cmocka_unit_test(a_diverging_run_is_stopped),
        cmocka_unit_test(a_stop_saves),
        cmocka_unit_test(checkpoints_take_a_tenth_of_the_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Validation on listed pairs: as the images and their list, and as one file of both. */
#include <math.h>

#include "train_sample.h"

#include "base/file.h"
#include "tammes/pack.h"

typedef struct world {
    train_sample s;
    char list[96], bin[96], both[200];
} world;

/* 12 pairs of the validation's glyphs, every image of some pair but not all. */
static void make_pairs(world *w) {
    char text[2048];
    size_t at = 0;
    for (int i = 0; i < 4; i++) {
        for (int k = 1; k < 4; k++) {
            at += (size_t)snprintf(text + at, sizeof text - at, "id%06d/000.png,id%06d/%03d.png,%d\n", 100 + i,
                                   100 + (k == 2 ? (i + 1) % 4 : i), k, k != 2);
        }
    }
    tam_file_piece piece = {text, at};
    snprintf(w->list, sizeof w->list, "%s/pairs.csv", w->s.folder);
    snprintf(w->bin, sizeof w->bin, "%s/pairs.bin", w->s.folder);
    snprintf(w->both, sizeof w->both, "%s:%s", w->s.validation, w->list);
    test_ok(w->s.ctx, tam_file_write(w->s.ctx, w->list, &piece, 1));

    tam_dataset *dataset;
    tam_pairs *pairs;
    tam_pack_result result;
    const tam_dataset_config config = {.path = w->s.validation, .any_size = 1};
    test_ok(w->s.ctx, tam_dataset_open(w->s.ctx, &config, &dataset));
    test_ok(w->s.ctx, tam_pairs_open(w->s.ctx, w->list, dataset, &pairs));
    test_ok(w->s.ctx, tam_pack_pairs(w->s.ctx, dataset, pairs, &(tam_pack_config){.out = w->bin}, &result));
    tam_pairs_free(pairs);
    tam_dataset_free(dataset);
}

static void the_list_and_the_set_give_the_same_numbers(void **state) {
    world *w = *state;
    const char *const ways[2] = {w->both, w->bin};
    double accuracy[2];
    tam_verification result[2];
    for (int i = 0; i < 2; i++) {
        snprintf(w->s.out, sizeof w->s.out, "%s/run%d", w->s.folder, i);
        w->s.config.validation.path = ways[i];
        tam_run *run = train_sample_open(&w->s);
        assert_true(isnan(run->validation_accuracy) && run->validation_pairs != NULL);
        assert_null(run->validation_labels);
        assert_int_equal(tam_pairs_describe(run->validation_pairs).images, i == 0 ? 16 : 24);
        test_ok(w->s.ctx, tam_run_step(run));
        test_ok(w->s.ctx, tam_run_validate(run, &result[i]));
        accuracy[i] = run->validation_accuracy;
        train_sample_close(&w->s, run);
    }
    assert_true(accuracy[0] >= 0.0 && accuracy[0] <= 1.0 && accuracy[0] == accuracy[1]);
    assert_true(result[0].genuine == 8 && result[0].impostor == 4);
    assert_true(result[0].eer == result[1].eer && result[0].auc == result[1].auc);
}

static void validation_can_be_stopped(void **state) {
    world *w = *state;
    static volatile sig_atomic_t stop;
    tam_verification result;
    const char *const ways[2] = {w->both, w->bin};
    w->s.config.stop = &stop;
    for (int i = 0; i < 2; i++) {
        snprintf(w->s.out, sizeof w->s.out, "%s/run%d", w->s.folder, i);
        w->s.config.validation.path = ways[i];
        tam_run *run = train_sample_open(&w->s);
        stop = 1;
        assert_int_equal(tam_run_validate(run, &result), TAM_STOPPED);
        stop = 0;
        train_sample_close(&w->s, run);
    }
}

static void faults_are_found_before_training(void **state) {
    world *w = *state;
    tam_ctx *ctx = w->s.ctx;
    char word[300];
    tam_run *run = tam_allocate(ctx, 1, sizeof *run, "a run");
    tam_file_piece piece = {"id000100/000.png,id000999/000.png,1\n", 36};
    test_ok(ctx, tam_file_write(ctx, w->list, &piece, 1));
    w->s.config.validation.path = w->both;
    test_fails(ctx, tam_run_open(ctx, &w->s.config, run), TAM_INPUT, "names 'id000999/000.png'");
    tam_run_close(run);
    snprintf(word, sizeof word, "%s:%s", w->s.validation, w->bin);
    w->s.config.validation.path = word;
    test_fails(ctx, tam_run_open(ctx, &w->s.config, run), TAM_CONFIG, "it must be the data, too");
    tam_run_close(run);
    snprintf(word, sizeof word, "%s/none:%s", w->s.folder, w->list);
    test_fails(ctx, tam_run_open(ctx, &w->s.config, run), TAM_INPUT, "/none: there is no such file");
    tam_run_close(run);
    assert_int_not_equal(access(w->s.out, F_OK), 0);
    tam_release(ctx, run);
}

static void memory_may_run_out_anywhere(void **state) {
    world *w = *state;
    int left, failures = 0;
    tam_ctx_config config = {.threads = 1, .allocator = test_ration(&left)};
    for (int k = 0;; k++) {
        tam_ctx *ctx;
        left = 1000;
        assert_int_equal(tam_ctx_create(&config, &ctx), TAM_OK);
        tam_run *run = tam_allocate(ctx, 1, sizeof *run, "a run");
        *run = (tam_run){.ctx = ctx, .config = w->s.config, .info = {.channels = 1, .height = 16, .width = 16}};
        run->directory.lock = run->log.descriptor = -1;
        run->config.validation.path = w->both;
        run->arena = tam_arena_create(ctx, 0);
        left = k;
        tam_status status = tam_run_open_validation(run);
        assert_true(status == TAM_OK || status == TAM_RESOURCES);
        failures += status != TAM_OK;
        tam_run_close(run);
        tam_release(ctx, run);
        test_ctx_free(ctx);
        if (status == TAM_OK) {
            break;
        }
    }
    assert_true(failures > 20);
}

static int set_up(void **state) {
    static world w;
    w = (world){0};
    train_sample_make(&w.s, 1);
    make_pairs(&w);
    *state = &w;
    return 0;
}

static int tear_down(void **state) {
    train_sample_free(&((world *)*state)->s);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_list_and_the_set_give_the_same_numbers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(validation_can_be_stopped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(faults_are_found_before_training, set_up, tear_down),
        cmocka_unit_test_setup_teardown(memory_may_run_out_anywhere, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

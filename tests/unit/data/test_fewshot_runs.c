/* Lists of few-shot runs beside images, and answers to their questions. */
#include "data_support.h"

#include <math.h>

#include "tammes/fewshot_runs.h"

static const char *const images[] = {
    "run01/test/a.png",      "run01/test/b.png",          "run01/training/p.png",      "run01/training/q.png",
    "deep/run02/test/a.png", "deep/run02/training/p.png", "deep/run02/training/q.png", "other/x.png"};

static void put_list(tam_ctx *ctx, const char *folder, const char *run, const char *words) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s/class_labels.txt", folder, run);
    write_bytes(ctx, path, words, strlen(words));
}

static tam_dataset *open_images(tam_ctx *ctx, const char *folder) {
    tam_dataset_config config = {.path = folder};
    tam_dataset *dataset;
    for (int i = 0; i < 8; i++) {
        write_image(ctx, folder, images[i], 4, 4, 1, i);
    }
    test_ok(ctx, tam_dataset_open(ctx, &config, &dataset));
    return dataset;
}

static void lists_are_found_and_read(void **state) {
    char folder[64];
    tam_ctx *ctx = test_ctx(1);
    tam_fewshot_runs *runs;
    (void)state;
    test_folder(folder);
    tam_dataset *dataset = open_images(ctx, folder);
    put_list(ctx, folder, "run01",
             "run01/test/b.png run01/training/q.png\r\n\nrun01/test/a.png\trun01/training/p.png\n");
    put_list(ctx, folder, "deep/run02", "test/a.png training/q.png\ntraining/q.png training/p.png\n");
    test_ok(ctx, tam_fewshot_runs_open(ctx, folder, dataset, &runs));
    tam_fewshot_runs_info info = tam_fewshot_runs_describe(runs);
    assert_int_equal(info.count, 2);
    assert_int_equal(info.images, 7);                   /* not other/x.png */
    static const int64_t all[] = {0, 1, 2, 4, 5, 6, 7}; /* deep before other before run01 */
    assert_memory_equal(info.image, all, sizeof all);
    const tam_fewshot_run *deep = &info.runs[0], *flat = &info.runs[1];
    assert_string_equal(deep->name, "deep/run02");
    assert_string_equal(flat->name, "run01");
    assert_true(deep->questions == 2 && deep->choices == 2 && deep->question[0] == 0 && deep->question[1] == 2);
    assert_true(deep->choice[0] == 2 && deep->choice[1] == 1 && deep->right[0] == 0 && deep->right[1] == 1);
    assert_true(flat->questions == 2 && flat->question[0] == 4 && flat->choice[0] == 6 && flat->right[1] == 1);
    tam_fewshot_runs_free(runs);
    tam_dataset_free(dataset);
    test_folder_remove(folder);
    test_ctx_free(ctx);
}

/* Two lists of the same images, whose paths begin at the data's folder. */
static void lists_may_share_images(void **state) {
    char folder[64];
    tam_ctx *ctx = test_ctx(1);
    tam_fewshot_runs *runs;
    (void)state;
    test_folder(folder);
    tam_dataset *dataset = open_images(ctx, folder);
    put_list(ctx, folder, "deep/run02",
             "run01/test/a.png run01/training/p.png\nrun01/test/b.png run01/training/q.png\n");
    put_list(ctx, folder, "other", "run01/test/b.png run01/training/q.png\nrun01/test/a.png run01/training/p.png\n");
    test_ok(ctx, tam_fewshot_runs_open(ctx, folder, dataset, &runs));
    tam_fewshot_runs_info info = tam_fewshot_runs_describe(runs);
    assert_true(info.count == 2 && info.images == 4);
    for (int r = 0; r < 2; r++) {
        const tam_fewshot_run *run = &info.runs[r];
        assert_true(run->questions == 2 && run->choices == 2 && run->right[0] == 0 && run->right[1] == 1);
        assert_true(run->question[0] == r && run->choice[0] == 2 + r && run->choice[1] == 3 - r);
    }
    tam_fewshot_runs_free(runs);
    tam_dataset_free(dataset);
    test_folder_remove(folder);
    test_ctx_free(ctx);
}

static void damaged_lists_are_refused(void **state) {
    static const struct {
        const char *words, *part;
    } wrong[] = {
        {"", "0 different answers"},
        {"run01/test/a.png run01/training/p.png\n", "1 different answers: nothing to choose from"},
        {"run01/test/a.png\n", "class_labels.txt:1: not 'question answer'"},
        {"run01/test/a.png run01/training/p.png more\n", "class_labels.txt:1"},
        {"run01/test/a.png run01/training/p.png\nrun01/test/a.png run01/training/q.png\n",
         "class_labels.txt:2: a question that was asked before"},
        {"run01/test/a.png run01/training/n.png\nrun01/test/b.png run01/training/n.png\na.png run01/test/m.png\n",
         "name 3 images that the data lack: 'a.png', 'run01/test/m.png', 'run01/training/n.png'"},
        {"../run01/test/a.png run01/training/p.png\n", "lack: '../run01/test/a.png'"},
    };
    char folder[64];
    tam_ctx *ctx = test_ctx(1);
    tam_fewshot_runs *runs;
    (void)state;
    test_folder(folder);
    tam_dataset *dataset = open_images(ctx, folder);
    test_fails(ctx, tam_fewshot_runs_open(ctx, folder, dataset, &runs), TAM_INPUT, "no list class_labels.txt");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        put_list(ctx, folder, "run01", wrong[i].words);
        test_fails(ctx, tam_fewshot_runs_open(ctx, folder, dataset, &runs), TAM_INPUT, wrong[i].part);
        assert_null(runs);
    }
    tam_dataset_free(dataset);
    test_folder_remove(folder);
    test_ctx_free(ctx);
}

/* A list that is cut anywhere opens or is refused, and what opens is whole. */
static void cut_lists_are_safe(void **state) {
    static const char whole[] = "run01/test/b.png run01/training/q.png\nrun01/test/a.png run01/training/p.png\n";
    char folder[64], words[sizeof whole];
    int refused = 0;
    tam_ctx *ctx = test_ctx(1);
    tam_fewshot_runs *runs;
    (void)state;
    test_folder(folder);
    tam_dataset *dataset = open_images(ctx, folder);
    for (size_t size = 0; size < sizeof whole; size++) {
        memcpy(words, whole, size);
        words[size] = '\0';
        put_list(ctx, folder, "run01", words);
        tam_status status = tam_fewshot_runs_open(ctx, folder, dataset, &runs);
        assert_true(status == TAM_OK || status == TAM_INPUT);
        refused += status == TAM_INPUT;
        assert_true(status != TAM_OK || tam_fewshot_runs_describe(runs).runs[0].questions == 2);
        tam_fewshot_runs_free(runs);
    }
    assert_int_equal(refused, sizeof whole - 2);
    tam_dataset_free(dataset);
    test_folder_remove(folder);
    test_ctx_free(ctx);
}

static void every_allocation_may_fail(void **state) {
    char folder[64];
    int left = 1 << 20, failures = 0;
    tam_ctx_config config = {.threads = 1, .allocator = test_ration(&left)};
    tam_ctx *ctx;
    tam_fewshot_runs *runs;
    (void)state;
    assert_int_equal(tam_ctx_create(&config, &ctx), TAM_OK);
    test_folder(folder);
    tam_dataset *dataset = open_images(ctx, folder);
    put_list(ctx, folder, "run01", "run01/test/a.png run01/training/p.png\nrun01/test/b.png run01/training/q.png\n");
    size_t held = tam_ctx_memory(ctx).bytes;
    for (int k = 0;; k++) {
        left = k;
        tam_status status = tam_fewshot_runs_open(ctx, folder, dataset, &runs);
        left = 1 << 20;
        tam_fewshot_runs_free(runs);
        assert_int_equal(tam_ctx_memory(ctx).bytes, held);
        if (status == TAM_OK) {
            break;
        }
        assert_int_equal(status, TAM_RESOURCES);
        failures++;
    }
    assert_true(failures > 8);
    tam_dataset_free(dataset);
    test_folder_remove(folder);
    test_ctx_free(ctx);
}

static void the_nearest_choice_answers(void **state) {
    /* Rows 0 to 3 are choices, 4 to 6 questions; the last is zero and as near to all. */
    static const float x[7 * 2] = {1, 0, 0, 1, -1, 0, 2, 0, 5, 1, 1, 9, 0, 0};
    static const int64_t question[] = {4, 5, 6}, choice[] = {0, 1, 2}, twins[] = {3, 0, 1}, right[] = {0, 1, 2};
    const tam_fewshot_run runs[] = {{"a", 3, 3, question, right, choice}, {"b", 1, 3, question, right, twins}};
    const tam_fewshot_run wrong = {"c", 1, 3, question, right + 1, twins};
    float bad[7 * 2];
    double error[2];
    tam_ctx *ctx = test_ctx(2);
    tam_fewshot_runs_result result;
    (void)state;
    test_ok(ctx, tam_eval_fewshot_runs(ctx, 7, 2, x, 2, runs, error, &result));
    assert_true(fabs(error[0] - 1.0 / 3) < 1e-15 && error[1] == 0);
    assert_true(result.questions == 4 && fabs(result.error - 1.0 / 6) < 1e-15);
    assert_true(fabs(result.standard_error - 1.0 / 6) < 1e-15); /* of 1/3 and 0: sqrt(1/18) / sqrt(2) */
    test_ok(ctx, tam_eval_fewshot_runs(ctx, 7, 2, x, 1, &wrong, error, &result)); /* of equal ones the first answers */
    assert_true(error[0] == 1 && isnan(result.standard_error));
    test_ok(ctx, tam_eval_fewshot_runs(ctx, 7, 2, x, 0, NULL, error, &result));
    assert_true(isnan(result.error));
    memcpy(bad, x, sizeof x);
    bad[3] = NAN;
    test_fails(ctx, tam_eval_fewshot_runs(ctx, 7, 2, bad, 2, runs, error, &result), TAM_INPUT, "row 1");
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_are_found_and_read),  cmocka_unit_test(lists_may_share_images),
        cmocka_unit_test(damaged_lists_are_refused), cmocka_unit_test(cut_lists_are_safe),
        cmocka_unit_test(every_allocation_may_fail), cmocka_unit_test(the_nearest_choice_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

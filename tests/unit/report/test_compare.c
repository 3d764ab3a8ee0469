/* A comparison from end to end on images that the test draws: the three files agree, every kind of loss has its row. */
#include "support.h"

#include <jansson.h>
#include <math.h>

#include "base/memory.h"
#include "unit/plot/well_formed.h"
#include "unit/report/compare_fixture.h"

/* Each row's numbers in the forms of CSV, JSON and HTML. */
static void check_row(const tam_compare_entry *entry, const json_t *row, const char *csv, const char *html) {
    char line[1024], cells[1024], words[64];
    size_t at = 0, in = 0;
    assert_string_equal(json_string_value(json_object_get(row, "loss")), entry->loss);
    assert_int_equal(json_integer_value(json_object_get(row, "dim")), entry->dim);
    for (int c = 0; c < TAM_COMPARE_NUMBERS; c++) {
        const json_t *value = json_object_get(row, tam_compare_columns[c].key);
        tam_compare_number_words(entry, c, words, sizeof words);
        bool none = strcmp(words, "-") == 0;
        at += (size_t)snprintf(line + at, sizeof line - at, ",%s", none ? "" : words);
        in += (size_t)snprintf(cells + in, sizeof cells - in, "<td class=\"n\">%s</td>", words);
        assert_true(none ? json_is_null(value) : fabs(json_real_value(value) - atof(words)) < 1e-9);
    }
    assert_non_null(strstr(csv, line));
    assert_non_null(strstr(html, cells));
}

static void three_files_say_the_same(void **state) {
    (void)state;
    fixture made = begin();
    tam_comparison *comparison;
    const tam_compare_config config =
        config_of(&made, "softmax,arcface:s=8,m=0.1+center,triplet,subcenter-arcface", "2,3");
    test_ok(made.ctx, tam_compare_open(made.ctx, &config, &comparison));
    assert_int_equal(tam_compare_runs(comparison), 8);
    assert_string_equal(tam_compare_recipe(comparison, 5).loss, "arcface:s=8,m=0.1+center:lambda=0.1");
    assert_int_equal(tam_compare_recipe(comparison, 5).dim, 3);
    train_all(made.ctx, comparison);
    test_ok(made.ctx, tam_compare_write(comparison));
    char *csv = read_file(made.out, "compare.csv"), *html = read_file(made.out, "compare.html");
    char *json = read_file(made.out, "compare.json");
    json_t *whole = json_loads(json, 0, NULL);
    assert_non_null(whole);
    assert_string_equal(json, tam_compare_json(comparison));
    for (int i = 0; i < 8; i++) {
        check_row(&comparison->entries[i], json_array_get(json_object_get(whole, "rows"), (size_t)i), csv, html);
        const double *number = comparison->entries[i].number;
        assert_int_equal(isnan(number[TAM_COMPARE_ACCURACY]), i % 4 == 2); /* a pair loss has no class weights */
        assert_true(number[TAM_COMPARE_RANK] >= 0 && number[TAM_COMPARE_EER] >= 0 && number[TAM_COMPARE_OWN] >= 0);
        assert_true(number[TAM_COMPARE_SECONDS] > 0 && number[TAM_COMPARE_SPEED] > 0);
        assert_true(isnan(number[TAM_COMPARE_TAR_3])); /* too few pairs */
    }
    const json_t *evaluation = json_object_get(whole, "evaluation");
    assert_string_equal(json_string_value(json_object_get(evaluation, "on")), "test");
    assert_int_equal(json_integer_value(json_object_get(evaluation, "images")), TEST);
    assert_true(json_is_true(json_object_get(evaluation, "closed_set")));
    assert_string_equal(json_string_value(json_object_get(json_object_get(whole, "recipe"), "net")),
                        "conv4:width=16,bn=0");
    assert_non_null(strstr(tam_compare_table(comparison), "on the test images of"));
    assert_true(well_formed(html));
    assert_null(strstr(html, "nan"));
    assert_null(strstr(html, "src="));
    json_decref(whole);
    free(csv);
    free(html);
    free(json);
    tam_compare_free(comparison);
    end(&made);
}

static void the_page_says_when_it_is_the_training_data(void **state) {
    (void)state;
    fixture made = begin();
    tam_comparison *comparison;
    tam_compare_config config = config_of(&made, "softmax", NULL);
    char command[160];
    snprintf(command, sizeof command, "rm %s/t10k*", made.data);
    assert_int_equal(system(command), 0);
    test_ok(made.ctx, tam_compare_open(made.ctx, &config, &comparison));
    train_all(made.ctx, comparison);
    test_ok(made.ctx, tam_compare_write(comparison));
    char *html = read_file(made.out, "compare.html");
    assert_non_null(strstr(html, "Measured on the training data itself"));
    assert_non_null(strstr(tam_compare_table(comparison), "on the training data itself"));
    free(html);
    tam_compare_free(comparison);
    end(&made);
}

/* Without net, batch and rate, small dimensions have their own; given ones stay. */
static void small_dimensions_have_a_recipe(void **state) {
    (void)state;
    fixture made = begin();
    tam_comparison *comparison;
    tam_compare_config config = config_of(&made, "arcface", "2,4");
    config.recipe.net = NULL;
    config.recipe.batch = 0;
    test_fails(made.ctx, tam_compare_open(made.ctx, &config, &comparison), TAM_CONFIG, "fewer than one batch of 128");
    write_idx(made.data, "train", 0, 128);
    test_ok(made.ctx, tam_compare_open(made.ctx, &config, &comparison));
    tam_train_config small = tam_compare_recipe(comparison, 0), large = tam_compare_recipe(comparison, 1);
    assert_string_equal(small.net, "conv4:bn=0");
    assert_int_equal(small.batch, 32);
    assert_true(small.lr == 0.1 && small.warmup == 0.3);
    assert_true(large.net == NULL && large.batch == 0 && large.lr == 0 && large.warmup == 0);
    assert_string_equal(large.loss, "arcface");
    tam_compare_free(comparison);
    config.recipe.lr = 0.5;
    test_ok(made.ctx, tam_compare_open(made.ctx, &config, &comparison));
    assert_true(tam_compare_recipe(comparison, 0).lr == 0.5);
    tam_compare_free(comparison);
    end(&made);
}

static void bad_configurations_are_refused(void **state) {
    (void)state;
    fixture made = begin();
    tam_comparison *comparison;
    static const struct {
        const char *losses, *dims, *part;
    } cases[] = {
        {"softmax,arcfase", NULL, "the loss 'arcfase'"},
        {"softmax,softmax", NULL, "are the same"},
        {"arcface,arcface:s=4,m=0.1", "2", "are the same"},
        {"arcface:s=16,arcface:s=1.6e1,m=0.5,grad=exact", "8", "are the same"},
        {"triplet+center,triplet:lambda=1+center:lambda=3e-3", "8", "are the same"},
        {"", NULL, "empty place"},
        {"softmax", "2,2", "names 2 twice"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tam_compare_config config = config_of(&made, cases[i].losses, cases[i].dims);
        test_fails(made.ctx, tam_compare_open(made.ctx, &config, &comparison), TAM_CONFIG, cases[i].part);
        assert_null(comparison);
    }
    tam_compare_config nowhere = config_of(&made, "softmax", NULL);
    nowhere.recipe.data.path = "/nowhere";
    test_fails(made.ctx, tam_compare_open(made.ctx, &nowhere, &comparison), TAM_INPUT, "/nowhere");
    assert_int_equal(access(made.out, F_OK), -1);
    end(&made);
}

/* Memory that runs out anywhere between the lists and the files: a status, and nothing kept. */
static void every_allocation_may_fail(void **state) {
    (void)state;
    fixture made = begin();
    int left = 100, failures = 0;
    const tam_ctx_config frugal = {.threads = 1, .allocator = test_ration(&left)};
    const tam_compare_config config = config_of(&made, "softmax,arcface+center", "2,3");
    tam_ctx *ctx = NULL;
    assert_int_equal(tam_ctx_create(&frugal, &ctx), TAM_OK);
    for (tam_status status = TAM_RESOURCES; status != TAM_OK; failures++) {
        tam_comparison *comparison;
        left = failures;
        status = tam_compare_open(ctx, &config, &comparison);
        if (status == TAM_OK) {
            tam_compare_leave_out(comparison, 1, "a reason");
            status = tam_compare_write(comparison);
            tam_compare_free(comparison);
        }
        assert_true(status == TAM_OK || status == TAM_RESOURCES);
        assert_int_equal(tam_ctx_memory(ctx).bytes, 0);
    }
    assert_true(failures > 20);
    tam_ctx_free(ctx);
    end(&made);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_files_say_the_same),       cmocka_unit_test(the_page_says_when_it_is_the_training_data),
        cmocka_unit_test(small_dimensions_have_a_recipe), cmocka_unit_test(bad_configurations_are_refused),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

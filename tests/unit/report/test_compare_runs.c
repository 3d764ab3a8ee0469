/* Comparisons of nets and settings: which runs there are, what they are called, what is refused, and what is kept of
 * the time of inference. */
#include "support.h"

#include <jansson.h>
#include <math.h>

#include "unit/plot/well_formed.h"
#include "unit/report/compare_fixture.h"

/* The settings that this program lets be swept. */
static tam_status set(void *user, const char *key, const char *value, tam_train_config *recipe) {
    (void)user;
    if (strcmp(key, "lr") == 0) {
        recipe->lr = atof(value);
        return TAM_OK;
    }
    if (strcmp(key, "size") == 0) {
        recipe->data.size = atoi(value);
        return TAM_OK;
    }
    return TAM_CONFIG;
}

static tam_compare_config sweeps_of(const fixture *made, const char *nets, const char *losses, int count,
                                    const char *const *sweeps) {
    tam_compare_config config = config_of(made, losses, "8");
    config.nets = nets;
    config.recipe.net = nets != NULL ? NULL : "conv4:width=8";
    config.sweeps = sweeps;
    config.sweep_count = count;
    config.set = set;
    return config;
}

static tam_comparison *open_comparison(const fixture *made, const tam_compare_config *config) {
    tam_comparison *comparison;
    test_ok(made->ctx, tam_compare_open(made->ctx, config, &comparison));
    return comparison;
}

/* Dimensions change last, sweeps first, the last of them first of all. */
static void all_combinations_are_runs(void **state) {
    (void)state;
    fixture made = begin();
    static const char *const sweeps[] = {"lr=0.1,0.05", "net.width=8,16", "loss.s=4,8,16"};
    tam_compare_config config = sweeps_of(&made, "conv4,ir10:dropout=0", "arcface,cosface:m=0.2", 3, sweeps);
    config.dims = "8,4";
    tam_comparison *comparison = open_comparison(&made, &config);
    assert_int_equal(tam_compare_runs(comparison), 2 * 2 * 2 * 2 * 2 * 3);
    for (int i = 0; i < tam_compare_runs(comparison); i++) {
        const tam_train_config recipe = tam_compare_recipe(comparison, i);
        char net[64], loss[64], out[256];
        int width = i / 3 % 2 == 0 ? 8 : 16, s = 4 << i % 3, dim = i < 48 ? 8 : 4;
        const char *lr = i / 6 % 2 == 0 ? "0.1" : "0.05";
        bool first_loss = i / 12 % 2 == 0, first_net = i / 24 % 2 == 0;
        snprintf(net, sizeof net, "%swidth=%d", first_net ? "conv4:" : "ir10:dropout=0,", width);
        snprintf(loss, sizeof loss, "%ss=%d", first_loss ? "arcface:" : "cosface:m=0.2,", s);
        snprintf(out, sizeof out, "%s/%s-%s-lr%s-width%d-s%d-%dd", made.out, first_net ? "conv4" : "ir10-dropout0",
                 first_loss ? "arcface" : "cosface-m0.2", lr, width, s, dim);
        assert_string_equal(recipe.net, net);
        assert_string_equal(recipe.loss, loss);
        assert_string_equal(recipe.out, out);
        assert_true(recipe.lr == atof(lr) && recipe.dim == dim && recipe.batch == 10);
    }
    assert_string_equal(comparison->entries[95].full_name,
                        "ir10:dropout=0, cosface:m=0.2, lr=0.05, width=16, s=16, 4 dimensions");
    tam_compare_free(comparison);
    end(&made);
}

/* dim, net and loss are other words for the lists; small dimensions' own keys give way. */
static void lists_may_be_swept(void **state) {
    (void)state;
    fixture made = begin();
    static const char *const sweeps[] = {"dim=2,8", "net=conv4:width=8,bn=0,ir10:width=8", "loss=arcface,softmax"};
    tam_compare_config config = config_of(&made, NULL, NULL);
    config.recipe.net = NULL;
    config.sweeps = sweeps;
    config.sweep_count = 3;
    tam_comparison *comparison = open_comparison(&made, &config);
    assert_int_equal(tam_compare_runs(comparison), 8);
    assert_string_equal(tam_compare_recipe(comparison, 7).net, "ir10:width=8");
    assert_string_equal(tam_compare_recipe(comparison, 7).loss, "softmax");
    assert_string_equal(tam_compare_recipe(comparison, 0).loss, "arcface:s=4,m=0.1");
    tam_compare_free(comparison);
    static const char *const small[] = {"loss.m=0.2,0.1", "net.bn=0,1"};
    config = config_of(&made, NULL, "2");
    config.recipe.net = NULL;
    config.sweeps = small;
    config.sweep_count = 2;
    comparison = open_comparison(&made, &config);
    assert_string_equal(tam_compare_recipe(comparison, 1).loss, "arcface:s=4,m=0.2");
    assert_string_equal(tam_compare_recipe(comparison, 1).net, "conv4:bn=1");
    tam_compare_free(comparison);
    end(&made);
}

static void bad_combinations_are_refused(void **state) {
    (void)state;
    fixture made = begin();
    static const struct {
        const char *nets, *losses;
        const char *sweeps[2];
        const char *part;
    } cases[] = {
        {"conv4,ir10,conv4", "softmax", {0}, "the nets 'conv4' and 'conv4' are the same"},
        {"ir10,ir10:width=32", "softmax", {0}, "the nets 'ir10' and 'ir10:width=32' are the same"},
        {"conv4,ir11", "softmax", {0}, "the run 'ir11': unknown net 'ir11' (did you mean 'ir10'?)"},
        {"conv4,,ir10", "softmax", {0}, "the list of nets 'conv4,,ir10' has an empty place"},
        {"conv4", "softmax", {"net=ir10"}, "the nets of a comparison are listed by --nets and by --sweep net"},
        {"conv4", "softmax", {"net.width=8,-2"}, "the run 'width=-2': conv4: width=-2 is outside its range"},
        {"conv4,ir10", "softmax", {"net.dropout=0"}, "unknown key of the net conv4 'dropout'"},
        {"conv4", "arcface", {"loss.m=0.1,9"}, "the loss 'arcface:m=9': arcface: m=9 is outside its range"},
        {"conv4", "softmax", {"lr=0.1", "lr=0.2"}, "lr is swept twice"},
        {"conv4", "softmax", {"size=16,2"}, "the run 'size=2': net conv4"},
    };
    tam_comparison *comparison;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int count = cases[i].sweeps[0] == NULL ? 0 : cases[i].sweeps[1] == NULL ? 1 : 2;
        const tam_compare_config config = sweeps_of(&made, cases[i].nets, cases[i].losses, count, cases[i].sweeps);
        test_fails(made.ctx, tam_compare_open(made.ctx, &config, &comparison), TAM_CONFIG, cases[i].part);
        assert_null(comparison);
    }
    tam_compare_config config = sweeps_of(&made, "conv4", "softmax", 0, NULL);
    config.recipe.net = "ir10";
    test_fails(made.ctx, tam_compare_open(made.ctx, &config, &comparison), TAM_CONFIG, "give one of --net and --nets");
    config = sweeps_of(&made, NULL, NULL, 0, NULL);
    config.dims = NULL;
    test_fails(made.ctx, tam_compare_open(made.ctx, &config, &comparison), TAM_CONFIG, "nothing to compare");
    static const char *const many[] = {"lr=1,2,3,4,5,6,7,8,9,10", "net.width=1,2,3,4,5,6,7,8,9,10", "size=14,15,16"};
    config = sweeps_of(&made, NULL, "softmax", 3, many);
    config.recipe.net = "conv4";
    test_fails(made.ctx, tam_compare_open(made.ctx, &config, &comparison), TAM_CONFIG,
               "these lists make 300 runs, and a comparison has at most 256");
    config.sweep_count = 1;
    config.set = NULL;
    test_fails(made.ctx, tam_compare_open(made.ctx, &config, &comparison), TAM_CONFIG, "only net.KEY and loss.KEY");
    assert_int_equal(access(made.out, F_OK), -1);
    end(&made);
}

static int occurrences(const char *text, const char *part) {
    int count = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at++) {
        count++;
    }
    return count;
}

/* Every form has the columns of what varies, and the page its figures. */
static void the_table_has_what_varies(void **state) {
    (void)state;
    fixture made = begin();
    static const char *const sweeps[] = {"net.width=4,8", "size=16,20"};
    tam_compare_config config = sweeps_of(&made, "conv4,ir10", "softmax", 2, sweeps);
    config.recipe.data.size = 16; /* the sweep's values hold for what is measured, too */
    tam_comparison *comparison = open_comparison(&made, &config);
    train_all(made.ctx, comparison);
    test_ok(made.ctx, tam_compare_write(comparison));
    char *csv = read_file(made.out, "compare.csv"), *html = read_file(made.out, "compare.html");
    static const char header[] = "loss,net,dim,net.width,size,accuracy_percent,";
    assert_memory_equal(csv, header, strlen(header));
    assert_non_null(strstr(csv, "\nsoftmax,ir10:width=8,8,8,16,"));
    assert_non_null(strstr(csv, ",ir10-softmax-width8-size16-8d\n"));
    json_t *whole = json_loads(tam_compare_json(comparison), 0, NULL);
    const json_t *row = json_array_get(json_object_get(whole, "rows"), 7);
    assert_string_equal(json_string_value(json_object_get(row, "net")), "ir10:width=8");
    assert_int_equal(json_integer_value(json_object_get(row, "net.width")), 8);
    assert_int_equal(json_integer_value(json_object_get(row, "size")), 20);
    const json_t *interval = json_object_get(row, "accuracy_percent_interval");
    const tam_compare_entry *entry = &comparison->entries[7];
    double accuracy = entry->number[TAM_COMPARE_ACCURACY];
    assert_true(json_real_value(json_array_get(interval, 0)) <= accuracy);
    assert_true(json_real_value(json_array_get(interval, 1)) >= accuracy);
    assert_null(json_object_get(json_object_get(whole, "recipe"), "net"));
    assert_non_null(strstr(tam_compare_table(comparison), "every run: loss softmax, 8 dimensions\n"));
    assert_non_null(strstr(tam_compare_table(comparison), "\nnet            net.width  size  accuracy (%)"));
    assert_true(entry->number[TAM_COMPARE_ALONE] > 0 && entry->number[TAM_COMPARE_TOGETHER] > 0);
    tam_net_config net = {.net = "ir10:width=8", .channels = 1, .height = 20, .width = 20, .dim = 8};
    tam_net *same = NULL;
    test_ok(made.ctx, tam_net_create(made.ctx, &net, &same));
    assert_true(entry->number[TAM_COMPARE_PARAMETERS] == (double)tam_net_describe(same).parameters / 1e6);
    assert_true(entry->number[TAM_COMPARE_MACS] == (double)tam_net_describe(same).macs / 1e6);
    assert_true(entry->number[TAM_COMPARE_SIZE] > 4 * entry->number[TAM_COMPARE_PARAMETERS]);
    tam_net_free(same);
    assert_true(well_formed(html));
    assert_int_equal(occurrences(html, "fill-opacity=\"0.45\""), 8); /* discs */
    assert_int_equal(occurrences(html, "<circle"), 8 + 2 * 8 + 8);   /* and rings of two sweeps and of the ROC */
    assert_null(strstr(html, "nan"));
    json_decref(whole);
    free(csv);
    free(html);
    tam_compare_free(comparison);
    end(&made);
}

static void write_times(const char *run, const char *words) {
    char path[256];
    snprintf(path, sizeof path, "%s/inference.json", run);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(words, file);
    assert_int_equal(fclose(file), 0);
}

static double measured_again(const fixture *made, tam_comparison *comparison, const char *words) {
    write_times(tam_compare_recipe(comparison, 0).out, words);
    test_ok(made->ctx, tam_compare_measure(comparison, 0));
    return comparison->entries[0].number[TAM_COMPARE_ALONE];
}

/* The time that was measured stays; one of another model, dtype or number of threads, or no time at all, does not. */
static void times_are_measured_once(void **state) {
    (void)state;
    fixture made = begin();
    static const char *const sweeps[] = {"net.width=4"};
    static const char *const others[] = {
        "{\"step\":11,\"dtype\":\"f32\",\"threads\":1,\"milliseconds_per_image\":{\"1\":98765,\"32\":9}}",
        "{\"step\":12,\"dtype\":\"bf16\",\"threads\":1,\"milliseconds_per_image\":{\"1\":98765,\"32\":9}}",
        "{\"step\":12,\"dtype\":\"f32\",\"threads\":2,\"milliseconds_per_image\":{\"1\":98765,\"32\":9}}",
        "{\"step\":12,\"dtype\":\"f32\",\"threads\":1,\"milliseconds_per_image\":{\"1\":98765}}",
        "{\"step\":12,\"dtype\":\"f32\",\"threads\":1,\"milliseconds_per_image\":{\"1\":-98765,\"32\":9}}",
        "98765",
        "{",
        "",
    };
    tam_compare_config config = sweeps_of(&made, "conv4", "softmax", 1, sweeps);
    tam_comparison *comparison = open_comparison(&made, &config);
    train_all(made.ctx, comparison);
    double first = comparison->entries[0].number[TAM_COMPARE_ALONE];
    test_ok(made.ctx, tam_compare_measure(comparison, 0));
    assert_true(comparison->entries[0].number[TAM_COMPARE_ALONE] == first);
    assert_true(measured_again(&made, comparison,
                               "{\"step\":12,\"dtype\":\"f32\",\"threads\":1,\"milliseconds_per_image\":{"
                               "\"1\":98765,\"32\":9}}") == 98765);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        double again = measured_again(&made, comparison, others[i]);
        assert_true(again > 0 && again < 98765);
    }
    tam_compare_free(comparison);
    end(&made);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_combinations_are_runs),    cmocka_unit_test(lists_may_be_swept),
        cmocka_unit_test(bad_combinations_are_refused), cmocka_unit_test(the_table_has_what_varies),
        cmocka_unit_test(times_are_measured_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

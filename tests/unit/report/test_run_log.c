#include "support.h"

#include <math.h>

#include "base/file.h"
#include "report/run_log.h"
#include "report/training_data.h"

static tam_run_log parse(tam_ctx *ctx, const char *text) {
    tam_run_log log;
    test_ok(ctx, tam_run_log_parse(ctx, text, strlen(text), &log));
    return log;
}

static void a_log_is_read(void **state) {
    (void)state;
    char text[8192], bins[512] = "[0";
    for (int i = 1; i < TAM_THETA_BINS; i++) {
        strcat(bins, i == 45 ? ",6" : i == 46 ? ",2" : ",0");
    }
    strcat(bins, "]");
    snprintf(
        text, sizeof text,
        "{\"kind\":\"start\",\"net\":\"conv4\",\"loss\":\"arcface:s=16\",\"dim\":64,\"classes\":10,\"steps\":200}\n"
        "{\"kind\":\"step\",\"step\":100,\"loss\":2.5,\"theta\":1.5,\"accuracy\":0.5,\"lr\":0.1,\"theta_histogram\":%s}"
        "\n"
        "{\"kind\":\"epoch\",\"epoch\":0,\"step\":100,\"loss\":2.5,\"eer\":0.25}\n"
        "{\"kind\":\"step\",\"step\":200,\"loss\":1.5}\n"
        "{\"kind\":\"news\"}\n\n{\"kind\":\"end\"}\n",
        bins);
    tam_ctx *ctx = test_ctx(1);
    tam_run_log log = parse(ctx, text);
    assert_string_equal(log.net, "conv4");
    assert_string_equal(log.loss, "arcface:s=16");
    assert_true(log.dim == 64 && log.classes == 10 && log.planned_steps == 200 && log.batch == 0);
    assert_int_equal(log.step_count, 2);
    assert_true(log.steps[0].step == 100 && log.steps[0].loss == 2.5 && log.steps[0].theta == 1.5);
    assert_true(log.steps[0].has_histogram && log.steps[0].theta_histogram[45] == 6);
    assert_true(log.steps[1].loss == 1.5 && isnan(log.steps[1].theta) && !log.steps[1].has_histogram);
    assert_int_equal(log.epoch_count, 1);
    assert_true(log.epochs[0].eer == 0.25 && isnan(log.epochs[0].accuracy));
    assert_true(log.ended && log.bad_lines == 0);
    double shares[TAM_THETA_BINS];
    assert_true(tam_run_log_histogram(&log, 0, 0.6, shares));
    assert_true(shares[45] == 0.75 && shares[46] == 0.25 && shares[0] == 0);
    assert_false(tam_run_log_histogram(&log, 0.6, 1, shares));
    tam_run_log_free(&log);
    test_ctx_free(ctx);
}

static void damage_is_counted_not_fatal(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_run_log log = parse(ctx, "{\"kind\":\"step\",\"step\":1}\nnonsense\n[1]\n7\n{\"kind\":3}\n"
                                 "{\"kind\":\"step\",\"step\":-1e300,\"loss\":\"x\",\"theta_histogram\":[1,2]}\n"
                                 "{\"kind\":\"step\",\"step\":9,\"lo");
    assert_int_equal(log.bad_lines, 4); /* the cut last line is no damage */
    assert_int_equal(log.step_count, 1);
    assert_true(log.steps[0].step == 0 && isnan(log.steps[0].loss) && !log.steps[0].has_histogram);
    assert_false(log.ended);
    tam_run_log_free(&log);
    log = parse(ctx, "");
    assert_true(log.step_count == 0 && log.loss[0] == '\0');
    tam_run_log_free(&log);
    tam_run_log_free(&log);
    test_ctx_free(ctx);
}

/* A run that was killed and continued repeats the lines after its checkpoint. */
static void repeated_steps_replace(void **state) {
    (void)state;
    char text[20000] = "";
    for (int i = 1; i <= 50; i++) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "{\"kind\":\"step\",\"step\":%d,\"loss\":1}\n", i * 10);
    }
    strcat(text, "{\"kind\":\"start\"}\n{\"kind\":\"step\",\"step\":305,\"loss\":2}\n{\"kind\":\"step\",\"step\":310,"
                 "\"loss\":2}\n");
    tam_ctx *ctx = test_ctx(1);
    tam_run_log log = parse(ctx, text);
    assert_int_equal(log.step_count, 32);
    for (int64_t i = 0; i < log.step_count; i++) {
        assert_true(i == 0 || log.steps[i].step > log.steps[i - 1].step);
        assert_true(log.steps[i].loss == (i < 30 ? 1 : 2));
    }
    tam_run_log_free(&log);
    test_ctx_free(ctx);
}

static void a_missing_log_is_named(void **state) {
    (void)state;
    tam_run_log log;
    tam_ctx *ctx = test_ctx(1);
    test_fails(ctx, tam_run_log_read(ctx, "/nowhere/run", &log), TAM_INPUT, "/nowhere/run/log.jsonl");
    tam_run_log_free(&log);
    test_ctx_free(ctx);
}

static void a_file_without_a_line_of_a_run_is_refused(void **state) {
    (void)state;
    static const char *const contents[] = {"", "\n\n", "PNG\n1 2\n", "[1]\n{\"a\":2}\n", "{\"kind\":\"end\"}\n"};
    char folder[64], path[128];
    tam_run_log log;
    tam_ctx *ctx = test_ctx(1);
    test_folder(folder);
    snprintf(path, sizeof path, "%s/log.jsonl", folder);
    for (size_t i = 0; i < sizeof contents / sizeof *contents; i++) {
        test_ok(ctx, tam_file_write(ctx, path, &(tam_file_piece){contents[i], strlen(contents[i])}, 1));
        test_fails(ctx, tam_run_log_read(ctx, folder, &log), TAM_INPUT, "log.jsonl: not one line");
    }
    test_folder_remove(folder);
    test_ctx_free(ctx);
}

static tam_status parse_config(tam_ctx *ctx, const char *text, tam_training_data *config) {
    return tam_training_data_parse(ctx, "c.yaml", (const uint8_t *)text, strlen(text), config);
}

static void the_training_data_is_found(void **state) {
    (void)state;
    tam_training_data config;
    tam_ctx *ctx = test_ctx(1);
    test_ok(ctx, parse_config(ctx,
                              "# made\nlr: 0.1\ndata: \"a b\"\nlist: [data, x]\nmap: {data: no}\nsplit: ~\n"
                              "exclude-classes: 'Greek*'\nfixes: list.txt\n",
                              &config));
    assert_string_equal(config.data, "a b");
    assert_string_equal(config.exclude_classes, "Greek*");
    assert_string_equal(config.fixes, "list.txt");
    assert_null(config.split);
    assert_null(config.classes);
    tam_training_data_free(ctx, &config);
    test_ok(ctx, parse_config(ctx, "", &config));
    assert_null(config.data);
    test_fails(ctx, parse_config(ctx, "data: x\n\tlr: [", &config), TAM_INPUT, "c.yaml:2: not YAML");
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_is_read),
        cmocka_unit_test(damage_is_counted_not_fatal),
        cmocka_unit_test(repeated_steps_replace),
        cmocka_unit_test(a_missing_log_is_named),
        cmocka_unit_test(a_file_without_a_line_of_a_run_is_refused),
        cmocka_unit_test(the_training_data_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

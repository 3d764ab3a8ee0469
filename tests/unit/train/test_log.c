#include "support.h"

#include <locale.h>
#include <math.h>

#include "base/file.h"
#include "base/memory.h"
#include "train/log.h"

static void expect_file(tam_ctx *ctx, const char *path, const char *expected) {
    uint8_t *data;
    size_t size;
    test_ok(ctx, tam_file_read(ctx, path, 0, &data, &size));
    assert_string_equal((char *)data, expected);
    tam_release(ctx, data);
}

static void lines_are_json(void **state) {
    (void)state;
    char folder[64], path[96];
    static tam_log log;
    tam_ctx *ctx = test_ctx(1);
    test_folder(folder);
    snprintf(path, sizeof path, "%s/log.jsonl", folder);
    (void)setlocale(LC_ALL, "de_DE.UTF-8"); /* a decimal comma where that locale is installed */
    test_ok(ctx, tam_log_open(ctx, path, -1, 0, &log));
    tam_log_begin(&log, "step");
    tam_log_whole(&log, "step", -7);
    tam_log_real(&log, "loss", 1.5);
    tam_log_real(&log, "eer", NAN);
    tam_log_real(&log, "lr", -INFINITY);
    tam_log_text(&log, "net", "a\"b\\c\n\xC3");
    tam_log_raw(&log, ",\"tar\":[%d]", 3);
    tam_log_write(&log);
    expect_file(ctx, path,
                "{\"kind\":\"step\",\"step\":-7,\"loss\":1.5,\"eer\":null,\"lr\":null,"
                "\"net\":\"a\\\"b\\\\c\\u000a\\u00c3\",\"tar\":[3]}\n");
    tam_log_close(&log);
    (void)setlocale(LC_ALL, "C");
    test_folder_remove(folder);
    test_ctx_free(ctx);
}

static void resuming_drops_what_will_come_again(void **state) {
    (void)state;
    static const char old[] = "{\"kind\":\"start\",\"steps\":9}\n"
                              "{\"kind\":\"step\",\"step\":2}\n"
                              "{\"kind\":\"epoch\",\"epoch\":1,\"step\":3}\n"
                              "{\"kind\":\"step\",\"step\":4}\n"
                              "{\"kind\":\"step\",\"step\":6}\n"
                              "{\"kind\":\"epoch\",\"epoch\":2,\"step\":6}\n"
                              "{\"kind\":\"end\",\"step\":6}\n"
                              "not json\n"
                              "{\"kind\":\"step\",\"step\":1}"; /* killed before the newline */
    static const struct {
        int64_t step, epochs;
        const char *kept;
    } cases[] = {
        {-1, 0, ""},
        {0, 0, "{\"kind\":\"start\",\"steps\":9}\n"},
        {4, 1,
         "{\"kind\":\"start\",\"steps\":9}\n{\"kind\":\"step\",\"step\":2}\n{\"kind\":\"epoch\",\"epoch\":1,\"step\":3}"
         "\n{\"kind\":\"step\",\"step\":4}\n"},
        {6, 1,
         "{\"kind\":\"start\",\"steps\":9}\n{\"kind\":\"step\",\"step\":2}\n{\"kind\":\"epoch\",\"epoch\":1,\"step\":3}"
         "\n{\"kind\":\"step\",\"step\":4}\n{\"kind\":\"step\",\"step\":6}\n"},
    };
    char folder[64], path[96];
    static tam_log log;
    tam_ctx *ctx = test_ctx(1);
    test_folder(folder);
    snprintf(path, sizeof path, "%s/log.jsonl", folder);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tam_file_piece piece = {old, sizeof old - 1};
        test_ok(ctx, tam_file_write(ctx, path, &piece, 1));
        test_ok(ctx, tam_log_open(ctx, path, cases[i].step, cases[i].epochs, &log));
        tam_log_close(&log);
        expect_file(ctx, path, cases[i].kept);
    }
    test_folder_remove(folder);
    test_ctx_free(ctx);
}

static int warnings;

static void count_warning(void *user, const char *sentence) {
    (void)user;
    assert_non_null(strstr(sentence, "/dev/full"));
    warnings++;
}

static void a_full_disk_warns_once(void **state) {
    (void)state;
    static tam_log log;
    tam_ctx *ctx;
    tam_ctx_config config = {.threads = 1, .warn = count_warning};
    assert_int_equal(tam_ctx_create(&config, &ctx), TAM_OK);
    log = (tam_log){.ctx = ctx, .path = "/dev/full", .descriptor = -1};
    FILE *full = fopen("/dev/full", "w");
    assert_non_null(full);
    log.descriptor = dup(fileno(full));
    fclose(full);
    for (int i = 0; i < 3; i++) {
        tam_log_begin(&log, "step");
        tam_log_write(&log);
    }
    assert_int_equal(warnings, 1);
    tam_log_close(&log);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_json),
        cmocka_unit_test(resuming_drops_what_will_come_again),
        cmocka_unit_test(a_full_disk_warns_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Choices of algorithms: found again, kept in a file, and a damaged file refused with its line. */
#include "backend/tuning.h"

#include "base/file.h"
#include "base/memory.h"
#include "support.h"

static char folder[64], file[96];

static int make_folder(void **state) {
    (void)state;
    test_folder(folder);
    snprintf(file, sizeof file, "%s/choices", folder);
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    test_folder_remove(folder);
    return 0;
}

static void write_file(tam_ctx *ctx, const char *text, size_t size) {
    const tam_file_piece piece = {text, size};
    test_ok(ctx, tam_file_write(ctx, file, &piece, 1));
}

static void choices_are_found(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_tuning *tuning = NULL;
    char key[32], choice[32];
    test_ok(ctx, tam_tuning_create(ctx, TAM_TUNE_FAST, &tuning));
    assert_int_equal(tam_tuning_mode(tuning), TAM_TUNE_FAST);
    assert_null(tam_tuning_find(tuning, "k"));
    for (int i = 0; i < 500; i++) { /* in no order */
        snprintf(key, sizeof key, "key%d", i * 263 % 500);
        snprintf(choice, sizeof choice, "c%d", i * 263 % 500);
        test_ok(ctx, tam_tuning_set(tuning, key, choice));
    }
    test_ok(ctx, tam_tuning_set(tuning, "key77", "other"));
    for (int i = 0; i < 500; i++) {
        snprintf(key, sizeof key, "key%d", i);
        snprintf(choice, sizeof choice, "c%d", i);
        assert_string_equal(tam_tuning_find(tuning, key), i == 77 ? "other" : choice);
    }
    assert_null(tam_tuning_find(tuning, "key500"));
    tam_tuning_free(tuning);
    test_ctx_free(ctx);
}

static void a_file_keeps_them(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_tuning *first = NULL, *second = NULL;
    test_ok(ctx, tam_tuning_create(ctx, TAM_TUNE_FULL, &first));
    test_ok(ctx, tam_tuning_load(first, file)); /* there is none yet */
    test_ok(ctx, tam_tuning_save(first, file)); /* and nothing to keep */
    assert_int_equal(tam_path_look(file), TAM_PATH_ABSENT);
    test_ok(ctx, tam_tuning_set(first, "b", "1"));
    test_ok(ctx, tam_tuning_set(first, "a", "2"));
    test_ok(ctx, tam_tuning_save(first, file));
    test_ok(ctx, tam_tuning_create(ctx, TAM_TUNE_OFF, &second));
    test_ok(ctx, tam_tuning_set(second, "a", "mine"));
    test_ok(ctx, tam_tuning_load(second, file));
    assert_string_equal(tam_tuning_find(second, "a"), "mine");
    assert_string_equal(tam_tuning_find(second, "b"), "1");
    test_ok(ctx, tam_tuning_set(first, "c", "3"));
    test_ok(ctx, tam_tuning_save(first, file));
    test_ok(ctx, tam_tuning_save(second, file)); /* keeps what the first has added meanwhile */
    tam_tuning_free(second);
    test_ok(ctx, tam_tuning_create(ctx, TAM_TUNE_OFF, &second));
    test_ok(ctx, tam_tuning_load(second, file));
    assert_string_equal(tam_tuning_find(second, "a"), "mine");
    assert_string_equal(tam_tuning_find(second, "c"), "3");
    write_file(ctx, "z 9\n", 4);
    test_ok(ctx, tam_tuning_save(second, file)); /* nothing new: the file stays as it is */
    uint8_t *data = NULL;
    size_t size = 0;
    test_ok(ctx, tam_file_read(ctx, file, 0, &data, &size));
    assert_string_equal((char *)data, "z 9\n");
    tam_release(ctx, data);
    tam_tuning_free(first);
    tam_tuning_free(second);
    test_ctx_free(ctx);
}

static void damaged_files_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t size;
        const char *sentence;
    } damaged[] = {
        {"a b\nc\n", 6, "choices: line 2 is not a key and a choice"},
        {"a b c\n", 6, "line 1 is not"},
        {"a  b\n", 5, "line 1 is not"},
        {" a b\n", 5, "line 1 is not"},
        {"a b \n", 5, "line 1 is not"},
        {"a b\n\n", 5, "line 2 is not"},
        {"a b\r\n", 5, "line 1 is not"},
        {"a\tb\n", 4, "line 1 is not"},
        {"a \xc3\xa4\n", 5, "line 1 is not"},
        {"a b\0c\n", 6, "line 1 is not"},
        {"a b\nc d", 7, "line 2 has no end"},
    };
    tam_ctx *ctx = test_ctx(1);
    for (size_t i = 0; i < sizeof damaged / sizeof damaged[0]; i++) {
        tam_tuning *tuning = NULL;
        write_file(ctx, damaged[i].text, damaged[i].size);
        test_ok(ctx, tam_tuning_create(ctx, TAM_TUNE_OFF, &tuning));
        test_fails(ctx, tam_tuning_load(tuning, file), TAM_INPUT, damaged[i].sentence);
        tam_tuning_free(tuning);
    }
    test_ctx_free(ctx);
}

static void too_much_is_refused(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_tuning *tuning = NULL;
    size_t size = 0, room = 2 << 20;
    char *text = calloc(room, 1);
    for (int i = 0; i < 20000; i++) {
        size += (size_t)snprintf(text + size, room - size, "k%d c\n", i);
    }
    write_file(ctx, text, size);
    test_ok(ctx, tam_tuning_create(ctx, TAM_TUNE_OFF, &tuning));
    test_fails(ctx, tam_tuning_load(tuning, file), TAM_INPUT, "line 16385: more than 16384 choices");
    memset(text, 'a', room);
    write_file(ctx, text, room);
    test_fails(ctx, tam_tuning_load(tuning, file), TAM_INPUT, "more than the 1048576 allowed");
    test_fails(ctx, tam_tuning_load(tuning, folder), TAM_INPUT, "not a regular file");
    tam_tuning_free(tuning);
    free(text);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(choices_are_found),
        cmocka_unit_test_setup_teardown(a_file_keeps_them, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(damaged_files_are_refused, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(too_much_is_refused, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

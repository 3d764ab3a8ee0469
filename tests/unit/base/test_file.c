/* Whole reads, atomic writes, folders, and the cursor over hostile bytes. */
#include "support.h"

#include <sys/stat.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/memory.h"

static char folder[64];

static int make_folder(void **state) {
    (void)state;
    test_folder(folder);
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    test_folder_remove(folder);
    return 0;
}

/* Path of `name` in the test's folder; valid until the next call. */
static const char *in_folder(const char *name) {
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void check_content(tam_ctx *ctx, const char *path, const char *expected) {
    uint8_t *data = NULL;
    size_t size = 0;
    test_ok(ctx, tam_file_read(ctx, path, 0, &data, &size));
    assert_int_equal(size, strlen(expected));
    assert_string_equal((char *)data, expected); /* a zero byte follows */
    tam_release(ctx, data);
}

static void test_write_and_read(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    const char *path = in_folder("model");
    tam_file_piece pieces[] = {{"one", 3}, {"", 0}, {" two", 4}};
    test_ok(ctx, tam_file_write(ctx, path, pieces, 3));
    check_content(ctx, path, "one two");
    test_ok(ctx, tam_file_write(ctx, path, pieces, 1)); /* replaces */
    check_content(ctx, path, "one");
    test_ok(ctx, tam_file_write(ctx, path, NULL, 0));
    check_content(ctx, path, "");
    assert_int_equal(tam_path_look(in_folder("model.tmp")), TAM_PATH_ABSENT);
    test_ctx_free(ctx);
}

/* A failed write leaves the old file whole and no temporary file. */
static void test_failed_write(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_file_piece piece = {"new", 3};
    test_fails(ctx, tam_file_write(ctx, in_folder("absent/model"), &piece, 1), TAM_RESOURCES, "absent/model.tmp");
    test_ok(ctx, tam_folder_make(ctx, in_folder("taken/full")));
    test_fails(ctx, tam_file_write(ctx, in_folder("taken"), &piece, 1), TAM_RESOURCES, "taken: cannot replace it");
    assert_int_equal(tam_path_look(in_folder("taken.tmp")), TAM_PATH_ABSENT);
    assert_int_equal(tam_path_look(in_folder("taken/full")), TAM_PATH_FOLDER);
    assert_int_equal(mkfifo(in_folder("pipe"), 0600), 0); /* nor a device: only files are replaced */
    test_fails(ctx, tam_file_write(ctx, in_folder("pipe"), &piece, 1), TAM_RESOURCES, "pipe: not a regular file");
    assert_int_equal(tam_path_look(in_folder("pipe")), TAM_PATH_OTHER);
    if (access("/dev/full", W_OK) == 0) { /* a disk without room: the temporary file is the full device */
        test_ok(ctx, tam_file_write(ctx, in_folder("kept"), &(tam_file_piece){"old", 3}, 1));
        assert_int_equal(symlink("/dev/full", in_folder("kept.tmp")), 0);
        test_fails(ctx, tam_file_write(ctx, in_folder("kept"), &piece, 1), TAM_RESOURCES, "No space left");
        check_content(ctx, in_folder("kept"), "old");
    }
    test_ctx_free(ctx);
}

static void test_refused_reads(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    uint8_t *data;
    size_t size;
    tam_file_piece piece = {"0123456789", 10};
    test_fails(ctx, tam_file_read(ctx, in_folder("absent"), 0, &data, &size), TAM_INPUT, "absent: cannot open");
    test_fails(ctx, tam_file_read(ctx, folder, 0, &data, &size), TAM_INPUT, "not a regular file");
    assert_int_equal(mkfifo(in_folder("fifo"), 0600), 0);
    test_fails(ctx, tam_file_read(ctx, in_folder("fifo"), 0, &data, &size), TAM_INPUT, "not a regular file");
    test_ok(ctx, tam_file_write(ctx, in_folder("ten"), &piece, 1));
    test_fails(ctx, tam_file_read(ctx, in_folder("ten"), 9, &data, &size), TAM_INPUT,
               "ten: 10 bytes, more than the 9 allowed");
    assert_null(data);
    test_ok(ctx, tam_file_read(ctx, in_folder("ten"), 10, &data, &size));
    tam_release(ctx, data);
    test_ctx_free(ctx);
}

static void test_folders(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    test_ok(ctx, tam_folder_make(ctx, in_folder("a/b/c")));
    test_ok(ctx, tam_folder_make(ctx, in_folder("a/b/c/")));
    assert_int_equal(tam_path_look(in_folder("a/b/c")), TAM_PATH_FOLDER);
    test_ok(ctx, tam_file_write(ctx, in_folder("file"), NULL, 0));
    assert_int_equal(tam_path_look(in_folder("file")), TAM_PATH_FILE);
    assert_int_equal(tam_path_look("/dev/null"), TAM_PATH_OTHER);
    test_fails(ctx, tam_folder_make(ctx, in_folder("file/below")), TAM_RESOURCES, "cannot make the folder");
    test_fails(ctx, tam_folder_make(ctx, ""), TAM_RESOURCES, "without a name");
    char *path = tam_path_join(ctx, "a/b", "c");
    assert_string_equal(path, "a/b/c");
    tam_release(ctx, path);
    path = tam_path_join(ctx, "/", "c");
    assert_string_equal(path, "/c");
    tam_release(ctx, path);
    test_ctx_free(ctx);
}

static void test_bytes(void **state) {
    (void)state;
    static const uint8_t data[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    tam_bytes bytes = {data, sizeof data, 0};
    uint8_t one;
    uint32_t four;
    uint64_t eight;
    assert_true(tam_bytes_u8(&bytes, &one) && one == 1);
    assert_true(tam_bytes_u32_big(&bytes, &four) && four == 0x02030405);
    assert_true(tam_bytes_u32_little(&bytes, &four) && four == 0x09080706);
    assert_false(tam_bytes_u32_big(&bytes, &four));
    assert_false(tam_bytes_u64_little(&bytes, &eight));
    assert_int_equal(bytes.at, 9); /* a refused read moves nothing */
    assert_null(tam_bytes_take(&bytes, SIZE_MAX));
    assert_true(tam_bytes_u8(&bytes, &one) && one == 10);
    assert_false(tam_bytes_u8(&bytes, &one));
    assert_int_equal(tam_bytes_left(&bytes), 0);
    bytes.at = 2;
    assert_true(tam_bytes_u64_little(&bytes, &eight) && eight == 0x0a09080706050403u);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_write_and_read, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_failed_write, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_refused_reads, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_folders, make_folder, remove_folder),
        cmocka_unit_test(test_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

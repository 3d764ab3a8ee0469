#include <sys/stat.h>

#include "support.h"

#include "base/file.h"
#include "base/memory.h"
#include "io/folder.h"

typedef struct fixture {
    tam_ctx *ctx;
    char root[64];
    int warnings;
    char warning[512];
} fixture;

static void remember(void *user, const char *sentence) {
    fixture *f = user;
    f->warnings++;
    snprintf(f->warning, sizeof f->warning, "%s", sentence);
}

static int set_up(void **state) {
    static fixture f;
    memset(&f, 0, sizeof f);
    tam_ctx_config config = {.threads = 1, .warn = remember, .warn_user = &f};
    assert_int_equal(tam_ctx_create(&config, &f.ctx), TAM_OK);
    test_folder(f.root);
    *state = &f;
    return 0;
}

static int tear_down(void **state) {
    fixture *f = *state;
    test_folder_remove(f->root);
    test_ctx_free(f->ctx);
    return 0;
}

/* An empty file; the listing does not open files. */
static void touch(fixture *f, const char *name) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", f->root, name);
    *strrchr(path, '/') = '\0';
    test_ok(f->ctx, tam_folder_make(f->ctx, path));
    snprintf(path, sizeof path, "%s/%s", f->root, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
}

static void make_folder(fixture *f, const char *name) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", f->root, name);
    test_ok(f->ctx, tam_folder_make(f->ctx, path));
}

static void make_pipe(fixture *f, const char *name) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", f->root, name);
    assert_int_equal(mkfifo(path, 0600), 0);
}

static void link_to(fixture *f, const char *target, const char *name) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", f->root, name);
    assert_int_equal(symlink(target, path), 0);
}

/* Lists and compares: every file as "class/file", in order. */
static void expect_files(fixture *f, const char *const *files, int count, int classes) {
    tam_folder folder;
    int at = 0;
    test_ok(f->ctx, tam_folder_list(f->ctx, f->root, &folder));
    assert_int_equal(folder.class_count, classes);
    assert_int_equal(folder.file_count, count);
    for (int64_t c = 0; c < folder.class_count; c++) {
        for (int64_t i = 0; i < folder.classes[c].count; i++) {
            char path[512];
            assert_true(tam_folder_path(&folder, c, folder.classes[c].first + i, path, sizeof path));
            assert_string_equal(path + strlen(f->root) + 1, files[at++]);
        }
    }
    char small[8];
    assert_false(tam_folder_path(&folder, 0, 0, small, sizeof small));
    tam_folder_free(&folder);
}

static void nested_classes_come_in_byte_order(void **state) {
    fixture *f = *state;
    touch(f, "b/2.png");
    touch(f, "b/10.png");
    touch(f, "a/x/1.JPG");
    touch(f, "a-b/1.png"); /* '-' comes before '/' */
    touch(f, "a/2.pgm");   /* a class that holds another */
    touch(f, "Z/1.jpeg");
    touch(f, ".hidden/1.png");
    touch(f, "b/.thumb.png");
    static const char *const files[] = {"Z/1.jpeg", "a/2.pgm", "a-b/1.png", "a/x/1.JPG", "b/10.png", "b/2.png"};
    expect_files(f, files, 6, 5);
    assert_int_equal(f->warnings, 0);
}

static void other_files_are_left_out_with_one_warning(void **state) {
    fixture *f = *state;
    touch(f, "a/1.png");
    touch(f, "a/notes.txt");
    touch(f, "b/1.png");
    touch(f, "b/1.gif");
    link_to(f, "nothing", "b/2.png"); /* images to their names, but there is nothing to read */
    make_pipe(f, "b/3.png");
    expect_files(f, (const char *const[]){"a/1.png", "b/1.png"}, 2, 2);
    assert_int_equal(f->warnings, 1);
    assert_non_null(strstr(f->warning, "4 files are not images"));
    assert_non_null(strstr(f->warning, "a/notes.txt"));
}

static void links_are_followed_but_never_in_a_circle(void **state) {
    fixture *f = *state;
    touch(f, "a/1.png");
    link_to(f, "1.png", "a/2.png");
    link_to(f, "nothing", "a/3.png");
    link_to(f, "..", "a/up");
    link_to(f, ".", "here");
    link_to(f, "a", "b");
    expect_files(f, (const char *const[]){"a/1.png", "a/2.png", "b/1.png", "b/2.png"}, 4, 2);
    assert_int_equal(f->warnings, 4); /* three circles, and the link to nothing */
}

static void pipes_are_passed_over(void **state) {
    fixture *f = *state;
    char path[128];
    touch(f, "a/1.png");
    touch(f, "b/1.png");
    snprintf(path, sizeof path, "%s/a/0.png", f->root);
    assert_int_equal(mkfifo(path, 0666), 0);
    expect_files(f, (const char *const[]){"a/1.png", "b/1.png"}, 2, 2);
}

static void images_in_the_root_are_left_out_with_a_warning(void **state) {
    fixture *f = *state;
    touch(f, "cover.png");
    touch(f, "a/1.png");
    touch(f, "b/1.png");
    expect_files(f, (const char *const[]){"a/1.png", "b/1.png"}, 2, 2);
    assert_non_null(strstr(f->warning, "1 images lie outside the class folders"));
}

static void expect_refused(fixture *f, const char *root, const char *sentence) {
    tam_folder folder;
    test_fails(f->ctx, tam_folder_list(f->ctx, root, &folder), TAM_INPUT, sentence);
    assert_null(folder.ctx);
    tam_folder_free(&folder);
}

static void an_empty_class_folder_is_refused(void **state) {
    fixture *f = *state;
    touch(f, "a/1.png");
    make_folder(f, "b/c");
    expect_refused(f, f->root, "/b/c: an empty class folder");
    touch(f, "b/c/readme.txt");
    expect_refused(f, f->root, "/b/c: an empty class folder");
}

static void folders_without_classes_are_refused(void **state) {
    fixture *f = *state;
    char path[128];
    expect_refused(f, f->root, "an empty folder");
    touch(f, "1.png");
    expect_refused(f, f->root, "images lie in the folder itself");
    snprintf(path, sizeof path, "%s/1.png", f->root);
    expect_refused(f, path, "not a folder");
    expect_refused(f, "/nowhere", "/nowhere: not a folder");
    expect_refused(f, "", "a path of 0 bytes");
}

static void folders_that_only_lead_back_are_refused(void **state) {
    fixture *f = *state;
    link_to(f, ".", "here");
    expect_refused(f, f->root, "holds no class folder");
}

static void very_deep_folders_are_refused(void **state) {
    fixture *f = *state;
    char name[128] = "d";
    for (int i = 0; i < 40; i++) {
        strcat(name, "/d");
    }
    make_folder(f, name);
    expect_refused(f, f->root, "more than 32 folders inside each other");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(nested_classes_come_in_byte_order),
        TEST(other_files_are_left_out_with_one_warning),
        TEST(links_are_followed_but_never_in_a_circle),
        TEST(pipes_are_passed_over),
        TEST(images_in_the_root_are_left_out_with_a_warning),
        TEST(an_empty_class_folder_is_refused),
        TEST(folders_without_classes_are_refused),
        TEST(folders_that_only_lead_back_are_refused),
        TEST(very_deep_folders_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

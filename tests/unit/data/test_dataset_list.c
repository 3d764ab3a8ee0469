/* Data sets from lists: paths, labels, splits, and what is wrong with an image that a list names. */
#include <sys/stat.h>

#include "data_support.h"

typedef struct world {
    tam_ctx *ctx;
    char folder[64], list[96];
} world;

static tam_status open_list(world *w, const char *name, const char *text, const char *split, tam_dataset **out) {
    tam_dataset_config config = {.path = w->list, .split = split, .channels = 1, .size = 5};
    *out = NULL;
    snprintf(w->list, sizeof w->list, "%s/%s", w->folder, name);
    write_bytes(w->ctx, w->list, text, strlen(text));
    return tam_dataset_open(w->ctx, &config, out);
}

/* Images as "key=label", classes after "/". */
static void expect_data(world *w, const char *name, const char *text, const char *split, const char *expected) {
    tam_dataset *dataset;
    char seen[512] = "", key[64];
    test_ok(w->ctx, open_list(w, name, text, split, &dataset));
    tam_dataset_info info = tam_dataset_describe(dataset);
    for (int64_t i = 0; i < info.count; i++) {
        size_t used = strlen(seen);
        tam_dataset_image_key(dataset, i, key, sizeof key);
        snprintf(seen + used, sizeof seen - used, "%s=%d ", key, tam_dataset_label(dataset, i));
    }
    for (int64_t c = 0; c < info.classes; c++) {
        size_t used = strlen(seen);
        snprintf(seen + used, sizeof seen - used, "/%s", tam_dataset_class_name(dataset, c));
    }
    assert_string_equal(seen, expected);
    tam_dataset_free(dataset);
}

static void expect_refused(world *w, const char *text, const char *split, tam_status status, const char *sentence) {
    tam_dataset *dataset;
    char whole[256];
    tam_status got = open_list(w, "l.csv", text, split, &dataset);
    snprintf(whole, sizeof whole, "%s%s", w->list, sentence);
    test_fails(w->ctx, got, status, whole);
    assert_null(dataset);
}

static void labels_are_numbers_or_names(void **state) {
    world *w = *state;
    expect_data(w, "l.txt", "a 10\nb 9\nc 10\n", NULL, "a=1 b=0 c=1 /9/10");
    expect_data(w, "l.lst", "0\t10.0\ta\n1\t9.000000\tb\n2\t010\tc\n", NULL, "a=1 b=0 c=1 /9/10");
    expect_data(w, "l.txt", "a 10\nb 9\nc x\n", NULL, "a=0 b=1 c=2 /10/9/x");
    expect_data(w, "l.txt", "a Nan\nb Ann\n", NULL, "a=1 b=0 /Ann/Nan");
    expect_data(w, "l.tsv", "label\tpath\n2020-01-05\ta\n1\tb\n", NULL, "a=1 b=0 /1/2020-01-05");
}

static void wrong_numbers_are_refused(void **state) {
    world *w = *state;
    static const char *const bad[] = {"nan", "-inf", "-1", "1.5", "1e30", "1e999", "9007199254740993e1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[128];
        snprintf(text, sizeof text, "path,label\na,1\nb,2\nc,%s\nd,%s\n", bad[i], bad[i]);
        expect_refused(w, text, NULL, TAM_INPUT, ":4: the label");
    }
    expect_refused(w, "path,label\na,1\nb,1\n", NULL, TAM_INPUT, ": there is only one class, '1'");
    expect_refused(w, "path\na\nb\n", NULL, TAM_INPUT, ": list of images without labels");
}

static void splits_choose_rows(void **state) {
    world *w = *state;
    const char *text = "path,label,split\na,3,train\nb,4,test\nc,5,train\nd,6,odd one\ne,7,test\nf,7,odd one\n";
    expect_data(w, "l.csv", text, NULL, "a=0 c=1 /3/5");
    expect_data(w, "l.csv", text, "test", "b=0 e=1 /4/7");
    expect_data(w, "l.csv", text, "odd one", "d=0 f=1 /6/7");
    expect_refused(w, text, "val", TAM_CONFIG, ": unknown split 'val' (known: train, test, odd one)");
    expect_refused(w, "path,label\na,1\nb,2\n", "test", TAM_CONFIG, ": a list without a column `split` has no split");
}

static void images_lie_beside_the_list(void **state) {
    world *w = *state;
    tam_dataset *dataset;
    char text[512], name[256], expected[256];
    uint8_t pixels[25];
    write_image(w->ctx, w->folder, "in/a b.png", 5, 5, 1, 7);
    write_image(w->ctx, w->folder, "in/\xff\n.png", 5, 5, 1, 9);
    snprintf(text, sizeof text, "in/a b.png\tx\n%s/in/\xff\\n.png\ty\n", w->folder);
    test_ok(w->ctx, open_list(w, "l.txt", text, NULL, &dataset));
    test_ok(w->ctx, tam_dataset_read(dataset, 0, pixels));
    assert_int_equal(pixels[0], 7);
    test_ok(w->ctx, tam_dataset_read(dataset, 1, pixels));
    assert_int_equal(pixels[0], 9);
    for (int i = 0; i < 2; i++) {
        tam_dataset_image_name(dataset, i, name, sizeof name);
        snprintf(expected, sizeof expected, "%s/%s", w->folder, i == 0 ? "in/a b.png" : "in/\xff\n.png");
        assert_string_equal(name, expected);
    }
    tam_dataset_free(dataset);
}

static void a_list_in_the_working_folder_is_read(void **state) {
    world *w = *state;
    tam_dataset *dataset;
    char name[64];
    tam_dataset_config config = {.path = "l.txt", .channels = 1, .size = 5};
    char *before = getcwd(NULL, 0);
    assert_non_null(before);
    assert_int_equal(chdir(w->folder), 0);
    write_bytes(w->ctx, "l.txt", "a 1\nb 2\n", 8);
    test_ok(w->ctx, tam_dataset_open(w->ctx, &config, &dataset));
    tam_dataset_image_name(dataset, 1, name, sizeof name);
    assert_string_equal(name, "b");
    tam_dataset_free(dataset);
    assert_int_equal(chdir(before), 0);
    free(before);
}

/* A FIFO would hang whoever opened it. */
static void a_missing_image_is_named_with_its_line(void **state) {
    world *w = *state;
    tam_dataset *dataset;
    char text[64], sentence[256];
    static const char *const names[3] = {"gone.png", "fifo.png", "folder.png"};
    static const char *const faults[3] = {"there is no such file", "not a regular file", "not a regular file"};
    write_image(w->ctx, w->folder, "a.png", 5, 5, 1, 7);
    snprintf(sentence, sizeof sentence, "%s/fifo.png", w->folder);
    assert_int_equal(mkfifo(sentence, 0600), 0);
    snprintf(sentence, sizeof sentence, "%s/folder.png", w->folder);
    test_ok(w->ctx, tam_folder_make(w->ctx, sentence));
    for (int i = 0; i < 3; i++) {
        uint8_t pixels[25];
        snprintf(text, sizeof text, "# images\na.png 1\n%s 2\n", names[i]);
        test_ok(w->ctx, open_list(w, "l.txt", text, NULL, &dataset));
        snprintf(sentence, sizeof sentence, "%s:3: %s/%s: %s", w->list, w->folder, names[i], faults[i]);
        test_fails(w->ctx, tam_dataset_read(dataset, 1, pixels), TAM_INPUT, sentence);
        tam_dataset_free(dataset);
        tam_dataset_config config = {.path = w->list};
        test_fails(w->ctx, tam_dataset_open(w->ctx, &config, &dataset), TAM_INPUT, sentence);
    }
}

static void many_labels_make_many_classes(void **state) {
    world *w = *state;
    enum { COUNT = 50000 };
    tam_dataset *dataset;
    char *text = malloc(COUNT * 32), *at = text;
    for (int i = 0; i < COUNT; i++) {
        at += sprintf(at, "%d.png name%05d\n", i, (int)(i * 7919LL % COUNT));
    }
    test_ok(w->ctx, open_list(w, "l.txt", text, NULL, &dataset));
    assert_int_equal(tam_dataset_describe(dataset).classes, COUNT);
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(tam_dataset_label(dataset, i), (int)(i * 7919LL % COUNT));
    }
    assert_string_equal(tam_dataset_class_name(dataset, 77), "name00077");
    tam_dataset_free(dataset);
    free(text);
}

static void memory_that_runs_out_is_a_sentence(void **state) {
    world *w = *state;
    const char *text = "path,label,split\na,3,train\nb,4,train\nc,x,train\n";
    char path[96];
    tam_status status = TAM_RESOURCES;
    int k = 0;
    snprintf(path, sizeof path, "%s/l.csv", w->folder);
    write_bytes(w->ctx, path, text, strlen(text));
    for (; status != TAM_OK; k++) {
        int left = 1 + k;
        tam_ctx *ctx = NULL;
        tam_dataset *dataset = NULL;
        tam_ctx_config config = {.threads = 1, .allocator = test_ration(&left)};
        tam_dataset_config data = {.path = path, .channels = 1, .size = 5};
        assert_int_equal(tam_ctx_create(&config, &ctx), TAM_OK);
        status = tam_dataset_open(ctx, &data, &dataset);
        assert_true(status == TAM_OK || (status == TAM_RESOURCES && *tam_ctx_message(ctx) != '\0'));
        tam_dataset_free(dataset);
        test_ctx_free(ctx);
        assert_true(k < 100);
    }
    assert_true(k > 12);
}

static int set_up(void **state) {
    world *w = calloc(1, sizeof *w);
    w->ctx = test_ctx(1);
    test_folder(w->folder);
    *state = w;
    return 0;
}

static int tear_down(void **state) {
    world *w = *state;
    test_folder_remove(w->folder);
    test_ctx_free(w->ctx);
    free(w);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(labels_are_numbers_or_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(wrong_numbers_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(splits_choose_rows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(images_lie_beside_the_list, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_list_in_the_working_folder_is_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_missing_image_is_named_with_its_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_labels_make_many_classes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(memory_that_runs_out_is_a_sentence, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Data sets from archives, and archives from data sets. */
#include <sys/stat.h>

#include "data_support.h"

#include "data/shards.h"
#include "io/tar.h"
#include "tammes/pack.h"

typedef struct world {
    tam_ctx *ctx;
    char folder[64], path[128];
    uint8_t *png;
    size_t png_size;
    FILE *file;
} world;

static void begin(world *w, const char *name) {
    snprintf(w->path, sizeof w->path, "%s/%s", w->folder, name);
    w->file = fopen(w->path, "wb");
    assert_non_null(w->file);
}

static void add_bytes(world *w, const char *name, const void *data, size_t size) {
    static const uint8_t zeros[TAM_TAR_BLOCK];
    uint8_t header[TAM_TAR_BLOCK];
    assert_true(tam_tar_header(name, size, header));
    assert_int_equal(fwrite(header, 1, sizeof header, w->file), sizeof header);
    assert_int_equal(fwrite(data, 1, size, w->file), size);
    fwrite(zeros, 1, (TAM_TAR_BLOCK - size % TAM_TAR_BLOCK) % TAM_TAR_BLOCK, w->file);
}

static void add_text(world *w, const char *name, const char *text) {
    add_bytes(w, name, text, strlen(text));
}

static void add_png(world *w, const char *name) {
    add_bytes(w, name, w->png, w->png_size);
}

static void finish(world *w) {
    static const uint8_t zeros[2 * TAM_TAR_BLOCK];
    fwrite(zeros, 1, sizeof zeros, w->file);
    assert_int_equal(fclose(w->file), 0);
}

/* Images as "key=label", classes after "/". */
static void expect_data(world *w, const char *name, int unlabelled, const char *expected) {
    tam_dataset *dataset;
    char path[128], seen[512] = "", key[64];
    uint8_t pixels[25];
    snprintf(path, sizeof path, "%s/%s", w->folder, name);
    tam_dataset_config config = {.path = path, .unlabelled = unlabelled};
    test_ok(w->ctx, tam_dataset_open(w->ctx, &config, &dataset));
    tam_dataset_info info = tam_dataset_describe(dataset);
    assert_int_equal(info.width, 5);
    for (int64_t i = 0; i < info.count; i++) {
        size_t used = strlen(seen);
        tam_dataset_image_key(dataset, i, key, sizeof key);
        snprintf(seen + used, sizeof seen - used, "%s=%d ", key, tam_dataset_label(dataset, i));
        test_ok(w->ctx, tam_dataset_read(dataset, i, pixels));
        assert_int_equal(pixels[0], 7);
    }
    for (int64_t c = 0; c < info.classes; c++) {
        size_t used = strlen(seen);
        snprintf(seen + used, sizeof seen - used, "/%s", tam_dataset_class_name(dataset, c));
    }
    assert_string_equal(seen, expected);
    tam_dataset_free(dataset);
}

static void expect_refused(world *w, const char *name, const char *sentence) {
    tam_dataset *dataset;
    char path[128], whole[512];
    snprintf(path, sizeof path, "%s/%s", w->folder, name);
    snprintf(whole, sizeof whole, "%s%s", path, sentence);
    tam_dataset_config config = {.path = path};
    test_fails(w->ctx, tam_dataset_open(w->ctx, &config, &dataset), TAM_INPUT, whole);
    assert_null(dataset);
}

static void labels_lie_beside_the_images(void **state) {
    world *w = *state;
    begin(w, "numbers.tar");
    add_png(w, "./a.png");
    add_text(w, "./a.cls", " 10\n");
    add_text(w, "b.v1.cls", "9");
    add_text(w, "b.v1.txt", "a caption");
    add_png(w, "b.v1.png");
    add_png(w, "in/c.png");
    add_text(w, "in/c.json", "{\"label\": 10, \"age\": 3}");
    add_png(w, ".hidden.png");
    add_text(w, "README", "no ending");
    finish(w);
    expect_data(w, "numbers.tar", 0, "a.png=1 b.v1.png=0 in/c.png=1 /9/10");
    begin(w, "names.tar");
    add_text(w, "a.json", "{\"label\": \"Zo\\u00eb\"}");
    add_png(w, "a.png");
    add_text(w, "info.json", "{\"version\": 1}");
    add_png(w, "b.png");
    add_text(w, "b.json", "{\"label\": \"ignored\"}");
    add_text(w, "b.cls", "Ann Lee");
    finish(w);
    expect_data(w, "names.tar", 0, "a.png=1 b.png=0 /Ann Lee/Zo\xc3\xab");
    begin(w, "both.tar"); /* the text goes before the JSON, whichever comes first */
    add_png(w, "ab.png");
    add_text(w, "ab.cls", "5");
    add_text(w, "ab.json", "{\"label\": 6}");
    add_png(w, "a.png");
    add_text(w, "a.json", "{\"label\": 7}");
    add_text(w, "a.cls", "8");
    finish(w);
    expect_data(w, "both.tar", 0, "ab.png=0 a.png=1 /5/8");
    begin(w, "listed.tar");
    add_text(w, "__classes__", "x\nold\\tname\nunused\r\n\\x23last");
    add_png(w, "a.png");
    add_text(w, "a.cls", "3");
    add_png(w, "b.png");
    add_text(w, "b.cls", "1");
    finish(w);
    expect_data(w, "listed.tar", 0, "a.png=1 b.png=0 /old\tname/#last");
}

static void folders_are_classes_where_there_are_no_labels(void **state) {
    world *w = *state;
    begin(w, "folders.tar");
    add_png(w, "./10/a.png");
    add_png(w, "10/b.png");
    add_png(w, "9/deep/a.png");
    add_png(w, "007/a.png");
    finish(w);
    expect_data(w, "folders.tar", 0, "10/a.png=1 10/b.png=1 9/deep/a.png=2 007/a.png=0 /007/10/9/deep");
    begin(w, "digits.tar");
    add_png(w, "10/a.png");
    add_png(w, "9/a.png");
    add_png(w, "09/a.png");
    finish(w);
    expect_data(w, "digits.tar", 0, "10/a.png=1 9/a.png=2 09/a.png=0 /09/10/9");
    begin(w, "bare.tar");
    add_png(w, "a.png");
    add_png(w, "b.png");
    finish(w);
    begin(w, "prefixes.tar"); /* names of which one begins like another */
    add_png(w, "ab/xy.png");
    add_png(w, "a/x.png");
    add_png(w, "a/xyz.png");
    finish(w);
    expect_data(w, "prefixes.tar", 0, "ab/xy.png=1 a/x.png=0 a/xyz.png=0 /a/ab");
    expect_data(w, "bare.tar", 1, "a.png=-1 b.png=-1 ");
    expect_refused(w, "bare.tar", ": tar archive without labels");
}

static void faults_name_the_member(void **state) {
    world *w = *state;
    static const struct {
        const char *names[3]; /* images end with .png, the others hold `text` */
        const char *text, *sentence;
    } cases[] = {
        {{"a.png", "b.png", "a.cls"}, "1", "#a.cls: a label without an image beside it"},
        {{"a.cls", "b.png", "b.cls"}, "1", "#a.cls: a label without an image beside it"},
        {{"a.png", "a.cls", "b.png"}, "1", "#b.png: no label beside it"},
        {{"a.png", "a.cls", "a.jpg"}, "1", "#a.jpg: a second image of one sample"},
        {{"a.png", "a.cls", "a.CLS"}, "1", "#a.CLS: a second label of one sample"},
        {{"a.png", "a.cls", "z.txt"}, " \n", "#a.cls: no label in it"},
        {{"a.png", "a.cls", "z.txt"}, "-1", "#a.png: the label -1"},
        {{"a.png", "a.cls", "z.txt"}, "1e30", "#a.png: the label 1e30"},
        {{"a.png", "a.json", "z.txt"}, "{\"label\": []}", "#a.json: its \"label\" is neither a number nor a name"},
        {{"a.png", "a.json", "z.txt"}, "{\"label\": 1.5}", "#a.png: the label 1.5"},
        {{"a.png", "a.json", "z.txt"}, "{\"label\": 1, \"label\": 2}", "#a.json:1: not JSON: duplicate"},
        {{"a.png", "a.json", "z.txt"}, "{\"label\": 1", "#a.json:1: not JSON"},
        {{"a/b.png", "c.png", "z.txt"}, "", "#c.png: lies in no folder"},
        {{"a.txt", "b.txt", "z.txt"}, "", ": no images in it"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin(w, "bad.tar");
        for (int k = 0; k < 3; k++) {
            const char *name = cases[i].names[k];
            if (strstr(name, ".png") != NULL || strstr(name, ".jpg") != NULL) {
                add_png(w, name);
            } else {
                add_text(w, name, cases[i].text);
            }
        }
        finish(w);
        expect_refused(w, "bad.tar", cases[i].sentence);
    }
    begin(w, "bad.tar");
    add_text(w, "__classes__", "one\n\n");
    add_png(w, "a.png");
    add_text(w, "a.cls", "1");
    finish(w);
    tam_dataset *dataset;
    tam_dataset_config config = {.path = w->path};
    test_fails(w->ctx, tam_dataset_open(w->ctx, &config, &dataset), TAM_INPUT,
               ".tar#__classes__:2: no name of class 1");
    begin(w, "bad.tar");
    add_text(w, "__classes__", "one\nother\no\\x6ee\nunused\nunused\n");
    add_png(w, "a.png");
    add_text(w, "a.cls", "0");
    add_png(w, "b.png");
    add_text(w, "b.cls", "2");
    finish(w);
    test_fails(w->ctx, tam_dataset_open(w->ctx, &config, &dataset), TAM_INPUT,
               ".tar#__classes__: two classes are called 'one'");
    snprintf(w->path, sizeof w->path, "%s/gone-{0..3}.tar", w->folder);
    test_fails(w->ctx, tam_dataset_open(w->ctx, &config, &dataset), TAM_INPUT, "gone-0.tar: cannot open");
}

static void packed_archives_are_refused(void **state) {
    world *w = *state;
    begin(w, "a.tar.gz");
    fputs("\x1f\x8b", w->file);
    fclose(w->file);
    expect_refused(w, "a.tar.gz", ": images in a compressed archive cannot be read by their place");
}

static void shards_are_one_data_set(void **state) {
    world *w = *state;
    tam_dataset *dataset;
    for (int k = 8; k < 11; k++) {
        char name[32], text[8];
        snprintf(name, sizeof name, "s-%02d.tar", k);
        begin(w, name);
        add_png(w, "a.png");
        snprintf(text, sizeof text, "%d", k);
        add_text(w, "a.cls", text);
        finish(w);
    }
    expect_data(w, "s-{08..10}.tar", 0, "0/a.png=0 1/a.png=1 2/a.png=2 /8/9/10");
    expect_data(w, "s-{09..10}.tar", 0, "0/a.png=0 1/a.png=1 /9/10");
    begin(w, "t-1.tar");
    add_text(w, "__classes__", "x\ny");
    add_png(w, "b.png");
    add_text(w, "b.cls", "1");
    finish(w);
    begin(w, "t-0.tar");
    add_text(w, "__classes__", "x\ny");
    add_png(w, "a.png");
    add_text(w, "a.cls", "0");
    finish(w);
    expect_data(w, "t-{0..1}.tar", 0, "a.png=0 b.png=1 /x/y"); /* no name twice: names are keys */
    begin(w, "t-0.tar");
    add_text(w, "__classes__", "x\nz");
    add_png(w, "a.png");
    add_text(w, "a.cls", "0");
    finish(w);
    tam_dataset_config other = {.path = w->path};
    snprintf(w->path, sizeof w->path, "%s/t-{0..1}.tar", w->folder);
    test_fails(w->ctx, tam_dataset_open(w->ctx, &other, &dataset), TAM_INPUT,
               "t-1.tar#__classes__: other names of classes than in the archives before");
    snprintf(w->path, sizeof w->path, "%s/t-0.tar", w->folder);
    unlink(w->path);
    snprintf(w->path, sizeof w->path, "%s/t-1.tar", w->folder);
    unlink(w->path);
    expect_data(w, "", 0, "0/a.png=0 1/a.png=1 2/a.png=2 /8/9/10");
    tam_dataset_config config = {.path = w->path};
    snprintf(w->path, sizeof w->path, "%s/s-{08..11}.tar", w->folder);
    test_fails(w->ctx, tam_dataset_open(w->ctx, &config, &dataset), TAM_INPUT, "s-11.tar: cannot open");
}

static void patterns_are_numbers_in_braces(void **state) {
    (void)state;
    tam_shards shards;
    char path[64];
    assert_true(tam_shards_parse("a/p-{000..031}.tar", &shards));
    assert_int_equal(shards.count, 32);
    assert_true(tam_shards_name(&shards, 31, path, sizeof path));
    assert_string_equal(path, "a/p-031.tar");
    assert_true(tam_shards_parse("{9..11}", &shards));
    assert_true(tam_shards_name(&shards, 0, path, sizeof path));
    assert_string_equal(path, "9");
    assert_true(tam_shards_parse("{0..11}", &shards));
    assert_true(tam_shards_name(&shards, 0, path, sizeof path));
    assert_string_equal(path, "0");
    assert_true(tam_shards_parse("{9..011}", &shards));
    assert_true(tam_shards_name(&shards, 0, path, sizeof path));
    assert_string_equal(path, "009");
    assert_false(tam_shards_name(&shards, 0, path, 3));
    static const char *const bad[] = {"a",        "{",      "{}",           "{1..}",   "{..2}",          "{1.2}",
                                      "{2..1}",   "{1..2",  "{1..2}{3..4}", "{a..b}",  "{0..100000}",    "{-1..2}",
                                      "{1..2,3}", "}{1..2", "{1...2}",      "{{1..2}", "{0..9999999999}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(tam_shards_parse(bad[i], &shards));
    }
}

static tam_status pack(world *w, const char *from, const char *out, int64_t shard_bytes, tam_pack_result *result) {
    tam_dataset *dataset;
    tam_dataset_config data = {.path = from};
    tam_pack_config config = {.out = out, .shard_bytes = shard_bytes};
    test_ok(w->ctx, tam_dataset_open(w->ctx, &data, &dataset));
    tam_status status = tam_pack(w->ctx, dataset, &config, result);
    tam_dataset_free(dataset);
    return status;
}

/* A folder with odd names goes into shards and comes back with the same bytes. */
static void a_folder_goes_through_shards(void **state) {
    world *w = *state;
    char from[128], out[128], back[128], path[160], command[512];
    tam_pack_result result;
    tam_dataset *dataset, *again;
    snprintf(from, sizeof from, "%s/from", w->folder);
    snprintf(out, sizeof out, "%s/p-{00..20}.tar", w->folder);
    write_classes(w->ctx, from, 3, 4);
    write_image(w->ctx, from, "\xff\n/x.png", 5, 5, 1, 3);
    write_image(w->ctx, from, "10/x.png", 5, 5, 1, 5);
    test_ok(w->ctx, pack(w, from, out, 4000, &result));
    assert_int_equal(result.images, 14);
    assert_true(result.files > 2 && result.files < 14);
    snprintf(path, sizeof path, "%s/p-{00..%02d}.tar", w->folder, (int)result.files - 1);
    test_ok(w->ctx, tam_dataset_open(w->ctx, &(tam_dataset_config){.path = from}, &dataset));
    test_ok(w->ctx, tam_dataset_open(w->ctx, &(tam_dataset_config){.path = path}, &again));
    assert_int_equal(tam_dataset_describe(again).count, 14);
    for (int64_t c = 0; c < tam_dataset_describe(dataset).classes; c++) {
        assert_string_equal(tam_dataset_class_name(again, c), tam_dataset_class_name(dataset, c));
    }
    for (int64_t i = 0; i < 14; i++) {
        uint8_t a[25], b[25];
        test_ok(w->ctx, tam_dataset_read(dataset, i, a));
        test_ok(w->ctx, tam_dataset_read(again, i, b));
        assert_memory_equal(a, b, sizeof a);
        assert_int_equal(tam_dataset_label(again, i), tam_dataset_label(dataset, i));
    }
    tam_dataset_free(dataset);
    tam_dataset_free(again);
    snprintf(back, sizeof back, "%s/again-{00..20}.tar", w->folder);
    test_ok(w->ctx, pack(w, path, back, 4000, &result));
    snprintf(command, sizeof command,
             "for i in 00 01 02; do cmp %s/p-$i.tar %s/again-$i.tar || exit 1; done; "
             "test -z \"$(find %s -name '*.part' -o -name '*.tmp')\"",
             w->folder, w->folder, w->folder);
    assert_int_equal(system(command), 0);
}

static void what_is_there_stays(void **state) {
    world *w = *state;
    char from[128], out[128], command[512];
    tam_pack_result result;
    snprintf(from, sizeof from, "%s/from", w->folder);
    snprintf(out, sizeof out, "%s/p-{0..3}.tar", w->folder);
    write_classes(w->ctx, from, 2, 8);
    begin(w, "p-3.tar"); /* would not be written, but read with the others */
    fclose(w->file);
    test_fails(w->ctx, pack(w, from, out, 0, &result), TAM_CONFIG, "p-3.tar: exists; nothing was written");
    unlink(w->path);
    begin(w, "p-1.tar.part");
    fclose(w->file);
    test_fails(w->ctx, pack(w, from, out, 0, &result), TAM_CONFIG, "p-1.tar.part: exists, left behind");
    unlink(w->path);
    test_fails(w->ctx, pack(w, from, out, 1, &result), TAM_CONFIG, "4 archives of 1 bytes do not hold the data");
    snprintf(command, sizeof command, "test -z \"$(find %s -name 'p-*')\"", w->folder);
    assert_int_equal(system(command), 0);
}

static void memory_that_runs_out_is_a_sentence(void **state) {
    world *w = *state;
    char path[128];
    tam_status status = TAM_RESOURCES;
    int k = 0;
    for (int shard = 0; shard < 2; shard++) {
        begin(w, shard == 0 ? "m-0.tar" : "m-1.tar");
        add_text(w, "__classes__", "x\ny\nz");
        add_png(w, "a.png");
        add_text(w, "a.json", shard == 0 ? "{\"label\": 1}" : "{\"label\": 2}");
        finish(w);
    }
    snprintf(path, sizeof path, "%s/m-{0..1}.tar", w->folder);
    for (; status != TAM_OK; k++) {
        int left = 1 + k;
        tam_ctx *ctx = NULL;
        tam_dataset *dataset = NULL;
        tam_ctx_config config = {.threads = 1, .allocator = test_ration(&left)};
        tam_dataset_config data = {.path = path, .cache_bytes = -1};
        assert_int_equal(tam_ctx_create(&config, &ctx), TAM_OK);
        status = tam_dataset_open(ctx, &data, &dataset);
        assert_true(status == TAM_OK || (status == TAM_RESOURCES && *tam_ctx_message(ctx) != '\0'));
        tam_dataset_free(dataset);
        test_ctx_free(ctx);
        assert_true(k < 100);
    }
    assert_true(k > 20);
}

static int set_up(void **state) {
    world *w = calloc(1, sizeof *w);
    uint8_t pixels[25] = {7};
    w->ctx = test_ctx(1);
    test_folder(w->folder);
    test_ok(w->ctx, tam_png_encode(w->ctx, 5, 5, 1, pixels, &w->png, &w->png_size));
    *state = w;
    return 0;
}

static int tear_down(void **state) {
    world *w = *state;
    test_folder_remove(w->folder);
    tam_release(w->ctx, w->png);
    test_ctx_free(w->ctx);
    free(w);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(labels_lie_beside_the_images, set_up, tear_down),
        cmocka_unit_test_setup_teardown(folders_are_classes_where_there_are_no_labels, set_up, tear_down),
        cmocka_unit_test_setup_teardown(faults_name_the_member, set_up, tear_down),
        cmocka_unit_test_setup_teardown(packed_archives_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(shards_are_one_data_set, set_up, tear_down),
        cmocka_unit_test_setup_teardown(patterns_are_numbers_in_braces, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_folder_goes_through_shards, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_there_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(memory_that_runs_out_is_a_sentence, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

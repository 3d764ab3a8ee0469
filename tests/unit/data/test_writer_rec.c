/* The writers of RecordIO, through their table: bytes, names, what is left when something goes wrong. */
#include <sys/stat.h>

#include "rec_support.h"

#include "data/writer.h"

/* The payloads of tests/golden/recordio/parts.rec, which tests/oracle/recordio_oracle.py wrote. */
enum { PARTS = 9 };
static const struct {
    const char *data;
    size_t size;
} parts[PARTS] = {
    {"", 0},
    {"\1\2", 2},
    {"\x0A\x23\xD7\xCE", 4},
    {"\x0A\x23\xD7\xCE\x0A\x23\xD7\xCE\x0A\x23\xD7\xCE", 12},
    {"abcd\x0A\x23\xD7\xCE"
     "ef",
     10},
    {"abc\x0A\x23\xD7\xCE"
     "d",
     8},
    {"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\x0A\x23\xD7\xCE", 44},
    {"\x0A\x23\xD7", 3},
    {"ab\x0A\x23\xD7\xCE\x0A\x23\xD7\xCE\x0A\x23\xD7", 13},
};

static void out_path(const rec_fixture *f, const char *name, char path[160]) {
    snprintf(path, 160, "%s/%s", f->folder, name);
}

static void expect_same_file(rec_fixture *f, const char *a, const char *b) {
    uint8_t *first, *second;
    size_t first_size, second_size;
    test_ok(f->ctx, tam_file_read(f->ctx, a, 0, &first, &first_size));
    test_ok(f->ctx, tam_file_read(f->ctx, b, 0, &second, &second_size));
    assert_int_equal(first_size, second_size);
    assert_memory_equal(first, second, first_size);
    tam_release(f->ctx, first);
    tam_release(f->ctx, second);
}

static void expect_text(rec_fixture *f, const char *folder, const char *name, const char *expected) {
    char path[256];
    uint8_t *text;
    size_t size;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    test_ok(f->ctx, tam_file_read(f->ctx, path, 0, &text, &size));
    assert_string_equal((char *)text, expected);
    tam_release(f->ctx, text);
}

/* Nothing but these entries in the fixture's folder. */
static void expect_entries(const rec_fixture *f, const char *expected) {
    char command[128], listed[512] = "", line[256];
    snprintf(command, sizeof command, "ls -A '%s'", f->folder);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    while (fgets(line, sizeof line, pipe) != NULL) {
        line[strcspn(line, "\n")] = ' ';
        strcat(listed, line);
    }
    assert_int_equal(pclose(pipe), 0);
    assert_string_equal(listed, expected);
}

static const char *const decimals[2] = {"0", "1"};

static tam_status write_parts(rec_fixture *f, const char *out, const char *const *names, int images,
                              tam_writer **writer) {
    static const int64_t counts[2] = {5, 4};
    tam_writer_plan plan = {.out = out, .count = PARTS, .classes = 2, .class_names = names, .class_count = counts};
    TAM_TRY(tam_writer_rec_plain.open(f->ctx, &plan, writer));
    for (int i = 0; i < images; i++) {
        tam_item item = {.number = i,
                         .label = i % 2,
                         .key = "k",
                         .name = "n",
                         .data = (const uint8_t *)parts[i].data,
                         .size = parts[i].size};
        test_ok(f->ctx, tam_writer_rec_plain.add(*writer, &item));
    }
    return TAM_OK;
}

static void golden(const char *name, char path[1024]) {
    const char *source = getenv("TAMMES_SOURCE");
    snprintf(path, 1024, "%s/tests/golden/recordio/%s", source != NULL ? source : ".", name);
}

static void records_are_parted_as_others_part_them(void **state) {
    rec_fixture *f = *state;
    char path[160], expected[1024];
    tam_writer *writer;
    int64_t files;
    out_path(f, "out.rec", path);
    test_ok(f->ctx, write_parts(f, path, decimals, PARTS, &writer));
    expect_entries(f, "out.idx.tmp out.rec.tmp ");
    test_ok(f->ctx, tam_writer_rec_plain.commit(writer, &files));
    assert_int_equal(files, 2);
    expect_entries(f, "out.idx out.rec ");
    golden("parts.rec", expected);
    expect_same_file(f, path, expected);
    golden("parts.idx", expected);
    out_path(f, "out.idx", path);
    expect_same_file(f, path, expected);
}

static void what_others_parted_is_read(void **state) {
    rec_fixture *f = *state;
    char path[1024];
    golden("parts.rec", path);
    tam_dataset_config config = {.path = path, .any_size = 1};
    tam_dataset *dataset;
    tam_reader_scratch scratch = {0};
    test_ok(f->ctx, tam_dataset_open(f->ctx, &config, &dataset));
    assert_int_equal(tam_dataset_describe(dataset).count, PARTS);
    for (int i = 0; i < PARTS; i++) {
        const uint8_t *data;
        size_t size;
        test_ok(f->ctx, tam_reader_rec.encoded(tam_dataset_source(dataset), i, &scratch, &data, &size));
        assert_int_equal(size, parts[i].size);
        assert_memory_equal(data, parts[i].data, size);
        assert_int_equal(tam_dataset_label(dataset, i), i % 2);
    }
    tam_scratch_free(f->ctx, &scratch);
    tam_dataset_free(dataset);
}

static void names_go_beside_a_plain_file(void **state) {
    rec_fixture *f = *state;
    static const char *const names[2] = {"Ann\tx", " Bob"};
    char path[160], stem[160];
    tam_writer *writer;
    int64_t files;
    tam_dataset *dataset;
    out_path(f, "deep/er/out", stem);
    test_ok(f->ctx, write_parts(f, stem, names, 2, &writer));
    test_ok(f->ctx, tam_writer_rec_plain.commit(writer, &files));
    assert_int_equal(files, 3);
    out_path(f, "deep/er", path);
    expect_text(f, path, "out.classes.txt", "Ann\\tx\n\\x20Bob\n");
    out_path(f, "deep/er/out.rec", path);
    tam_dataset_config config = {.path = path, .any_size = 1};
    test_ok(f->ctx, tam_dataset_open(f->ctx, &config, &dataset));
    assert_string_equal(tam_dataset_class_name(dataset, 0), names[0]);
    assert_string_equal(tam_dataset_class_name(dataset, 1), names[1]);
    tam_dataset_free(dataset);
}

static const char *const three[3] = {"Ann", "Bob", "Zoë"};
static const int64_t three_counts[3] = {2, 1, 3};

static tam_status open_faces(rec_fixture *f, const char *out, tam_writer **writer) {
    tam_writer_plan plan = {.out = out,
                            .count = 6,
                            .classes = 3,
                            .class_names = three,
                            .class_count = three_counts,
                            .height = 2,
                            .width = 4,
                            .channels = 1};
    return tam_writer_rec.open(f->ctx, &plan, writer);
}

static tam_status add_face(rec_fixture *f, tam_writer *writer, int number, int label) {
    draw(f, number);
    tam_item item = {
        .number = number, .label = label, .key = "k", .name = "n.png", .data = f->image, .size = f->image_size};
    return tam_writer_rec.add(writer, &item);
}

static void write_faces(rec_fixture *f, const char *out) {
    static const int labels[6] = {0, 0, 1, 2, 2, 2};
    tam_writer *writer;
    int64_t files;
    test_ok(f->ctx, open_faces(f, out, &writer));
    for (int i = 0; i < 6; i++) {
        test_ok(f->ctx, add_face(f, writer, i, labels[i]));
    }
    test_ok(f->ctx, tam_writer_rec.commit(writer, &files));
    assert_int_equal(files, 4);
}

/* The file that is written is the face layout byte for byte, and reads back without a doubt. */
static void a_folder_in_the_face_layout(void **state) {
    rec_fixture *f = *state;
    static record_file bytes;
    static const float labels[6] = {0, 0, 1, 2, 2, 2};
    char out[160], path[256], index[512] = "";
    tam_dataset *dataset;
    out_path(f, "faces/", out);
    write_faces(f, out);
    expect_entries(f, "faces ");
    bytes = (record_file){0};
    put_range(&bytes, 0, 7, 10);
    for (int i = 0; i < 6; i++) {
        add_image(f, &bytes, (uint64_t)(i + 1), labels[i], i);
    }
    put_range(&bytes, 7, 1, 3);
    put_range(&bytes, 8, 3, 4);
    put_range(&bytes, 9, 4, 7);
    write_bytes(f->ctx, f->path, bytes.bytes, bytes.size);
    snprintf(path, sizeof path, "%s/train.rec", out);
    expect_same_file(f, path, f->path);
    for (int i = 0; i < bytes.count; i++) {
        snprintf(index + strlen(index), sizeof index - strlen(index), "%d\t%d\n", i, (int)bytes.at[i]);
    }
    expect_text(f, out, "train.idx", index);
    expect_text(f, out, "property", "3,2,4\n");
    expect_text(f, out, "classes.txt", "Ann\nBob\nZoë\n");
    test_ok(f->ctx, open_data(f, out, &dataset));
    assert_int_equal(tam_dataset_describe(dataset).count, 6);
    for (int i = 0; i < 6; i++) {
        char key[16];
        snprintf(key, sizeof key, "%d", i + 1);
        expect_image(f, dataset, i, key, three[(int)labels[i]], i);
    }
    assert_string_equal(f->warnings, "");
    tam_dataset_free(dataset);
}

static void an_empty_folder_may_be_there(void **state) {
    rec_fixture *f = *state;
    char out[160], first[256], second[256];
    out_path(f, "faces", out);
    assert_int_equal(mkdir(out, 0777), 0);
    write_faces(f, out);
    out_path(f, "again", out);
    write_faces(f, out);
    snprintf(first, sizeof first, "%s/faces/train.rec", f->folder);
    snprintf(second, sizeof second, "%s/again/train.rec", f->folder);
    expect_same_file(f, first, second);
    expect_entries(f, "again faces ");
}

static void nothing_is_left_of_what_was_abandoned(void **state) {
    rec_fixture *f = *state;
    char out[160];
    tam_writer *writer;
    out_path(f, "faces", out);
    test_ok(f->ctx, open_faces(f, out, &writer));
    expect_entries(f, "faces.tmp ");
    test_ok(f->ctx, add_face(f, writer, 0, 0));
    tam_writer_rec.abandon(writer);
    expect_entries(f, "");
    out_path(f, "out.rec", out);
    test_ok(f->ctx, write_parts(f, out, decimals, 3, &writer));
    tam_writer_rec_plain.abandon(writer);
    expect_entries(f, "");
    tam_writer_rec.abandon(NULL);
}

static void what_exists_stays(void **state) {
    rec_fixture *f = *state;
    static const char *const names[] = {"out.rec", "out.idx", "out.classes.txt"};
    char out[160], path[160];
    tam_writer *writer;
    out_path(f, "out.rec", out);
    for (int i = 0; i < 3; i++) {
        char entries[64];
        out_path(f, names[i], path);
        write_bytes(f->ctx, path, "mine", 4);
        test_fails(f->ctx, write_parts(f, out, decimals, 0, &writer), TAM_CONFIG, "exists; nothing was written");
        assert_null(writer);
        expect_text(f, f->folder, names[i], "mine");
        snprintf(entries, sizeof entries, "%s ", names[i]);
        expect_entries(f, entries);
        unlink(path);
    }
    out_path(f, "faces", out);
    out_path(f, "faces.tmp", path);
    assert_int_equal(mkdir(path, 0777), 0);
    test_fails(f->ctx, open_faces(f, out, &writer), TAM_CONFIG, "what was written halfway, before; remove it");
    expect_entries(f, "faces.tmp ");
}

/* A folder that was filled while the records were written: the rename fails, and neither is lost nor left over. */
static void a_folder_that_fills_meanwhile_stays(void **state) {
    rec_fixture *f = *state;
    static const int labels[6] = {0, 0, 1, 2, 2, 2};
    char out[160], path[256];
    tam_writer *writer;
    int64_t files;
    out_path(f, "faces", out);
    test_ok(f->ctx, open_faces(f, out, &writer));
    for (int i = 0; i < 6; i++) {
        test_ok(f->ctx, add_face(f, writer, i, labels[i]));
    }
    assert_int_equal(mkdir(out, 0777), 0);
    snprintf(path, sizeof path, "%s/mine", out);
    write_bytes(f->ctx, path, "mine", 4);
    test_fails(f->ctx, tam_writer_rec.commit(writer, &files), TAM_RESOURCES, "faces: cannot replace it");
    expect_entries(f, "faces ");
    expect_text(f, out, "mine", "mine");
}

static void wrong_images_and_plans_are_refused(void **state) {
    rec_fixture *f = *state;
    char out[160];
    tam_writer *writer;
    int64_t files;
    out_path(f, "faces", out);
    test_ok(f->ctx, open_faces(f, out, &writer));
    test_fails(f->ctx, add_face(f, writer, 0, 1), TAM_CONFIG, "n.png: an image of class 1 does not belong here");
    test_ok(f->ctx, add_face(f, writer, 0, 0));
    test_ok(f->ctx, add_face(f, writer, 1, 0));
    test_fails(f->ctx, add_face(f, writer, 2, 0), TAM_CONFIG, "an image of class 0 does not belong here");
    test_fails(f->ctx, add_face(f, writer, 2, -1), TAM_CONFIG, "an image of class -1");
    test_ok(f->ctx, add_face(f, writer, 2, 1));
    test_fails(f->ctx, add_face(f, writer, 3, 3), TAM_CONFIG, "an image of class 3");
    tam_item large = {.label = 2, .name = "large.png", .data = f->image, .size = ((size_t)1 << 29) - 24};
    test_fails(f->ctx, tam_writer_rec.add(writer, &large), TAM_INPUT, "large.png: 536870888 bytes are more than");
    test_fails(f->ctx, tam_writer_rec.commit(writer, &files), TAM_CONFIG, "3 images came, and 6 were announced");
    expect_entries(f, "");
    tam_writer_plan plan = {.out = out, .count = 3};
    test_fails(f->ctx, tam_writer_rec.open(f->ctx, &plan, &writer), TAM_CONFIG, "these data have none");
    plan.classes = (1 << 24) + 1;
    test_fails(f->ctx, tam_writer_rec_plain.open(f->ctx, &plan, &writer), TAM_CONFIG, "tells 16777216 classes apart");
    assert_string_equal(f->warnings, "");
    plan = (tam_writer_plan){.out = out, .count = 16777214, .classes = 2, .class_names = three};
    test_ok(f->ctx, tam_writer_rec.open(f->ctx, &plan, &writer));
    assert_non_null(strstr(f->warnings, "the ranges of the face layout are float32, exact to 16777216 only"));
    tam_writer_rec.abandon(writer);
    plan.count = 16777213;
    f->warnings[0] = '\0';
    test_ok(f->ctx, tam_writer_rec.open(f->ctx, &plan, &writer));
    assert_string_equal(f->warnings, "");
    tam_writer_rec.abandon(writer);
}

/* A class without images keeps its number and its name. */
static void empty_classes_keep_their_place(void **state) {
    rec_fixture *f = *state;
    static const int64_t counts[4] = {0, 2, 0, 1};
    static const char *const names[4] = {"a", "b", "c", "d"};
    char out[160];
    tam_writer *writer;
    int64_t files;
    tam_dataset *dataset;
    out_path(f, "faces", out);
    tam_writer_plan plan = {.out = out, .count = 3, .classes = 4, .class_names = names, .class_count = counts};
    test_ok(f->ctx, tam_writer_rec.open(f->ctx, &plan, &writer));
    test_ok(f->ctx, add_face(f, writer, 0, 1));
    test_ok(f->ctx, add_face(f, writer, 1, 1));
    test_ok(f->ctx, add_face(f, writer, 2, 3));
    test_ok(f->ctx, tam_writer_rec.commit(writer, &files));
    test_ok(f->ctx, open_data(f, out, &dataset));
    assert_int_equal(tam_dataset_describe(dataset).classes, 2);
    expect_image(f, dataset, 1, "2", "b", 1);
    expect_image(f, dataset, 2, "3", "d", 2);
    assert_string_equal(f->warnings, "");
    tam_dataset_free(dataset);
}

static tam_status write_one(tam_ctx *ctx, const tam_writer_kind *kind, const char *out) {
    static const int64_t counts[2] = {1, 0};
    static const char *const names[2] = {"Ann", "Bob"};
    tam_writer_plan plan = {.out = out, .count = 1, .classes = 2, .class_names = names, .class_count = counts};
    static uint8_t data[100000];
    tam_item item = {.name = "n", .data = data, .size = sizeof data};
    tam_writer *writer;
    int64_t files;
    TAM_TRY(kind->open(ctx, &plan, &writer));
    tam_status status = kind->add(writer, &item);
    if (status != TAM_OK) {
        kind->abandon(writer);
        return status;
    }
    return kind->commit(writer, &files);
}

static void memory_may_run_out(void **state) {
    rec_fixture *f = *state;
    const tam_writer_kind *const kinds[] = {&tam_writer_rec, &tam_writer_rec_plain};
    for (int i = 0; i < 2; i++) {
        char out[160];
        int left, failures = 0;
        out_path(f, "out", out);
        for (int k = 0;; k++) {
            tam_ctx *ctx;
            tam_ctx_config config = {.threads = 1, .allocator = test_ration(&left)};
            left = 1000;
            assert_int_equal(tam_ctx_create(&config, &ctx), TAM_OK);
            left = k;
            tam_status status = write_one(ctx, kinds[i], out);
            test_ctx_free(ctx);
            if (status == TAM_OK) {
                break;
            }
            assert_int_equal(status, TAM_RESOURCES);
            expect_entries(f, "");
            failures++;
        }
        assert_true(failures > 15);
        expect_entries(f, i == 0 ? "out " : "out.classes.txt out.idx out.rec ");
        char command[200];
        snprintf(command, sizeof command, "rm -rf '%s'/out*", f->folder);
        assert_int_equal(system(command), 0);
    }
}

#define RUN(test) cmocka_unit_test_setup_teardown(test, rec_set_up, rec_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        RUN(records_are_parted_as_others_part_them),
        RUN(what_others_parted_is_read),
        RUN(names_go_beside_a_plain_file),
        RUN(a_folder_in_the_face_layout),
        RUN(an_empty_folder_may_be_there),
        RUN(nothing_is_left_of_what_was_abandoned),
        RUN(what_exists_stays),
        RUN(a_folder_that_fills_meanwhile_stays),
        RUN(wrong_images_and_plans_are_refused),
        RUN(empty_classes_keep_their_place),
        RUN(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

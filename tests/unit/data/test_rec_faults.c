/* RecordIO files and indices that are cut short, lie or shrink. */
#include <math.h>

#include "rec_support.h"

static void expect_refused(rec_fixture *f, const char *sentence) {
    tam_dataset *dataset;
    test_fails(f->ctx, open_data(f, f->path, &dataset), TAM_INPUT, sentence);
    assert_null(dataset);
}

/* The file cut at every byte, with its index and without: refused, but where only whole records are left. */
static void a_file_cut_anywhere(void **state) {
    rec_fixture *f = *state;
    static record_file bytes;
    put_four(f, &bytes);
    for (int indexed = 0; indexed < 2; indexed++) {
        for (size_t cut = 0; cut <= bytes.size; cut++) {
            tam_dataset *dataset;
            store(f, &bytes, indexed ? counted : NULL);
            write_bytes(f->ctx, f->path, bytes.bytes, cut);
            tam_status status = open_data(f, f->path, &dataset);
            bool whole = cut == bytes.size || (!indexed && (cut == bytes.at[2] || cut == bytes.at[3]));
            if (status != (whole ? TAM_OK : TAM_INPUT)) {
                fail_msg("cut at %zu: status %d: %s", cut, (int)status, tam_ctx_message(f->ctx));
            }
            assert_true(whole || strstr(tam_ctx_message(f->ctx), f->folder) != NULL);
            tam_dataset_free(dataset);
        }
    }
}

/* Never wrong images: what is left of an index is whole lines, and the rest is told. */
static void an_index_cut_anywhere(void **state) {
    rec_fixture *f = *state;
    static record_file bytes;
    uint8_t *text;
    size_t size;
    int opened = 0, refused = 0;
    put_four(f, &bytes);
    store(f, &bytes, counted);
    test_ok(f->ctx, tam_file_read(f->ctx, f->index, 0, &text, &size));
    for (size_t cut = 0; cut < size; cut++) {
        tam_dataset *dataset;
        write_bytes(f->ctx, f->index, text, cut);
        if (open_data(f, f->path, &dataset) != TAM_OK) {
            refused++;
            continue;
        }
        opened++;
        for (int64_t i = 0; i < tam_dataset_describe(dataset).count; i++) {
            char key[16];
            snprintf(key, sizeof key, "%d", (int)i);
            expect_image(f, dataset, i, key, i % 2 == 1 ? (i == 1 ? "3" : "10") : "7", 30 + (int)i);
        }
        if (tam_dataset_describe(dataset).count < 4) {
            assert_non_null(strstr(f->warnings, "names not all records"));
        }
        tam_dataset_free(dataset);
    }
    assert_true(opened >= 3 && refused > 10);
    tam_release(f->ctx, text);
}

static void an_index_of_some_records_is_told(void **state) {
    rec_fixture *f = *state;
    static record_file bytes;
    static const struct {
        int left_out;
        const char *warning;
    } cases[] = {{0, "some are left out, from the first byte on"},
                 {1, "some are left out, behind the one of key 0"},
                 {3, "some are left out, behind the one of key 2"}};
    for (int c = 0; c < 3; c++) {
        char text[256] = "";
        tam_dataset *dataset;
        put_four(f, &bytes);
        store(f, &bytes, NULL);
        for (int i = 0; i < 4; i++) {
            if (i != cases[c].left_out) {
                snprintf(text + strlen(text), sizeof text - strlen(text), "%d\t%d\n", i, (int)bytes.at[i]);
            }
        }
        write_bytes(f->ctx, f->index, text, strlen(text));
        test_ok(f->ctx, open_data(f, f->path, &dataset));
        assert_int_equal(tam_dataset_describe(dataset).count, 3);
        assert_non_null(strstr(f->warnings, cases[c].warning));
        tam_dataset_free(dataset);
    }
}

static void wrong_files_are_refused(void **state) {
    rec_fixture *f = *state;
    static record_file bytes;
    char sentence[128];
    write_bytes(f->ctx, f->path, "", 0);
    expect_refused(f, "train.rec: no record holds an image");
    write_bytes(f->ctx, f->path, "something else", 14);
    expect_refused(f, "record 0 at byte 0: it begins with 0x656d6f73 where the magic 0xced7230a must stand");
    put_four(f, &bytes);
    bytes.bytes[bytes.at[2]]++;
    for (int indexed = 0; indexed < 2; indexed++) {
        store(f, &bytes, indexed ? counted : NULL);
        snprintf(sentence, sizeof sentence, "train.rec: record 2 at byte %d: it begins with 0xced7230b",
                 (int)bytes.at[2]);
        expect_refused(f, sentence);
    }
    static const float labels[] = {NAN, -1, 1e30f, 2.5f};
    for (int i = 0; i < 4; i++) {
        put_four(f, &bytes);
        memcpy(bytes.bytes + bytes.at[3] + 12, &labels[i], 4);
        store(f, &bytes, counted);
        snprintf(sentence, sizeof sentence, "train.rec: record 3 at byte %d: the label ", (int)bytes.at[3]);
        expect_refused(f, sentence);
    }
    put_four(f, &bytes);
    store(f, &bytes, NULL);
    write_bytes(f->ctx, f->index, "0\t0\n1\t4000000\n", 14);
    expect_refused(f, "train.idx: line 2: the record of key 1 cannot begin at byte 4000000");
    write_bytes(f->ctx, f->index, "", 0);
    expect_refused(f, "train.idx: names no record");
    bytes = (record_file){0};
    put_range(&bytes, 0, 1, 2);
    store(f, &bytes, counted);
    expect_refused(f, "train.rec: no record holds an image");
    tam_dataset *dataset;
    tam_dataset_config split = {.path = f->path, .split = "test"}, labelled = {.path = f->path, .labels = "l.npy"};
    test_fails(f->ctx, tam_dataset_open(f->ctx, &split, &dataset), TAM_CONFIG, "has no split 'test'");
    test_fails(f->ctx, tam_dataset_open(f->ctx, &labelled, &dataset), TAM_CONFIG, "has its own labels");
}

/* A record may lie within another one's bytes only in a file that lies: whoever is first runs into it. */
static void records_within_records_are_refused(void **state) {
    rec_fixture *f = *state;
    static record_file bytes, inner;
    bytes = (record_file){0};
    inner = (record_file){0};
    add_image(f, &inner, 1, 1, 70);
    put_image(&bytes, 0, 0, inner.bytes, inner.size);
    bytes.at[bytes.count++] = 8 + 24;
    store(f, &bytes, counted);
    expect_refused(f, "record 0 at byte 0: its");
    assert_non_null(strstr(tam_ctx_message(f->ctx), "end beyond byte 32, where the next record begins"));
}

/* The file is cut after it was opened: an error with its place, and nothing worse. */
static void a_file_that_shrinks(void **state) {
    rec_fixture *f = *state;
    static record_file bytes;
    tam_dataset *dataset;
    uint8_t pixels[4];
    put_four(f, &bytes);
    store(f, &bytes, counted);
    test_ok(f->ctx, open_data(f, f->path, &dataset));
    assert_int_equal(truncate(f->path, (off_t)bytes.at[3] + 50), 0);
    test_fails(f->ctx, tam_dataset_read(dataset, 3, pixels), TAM_INPUT, "while it was read");
    tam_dataset_free(dataset);
}

/* Records that were damaged after the file was opened, or behind what opening reads of a face layout: a run leaves them
 * out and counts them. */
static void a_run_passes_over_bad_records(void **state) {
    rec_fixture *f = *state;
    static record_file bytes;
    tam_dataset *dataset;
    tam_loader *loader;
    tam_batch batch;
    const tam_loader_config config = {.batch = 6, .skip_unreadable = 1};
    bytes = (record_file){0};
    put_range(&bytes, 0, 7, 9);
    for (int i = 0; i < 6; i++) {
        add_image(f, &bytes, (uint64_t)i + 1, (float)(i / 3), i);
    }
    put_range(&bytes, 7, 1, 4);
    put_range(&bytes, 8, 4, 7);
    memset(bytes.bytes + bytes.at[2], 0, 8);          /* the second image: no magic */
    memset(bytes.bytes + bytes.at[5] + 7, 0x10, 1);   /* the fifth: far too long */
    memset(bytes.bytes + bytes.at[6] + 40, 0x55, 20); /* the sixth: its PNG */
    store(f, &bytes, counted);
    tam_dataset_config data = {.path = f->path, .size = 2, .channels = 1};
    test_ok(f->ctx, tam_dataset_open(f->ctx, &data, &dataset));
    test_ok(f->ctx, tam_loader_create(f->ctx, dataset, &config, &loader));
    test_ok(f->ctx, tam_loader_next(loader, &batch));
    assert_int_equal(batch.unreadable, 3);
    for (int i = 0; i < 6; i++) {
        assert_int_equal(batch.labels[i], i == 1 || i >= 4 ? -1 : i / 3);
    }
    assert_non_null(strstr(f->warnings, "record 2 at byte"));
    tam_loader_free(loader);
    tam_dataset_free(dataset);
}

#define RUN(test) cmocka_unit_test_setup_teardown(test, rec_set_up, rec_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        RUN(a_file_cut_anywhere),
        RUN(an_index_cut_anywhere),
        RUN(an_index_of_some_records_is_told),
        RUN(wrong_files_are_refused),
        RUN(records_within_records_are_refused),
        RUN(a_file_that_shrinks),
        RUN(a_run_passes_over_bad_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

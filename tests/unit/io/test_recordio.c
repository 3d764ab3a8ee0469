#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "unit/io/record_support.h"

#include "base/memory.h"

/* The bytes in a block of their exact size, so that a sanitiser sees one too many. */
typedef struct exact {
    tam_recordio_file file;
    uint8_t *copy;
} exact;

static exact exactly(tam_ctx *ctx, const void *data, size_t size) {
    exact e = {.copy = malloc(size > 0 ? size : 1)};
    assert_non_null(e.copy);
    if (size > 0) {
        memcpy(e.copy, data, size);
    }
    e.file = (tam_recordio_file){.ctx = ctx, .path = "file", .memory = e.copy, .descriptor = -1, .size = size};
    return e;
}

/* Reads the record in a buffer of exactly `room` bytes. */
static tam_status read_in(const tam_recordio_file *file, uint64_t at, size_t room, uint8_t **buffer,
                          tam_record *record) {
    *buffer = malloc(room);
    assert_non_null(*buffer);
    return tam_recordio_read(file, 7, at, file->size, *buffer, room, record);
}

static void expect_payload(tam_ctx *ctx, const record_file *bytes, uint64_t at, const void *payload, size_t size) {
    exact e = exactly(ctx, bytes->bytes, bytes->size);
    for (size_t room = TAM_RECORDIO_LOOK; room < 2 * size + 200; room += 4) {
        uint8_t *buffer;
        tam_record record;
        test_ok(ctx, read_in(&e.file, at, room, &buffer, &record));
        assert_int_equal(record.size, size);
        assert_true(record.filled <= size);
        assert_true(record.filled >= 32 || record.filled == size);
        assert_true(record.filled == size || room < record.end - record.at);
        assert_memory_equal(record.payload, payload, record.filled);
        free(buffer);
    }
    free(e.copy);
}

static void whole_records_follow_one_another(void **state) {
    tam_ctx *ctx = *state;
    static record_file bytes;
    uint8_t payload[101];
    bytes = (record_file){0};
    for (size_t i = 0; i < sizeof payload; i++) {
        payload[i] = (uint8_t)(i * 37);
    }
    for (size_t size = 0; size < sizeof payload; size++) {
        put_part(&bytes, 0, payload, size);
    }
    for (size_t size = 0; size < sizeof payload; size++) {
        expect_payload(ctx, &bytes, bytes.at[size], payload, size);
    }
}

/* Parts of several lengths, also none, with the magic between them. */
static void parts_are_put_together(void **state) {
    tam_ctx *ctx = *state;
    static const size_t lengths[][5] = {{0, 0, 0, 0, 0},     {4, 8, 12, 4, 3},    {120, 0, 4, 0, 1}, {1, 1, 1, 1, 1},
                                        {116, 4, 120, 8, 2}, {112, 4, 0, 400, 7}, {3, 2, 1, 200, 0}};
    static const uint8_t magic[4] = {0x0A, 0x23, 0xD7, 0xCE};
    static record_file bytes;
    for (size_t c = 0; c < sizeof lengths / sizeof *lengths; c++) {
        uint8_t payload[1024], piece[512];
        size_t size = 0;
        bytes = (record_file){0};
        put_part(&bytes, 0, "before", 6);
        for (uint32_t part = 0; part < 5; part++) {
            size_t length = lengths[c][part];
            memset(piece, (int)(part + 1), length);
            if (part > 0) {
                memcpy(payload + size, magic, 4);
                size += 4;
            }
            memcpy(payload + size, piece, length);
            size += length;
            put_part(&bytes, part == 0 ? 1 : part < 4 ? 2 : 3, piece, length);
        }
        put_part(&bytes, 0, "behind", 6);
        expect_payload(ctx, &bytes, bytes.at[1], payload, size);
    }
}

static void expect_refused(tam_ctx *ctx, const uint8_t *data, size_t size, uint64_t at, const char *sentence) {
    exact e = exactly(ctx, data, size);
    uint8_t *buffer;
    tam_record record;
    test_fails(ctx, read_in(&e.file, at, 256, &buffer, &record), TAM_INPUT, "file: record 7 at byte ");
    if (strstr(tam_ctx_message(ctx), sentence) == NULL) {
        fail_msg("the sentence '%s' does not contain '%s'", tam_ctx_message(ctx), sentence);
    }
    free(buffer);
    free(e.copy);
}

static void a_record_cut_anywhere_is_refused(void **state) {
    tam_ctx *ctx = *state;
    static record_file bytes;
    bytes = (record_file){0};
    put_part(&bytes, 0, "0123456789", 10);
    for (size_t cut = 0; cut < bytes.size; cut++) {
        expect_refused(ctx, bytes.bytes, cut, 0, "byte 0: ");
    }
    bytes = (record_file){0};
    put_part(&bytes, 1, "0123", 4);
    put_part(&bytes, 2, "", 0);
    put_part(&bytes, 3, "45678", 5);
    for (size_t cut = 0; cut < bytes.size; cut++) {
        expect_refused(ctx, bytes.bytes, cut, 0, cut < 12 ? "byte 0: " : cut < 20 ? "byte 12: " : "byte 20: ");
    }
}

static void wrong_parts_are_refused(void **state) {
    tam_ctx *ctx = *state;
    static record_file bytes;
    static const struct {
        uint32_t flags[3];
        const char *sentence;
    } cases[] = {
        {{1, 0, 0}, "byte 12: a whole record where a record goes on"},
        {{1, 1, 3}, "byte 12: a first part where a record goes on"},
        {{1, 2, 2}, "byte 36: the record that began at byte 0 has no last part"},
        {{2, 3, 0}, "byte 0: a middle part without a first one"},
        {{3, 0, 0}, "byte 0: a last part without a first one"},
        {{4, 0, 0}, "byte 0: its flag is 4, and 0 to 3 are known"},
        {{1, 7, 3}, "byte 12: its flag is 7"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        bytes = (record_file){0};
        for (int i = 0; i < 3; i++) {
            put_part(&bytes, cases[c].flags[i], "abcd", 4);
        }
        expect_refused(ctx, bytes.bytes, bytes.size, 0, cases[c].sentence);
    }
    bytes = (record_file){0};
    put_part(&bytes, 0, "abcd", 4);
    put_part(&bytes, 0, "abcd", 4);
    expect_refused(ctx, bytes.bytes, bytes.size, 2, "byte 2: no record can begin here: not a multiple of four");
    expect_refused(ctx, bytes.bytes, bytes.size, 4, "it begins with 0x00000004 where the magic 0xced7230a");
    expect_refused(ctx, bytes.bytes, bytes.size, 24, "no record can begin here: the file ends");
    expect_refused(ctx, bytes.bytes, bytes.size, UINT64_MAX - 3, "no record can begin here");
    bytes.bytes[7] = 0x1F; /* almost 2^29 */
    expect_refused(ctx, bytes.bytes, bytes.size, 0, "its 520093700 bytes end beyond byte 24, the end of the file");
    bytes.bytes[7] = 0;
    exact e = exactly(ctx, bytes.bytes, bytes.size);
    uint8_t buffer[256];
    tam_record record;
    bytes.bytes[4] = 5;
    e.copy[4] = 5;
    test_fails(ctx, tam_recordio_read(&e.file, 7, 0, 12, buffer, sizeof buffer, &record), TAM_INPUT,
               "its 5 bytes end beyond byte 12, where the next record begins");
    free(e.copy);
}

/* Two parts that are each allowed, in a file that is nearly all hole. */
static void parts_of_too_many_bytes_are_refused(void **state) {
    tam_ctx *ctx = *state;
    enum { LENGTH = 1 << 28 };
    const uint32_t first[2] = {TAM_RECORDIO_MAGIC, 1u << 29 | LENGTH},
                   last[2] = {TAM_RECORDIO_MAGIC, 3u << 29 | LENGTH};
    char name[] = "/tmp/tammes-record-XXXXXX";
    uint8_t buffer[TAM_RECORDIO_LOOK];
    tam_record record;
    int descriptor = mkstemp(name);
    assert_true(descriptor >= 0);
    unlink(name);
    assert_int_equal(pwrite(descriptor, first, 8, 0), 8);
    assert_int_equal(pwrite(descriptor, last, 8, 8 + LENGTH), 8);
    assert_int_equal(ftruncate(descriptor, 16 + 2 * (off_t)LENGTH), 0);
    tam_recordio_file file = {.ctx = ctx, .path = "file", .descriptor = descriptor, .size = 16 + 2 * (uint64_t)LENGTH};
    test_fails(ctx, tam_recordio_read(&file, 7, 0, file.size, buffer, sizeof buffer, &record), TAM_INPUT,
               "the parts of the record are 536870916 bytes, and 2^29 are too many");
    const uint32_t less[2] = {TAM_RECORDIO_MAGIC, 3u << 29 | (LENGTH - 8)};
    assert_int_equal(pwrite(descriptor, less, 8, 8 + LENGTH), 8);
    test_ok(ctx, tam_recordio_read(&file, 7, 0, file.size, buffer, sizeof buffer, &record));
    assert_int_equal(record.size, TAM_RECORDIO_PAYLOAD_END - 4);
    close(descriptor);
}

static tam_status header_of(tam_ctx *ctx, const record_file *bytes, tam_record *record, tam_record_header *header,
                            int32_t *label) {
    static uint8_t buffer[RECORD_ROOM];
    tam_recordio_file file = {
        .ctx = ctx, .path = "file", .memory = bytes->bytes, .descriptor = -1, .size = bytes->size};
    test_ok(ctx, tam_recordio_read(&file, 3, 0, file.size, buffer, TAM_RECORDIO_LOOK, record));
    TAM_TRY(tam_recordio_header(&file, 3, record, header));
    return tam_recordio_label(&file, 3, record, header, label);
}

static void both_forms_of_labels(void **state) {
    tam_ctx *ctx = *state;
    static record_file bytes;
    tam_record record;
    tam_record_header header;
    int32_t label;
    bytes = (record_file){0};
    put_image(&bytes, 0x123456789, 41.0f, "image", 5);
    test_ok(ctx, header_of(ctx, &bytes, &record, &header, &label));
    assert_int_equal(label, 41);
    assert_true(header.id == 0x123456789);
    assert_int_equal(header.image, 24);
    assert_memory_equal(record.payload + header.image, "image", 5);
    assert_false(tam_recordio_is_range(&record, &header));
    for (int further = 1; further <= 100; further += 33) {
        float labels[100] = {42.0f, 1.0f};
        bytes = (record_file){0};
        put_labels(&bytes, 5, 0.0f, further, labels, "image", 5);
        test_ok(ctx, header_of(ctx, &bytes, &record, &header, &label));
        assert_int_equal(label, 42);
        assert_int_equal(header.image, 24 + 4 * further);
        assert_int_equal(record.size, 24 + 4 * further + 5);
        assert_false(tam_recordio_is_range(&record, &header));
    }
    bytes = (record_file){0};
    put_range(&bytes, 9, 16777216.0f, 16777215.0f);
    (void)header_of(ctx, &bytes, &record, &header, &label);
    assert_true(tam_recordio_is_range(&record, &header));
    assert_true(header.label[0] == 16777216.0f && header.label[1] == 16777215.0f);
}

static void labels_that_are_no_class_are_refused(void **state) {
    tam_ctx *ctx = *state;
    static const float wrong[] = {-1.0f, 0.5f, 1e30f, NAN, -NAN, INFINITY, -INFINITY, 16777216.0f, -0.25f};
    static record_file bytes;
    tam_record record;
    tam_record_header header;
    int32_t label;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        bytes = (record_file){0};
        put_image(&bytes, 1, wrong[i], "image", 5);
        test_fails(ctx, header_of(ctx, &bytes, &record, &header, &label), TAM_INPUT,
                   "file: record 3 at byte 0: the label ");
        bytes = (record_file){0};
        put_labels(&bytes, 1, 0.0f, 1, &wrong[i], "image", 5);
        test_fails(ctx, header_of(ctx, &bytes, &record, &header, &label), TAM_INPUT, "is no class");
    }
    bytes = (record_file){0};
    put_image(&bytes, 1, 16777215.0f, "image", 5);
    test_ok(ctx, header_of(ctx, &bytes, &record, &header, &label));
    assert_int_equal(label, 16777215);
    bytes = (record_file){0};
    put_image(&bytes, 1, -0.0f, "image", 5);
    test_ok(ctx, header_of(ctx, &bytes, &record, &header, &label));
    assert_int_equal(label, 0);
}

static void headers_longer_than_their_record_are_refused(void **state) {
    tam_ctx *ctx = *state;
    static record_file bytes;
    tam_record record;
    tam_record_header header;
    int32_t label;
    uint8_t payload[64] = {0};
    for (size_t size = 0; size < 24; size++) {
        bytes = (record_file){0};
        put_part(&bytes, 0, payload, size);
        test_fails(ctx, header_of(ctx, &bytes, &record, &header, &label), TAM_INPUT, "are no image's header of 24");
    }
    static const uint32_t counts[] = {11, 12, 0x40000000, 0x80000001, 0xFFFFFFFF};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        bytes = (record_file){0};
        put_part(&bytes, 0, payload, sizeof payload);
        memcpy(bytes.bytes + 8, &counts[i], 4);
        test_fails(ctx, header_of(ctx, &bytes, &record, &header, &label), TAM_INPUT, "labels, but its 64 bytes");
    }
    bytes.bytes[8] = 10;
    memset(bytes.bytes + 9, 0, 3);
    test_ok(ctx, header_of(ctx, &bytes, &record, &header, &label));
    assert_int_equal(header.image, 64);
}

static tam_status index_of(tam_ctx *ctx, const char *text, uint64_t size, tam_recordio_index *index) {
    exact e = exactly(ctx, text, strlen(text));
    tam_status status = tam_recordio_index_read(&e.file, "train.rec", size, index);
    free(e.copy);
    return status;
}

static void an_index_in_any_order_is_read_by_place(void **state) {
    tam_ctx *ctx = *state;
    tam_recordio_index index;
    static const char *const texts[] = {"0\t0\n4\t52\n7\t80\n", "7\t80\n4\t52\n0\t0\n", " 4 \t 52 \r\n\n7 80\n\n0\t0"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        test_ok(ctx, index_of(ctx, texts[i], 100, &index));
        assert_int_equal(index.count, 3);
        assert_true(index.key[0] == 0 && index.key[1] == 4 && index.key[2] == 7);
        assert_true(index.at[0] == 0 && index.at[1] == 52 && index.at[2] == 80);
        tam_recordio_index_free(&index);
    }
    /* Keys in no order where the places are in theirs, and keys that differ in their upper digits only. */
    test_ok(ctx, index_of(ctx, "9\t0\n4\t8\n5\t16\n", 100, &index));
    assert_true(index.key[0] == 9 && index.key[1] == 4 && index.key[2] == 5);
    assert_true(index.at[0] == 0 && index.at[1] == 8 && index.at[2] == 16);
    tam_recordio_index_free(&index);
    test_fails(ctx,
               index_of(ctx, "9223372036854775811\t0\n3\t8\n4294967298\t16\n9223372036854775811\t24\n", 100, &index),
               TAM_INPUT, "the key 9223372036854775811 occurs twice, with the bytes 0 and 24");
    test_fails(ctx, index_of(ctx, "4294967298\t0\n3\t8\n2\t16\n9223372036854775811\t20\n4294967298\t24\n", 100, &index),
               TAM_INPUT, "the key 4294967298 occurs twice, with the bytes 0 and 24");
    test_ok(ctx, index_of(ctx, "18446744073709551615\t40\n", 100, &index));
    assert_true(index.key[0] == UINT64_MAX);
    tam_recordio_index_free(&index);
    test_ok(ctx, index_of(ctx, "", 100, &index));
    assert_int_equal(index.count, 0);
    tam_recordio_index_free(&index);
}

/* More keys than any first room, in an order of their own. */
static void a_long_index_is_sorted(void **state) {
    tam_ctx *ctx = *state;
    enum { COUNT = 5003 };
    char *text = malloc(COUNT * 24);
    size_t length = 0;
    tam_recordio_index index;
    assert_non_null(text);
    for (uint64_t i = 0; i < COUNT; i++) {
        uint64_t key = i * 977 % COUNT;
        length += (size_t)sprintf(text + length, "%llu\t%llu\n", (unsigned long long)key,
                                  (unsigned long long)(key * 3001 % COUNT * 1000));
    }
    test_ok(ctx, index_of(ctx, text, COUNT * 1000, &index));
    assert_int_equal(index.count, COUNT);
    for (uint64_t i = 0; i < COUNT; i++) {
        assert_true(index.at[i] == i * 1000);
        assert_true(index.key[i] * 3001 % COUNT == i);
    }
    tam_recordio_index_free(&index);
    free(text);
}

static void wrong_indices_are_refused(void **state) {
    tam_ctx *ctx = *state;
    static const struct {
        const char *text, *sentence;
    } cases[] = {
        {"0\t0\nx\t4\n", "file: line 2: the key is not a whole number"},
        {"0\t0\n-1\t4\n", "file: line 2: the key is not a whole number"},
        {"0.5\t0\n", "file: line 1: the key is not a whole number"},
        {"1e3\t0\n", "file: line 1: the key is not a whole number"},
        {"0\t0\n\n\n1\t-4\n", "file: line 4: the place of the record is not a whole number"},
        {"0\t0\n1\t4.0\n", "file: line 2: the place of the record is not a whole number"},
        {"0\t0\n1\n", "file: line 2: a key without the place of its record"},
        {"0\t0\n1\t", "file: line 2: a key without the place of its record"},
        {"0\t0\t0\n", "file: line 1: more than a key and the place of its record"},
        {"18446744073709551616\t0\n", "file: line 1: the key is beyond 2^64"},
        {"27670116110564327424\t0\n", "file: line 1: the key is beyond 2^64"}, /* 1.5 2^64: more than a carry */
        {"1\t184467440737095516160\n", "file: line 1: the place is beyond 2^64"},
        {"5\t96\n", "file: line 1: the record of key 5 cannot begin at byte 96 of train.rec, which has 100 bytes"},
        {"5\t18446744073709551612\n", "cannot begin at byte 18446744073709551612"},
        {"5\t50\n", "the record of key 5 cannot begin at byte 50"},
        {"5\t8\n6\t12\n5\t16\n", "file: the key 5 occurs twice, with the bytes 8 and 16"},
        {"5\t8\n6\t8\n", "file: the keys 5 and 6 both name byte 8"},
        {"6\t40\n5\t8\n9\t40\n", "file: the keys 6 and 9 both name byte 40"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tam_recordio_index index;
        test_fails(ctx, index_of(ctx, cases[i].text, 100, &index), TAM_INPUT, cases[i].sentence);
        assert_null(index.at);
        assert_null(index.key);
    }
}

static void memory_may_run_out(void **state) {
    (void)state;
    int left = -1;
    for (int k = 0;; k++) {
        tam_ctx *ctx;
        tam_recordio_index index;
        tam_ctx_config config = {.threads = 1, .allocator = test_ration(&left)};
        left = 1000;
        assert_int_equal(tam_ctx_create(&config, &ctx), TAM_OK);
        left = k;
        tam_status status = index_of(ctx, "7\t80\n4\t52\n0\t0\n", 100, &index);
        if (status == TAM_OK) {
            tam_recordio_index_free(&index);
            assert_true(k >= 5);
        } else {
            assert_int_equal(status, TAM_RESOURCES);
        }
        test_ctx_free(ctx);
        if (status == TAM_OK) {
            break;
        }
    }
}

static int set_up(void **state) {
    *state = test_ctx(1);
    return 0;
}

static int tear_down(void **state) {
    test_ctx_free(*state);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(whole_records_follow_one_another, set_up, tear_down),
        cmocka_unit_test_setup_teardown(parts_are_put_together, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_record_cut_anywhere_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(wrong_parts_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(parts_of_too_many_bytes_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(both_forms_of_labels, set_up, tear_down),
        cmocka_unit_test_setup_teardown(labels_that_are_no_class_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(headers_longer_than_their_record_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_index_in_any_order_is_read_by_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_long_index_is_sorted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(wrong_indices_are_refused, set_up, tear_down),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

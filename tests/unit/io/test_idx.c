#include <zlib.h>

#include "support.h"

#include "base/file.h"
#include "base/memory.h"
#include "io/idx.h"

static const uint8_t labels[8 + 5] = {0, 0, 8, 1, 0, 0, 0, 5, 3, 1, 4, 1, 5};
static const uint8_t images[16 + 12] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 3,  0,  0,
                                        0, 2, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

/* Gzips `data`; returns the size. */
static size_t gzip(const void *data, size_t size, uint8_t *packed, size_t room) {
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (z_const Bytef *)data;
    z.avail_in = (uInt)size;
    z.next_out = packed;
    z.avail_out = (uInt)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t packed_size = z.total_out;
    deflateEnd(&z);
    return packed_size;
}

static void expect_refused(tam_ctx *ctx, const void *data, size_t size, int dims, const char *sentence) {
    tam_idx idx;
    uint8_t *copy = malloc(size > 0 ? size : 1);
    assert_non_null(copy);
    memcpy(copy, data, size);
    test_fails(ctx, tam_idx_decode(ctx, "file", copy, size, dims, &idx), TAM_INPUT, sentence);
    assert_null(idx.values);
    free(copy);
}

static void plain_and_gzipped_files_are_read(void **state) {
    tam_ctx *ctx = *state;
    uint8_t packed[256];
    tam_idx idx;
    for (int gzipped = 0; gzipped < 2; gzipped++) {
        size_t size = gzipped ? gzip(images, sizeof images, packed, sizeof packed) : sizeof images;
        test_ok(ctx, tam_idx_decode(ctx, "file", gzipped ? packed : images, size, 3, &idx));
        assert_int_equal(idx.size[0], 2);
        assert_int_equal(idx.size[1], 3);
        assert_int_equal(idx.size[2], 2);
        assert_memory_equal(idx.values, images + 16, 12);
        tam_idx_free(ctx, &idx);
        size = gzipped ? gzip(labels, sizeof labels, packed, sizeof packed) : sizeof labels;
        test_ok(ctx, tam_idx_decode(ctx, "file", gzipped ? packed : labels, size, 1, &idx));
        assert_int_equal(idx.size[0], 5);
        assert_memory_equal(idx.values, labels + 8, 5);
        tam_idx_free(ctx, &idx);
    }
}

static void a_file_cut_anywhere_is_refused(void **state) {
    tam_ctx *ctx = *state;
    uint8_t packed[256];
    size_t size = gzip(images, sizeof images, packed, sizeof packed);
    for (size_t cut = 0; cut < size; cut++) {
        expect_refused(ctx, packed, cut, 3, "file: ");
    }
    for (size_t cut = 0; cut < sizeof images; cut++) {
        expect_refused(ctx, images, cut, 3, "file: cut short");
    }
}

static void too_many_bytes_are_refused(void **state) {
    tam_ctx *ctx = *state;
    uint8_t longer[sizeof labels + 1] = {0}, packed[256];
    memcpy(longer, labels, sizeof labels);
    expect_refused(ctx, longer, sizeof longer, 1, "more bytes than its header counts");
    size_t size = gzip(longer, sizeof longer, packed, sizeof packed);
    expect_refused(ctx, packed, size, 1, "more bytes than its header counts");
    size = gzip(labels, sizeof labels, packed, sizeof packed);
    packed[size] = 0;
    expect_refused(ctx, packed, size + 1, 1, "more bytes than its header counts");
}

static void corrupt_gzip_is_refused(void **state) {
    tam_ctx *ctx = *state;
    uint8_t packed[256];
    size_t size = gzip(images, sizeof images, packed, sizeof packed);
    packed[size - 6] ^= 1; /* the checksum */
    expect_refused(ctx, packed, size, 3, "corrupt gzip at byte");
    packed[size - 6] ^= 1;
    packed[size - 2] ^= 1; /* the length */
    expect_refused(ctx, packed, size, 3, "corrupt gzip at byte");
    packed[size - 2] ^= 1;
    packed[2] = 7; /* the method */
    expect_refused(ctx, packed, size, 3, "corrupt gzip at byte");
}

static void wrong_headers_are_refused(void **state) {
    tam_ctx *ctx = *state;
    uint8_t bad[sizeof images];
    const struct {
        size_t at;
        uint8_t value;
        const char *sentence;
    } cases[] = {
        {0, 1, "not an IDX file: it begins with 01 00"},
        {2, 0x0D, "IDX type 0x0d with 3 dimensions where type 0x08 (bytes) with 3 was expected"},
        {3, 1, "with 1 dimensions where"},
        {3, 255, "with 255 dimensions where"},
        {7, 0, "size 0 of dimension 0"},
        {7, 3, "cut short"},
        {7, 1, "more bytes than its header counts"},
        {4, 255, "cut short"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        memcpy(bad, images, sizeof bad);
        bad[cases[i].at] = cases[i].value;
        expect_refused(ctx, bad, sizeof bad, 3, cases[i].sentence);
    }
    memset(bad + 4, 255, 12); /* 2^96 values */
    expect_refused(ctx, bad, sizeof bad, 3, "size 4294967295 of dimension 2");
}

/* 100 MB of zeros in 100 KB, behind a header of five labels, and a header that promises 2^32. */
static void a_bomb_is_not_inflated(void **state) {
    tam_ctx *ctx = *state;
    enum { ZEROS = 100 << 20, ROOM = 200 << 10 };
    uint8_t *zeros = calloc(ZEROS, 1), *packed = malloc(ROOM);
    assert_non_null(zeros);
    assert_non_null(packed);
    memcpy(zeros, labels, 8);
    size_t size = gzip(zeros, ZEROS, packed, ROOM), before = tam_ctx_memory(ctx).peak_bytes;
    expect_refused(ctx, packed, size, 1, "more bytes than its header counts");
    memset(zeros + 4, 255, 4);
    size = gzip(zeros, 1 << 20, packed, ROOM);
    expect_refused(ctx, packed, size, 1, "cannot hold the 4294967295 values");
    assert_true(tam_ctx_memory(ctx).peak_bytes <= before + 1024);
    free(zeros);
    free(packed);
}

static void files_that_are_none_are_refused(void **state) {
    tam_ctx *ctx = *state;
    char folder[64];
    tam_idx idx;
    test_folder(folder);
    test_fails(ctx, tam_idx_read(ctx, folder, 1, &idx), TAM_INPUT, "not a regular file");
    test_fails(ctx, tam_idx_read(ctx, "/nowhere", 1, &idx), TAM_INPUT, "/nowhere: cannot open");
    test_folder_remove(folder);
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
        cmocka_unit_test_setup_teardown(plain_and_gzipped_files_are_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_cut_anywhere_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(too_many_bytes_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(corrupt_gzip_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(wrong_headers_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_bomb_is_not_inflated, set_up, tear_down),
        cmocka_unit_test_setup_teardown(files_that_are_none_are_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

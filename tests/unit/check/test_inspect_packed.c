/* Packed data are told by their headers and first records. */
#include "unit/check/inspect_support.h"
#include "unit/io/record_support.h"

#include "io/npy.h"
#include "io/tar.h"

/* The bytes of a PNG of 6 x 4 in *data (tam_release). */
static void make_png(tam_ctx *ctx, uint8_t **data, size_t *size) {
    static const uint8_t pixels[6 * 4] = {1, 2, 3};
    test_ok(ctx, tam_png_encode(ctx, 6, 4, 1, pixels, data, size));
}

static void records_say_their_layout(void **state) {
    tam_ctx *ctx = *state;
    static record_file file;
    uint8_t *png;
    size_t size;
    make_png(ctx, &png, &size);
    file = (record_file){0};
    put_range(&file, 0, 4, 6); /* images 1 to 3, identities 4 and 5 */
    put_image(&file, 1, 0, png, size);
    put_image(&file, 2, 0, png, size);
    put_image(&file, 3, 1, png, size);
    put_range(&file, 4, 1, 3);
    put_range(&file, 5, 3, 4);
    tam_inspection *inspection = inspect_bytes(ctx, file.bytes, file.size, "RecordIO");
    assert_int_equal(tam_inspection_describe(inspection).partly, 0);
    expect_text(inspection, "layout", "faces");
    expect_text(inspection, "record_0", "3 images of 2 identities");
    expect_number(inspection, "records", 6);
    expect_number(inspection, "images", 3);
    expect_text(inspection, "labels", "0 to 1");
    expect_text(inspection, "image", "record 1, label 0: 6 x 4, grey, png");
    expect_text(inspection, "index", "none");
    tam_inspection_free(inspection);
    for (size_t cut = 8; cut < file.size; cut++) {
        bool whole = false;
        for (int i = 0; i < file.count; i++) {
            whole = whole || cut == file.at[i];
        }
        if (!whole) {
            expect_damaged(ctx, file.bytes, cut, "file: record ");
        }
    }
    tam_release(ctx, png);
}

static void an_image_that_is_none_is_named(void **state) {
    static record_file file;
    file = (record_file){0};
    put_image(&file, 1, 3, "no image", 8);
    expect_damaged(*state, file.bytes, file.size, "/file: record 0, label 3: neither");
}

static void a_long_record_file_is_not_read_whole(void **state) {
    tam_ctx *ctx = *state;
    char path[160];
    enum { RECORDS = 3000 };
    static record_file one;
    uint8_t *png;
    size_t size;
    make_png(ctx, &png, &size);
    one = (record_file){0};
    put_image(&one, 1, 7, png, size);
    uint8_t *all = malloc(one.size * RECORDS);
    assert_non_null(all);
    for (size_t i = 0; i < RECORDS; i++) {
        memcpy(all + i * one.size, one.bytes, one.size);
    }
    memset(all + (RECORDS - 1) * one.size, 0, one.size); /* nobody looks there */
    path_of("train.idx", path);
    write_bytes(ctx, path, "0\t0\n", 4);
    path_of("train.rec", path);
    write_bytes(ctx, path, all, one.size * RECORDS);
    tam_inspection *inspection = inspect(ctx, "train.rec", "RecordIO");
    assert_int_equal(tam_inspection_describe(inspection).partly, 1);
    expect_text(inspection, "records", "about 3000, by the first 1000");
    expect_text(inspection, "labels", "7 to 7 in the part that was read");
    expect_text(inspection, "index", "train.idx");
    tam_inspection_free(inspection);
    inspection = inspect(ctx, "", "folder of RecordIO data");
    expect_text(inspection, "file", "train.rec");
    tam_inspection_free(inspection);
    free(all);
    tam_release(ctx, png);
}

static void ranges_beyond_float32_are_not_trusted(void **state) {
    static record_file file;
    file = (record_file){0};
    put_range(&file, 0, 17e6F, 17.1e6F);
    tam_inspection *inspection = inspect_bytes(*state, file.bytes, file.size, "RecordIO");
    expect_text(inspection, "record_0", "16999999 images of 100000 identities, not exact");
    tam_inspection_free(inspection);
}

static void write_golden(tam_ctx *ctx, const char *name, const char *as) {
    char path[1024], to[160];
    uint8_t *data;
    size_t size;
    const char *source = getenv("TAMMES_SOURCE");
    snprintf(path, sizeof path, "%s/tests/golden/bin/%s", source != NULL ? source : ".", name);
    test_ok(ctx, tam_file_read(ctx, path, 0, &data, &size));
    path_of(as, to);
    write_bytes(ctx, to, data, size);
    tam_release(ctx, data);
}

static void verification_sets_say_pairs_and_protocol(void **state) {
    tam_ctx *ctx = *state;
    static const struct {
        const char *file;
        int protocol;
    } cases[] = {{"bytes-p2.bin", 2}, {"numpy-p4.bin", 4}, {"numpy2-p5.bin", 5}, {"python2-p2.bin", 2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_golden(ctx, cases[i].file, "set.bin");
        tam_inspection *inspection = inspect(ctx, "set.bin", "verification set");
        expect_number(inspection, "protocol", cases[i].protocol);
        expect_number(inspection, "pairs", 3);
        expect_number(inspection, "images", 6);
        tam_inspection_free(inspection);
    }
}

static void other_pickles_and_features_are_no_sets(void **state) {
    tam_ctx *ctx = *state;
    char path[160];
    static const uint8_t dictionary[] = {0x80, 2, '}', '.'};
    static const uint8_t features[16 + 8] = {2, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 5, 0, 0, 0};
    tam_inspection *inspection;
    tam_inspection_free(inspect_bytes(ctx, dictionary, sizeof dictionary, "Python pickle"));
    path_of("x.bin", path);
    write_bytes(ctx, path, dictionary, sizeof dictionary);
    test_fails(ctx, tam_inspect(ctx, path, &inspection), TAM_INPUT, "x.bin: ");
    write_bytes(ctx, path, features, sizeof features);
    inspection = inspect(ctx, "x.bin", "MegaFace features");
    expect_number(inspection, "dim", 2);
    tam_inspection_free(inspection);
    write_bytes(ctx, path, features, sizeof features - 1);
    tam_inspection_free(inspect(ctx, "x.bin", "unknown"));
    tam_inspection_free(inspect_bytes(ctx, features, sizeof features, "MegaFace features"));
}

/* One member: its header, and its bytes up to a whole block. */
static size_t put_member(uint8_t *archive, size_t at, const char *name, const void *data, size_t size) {
    uint8_t header[TAM_TAR_BLOCK];
    assert_true(tam_tar_header(name, size, header));
    memcpy(archive + at, header, sizeof header);
    memcpy(archive + at + sizeof header, data, size);
    return at + sizeof header + (size + TAM_TAR_BLOCK - 1) / TAM_TAR_BLOCK * TAM_TAR_BLOCK;
}

static void arrays_say_type_and_shape(void **state) {
    tam_ctx *ctx = *state;
    char path[160];
    static const uint8_t pixels[2 * 3 * 4 * 3];
    static const int64_t labels[3] = {4, -1, 9};
    path_of("a.npy", path);
    test_ok(ctx, tam_npy_write(ctx, path, TAM_NPY_U1, 4, (const int64_t[]){2, 3, 4, 3}, pixels));
    tam_inspection *inspection = inspect(ctx, "a.npy", "npy");
    expect_text(inspection, "dtype", "uint8");
    expect_text(inspection, "shape", "2 x 3 x 4 x 3");
    expect_text(inspection, "holds", "RGB images");
    tam_inspection_free(inspection);
    test_ok(ctx, tam_npy_write(ctx, path, TAM_NPY_I8, 1, (const int64_t[]){3}, labels));
    inspection = inspect(ctx, "a.npy", "npy");
    expect_text(inspection, "range", "-1 to 9");
    tam_inspection_free(inspection);
    uint8_t *data;
    size_t size;
    test_ok(ctx, tam_file_read(ctx, path, 0, &data, &size));
    for (size_t cut = 7; cut < size; cut++) {
        expect_damaged(ctx, data, cut, "file: ");
    }
    tam_release(ctx, data);
}

static void archives_say_their_members(void **state) {
    tam_ctx *ctx = *state;
    static uint8_t archive[16 * TAM_TAR_BLOCK];
    uint8_t *png;
    size_t size, at = 0;
    make_png(ctx, &png, &size);
    memset(archive, 0, sizeof archive);
    at = put_member(archive, at, "0.png", png, size);
    at = put_member(archive, at, "0.cls", "4", 1);
    at = put_member(archive, at, "a/1.png", png, size);
    at = put_member(archive, at, "1.cls", "5", 1);
    tam_inspection *inspection = inspect_bytes(ctx, archive, at + 2 * TAM_TAR_BLOCK, "tar archive");
    expect_number(inspection, "members", 4);
    expect_number(inspection, "images", 2);
    expect_text(inspection, "ending", ".png: 2");
    expect_text(inspection, "image", "0.png: 6 x 4, grey, png");
    tam_inspection_free(inspection);
    for (size_t cut = TAM_TAR_BLOCK; cut < at; cut += 100) {
        expect_damaged(ctx, archive, cut, "file: ");
    }
    tam_release(ctx, png);
}

/* Allocations fail one after another until none does. */
static void survive(const char *path) {
    for (int k = 0;; k++) {
        tam_ctx *ctx;
        tam_inspection *inspection;
        int left = k;
        if (tam_ctx_create(&(tam_ctx_config){.threads = 1, .allocator = test_ration(&left)}, &ctx) != TAM_OK) {
            continue;
        }
        tam_status status = tam_inspect(ctx, path, &inspection);
        tam_inspection_free(inspection);
        assert_int_equal(tam_ctx_memory(ctx).bytes, 0);
        tam_ctx_free(ctx);
        if (status == TAM_OK) {
            return;
        }
        assert_int_equal(status, TAM_RESOURCES);
        assert_true(k < 1000);
    }
}

static void memory_may_run_out_in_every_kind(void **state) {
    char path[1024];
    const char *source = getenv("TAMMES_SOURCE");
    static const char *const names[] = {"rec",       "tar",  "npy",      "bin-bytes-p2", "bin-numpy-p4", "model",
                                        "labels.gz", "jpeg", "property", "lfw",          "list",         "mp4"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/fuzz/corpus/inspect/%s", source != NULL ? source : ".", names[i]);
        survive(path);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(records_say_their_layout),
        TEST(an_image_that_is_none_is_named),
        TEST(a_long_record_file_is_not_read_whole),
        TEST(ranges_beyond_float32_are_not_trusted),
        TEST(verification_sets_say_pairs_and_protocol),
        TEST(arrays_say_type_and_shape),
        TEST(archives_say_their_members),
        TEST(memory_may_run_out_in_every_kind),
        TEST(other_pickles_and_features_are_no_sets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

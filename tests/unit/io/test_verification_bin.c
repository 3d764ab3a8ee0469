/* Verification sets in all their forms, as Python's picklers write them (tests/oracle/pickle_oracle.py). */
#include <fcntl.h>

#include "support.h"

#include "base/file.h"
#include "base/memory.h"
#include "io/verification_bin.h"

enum { IMAGES = 6, FORMS = 18 };

static const char *const forms[FORMS] = {
    "python2-p0", "python2-p1", "python2-p2", "python2-p2-numpy", "bytes-p0",  "bytes-p1",
    "bytes-p2",   "bytes-p3",   "bytes-p4",   "bytes-p5",         "numpy-p0",  "numpy-p2",
    "numpy-p3",   "numpy-p4",   "numpy-p5",   "numpy-row-p5",     "numpy2-p4", "numpy2-p5",
};
static const char *const others[] = {"numpy-objects-p4", "numpy-big-endian-p2"};

static char *golden(const char *name, const char *ending, char path[512]) {
    const char *source = getenv("TAMMES_SOURCE");
    snprintf(path, 512, "%s/tests/golden/bin/%s%s", source != NULL ? source : ".", name, ending);
    return path;
}

typedef struct file_bytes {
    uint8_t *data;
    size_t size;
} file_bytes;

static file_bytes read_golden(tam_ctx *ctx, const char *name, const char *ending) {
    char path[512];
    file_bytes file;
    test_ok(ctx, tam_file_read(ctx, golden(name, ending, path), 0, &file.data, &file.size));
    return file;
}

/* Reads a set that must be the golden one, from memory or from the file. */
static void expect_golden(tam_ctx *ctx, const char *form, bool from_file) {
    static const char *const endings[IMAGES] = {".png", ".jpg", ".png", ".png", ".png", ".png"};
    char path[512], name[32];
    file_bytes file = read_golden(ctx, form, ".bin");
    tam_verification_bin bin;
    tam_pickle_input *input = tam_allocate(ctx, 1, sizeof *input, "input");
    *input = (tam_pickle_input){.ctx = ctx, .name = form, .memory = file.data, .size = file.size};
    if (from_file) {
        input->memory = NULL;
        input->descriptor = open(golden(form, ".bin", path), O_RDONLY);
        assert_true(input->descriptor >= 0);
    }
    test_ok(ctx, tam_verification_bin_read(input, &bin));
    assert_int_equal(bin.pairs, IMAGES / 2);
    assert_true(bin.same[0] == 1 && bin.same[1] == 0 && bin.same[2] == 1);
    for (int i = 0; i < IMAGES; i++) {
        snprintf(name, sizeof name, "image%d", i);
        file_bytes image = read_golden(ctx, name, endings[i]);
        size_t size = (size_t)bin.images[i].size;
        uint8_t *bytes = malloc(size);
        assert_non_null(bytes);
        test_ok(ctx, tam_pickle_read_at(input, bin.images[i].at, bytes, size));
        assert_true(tam_pickle_decode(bin.images[i].form, bytes, &size));
        assert_int_equal(size, image.size);
        assert_memory_equal(bytes, image.data, size);
        free(bytes);
        tam_release(ctx, image.data);
    }
    if (from_file) {
        close(input->descriptor);
    }
    tam_verification_bin_free(ctx, &bin);
    tam_release(ctx, input);
    tam_release(ctx, file.data);
}

static void every_form_holds_the_same_set(void **state) {
    for (int i = 0; i < FORMS; i++) {
        expect_golden(*state, forms[i], false);
        expect_golden(*state, forms[i], true);
    }
    expect_golden(*state, others[0], false);
    expect_golden(*state, others[1], false);
}

static tam_status read_memory(tam_ctx *ctx, const void *data, size_t size, tam_verification_bin *bin) {
    static tam_pickle_input input;
    uint8_t *copy = malloc(size > 0 ? size : 1);
    assert_non_null(copy);
    memcpy(copy, data, size);
    input = (tam_pickle_input){.ctx = ctx, .name = "set.bin", .memory = copy, .size = size};
    tam_status status = tam_verification_bin_read(&input, bin);
    free(copy);
    return status;
}

static void a_set_cut_anywhere_is_refused(void **state) {
    tam_ctx *ctx = *state;
    tam_verification_bin bin;
    for (int i = 0; i < FORMS; i++) {
        file_bytes file = read_golden(ctx, forms[i], ".bin");
        for (size_t cut = 0; cut < file.size; cut++) {
            test_fails(ctx, read_memory(ctx, file.data, cut, &bin), TAM_INPUT, "cut short");
            assert_true(bin.images == NULL && bin.same == NULL);
        }
        tam_release(ctx, file.data);
    }
}

/* "I" "J" are images of one byte; what is wrong is in the sentence. */
static void what_is_no_set_is_refused(void **state) {
    static const struct {
        const char *pickle, *sentence;
    } wrong[] = {
        {"\x80\x02N.", "the pickle is None"},
        {"\x80\x02]\x85.", "the pickle is not of two values"},
        {"\x80\x02K\1]\x86.", "its first value is a number"},
        {"\x80\x02](U\1IU\1JeK\1\x86.", "its second value is a number"},
        {"\x80\x02]]\x86.", "0 images for 0 pairs"},
        {"\x80\x02](U\1Ie](\x88\x65\x86.", "1 images for 1 pairs"},
        {"\x80\x02](U\1IU\1JU\1Ke](\x88\x65\x86.", "3 images for 1 pairs"},
        {"\x80\x02](U\1IU\1Je](\x88\x88\x65\x86.", "2 images for 2 pairs"},
        {"\x80\x02](U\1IU\1JU\1KU\1Le](\x88\x65\x86.", "4 images for 1 pairs"},
        {"\x80\x02](U\1IU\1Je](\x86.", "a value is taken that was never put"},
        {"\x80\x02](U\1IU\1Jecnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n)NtR(K\1(K\1tcnumpy\ndtype\n"
         "U\2i2\x85R\x89"
         "c_codecs\nencode\n(V\\u0001\nVlatin1\ntRtb\x86.",
         "issame has not the bytes of its elements"},
        {"\x80\x02](U\1INe](\x88\x65\x86.", "image 1 is None"},
        {"\x80\x02](U\1I]e](\x88\x65\x86.", "image 1 is a list"},
        {"\x80\x02](U\1IX\1", "cut short"},
        {"\x80\x02](U\1IS''\ne](\x88\x65\x86.", "image 1 is empty"},
        {"\x80\x02](U\1IU\1Je](Ne\x86.", "issame[0] is None"},
        {"\x80\x02](U\1IU\1Je](K\2e\x86.", "issame[0] is 2"},
        {"\x80\x02](U\1IU\1Je](I-1\ne\x86.", "issame[0] is -1"},
        {"\x80\x02](U\1Icnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n)NtRe](\x88\x65\x86.",
         "image 1 is an array of '?0'"},
        {"\x80\x02](U\1Icnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n)NtR(K\1(K\1tcnumpy\ndtype\n"
         "U\2u2\x85R\x89U\2xxtbe](\x88\x65\x86.",
         "image 1 is an array of 'u2'"},
        {"\x80\x02](U\1Icnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n)NtR(K\1(K\3tcnumpy\ndtype\n"
         "U\2u1\x85R\x89U\2xxtbe](\x88\x65\x86.",
         "an array of 3 elements of 1 bytes each, but 2 bytes lie there"},
    };
    tam_verification_bin bin;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        test_fails(*state, read_memory(*state, wrong[i].pickle, strlen(wrong[i].pickle), &bin), TAM_INPUT,
                   wrong[i].sentence);
    }
    static const char one[] = "\x80\x02](U\1IU\1Je](\x88\x65\x86.";
    test_ok(*state, read_memory(*state, one, sizeof one - 1, &bin));
    assert_true(bin.pairs == 1 && bin.images[0].size == 1 && bin.same[0] == 1);
    tam_verification_bin_free(*state, &bin);
}

/* Instructions, lines and names at the end of what is read from the file at a time: the first image is `size` long. */
static void expect_in_pieces(tam_ctx *ctx, const char *path, size_t size) {
    static uint8_t data[4 * TAM_PICKLE_WINDOW], expected[4 * TAM_PICKLE_WINDOW];
    static const char second[] = "S'", rest[] = "'\ne](cnumpy\nbool_\nI01\n\x85Re\x86.";
    static tam_pickle_input input;
    tam_verification_bin bin;
    size_t at = 5;
    memcpy(data, "\x80\x02](T", 5);
    const uint8_t length[4] = {(uint8_t)size, (uint8_t)(size >> 8)};
    memcpy(data + at, length, 4);
    memset(data + at + 4, 'a', size);
    at += 4 + size;
    memcpy(data + at, second, 2);
    memset(data + at + 2, 'b', TAM_PICKLE_WINDOW + 100);
    at += 2 + TAM_PICKLE_WINDOW + 100;
    memcpy(data + at, rest, sizeof rest - 1);
    at += sizeof rest - 1;
    tam_file_piece piece = {data, at};
    test_ok(ctx, tam_file_write(ctx, path, &piece, 1));
    input = (tam_pickle_input){.ctx = ctx, .name = path, .descriptor = open(path, O_RDONLY), .size = at};
    test_ok(ctx, tam_verification_bin_read(&input, &bin));
    assert_true(bin.pairs == 1 && bin.same[0] == 1);
    assert_true(bin.images[0].size == size && bin.images[1].size == TAM_PICKLE_WINDOW + 100);
    test_ok(ctx, tam_pickle_read_at(&input, bin.images[1].at, expected, TAM_PICKLE_WINDOW + 100));
    assert_true(expected[0] == 'b' && expected[TAM_PICKLE_WINDOW + 99] == 'b');
    close(input.descriptor);
    tam_verification_bin_free(ctx, &bin);
}

static void a_file_is_read_in_pieces(void **state) {
    char folder[64], path[80];
    test_folder(folder);
    snprintf(path, sizeof path, "%s/set.bin", folder);
    for (size_t size = 1; size < 60; size++) {
        expect_in_pieces(*state, path, size);
        expect_in_pieces(*state, path, TAM_PICKLE_WINDOW - 60 + size);
    }
    test_folder_remove(folder);
}

static void sets_are_known_by_their_beginning(void **state) {
    (void)state;
    for (int i = 0; i < FORMS; i++) {
        tam_ctx *ctx = test_ctx(1);
        file_bytes file = read_golden(ctx, forms[i], ".bin");
        bool old = strstr(forms[i], "-p0") != NULL || strstr(forms[i], "-p1") != NULL;
        assert_int_equal(tam_verification_bin_begins(file.data, file.size), !old);
        tam_release(ctx, file.data);
        test_ctx_free(ctx);
    }
    static const uint8_t features[] = {0x80, 2, 0, 0, 1, 0, 0, 0}, torch[] = {0x80, 2, 0x8a, 0x0a};
    assert_false(tam_verification_bin_begins(features, sizeof features));
    assert_false(tam_verification_bin_begins(torch, sizeof torch));
    assert_false(tam_verification_bin_begins(features, 2));
}

static void memory_may_run_out_anywhere(void **state) {
    (void)state;
    file_bytes file = read_golden(*state, "numpy-p0", ".bin");
    int left, failures = 0;
    tam_ctx_config config = {.threads = 1, .allocator = test_ration(&left)};
    for (int k = 0;; k++) {
        tam_ctx *ctx;
        tam_verification_bin bin;
        left = 1000;
        assert_int_equal(tam_ctx_create(&config, &ctx), TAM_OK);
        left = k;
        tam_status status = read_memory(ctx, file.data, file.size, &bin);
        if (status == TAM_OK) {
            tam_verification_bin_free(ctx, &bin);
        } else {
            assert_int_equal(status, TAM_RESOURCES);
            assert_true(*tam_ctx_message(ctx) != '\0');
            failures++;
        }
        test_ctx_free(ctx);
        if (status == TAM_OK) {
            break;
        }
    }
    assert_true(failures >= 8);
    tam_release(*state, file.data);
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
        cmocka_unit_test_setup_teardown(every_form_holds_the_same_set, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_set_cut_anywhere_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_set_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_is_read_in_pieces, set_up, tear_down),
        cmocka_unit_test(sets_are_known_by_their_beginning),
        cmocka_unit_test_setup_teardown(memory_may_run_out_anywhere, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

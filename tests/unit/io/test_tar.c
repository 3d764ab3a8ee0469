/* Archives by Python's tarfile (tests/oracle/tar_oracle.py), and headers that no honest program writes. */
#include "support.h"

#include "base/file.h"
#include "base/memory.h"
#include "io/tar.h"

enum { BLOCK = TAM_TAR_BLOCK, MOST = 24 * BLOCK };

/* An archive that is made here. */
typedef struct archive {
    uint8_t bytes[MOST];
    size_t size;
} archive;

static void set_checksum(uint8_t *header) {
    unsigned sum = 0;
    memset(header + 148, ' ', 8);
    for (int i = 0; i < BLOCK; i++) {
        sum += header[i];
    }
    snprintf((char *)header + 148, 8, "%06o", sum);
}

static uint8_t *add(archive *a, const char *name, char type, const char *text) {
    uint8_t *header = a->bytes + a->size;
    assert_true(tam_tar_header(name, strlen(text), header));
    header[156] = (uint8_t)type;
    set_checksum(header);
    memset(header + BLOCK, 0, BLOCK);
    memcpy(header + BLOCK, text, strlen(text));
    a->size += strlen(text) > 0 ? 2 * BLOCK : BLOCK;
    return header;
}

static void finish(archive *a) {
    memset(a->bytes + a->size, 0, 2 * BLOCK);
    a->size += 2 * BLOCK;
}

/* Members as "name=first 5 bytes", separated by "|". */
static tam_status walk(tam_tar *tar, char *found, size_t room) {
    tam_tar_member member;
    bool end = false;
    *found = '\0';
    for (;;) {
        char text[6] = "";
        TAM_TRY(tam_tar_next(tar, &member, &end));
        if (end) {
            return TAM_OK;
        }
        TAM_TRY(tam_tar_read(tar, member.at, text, member.size < 5 ? (size_t)member.size : 5));
        size_t used = strlen(found);
        snprintf(found + used, room - used, "%s=%s|", member.name, text);
    }
}

static tam_status walk_bytes(tam_ctx *ctx, const uint8_t *bytes, size_t size, char *found, size_t room) {
    tam_tar tar;
    uint8_t *copy = malloc(size > 0 ? size : 1);
    memcpy(copy, bytes, size);
    tam_status status = tam_tar_view(ctx, "x.tar", copy, size, &tar);
    if (status == TAM_OK) {
        status = walk(&tar, found, room);
    }
    tam_tar_close(&tar);
    free(copy);
    return status;
}

static void expect_refused(tam_ctx *ctx, const archive *a, const char *sentence) {
    char found[1024];
    test_fails(ctx, walk_bytes(ctx, a->bytes, a->size, found, sizeof found), TAM_INPUT, sentence);
}

static void expect_members(tam_ctx *ctx, const archive *a, const char *expected) {
    char found[8192];
    test_ok(ctx, walk_bytes(ctx, a->bytes, a->size, found, sizeof found));
    assert_string_equal(found, expected);
}

static void golden(const char *name, char path[512]) {
    const char *source = getenv("TAMMES_SOURCE");
    snprintf(path, 512, "%s/tests/golden/tar/%s", source != NULL ? source : ".", name);
}

static void archives_of_python_are_read(void **state) {
    tam_ctx *ctx = *state;
    static const char *const names[] = {"ustar.tar", "gnu.tar", "pax.tar"};
    char expected[1024], found[1024], path[512], xs[111] = "";
    memset(xs, 'x', 110);
    snprintf(expected, sizeof expected,
             "folder/a.txt=first|folder/%s/yyyyyyyyyyyyyyyyyyyy.txt=zzzzz|folder/\xc3\xa4.txt=|last.txt=end|", xs);
    for (int i = 0; i < 3; i++) {
        tam_tar tar;
        uint8_t *data;
        size_t size;
        golden(names[i], path);
        test_ok(ctx, tam_tar_open(ctx, path, &tar));
        test_ok(ctx, walk(&tar, found, sizeof found));
        tam_tar_close(&tar);
        assert_string_equal(found, expected);
        test_ok(ctx, tam_file_read(ctx, path, 0, &data, &size));
        test_ok(ctx, walk_bytes(ctx, data, size, found, sizeof found));
        assert_string_equal(found, expected);
        tam_release(ctx, data);
    }
}

/* All but the second of the end blocks is needed. */
static void an_archive_cut_anywhere_is_refused(void **state) {
    tam_ctx *ctx = *state;
    static const char *const names[] = {"gnu.tar", "pax.tar"};
    char path[512], found[1024];
    for (int i = 0; i < 2; i++) {
        uint8_t *data;
        size_t size;
        golden(names[i], path);
        test_ok(ctx, tam_file_read(ctx, path, 0, &data, &size));
        for (size_t cut = 0; cut < size - BLOCK; cut++) {
            test_fails(ctx, walk_bytes(ctx, data, cut, found, sizeof found), TAM_INPUT,
                       cut == 0 ? "x.tar: the file is empty" : "x.tar: cut short");
        }
        tam_release(ctx, data);
    }
}

static void sizes_in_base_256_are_read(void **state) {
    tam_ctx *ctx = *state;
    archive a = {0};
    uint8_t *header = add(&a, "a", '0', "hello");
    finish(&a);
    memset(header + 124, 0, 12);
    header[124] = 0x80;
    header[135] = 5;
    set_checksum(header);
    expect_members(ctx, &a, "a=hello|");
    header[128] = 1; /* 2^56 + 5 */
    set_checksum(header);
    expect_refused(ctx, &a, "cut short: the file at byte 0 has 72057594037927941 bytes, and 1536 are left");
    header[127] = 1;
    set_checksum(header);
    expect_refused(ctx, &a, "the header at byte 0: its size is no number");
    memset(header + 124, 0, 12);
    header[135] = 5;
    for (int first = 0x81; first <= 0xFF; first += 0x7E) { /* beyond 2^88, and negative */
        header[124] = (uint8_t)first;
        set_checksum(header);
        expect_refused(ctx, &a, "the header at byte 0: its size is no number");
    }
}

static void old_headers_are_read(void **state) {
    tam_ctx *ctx = *state;
    archive a = {0};
    uint8_t *header = add(&a, "a", '\0', "hello");
    memset(header + 257, 0, 8); /* before ustar */
    header[345] = 'p';
    memcpy(header + 124, "         5 \0", 12);
    set_checksum(header);
    header = add(&a, "folder/", '\0', "");
    add(&a, "b\xff", '7', "there");
    header = add(&a, "c\xff\xff", '0', "");
    finish(&a);
    int sum = 0; /* of signed bytes, as old programs had it */
    memset(header + 148, ' ', 8);
    for (int i = 0; i < BLOCK; i++) {
        sum += (int8_t)header[i];
    }
    snprintf((char *)header + 148, 8, "%06o", (unsigned)sum);
    expect_members(ctx, &a, "a=hello|b\xff=there|c\xff\xff=|");
}

static void other_kinds_are_passed_over(void **state) {
    tam_ctx *ctx = *state;
    archive a = {0};
    add(&a, "comment", 'g', "15 comment=hi!\n");
    add(&a, "volume", 'V', "");
    add(&a, "unknown", 'Q', "hello");
    add(&a, "long link", 'K', "somewhere");
    add(&a, "device", '3', "");
    add(&a, "x", 'x', "9 path=b\n");
    add(&a, "folder", '5', ""); /* the name was the folder's */
    add(&a, "a", '0', "hi");
    finish(&a);
    expect_members(ctx, &a, "a=hi|");
}

/* What is said of a file is not lost over headers that say nothing of it, nor taken for one of their own sizes. */
static void what_is_said_goes_to_the_next_file(void **state) {
    tam_ctx *ctx = *state;
    archive a = {0};
    add(&a, "L", 'L', "long");
    add(&a, "K", 'K', "somewhere");
    add(&a, "a", '0', "hi");
    add(&a, "x", 'x', "9 size=3\n");
    add(&a, "x", 'x', "9 path=b\n");
    add(&a, "g", 'g', "15 comment=hi!\n");
    add(&a, "a", '0', "hello");
    uint8_t *link = add(&a, "link", '1', ""); /* whose size is that of the file it names */
    memcpy(link + 124, "00000001000", 12);
    set_checksum(link);
    add(&a, "c", '0', "there");
    finish(&a);
    expect_members(ctx, &a, "long=hi|b=hel|c=there|");
}

/* A member of any size: `size` bytes at `text`. */
static size_t put_large(uint8_t *at, const char *name, char type, const void *text, size_t size) {
    assert_true(tam_tar_header(name, size, at));
    at[156] = (uint8_t)type;
    set_checksum(at);
    memcpy(at + BLOCK, text, size);
    return BLOCK + (size + BLOCK - 1) / BLOCK * BLOCK;
}

static void names_have_an_end(void **state) {
    tam_ctx *ctx = *state;
    enum { LONGEST = TAM_TAR_NAME_ROOM - 1 };
    static char name[LONGEST + 2], record[LONGEST + 32], expected[LONGEST + 8];
    memset(name, 'n', sizeof name - 1);
    for (int over = 0; over < 2; over++) {
        int bytes = snprintf(record, sizeof record, "%d path=%.*s\n", LONGEST + over + 11, LONGEST + over, name);
        for (int pax = 0; pax < 2; pax++) {
            archive a = {0};
            a.size = pax ? put_large(a.bytes, "x", 'x', record, (size_t)bytes)
                         : put_large(a.bytes, "L", 'L', name, (size_t)(LONGEST + over));
            add(&a, "a", '0', "hi");
            finish(&a);
            if (over) {
                expect_refused(ctx, &a, "the header at byte 0: a name that is empty, holds a zero byte or is too long");
            } else {
                snprintf(expected, sizeof expected, "%.*s=hi|", LONGEST, name);
                expect_members(ctx, &a, expected);
            }
        }
    }
    archive a = {0};
    a.size = put_large(a.bytes, "x", 'x', "10 path=b\0\n", 11);
    a.bytes[BLOCK + 1] = '1';
    add(&a, "a", '0', "hi");
    finish(&a);
    expect_refused(ctx, &a, "the header at byte 0: a name that is empty, holds a zero byte");
}

static void keep_warning(void *user, const char *sentence) {
    snprintf(user, 256, "%s", sentence);
}

/* An extended header above 1 MiB is refused though it is there; more than that behind the end is told. */
static void large_archives_of_nothing(void **state) {
    enum { MIB = 1 << 20, ROOM = MIB + 8 * BLOCK };
    uint8_t *bytes = calloc(ROOM, 1);
    char found[64], warning[256] = "";
    tam_ctx *ctx;
    tam_ctx_config config = {.threads = 1, .warn = keep_warning, .warn_user = warning};
    (void)state;
    assert_non_null(bytes);
    assert_int_equal(tam_ctx_create(&config, &ctx), TAM_OK);
    size_t size = BLOCK + MIB + BLOCK;
    assert_true(tam_tar_header("x", MIB + 1, bytes));
    bytes[156] = 'x';
    set_checksum(bytes);
    test_fails(ctx, walk_bytes(ctx, bytes, size + 2 * BLOCK, found, sizeof found), TAM_INPUT,
               "the header at byte 0: an extended header above 1 MiB");
    memset(bytes, 0, BLOCK);
    size = put_large(bytes, "a", '0', "hi", 2);
    test_ok(ctx, walk_bytes(ctx, bytes, size + MIB, found, sizeof found));
    assert_string_equal(warning, "");
    test_ok(ctx, walk_bytes(ctx, bytes, size + MIB + BLOCK, found, sizeof found));
    assert_string_equal(found, "a=hi|");
    assert_non_null(strstr(warning, "x.tar: 1049088 bytes behind the archive's end at byte 1024 were passed over"));
    test_ctx_free(ctx);
    free(bytes);
}

static void sizes_of_extended_headers_count(void **state) {
    tam_ctx *ctx = *state;
    archive a = {0};
    add(&a, "x", 'x', "9 size=3\n14 path=a/b=c\n");
    add(&a, "a", '0', "hello");
    finish(&a);
    expect_members(ctx, &a, "a/b=c=hel|");
}

static void wrong_headers_are_refused(void **state) {
    tam_ctx *ctx = *state;
    static const char *const bad_pax[] = {
        "x",
        "9 path=b",
        "99 path=b\n",
        "2 \n",
        "0 path=b\n",
        "-9 path=b\n",
        "9 pathxb\n",
        "9 size=x\n",
        "8 path=\n",
        "11 path=b\n\n?",
        "9path=bb\n",
        "18446744073709551625 p=\n",
        "8 size=\n",
        "5 =\nabc",
        "28 size=99999999999999999999\n",
        "29 size=18446744073709551619\n", /* 2^64 + 3 */
        "9 path=bb9 path=cc",
    };
    for (size_t i = 0; i < sizeof bad_pax / sizeof *bad_pax; i++) {
        archive a = {0};
        add(&a, "ok", '0', "hi");
        add(&a, "x", 'x', bad_pax[i]);
        add(&a, "a", '0', "hello");
        finish(&a);
        expect_refused(ctx, &a, i == 13 ? "the header at byte" : "the header at byte 1024: ");
    }
    archive a = {0};
    uint8_t *header = add(&a, "a", '0', "hello");
    finish(&a);
    header[0] = 'b';
    expect_refused(ctx, &a, "the header at byte 0: no tar archive: its checksum is wrong");
    header[0] = 'a';
    header[124] = '9';
    set_checksum(header);
    expect_refused(ctx, &a, "the header at byte 0: its size is no number");
    archive sparse = {0};
    add(&sparse, "a", 'S', "hello");
    finish(&sparse);
    expect_refused(ctx, &sparse, "the header at byte 0: a sparse file");
    archive pax_sparse = {0};
    add(&pax_sparse, "x", 'x', "22 GNU.sparse.major=1\n");
    add(&pax_sparse, "a", '0', "hello");
    finish(&pax_sparse);
    expect_refused(ctx, &pax_sparse, "the header at byte 0: a sparse file");
    archive unnamed = {0};
    add(&unnamed, "L", 'L', "");
    finish(&unnamed);
    expect_refused(ctx, &unnamed, "the header at byte 0: a name that is empty");
}

/* A header that promises 1 GB of names. */
static void nothing_is_allocated_for_a_promise(void **state) {
    tam_ctx *ctx = *state;
    archive a = {0};
    uint8_t *header = add(&a, "a", 'x', "hello");
    finish(&a);
    memcpy(header + 124, "10000000000", 12);
    set_checksum(header);
    size_t before = tam_ctx_memory(ctx).peak_bytes;
    expect_refused(ctx, &a, "cut short: the file at byte 0 has 1073741824 bytes");
    assert_int_equal(tam_ctx_memory(ctx).peak_bytes, before);
}

static void files_that_are_none_are_refused(void **state) {
    tam_ctx *ctx = *state;
    char folder[64];
    tam_tar tar;
    test_folder(folder);
    test_fails(ctx, tam_tar_open(ctx, folder, &tar), TAM_INPUT, "not a regular file");
    tam_tar_close(&tar);
    test_fails(ctx, tam_tar_open(ctx, "/nowhere.tar", &tar), TAM_INPUT, "/nowhere.tar: cannot open");
    tam_tar_close(&tar);
    test_folder_remove(folder);
}

static void memory_that_runs_out_is_a_sentence(void **state) {
    (void)state;
    char path[512], found[1024];
    tam_status status = TAM_RESOURCES;
    int k = 0;
    golden("pax.tar", path);
    for (; status != TAM_OK; k++) {
        int left = 1 + k;
        tam_ctx *ctx = NULL;
        tam_tar tar;
        tam_ctx_config config = {.threads = 1, .allocator = test_ration(&left)};
        assert_int_equal(tam_ctx_create(&config, &ctx), TAM_OK);
        status = tam_tar_open(ctx, path, &tar);
        if (status == TAM_OK) {
            status = walk(&tar, found, sizeof found);
        }
        assert_true(status == TAM_OK || (status == TAM_RESOURCES && *tam_ctx_message(ctx) != '\0'));
        tam_tar_close(&tar);
        test_ctx_free(ctx);
        assert_true(k < 50);
    }
    assert_true(k > 3);
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
        cmocka_unit_test_setup_teardown(archives_of_python_are_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_archive_cut_anywhere_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sizes_in_base_256_are_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(old_headers_are_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_kinds_are_passed_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_said_goes_to_the_next_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(names_have_an_end, set_up, tear_down),
        cmocka_unit_test(large_archives_of_nothing),
        cmocka_unit_test_setup_teardown(sizes_of_extended_headers_count, set_up, tear_down),
        cmocka_unit_test_setup_teardown(wrong_headers_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_is_allocated_for_a_promise, set_up, tear_down),
        cmocka_unit_test_setup_teardown(files_that_are_none_are_refused, set_up, tear_down),
        cmocka_unit_test(memory_that_runs_out_is_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "support.h"

#include <stdbool.h>

#include "base/file.h"
#include "base/memory.h"
#include "io/safetensors.h"

static const float weight[6] = {1.0f, -2.5f, 3e-30f, 4e30f, 5.0f, -0.0f};
static const double running[2] = {0.1, -1e300};
static const int64_t counts[3] = {-1, INT64_MAX, 7};
static const uint8_t names[5] = "a\0bc";
static const uint16_t halves[3] = {0x3f80, 0xbf00, 0x7f7f};

static const tam_tensor arrays[] = {
    {"conv1.weight", TAM_DTYPE_F32, 2, {2, 3}, weight, sizeof weight, 0},
    {"running", TAM_DTYPE_F64, 1, {2}, running, sizeof running, 0},
    {"empty", TAM_DTYPE_F32, 2, {0, 4}, weight, 0, 0},
    {"counts", TAM_DTYPE_I64, 1, {3}, counts, sizeof counts, 0},
    {"names", TAM_DTYPE_U8, 1, {5}, names, sizeof names, 0},
    {"head.weight", TAM_DTYPE_BF16, 2, {3, 1}, halves, sizeof halves, 0},
};
static const tam_metadata facts[] = {{"format", "test 1"}, {"graph", "input = x\n\"quoted\" \\ \xC3\xA9"}};
enum { ARRAYS = 6, FACTS = 2 };

/* A file's path and its bytes. */
typedef struct sample {
    tam_ctx *ctx;
    char folder[64];
    char *path;
    uint8_t *data;
    size_t size;
} sample;

static void sample_make(sample *s) {
    s->ctx = test_ctx(1);
    test_folder(s->folder);
    s->path = tam_path_join(s->ctx, s->folder, "a.safetensors");
    test_ok(s->ctx, tam_tensors_write(s->ctx, s->path, arrays, ARRAYS, facts, FACTS));
    test_ok(s->ctx, tam_file_read(s->ctx, s->path, 0, &s->data, &s->size));
}

static void sample_free(sample *s) {
    tam_release(s->ctx, s->data);
    tam_release(s->ctx, s->path);
    test_folder_remove(s->folder);
    test_ctx_free(s->ctx);
}

static void what_is_written_is_read(void **state) {
    (void)state;
    sample s;
    tam_tensors *read;
    sample_make(&s);
    test_ok(s.ctx, tam_tensors_open(s.ctx, s.path, &read));
    assert_int_equal(tam_tensors_count(read), ARRAYS);
    for (int i = 0; i < ARRAYS; i++) {
        const tam_tensor *item = tam_tensors_at(read, i);
        assert_string_equal(item->name, arrays[i].name);
        assert_int_equal(item->dtype, arrays[i].dtype);
        assert_int_equal(item->dims, arrays[i].dims);
        for (int d = 0; d < item->dims; d++) {
            assert_int_equal(item->size[d], arrays[i].size[d]);
        }
        uint8_t there[64];
        assert_int_equal(item->bytes, arrays[i].bytes);
        assert_null(item->data); /* it stays in the file */
        test_ok(s.ctx, tam_tensors_read(read, item, 0, item->bytes, there));
        assert_memory_equal(there, arrays[i].data, arrays[i].bytes);
        assert_ptr_equal(tam_tensors_find(read, arrays[i].name), item);
    }
    assert_null(tam_tensors_find(read, "absent"));
    assert_string_equal(tam_tensors_text(read, "graph"), facts[1].value);
    assert_null(tam_tensors_text(read, "absent"));
    tam_tensors_free(read);
    sample_free(&s);
}

/* Any part of an array can be read from a file and from memory, and nothing beyond it. */
static void arrays_are_read_in_parts(void **state) {
    (void)state;
    sample s;
    sample_make(&s);
    for (int from_memory = 0; from_memory < 2; from_memory++) {
        tam_tensors *read;
        test_ok(s.ctx, from_memory ? tam_tensors_parse(s.ctx, s.path, s.data, s.size, &read)
                                   : tam_tensors_open(s.ctx, s.path, &read));
        const tam_tensor *item = tam_tensors_find(read, "conv1.weight");
        for (size_t from = 0; from <= sizeof weight; from++) {
            for (size_t count = 0; from + count <= sizeof weight; count++) {
                uint8_t part[sizeof weight + 1];
                memset(part, 0x55, sizeof part);
                test_ok(s.ctx, tam_tensors_read(read, item, from, count, part));
                assert_memory_equal(part, (const uint8_t *)weight + from, count);
                assert_int_equal(part[count], 0x55);
            }
        }
        uint8_t byte;
        test_fails(s.ctx, tam_tensors_read(read, item, sizeof weight, 1, &byte), TAM_INTERNAL, "'conv1.weight'");
        test_fails(s.ctx, tam_tensors_read(read, item, 1, SIZE_MAX, &byte), TAM_INTERNAL, "'conv1.weight'");
        tam_tensors_free(read);
    }
    sample_free(&s);
}

/* Arrays larger than a block of the checksums' reading, in a file that costs only that block of memory. */
static void a_large_file_takes_little_memory(void **state) {
    (void)state;
    enum { NUMBERS = 5000011 };
    sample s;
    tam_tensors *read;
    sample_make(&s);
    uint16_t *values = malloc(NUMBERS * sizeof *values), last;
    for (uint32_t i = 0; i < NUMBERS; i++) {
        values[i] = (uint16_t)(i * 2654435761u >> 16);
    }
    const tam_tensor large = {"w", TAM_DTYPE_BF16, 1, {NUMBERS}, values, NUMBERS * sizeof *values, 0};
    test_ok(s.ctx, tam_tensors_write(s.ctx, s.path, &large, 1, NULL, 0));
    test_ok(s.ctx, tam_tensors_open(s.ctx, s.path, &read));
    test_ok(s.ctx, tam_tensors_read(read, tam_tensors_at(read, 0), large.bytes - sizeof last, sizeof last, &last));
    assert_int_equal(last, values[NUMBERS - 1]);
    assert_true(tam_ctx_memory(s.ctx).peak_bytes < (size_t)2 << 20);
    tam_tensors_free(read);
    char command[160];
    snprintf(command, sizeof command, "printf X | dd of='%s' bs=1 seek=7000000 conv=notrunc status=none", s.path);
    assert_int_equal(system(command), 0);
    test_fails(s.ctx, tam_tensors_open(s.ctx, s.path, &read), TAM_INPUT, "'w' is damaged");
    free(values);
    sample_free(&s);
}

static void same_content_gives_same_bytes(void **state) {
    (void)state;
    sample s;
    uint8_t *again;
    size_t size;
    sample_make(&s);
    test_ok(s.ctx, tam_tensors_write(s.ctx, s.path, arrays, ARRAYS, facts, FACTS));
    test_ok(s.ctx, tam_file_read(s.ctx, s.path, 0, &again, &size));
    assert_int_equal(size, s.size);
    assert_memory_equal(again, s.data, size);
    tam_release(s.ctx, again);
    sample_free(&s);
}

static void every_truncation_is_refused(void **state) {
    (void)state;
    sample s;
    tam_tensors *read;
    sample_make(&s);
    for (size_t size = 0; size < s.size; size++) {
        assert_int_equal(tam_tensors_parse(s.ctx, "cut", s.data, size, &read), TAM_INPUT);
        assert_null(read);
    }
    sample_free(&s);
}

/* A flipped bit of an array is refused with the array's name; one of the header too, unless it changed nothing that
 * anybody reads: the key of the metadata's checksum, the other side of an empty array. */
static void every_flipped_bit_is_refused(void **state) {
    (void)state;
    sample s;
    tam_tensors *read;
    sample_make(&s);
    size_t data_at = s.size - sizeof weight - sizeof running - sizeof counts - sizeof names - sizeof halves;
    for (size_t bit = 0; bit < s.size * 8; bit++) {
        s.data[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        tam_status status = tam_tensors_parse(s.ctx, "flip", s.data, s.size, &read);
        if (bit / 8 >= data_at) {
            assert_int_equal(status, TAM_INPUT);
            assert_non_null(strstr(tam_ctx_message(s.ctx), "is damaged"));
        } else if (status == TAM_OK) {
            bool unchecked = tam_tensors_text(read, "crc32") == NULL;
            assert_true(unchecked || tam_tensors_find(read, "empty")->size[1] != 4);
            assert_string_equal(tam_tensors_text(read, "graph"), facts[1].value);
            assert_memory_equal(tam_tensors_find(read, "running")->data, running, sizeof running);
            assert_int_equal(tam_tensors_find(read, "head.weight")->dtype, TAM_DTYPE_BF16);
        }
        tam_tensors_free(read);
        s.data[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    s.data[data_at] ^= 1;
    test_fails(s.ctx, tam_tensors_parse(s.ctx, "flip", s.data, s.size, &read), TAM_INPUT, "'conv1.weight' is damaged");
    sample_free(&s);
}

/* Builds a file from a header's text and `bytes` bytes of data behind it. */
static tam_status parse_text(tam_ctx *ctx, const char *header, size_t bytes) {
    size_t length = strlen(header), size = 8 + length + bytes;
    uint8_t *data = calloc(1, size);
    tam_tensors *read;
    for (int i = 0; i < 8; i++) {
        data[i] = (uint8_t)((uint64_t)length >> (8 * i));
    }
    memcpy(data + 8, header, length);
    tam_status status = tam_tensors_parse(ctx, "bad.safetensors", data, size, &read);
    tam_tensors_free(read);
    free(data);
    return status;
}

static void wrong_headers_are_refused_by_name(void **state) {
    (void)state;
    static const struct {
        const char *header;
        size_t bytes;
        const char *sentence;
    } cases[] = {
        {"", 0, "not JSON"},
        {"[]", 0, "not a JSON object"},
        {"{", 0, "not JSON"},
        {"{}x", 0, "not JSON"},
        {"{}", 3, "3 bytes after the last array"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
         "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
         4, "duplicate"},
        {"{\"a\":1}", 0, "'a' lacks dtype"},
        {"{\"a\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4,
         "'a' has type 'F16'; known are F32 F64 I32 I64 U8 BF16"},
        {"{\"a\":{\"dtype\":\"BF16\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4,
         "'a' has 4 bytes where its shape needs 2"},
        {"{\"a\":{\"dtype\":\"BF16\",\"shape\":[9223372036854775807,2],\"data_offsets\":[0,4]}}", 4, "no usable shape"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", 4, "'a' has no usable shape"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1.0],\"data_offsets\":[0,4]}}", 4, "'a' has no usable shape"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":3,\"data_offsets\":[0,4]}}", 4, "'a' has no usable shape"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,4]}}", 4, "no usable shape"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,4]}}", 4, "no usable shape"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4, "'a' has 4 bytes where"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}", 4, "'a' lies at 4..0"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[-4,0]}}", 4, "'a' lies at -4..0"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 4, "'a' lies at 4..8"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}", 4, "'a' lacks dtype"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8, "leaves a hole"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
         "\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[2,6]}}",
         6, "'b' overlaps"},
        {"{\"__metadata__\":3}", 0, "__metadata__ is not"},
        {"{\"__metadata__\":{\"step\":3}}", 0, "'step' is not a string"},
        {"{\"__metadata__\":{\"crc32.a\":\"00000000\"}}", 0, "a checksum names the array 'a'"},
        {"{\"a\":[[[[[[1]]]]]]}", 0, "nested too deeply"},
    };
    tam_ctx *ctx = test_ctx(1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        test_fails(ctx, parse_text(ctx, cases[i].header, cases[i].bytes), TAM_INPUT, cases[i].sentence);
        assert_non_null(strstr(tam_ctx_message(ctx), "bad.safetensors"));
    }
    test_ok(ctx, parse_text(ctx, "{}", 0));
    test_ok(ctx, parse_text(ctx,
                            "{\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[4,5]},"
                            "\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}   ",
                            5));
    test_ctx_free(ctx);
}

static void huge_headers_cost_nothing(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_tensors *read;
    uint8_t beyond[16] = {0, 0, 0, 0, 0, 0, 0, 0x80, '{', '}'};
    test_fails(ctx, tam_tensors_parse(ctx, "big", beyond, sizeof beyond, &read), TAM_INPUT, "9223372036854775808");
    size_t size = (size_t)4 << 20;
    char *deep = malloc(size + 1), *wide = malloc(size + 1);
    for (size_t i = 0; i < size; i++) {
        deep[i] = '[';
        wide[i] = i % 2 == 0 ? '1' : ',';
    }
    deep[size] = wide[size] = '\0';
    wide[0] = '[';
    test_fails(ctx, parse_text(ctx, deep, 0), TAM_INPUT, "nested too deeply");
    test_fails(ctx, parse_text(ctx, wide, 0), TAM_INPUT, "too many values");
    free(deep);
    free(wide);
    test_ctx_free(ctx);
}

static void failed_writes_leave_the_old_file(void **state) {
    (void)state;
    sample s;
    uint8_t *data;
    size_t size;
    sample_make(&s);
    tam_tensor twice[2] = {arrays[0], arrays[0]};
    test_fails(s.ctx, tam_tensors_write(s.ctx, s.path, twice, 2, NULL, 0), TAM_INTERNAL, "a.safetensors");
    tam_metadata foreign = {"net", "\xFF"};
    test_fails(s.ctx, tam_tensors_write(s.ctx, s.path, arrays, 1, &foreign, 1), TAM_INTERNAL, "UTF-8");
    test_fails(s.ctx, tam_tensors_write(s.ctx, "/proc/nowhere/x", arrays, 1, NULL, 0), TAM_RESOURCES, "/proc/nowhere");
    test_ok(s.ctx, tam_file_read(s.ctx, s.path, 0, &data, &size));
    assert_int_equal(size, s.size);
    assert_memory_equal(data, s.data, size);
    tam_release(s.ctx, data);
    sample_free(&s);
}

/* An array of several blocks goes from one file to another, beside one from memory and without a third; the same as if
 * all had come from memory. */
static void a_file_is_written_again(void **state) {
    (void)state;
    sample s;
    enum { NUMBERS = 700001 };
    uint8_t *again, *wanted;
    size_t size, size_wanted;
    tam_tensors *read;
    tam_metadata texts[FACTS];
    sample_make(&s);
    int32_t *large = malloc(NUMBERS * sizeof *large);
    for (int i = 0; i < NUMBERS; i++) {
        large[i] = i * 3 - 1000;
    }
    char *other = tam_path_join(s.ctx, s.folder, "b.safetensors");
    const tam_tensor big = {"big", TAM_DTYPE_I32, 1, {NUMBERS}, large, NUMBERS * sizeof *large, 0};
    const tam_tensor all[3] = {arrays[0], big, arrays[4]}, kept[2] = {arrays[1], big};
    test_ok(s.ctx, tam_tensors_write(s.ctx, s.path, all, 3, facts, FACTS));
    test_ok(s.ctx, tam_tensors_open(s.ctx, s.path, &read));
    assert_int_equal(tam_tensors_texts(read, texts, 1), FACTS);
    assert_int_equal(tam_tensors_texts(read, texts, FACTS), FACTS);
    assert_string_equal(texts[0].key, "format");
    assert_string_equal(texts[1].value, facts[1].value);
    const tam_tensor mixed[2] = {arrays[1], *tam_tensors_find(read, "big")};
    test_ok(s.ctx, tam_tensors_write_again(s.ctx, other, read, mixed, 2, texts, FACTS));
    test_ok(s.ctx, tam_file_read(s.ctx, other, 0, &again, &size));
    test_ok(s.ctx, tam_tensors_write(s.ctx, s.path, kept, 2, facts, FACTS));
    test_ok(s.ctx, tam_file_read(s.ctx, s.path, 0, &wanted, &size_wanted));
    assert_int_equal(size, size_wanted);
    assert_memory_equal(again, wanted, size);
    test_fails(s.ctx, tam_tensors_write_again(s.ctx, "/proc/nowhere/x", read, mixed, 2, NULL, 0), TAM_RESOURCES,
               "/proc/nowhere");
    const tam_tensor twice[2] = {mixed[1], mixed[1]};
    test_fails(s.ctx, tam_tensors_write_again(s.ctx, other, read, twice, 2, NULL, 0), TAM_INTERNAL, "twice");
    tam_release(s.ctx, again);
    tam_release(s.ctx, wanted);
    tam_release(s.ctx, other);
    tam_tensors_free(read);
    free(large);
    sample_free(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),           cmocka_unit_test(same_content_gives_same_bytes),
        cmocka_unit_test(every_truncation_is_refused),       cmocka_unit_test(every_flipped_bit_is_refused),
        cmocka_unit_test(wrong_headers_are_refused_by_name), cmocka_unit_test(huge_headers_cost_nothing),
        cmocka_unit_test(failed_writes_leave_the_old_file),  cmocka_unit_test(arrays_are_read_in_parts),
        cmocka_unit_test(a_large_file_takes_little_memory),  cmocka_unit_test(a_file_is_written_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

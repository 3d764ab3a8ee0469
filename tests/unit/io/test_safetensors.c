#include "support.h"

#include <stdbool.h>

#include "base/file.h"
#include "base/memory.h"
#include "io/safetensors.h"

static const float weight[6] = {1.0f, -2.5f, 3e-30f, 4e30f, 5.0f, -0.0f};
static const double running[2] = {0.1, -1e300};
static const int64_t counts[3] = {-1, INT64_MAX, 7};
static const uint8_t names[5] = "a\0bc";

static const tam_tensor arrays[] = {
    {"conv1.weight", TAM_DTYPE_F32, 2, {2, 3}, weight, sizeof weight},
    {"running", TAM_DTYPE_F64, 1, {2}, running, sizeof running},
    {"empty", TAM_DTYPE_F32, 2, {0, 4}, weight, 0},
    {"counts", TAM_DTYPE_I64, 1, {3}, counts, sizeof counts},
    {"names", TAM_DTYPE_U8, 1, {5}, names, sizeof names},
};
static const tam_metadata facts[] = {{"format", "test 1"}, {"graph", "input = x\n\"quoted\" \\ \xC3\xA9"}};
enum { ARRAYS = 5, FACTS = 2 };

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
        assert_int_equal(item->bytes, arrays[i].bytes);
        assert_memory_equal(item->data, arrays[i].data, arrays[i].bytes);
        assert_ptr_equal(tam_tensors_find(read, arrays[i].name), item);
    }
    assert_null(tam_tensors_find(read, "absent"));
    assert_string_equal(tam_tensors_text(read, "graph"), facts[1].value);
    assert_null(tam_tensors_text(read, "absent"));
    tam_tensors_free(read);
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
    size_t data_at = s.size - sizeof weight - sizeof running - sizeof counts - sizeof names;
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
        {"{\"a\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4, "'a' has type 'F16'"},
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),           cmocka_unit_test(same_content_gives_same_bytes),
        cmocka_unit_test(every_truncation_is_refused),       cmocka_unit_test(every_flipped_bit_is_refused),
        cmocka_unit_test(wrong_headers_are_refused_by_name), cmocka_unit_test(huge_headers_cost_nothing),
        cmocka_unit_test(failed_writes_leave_the_old_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* From files to what a data set delivers: the same wherever the result lies, and beside the JPEG decoder alone. */
#include "data_support.h"

#include "data/resize.h"

typedef struct fixture {
    tam_ctx *ctx;
    char folder[64];
} fixture;

static int set_up(void **state) {
    static fixture f;
    f.ctx = test_ctx(2);
    test_folder(f.folder);
    *state = &f;
    return 0;
}

static int tear_down(void **state) {
    fixture *f = *state;
    test_folder_remove(f->folder);
    test_ctx_free(f->ctx);
    return 0;
}

/* What image i of write_sizes becomes, made step by step. */
static void expected_image(tam_ctx *ctx, int side, int channels, int first, int size, int delivered, uint8_t *to) {
    uint8_t native[20 * 20 * 3], grey[20 * 20];
    tam_image_info info = {side, side, channels};
    for (int i = 0; i < side * side * channels; i++) {
        native[i] = (uint8_t)(first + i);
    }
    tam_resizer *resizer = tam_resizer_create(ctx, size, size);
    assert_non_null(resizer);
    if (channels == 3 && delivered == 1) {
        tam_grey_from_rgb(native, (size_t)(side * side), grey);
        info.channels = 1;
    }
    tam_resize(resizer, &info, info.channels == channels ? native : grey, to);
    if (info.channels == 1 && delivered == 3) {
        tam_rgb_from_grey(to, (size_t)(size * size), to);
    }
    tam_resizer_free(resizer);
}

/* Smaller, equal and larger images, grey and coloured; read to every alignment, in turn so that one leaves nothing to
 * the next; nothing is written beside them. */
static void an_image_is_the_same_wherever_it_lies(void **state) {
    fixture *f = *state;
    static const int sides[3] = {7, 12, 20};
    enum { SIZE = 12, ROOM = SIZE * SIZE * 3 + 64 };
    char name[64];
    for (int k = 0; k < 6; k++) {
        snprintf(name, sizeof name, "c%d/%d.png", k % 2, k);
        write_image(f->ctx, f->folder, name, sides[k / 2], sides[k / 2], k % 2 == 0 ? 1 : 3, 10 * k);
    }
    for (int channels = 1; channels <= 3; channels += 2) {
        tam_dataset_config config = {.path = f->folder, .size = SIZE, .channels = channels, .cache_bytes = -1};
        tam_dataset *dataset;
        test_ok(f->ctx, tam_dataset_open(f->ctx, &config, &dataset));
        for (int offset = 0; offset < 32; offset++) {
            for (int64_t i = 0; i < 6; i++) {
                _Alignas(64) uint8_t memory[ROOM];
                uint8_t expected[ROOM], key[64];
                memset(memory, 0xA5, sizeof memory);
                tam_dataset_image_key(dataset, i, (char *)key, sizeof key);
                int k = key[3] - '0', bytes = SIZE * SIZE * channels;
                expected_image(f->ctx, sides[k / 2], k % 2 == 0 ? 1 : 3, 10 * k, SIZE, channels, expected);
                test_ok(f->ctx, tam_dataset_read(dataset, i, memory + offset));
                assert_memory_equal(memory + offset, expected, (size_t)bytes);
                assert_int_equal(memory[offset + bytes], 0xA5);
                assert_true(offset == 0 || memory[offset - 1] == 0xA5);
            }
        }
        tam_dataset_free(dataset);
    }
}

static void write_jpegs(fixture *f) {
    char path[128];
    for (int i = 0; i < 4; i++) {
        uint8_t pixels[40 * 40 * 3], *jpeg;
        size_t size;
        for (int k = 0; k < 40 * 40 * 3; k++) {
            pixels[k] = (uint8_t)(k * (i + 1) / 40);
        }
        snprintf(path, sizeof path, "%s/c%d", f->folder, i % 2);
        test_ok(f->ctx, tam_folder_make(f->ctx, path));
        snprintf(path, sizeof path, "%s/c%d/%d.jpg", f->folder, i % 2, i);
        test_ok(f->ctx, tam_jpeg_encode(f->ctx, 40, 40, i == 3 ? 1 : 3, pixels, 90, &jpeg, &size));
        write_bytes(f->ctx, path, jpeg, size);
        tam_release(f->ctx, jpeg);
    }
}

static void the_decoder_alone_is_a_limit_of_jpegs_only(void **state) {
    fixture *f = *state;
    tam_dataset *dataset;
    tam_decode_limit limit;
    tam_dataset_config config = {.path = f->folder};
    write_jpegs(f);
    test_ok(f->ctx, tam_dataset_open(f->ctx, &config, &dataset));
    test_ok(f->ctx, tam_dataset_decode_limit(dataset, 100, 0, &limit));
    assert_true(limit.aligned > 0 && limit.skewed > 0);
    tam_dataset_free(dataset);
    write_image(f->ctx, f->folder, "c1/9.png", 40, 40, 1, 0);
    test_ok(f->ctx, tam_dataset_open(f->ctx, &config, &dataset));
    test_ok(f->ctx, tam_dataset_decode_limit(dataset, 100, 0, &limit));
    assert_true(limit.aligned == 0 && limit.skewed == 0);
    test_ok(f->ctx, tam_dataset_decode_limit(dataset, 2, 0, &limit)); /* the first are JPEGs */
    assert_true(limit.aligned > 0 && limit.skewed > 0);
    tam_dataset_free(dataset);
}

static void a_limit_without_memory_fails(void **state) {
    fixture *f = *state;
    int left = 1 << 20, failures = 0;
    tam_ctx_config rationed = {.threads = 1, .allocator = test_ration(&left)};
    tam_ctx *ctx;
    tam_dataset *dataset;
    tam_decode_limit limit;
    tam_dataset_config config = {.path = f->folder};
    write_jpegs(f);
    assert_int_equal(tam_ctx_create(&rationed, &ctx), TAM_OK);
    test_ok(ctx, tam_dataset_open(ctx, &config, &dataset));
    size_t before = tam_ctx_memory(ctx).bytes;
    for (int k = 0;; k++) {
        left = k;
        tam_status status = tam_dataset_decode_limit(dataset, 4, 0, &limit);
        assert_int_equal(tam_ctx_memory(ctx).bytes, before);
        if (status == TAM_OK) {
            break;
        }
        assert_int_equal(status, TAM_RESOURCES);
        failures++;
    }
    assert_true(failures >= 6);
    left = 1 << 20;
    tam_dataset_free(dataset);
    test_ctx_free(ctx);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(an_image_is_the_same_wherever_it_lies),
        TEST(the_decoder_alone_is_a_limit_of_jpegs_only),
        TEST(a_limit_without_memory_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

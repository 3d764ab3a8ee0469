/* Bytes to normalised planes and back. */
#include "support.h"

#include "data/augment_bytes.h"

static void normalising_needs_no_division(void **state) {
    (void)state;
    uint8_t all[256];
    float grey[256], mirrored[256];
    for (int i = 0; i < 256; i++) {
        all[i] = (uint8_t)i;
        assert_true(tam_normalise((uint8_t)i) == ((float)i - 127.5f) / 127.5f);
    }
    tam_planes_of_bytes(all, 1, 1, 256, false, grey);
    tam_planes_of_bytes(all, 1, 1, 256, true, mirrored);
    for (int i = 0; i < 256; i++) {
        assert_true(grey[i] == ((float)i - 127.5f) / 127.5f);
        assert_true(mirrored[i] == grey[255 - i]);
    }
}

/* Every width, so that what is left beside whole vectors is seen; nothing may be written behind the planes. */
static void colours_are_sorted_into_planes(void **state) {
    (void)state;
    enum { WIDEST = 70, ROWS = 3 };
    static uint8_t pixels[ROWS * WIDEST * 3];
    static float planes[ROWS * WIDEST * 3 + 1];
    static _Alignas(64) float streamed[ROWS * WIDEST * 3];
    for (int i = 0; i < ROWS * WIDEST * 3; i++) {
        pixels[i] = (uint8_t)(i * 37 + i / 50);
    }
    for (int width = 1; width <= WIDEST; width++) {
        for (int mirrored = 0; mirrored <= 1; mirrored++) {
            int area = ROWS * width;
            planes[3 * area] = 77.0f;
            tam_planes_of_bytes(pixels, 3, ROWS, width, mirrored, planes);
            for (int i = 0; i < 3 * area; i++) {
                int y = i % area / width, x = i % width, k = i / area;
                int from = mirrored ? width - 1 - x : x;
                assert_true(planes[i] == tam_normalise(pixels[(y * width + from) * 3 + k]));
            }
            assert_true(planes[3 * area] == 77.0f);
            tam_planes_past_cache(pixels, 3, ROWS, width, mirrored, streamed);
            assert_memory_equal(streamed, planes, (size_t)(3 * area) * sizeof *planes);
        }
    }
}

static void planes_become_the_same_bytes(void **state) {
    (void)state;
    static uint8_t pixels[256 * 3], back[256 * 3];
    static float planes[256 * 3];
    for (int i = 0; i < 256 * 3; i++) {
        pixels[i] = (uint8_t)(i % 3 == 0 ? i / 3 : 7 * i);
    }
    tam_planes_of_bytes(pixels, 3, 16, 16, false, planes);
    tam_bytes_of_planes(planes, 3, 256, back);
    assert_memory_equal(back, pixels, sizeof back);
    const float odd[4] = {-1.5f, 1.5f, 0.0f, 0.9999f};
    const uint8_t expected[4] = {0, 255, 128, 255};
    tam_bytes_of_planes(odd, 1, 4, back);
    assert_memory_equal(back, expected, 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(normalising_needs_no_division),
        cmocka_unit_test(colours_are_sorted_into_planes),
        cmocka_unit_test(planes_become_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

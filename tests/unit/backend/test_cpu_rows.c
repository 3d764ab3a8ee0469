/* Pixels' channels as rows, in every kind of layout: what is put back is what was taken, and the fill is zero. */
#include "backend/cpu/op/cpu_rows.h"

#include <string.h>

#include "base/bf16.h"
#include "support.h"

enum { SAMPLES = 2, HEIGHT = 5, WIDTH = 7, MOST = SAMPLES * 48 * HEIGHT * WIDTH, STRIDE = 48 };

static float number_at(const tam_layout *layout, const void *x, int64_t i) {
    return layout->dtype == TAM_BF16 ? tam_bf16_value(((const tam_bf16 *)x)[i]) : ((const float *)x)[i];
}

static void check_layout(const tam_layout *layout) {
    static float x[MOST], y[MOST], rows[HEIGHT * WIDTH * STRIDE];
    const int64_t sample = tam_layout_sample(layout), pixels = tam_layout_pixels(layout);
    assert_true(SAMPLES * sample <= MOST);
    for (int64_t i = 0; i < SAMPLES * sample; i++) {
        if (layout->dtype == TAM_BF16) {
            ((tam_bf16 *)(void *)x)[i] = tam_bf16_nearest((float)(i % 199 + 1));
        } else {
            x[i] = (float)(i + 1);
        }
    }
    memset(y, 0xff, sizeof y); /* NaN, which no sweep may meet in the fill */
    for (int s = 0; s < SAMPLES; s++) {
        const tam_cpu_pixels place = {.sample = s, .pixels = pixels, .channels = layout->c};
        tam_cpu_rows_get(layout, x, &place, rows, STRIDE);
        tam_cpu_rows_put(layout, rows, STRIDE, &place, y);
    }
    for (int64_t i = 0; i < SAMPLES * sample; i++) {
        int64_t in_sample = i % sample;
        int64_t channel = in_sample / tam_layout_run(layout) * layout->lanes + in_sample % layout->lanes;
        float expected = channel < layout->c ? number_at(layout, x, i) : 0;
        assert_true(number_at(layout, y, i) == expected);
    }
}

static void what_is_put_back_is_what_was_taken(void **state) {
    (void)state;
    static const int channels[] = {1, 5, 16, 17, 40};
    for (int c = 0; c < 5; c++) {
        const int lanes[] = {1, 8, 16, channels[c]};
        for (int l = 0; l < 4; l++) {
            check_layout(&(tam_layout){SAMPLES, channels[c], HEIGHT, WIDTH, lanes[l], TAM_F32});
            check_layout(&(tam_layout){SAMPLES, channels[c], HEIGHT, WIDTH, lanes[l], TAM_BF16});
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_put_back_is_what_was_taken)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

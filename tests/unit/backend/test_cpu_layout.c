/* Layouts: copies against the rule in cpu_layout.h, number by number, and patterns. */
#include "backend/cpu/plan/cpu_layout.h"
#include "sweep_support.h"

static int64_t place_of(const tam_layout *layout, int n, int c, int pixel) {
    int64_t blocks = (layout->c + layout->lanes - 1) / layout->lanes, pixels = (int64_t)layout->h * layout->w;
    return ((n * blocks + c / layout->lanes) * pixels + pixel) * layout->lanes + c % layout->lanes;
}

/* The number of sample n at place i of (c, h, w) order; never 0. */
static double number_of(int n, int64_t i) {
    return (double)(1 + n * 10000 + i);
}

static void check_copy(tam_ctx *ctx, const tam_layout *from, const tam_layout *to) {
    int64_t from_numbers = from->n * tam_layout_sample(from);
    void *x = calloc((size_t)from_numbers, tam_dtype_bytes(from->dtype)), *y = malloc(tam_layout_bytes(to));
    int pixels = from->h * from->w;
    for (int n = 0; n < from->n; n++) {
        for (int i = 0; i < from->c * pixels; i++) {
            set_number(from->dtype, x, place_of(from, n, i / pixels, i % pixels), number_of(n, i));
        }
    }
    memset(y, 0xff, tam_layout_bytes(to));
    tam_layout_copy(ctx, from->n, from, x, to, y);
    bool rounds = from->dtype == TAM_BF16 || to->dtype == TAM_BF16;
    pixels = to->h * to->w;
    for (int n = 0; n < to->n; n++) {
        for (int c = 0; c < (to->c + to->lanes - 1) / to->lanes * to->lanes; c++) {
            for (int p = 0; p < pixels; p++) {
                double number = number_of(n, (int64_t)c * pixels + p);
                double expected = rounds ? (double)tam_bf16_value(tam_bf16_nearest((float)number)) : number;
                assert_true(number_at(to->dtype, y, place_of(to, n, c, p)) == (c < to->c ? expected : 0));
            }
        }
    }
    free(x);
    free(y);
}

static void check_copies(tam_ctx *ctx, const tam_layout *layouts, int count) {
    for (int i = 0; i < 4 * count * count; i++) {
        tam_layout from = layouts[i / 4 / count], to = layouts[i / 4 % count];
        from.dtype = i & 1 ? TAM_BF16 : TAM_F32;
        to.dtype = i & 2 ? TAM_BF16 : TAM_F32;
        check_copy(ctx, &from, &to);
    }
}

static void copies_keep_the_order(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(2);
    static const int channels[] = {1, 3, 10, 16, 17, 40, 64, 72, 130};
    static const int sides[] = {3, 7};
    for (size_t i = 0; i < sizeof channels / sizeof channels[0]; i++) {
        for (size_t k = 0; k < sizeof sides / sizeof sides[0]; k++) {
            int c = channels[i], w = sides[k];
            const tam_layout layouts[] = {
                {3, c, 5, w, 1, 0},
                {3, c, 5, w, 8, 0},
                {3, c, 5, w, 16, 0},
                {3, c, 5, w, c, 0},
                {3, c * 5 * w, 1, 1, c * 5 * w, 0},
                {3, c * 5 * w, 1, 1, 16, 0},
            };
            check_copies(ctx, layouts, 6);
        }
    }
    const tam_layout point = {2, 10, 1, 1, 16, 0}, vector = {2, 10, 1, 1, 10, 0};
    check_copies(ctx, (tam_layout[]){point, vector}, 2);
    test_ctx_free(ctx);
}

static void plain_means_plain(void **state) {
    (void)state;
    assert_true(tam_layout_is_plain(&(tam_layout){2, 10, 4, 3, 1, 0}));
    assert_true(tam_layout_is_plain(&(tam_layout){2, 10, 1, 1, 10, 0}));
    assert_true(tam_layout_is_plain(&(tam_layout){2, 32, 1, 1, 16, 0}));
    assert_false(tam_layout_is_plain(&(tam_layout){2, 10, 1, 1, 16, 0}));
    assert_false(tam_layout_is_plain(&(tam_layout){2, 16, 4, 3, 16, 0}));
}

static void patterns_follow_the_lanes(void **state) {
    (void)state;
    float values[40], pattern[512];
    for (int c = 0; c < 40; c++) {
        values[c] = (float)(c + 1);
    }
    static const int lanes[] = {1, 8, 16, 40, 3};
    for (size_t i = 0; i < sizeof lanes / sizeof lanes[0]; i++) {
        int c = lanes[i] == 1 || lanes[i] == 3 ? 3 : 40;
        tam_layout layout = {2, c, 3, 3, lanes[i], 0};
        int period = tam_layout_period(&layout);
        assert_int_equal(period % layout.lanes, 0);
        assert_int_equal(period, 64 % layout.lanes == 0 ? 64 : layout.lanes);
        assert_true(tam_layout_pattern(&layout) <= 512);
        tam_layout_spread(&layout, values, 7, pattern);
        for (int64_t k = 0; k < tam_layout_pattern(&layout); k++) {
            int channel = (int)(k / period) * layout.lanes + (int)(k % period) % layout.lanes;
            assert_true(pattern[k] == (channel < c ? (float)(channel + 1) : 0));
        }
        tam_layout_spread(&layout, NULL, 7, pattern);
        assert_true(pattern[0] == 7);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copies_keep_the_order),
        cmocka_unit_test(plain_means_plain),
        cmocka_unit_test(patterns_follow_the_lanes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Moves of channels by every kind of kernel against the rule, y[o] = x_source(o)[channel(o)], number by number. */
#include "backend/cpu/move/cpu_move.h"
#include "sweep_support.h"

enum { SOURCES = 3, MOST_CHANNELS = 200, BATCH = 2 };

static int64_t place_of(const tam_layout *layout, int n, int c, int pixel) {
    int64_t blocks = (layout->c + layout->lanes - 1) / layout->lanes, pixels = (int64_t)layout->h * layout->w;
    return ((n * blocks + c / layout->lanes) * pixels + pixel) * layout->lanes + c % layout->lanes;
}

static int64_t numbers_of(const tam_layout *layout) {
    return layout->n * tam_layout_sample(layout);
}

typedef struct world {
    tam_ctx *ctx;
    const tam_move_kernels *kernels;
    uint32_t state;
    tam_layout to, from[SOURCES];
    tam_channel map[MOST_CHANNELS];
    void *x[SOURCES];
} world;

static int below(world *w, int limit) {
    return (int)((next_random(&w->state) + 1) / 2 * limit);
}

static tam_layout any_layout(world *w, tam_dtype dtype, int height, int width) {
    static const int channels[] = {1, 2, 7, 8, 12, 15, 16, 17, 29, 32, 40, 58, 116, MOST_CHANNELS};
    int c = channels[below(w, 14)], lanes[] = {1, 8, 16, c};
    return (tam_layout){BATCH, c, height, width, lanes[below(w, 4)], dtype};
}

static bool fits(const world *w, int source, int channel) {
    return source >= 0 && source < SOURCES && channel >= 0 && channel < w->from[source].c;
}

/* Stretches, strides as of a shuffle, single channels, nothing. */
static void draw_map(world *w) {
    for (int c = 0; c < w->to.c;) {
        int source = below(w, SOURCES + 1) - 1, first = source < 0 ? 0 : below(w, w->from[source].c);
        int length = 1 + below(w, below(w, 2) == 0 ? 60 : 4), stride = 1 + below(w, 2), other = below(w, SOURCES);
        bool weave = below(w, 3) == 0;
        for (int i = 0; i < length && c < w->to.c; i++, c++) {
            int from = weave && i % 2 == 1 ? other : source, channel = first + i * stride / (weave ? 2 : 1);
            w->map[c] = fits(w, from, channel) ? (tam_channel){from, channel} : (tam_channel){.source = TAM_NOWHERE};
        }
    }
}

static double expected(const world *w, int n, int c, int pixel, double before, bool add) {
    tam_channel from = c < w->to.c ? w->map[c] : (tam_channel){.source = TAM_NOWHERE};
    double moved = 0;
    if (from.source != TAM_NOWHERE) {
        const tam_layout *layout = &w->from[from.source];
        moved = number_at(layout->dtype, w->x[from.source], place_of(layout, n, from.channel, pixel));
    }
    float sum = (float)before + (float)moved;
    if (!add || w->to.dtype == TAM_F32) {
        return add ? (double)sum : moved;
    }
    return (double)tam_bf16_value(tam_bf16_nearest(sum));
}

static void check_run(world *w, const tam_moves *moves, bool add) {
    const tam_layout *to = &w->to;
    void *y = new_numbers(to->dtype, numbers_of(to), 5), *before = new_numbers(to->dtype, numbers_of(to), 5);
    tam_moves_run(moves, BATCH, (const void *const *)w->x, y, add);
    int channels = tam_layout_blocks(to) * to->lanes, pixels = to->h * to->w;
    for (int n = 0; n < BATCH; n++) {
        for (int c = 0; c < channels; c++) {
            for (int p = 0; p < pixels; p++) {
                int64_t at = place_of(to, n, c, p);
                double wanted = expected(w, n, c, p, number_at(to->dtype, before, at), add);
                if (number_at(to->dtype, y, at) != wanted) {
                    fail_msg("%s: channel %d of %d, %d lanes, pixel %d: %g, not %g", w->kernels->name, c, to->c,
                             to->lanes, p, number_at(to->dtype, y, at), wanted);
                }
            }
        }
    }
    free(y);
    free(before);
}

static void check_drawn(world *w) {
    tam_dtype dtype = below(w, 2) == 0 ? TAM_F32 : TAM_BF16;
    int height = 1 + below(w, 9), width = 1 + below(w, 40);
    w->to = any_layout(w, dtype, height, width);
    for (int k = 0; k < SOURCES; k++) {
        w->from[k] = any_layout(w, dtype, height, width);
        w->x[k] = new_numbers(dtype, numbers_of(&w->from[k]), (uint32_t)k + 1);
    }
    draw_map(w);
    tam_moves *moves;
    test_ok(w->ctx, tam_moves_create(w->ctx, w->kernels, &w->to, SOURCES, w->from, w->map, &moves));
    int moved = 0;
    for (int c = 0; c < w->to.c; c++) {
        moved += w->map[c].source != TAM_NOWHERE;
    }
    assert_int_equal(tam_moves_channels(moves), moved);
    check_run(w, moves, false);
    check_run(w, moves, true);
    tam_moves_free(moves);
    for (int k = 0; k < SOURCES; k++) {
        free(w->x[k]);
    }
}

static void moves_follow_the_map(void **state) {
    (void)state;
    enum { DRAWN = 400 };
    static world w;
    w.ctx = test_ctx(2);
    for (int kind = 0; (w.kernels = tam_move_kernels_at(kind)) != NULL; kind++) {
        w.state = 7;
        for (int i = 0; i < DRAWN; i++) {
            check_drawn(&w);
        }
    }
    test_ctx_free(w.ctx);
}

static void the_plain_kernels_are_the_last(void **state) {
    (void)state;
    int last = 0;
    while (tam_move_kernels_at(last + 1) != NULL) {
        last++;
    }
    assert_string_equal(tam_move_kernels_at(last)->name, "plain");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moves_follow_the_map),
        cmocka_unit_test(the_plain_kernels_are_the_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The search for near duplicates against a comparison of all with all. */
#include "support.h"

#include "base/memory.h"
#include "base/random.h"
#include "check/near.h"

enum { COUNT = 3000 };

typedef struct world {
    tam_print prints[COUNT];
    uint8_t small[COUNT * TAM_PRINT_PIXELS];
    uint32_t image[COUNT];
} world;

/* Random looks; every third is an earlier one with up to 9 bits changed, half of them mirrored, and looks like it. */
static world *make_world(uint64_t seed) {
    world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    for (uint32_t i = 0; i < COUNT; i++) {
        tam_random random = tam_random_at(seed, TAM_PURPOSE_TEST, i, 0);
        uint8_t *small = w->small + (size_t)i * TAM_PRINT_PIXELS;
        w->image[i] = i;
        w->prints[i].look = (uint64_t)tam_random_bits(&random) << 32 | tam_random_bits(&random);
        for (int k = 0; k < TAM_PRINT_PIXELS; k++) {
            small[k] = (uint8_t)tam_random_bits(&random);
        }
        if (i % 3 == 2) {
            uint32_t from = tam_random_below(&random, i), bits = tam_random_below(&random, 10);
            bool mirrored = tam_random_below(&random, 2) == 1;
            w->prints[i].look = w->prints[from].look ^ (mirrored ? TAM_PRINT_MIRROR : 0);
            for (uint32_t b = 0; b < bits; b++) {
                w->prints[i].look ^= UINT64_C(1) << tam_random_below(&random, 64);
            }
            for (int k = 0; k < TAM_PRINT_PIXELS; k++) {
                int column = k % TAM_PRINT_SIDE;
                small[k] = w->small[(size_t)from * TAM_PRINT_PIXELS + (size_t)(k - column) +
                                    (size_t)(mirrored ? TAM_PRINT_SIDE - 1 - column : column)];
            }
        }
    }
    return w;
}

static bool any(const void *user, uint32_t a, uint32_t b) {
    (void)user;
    return a < b;
}

static bool even(const void *user, uint32_t a, uint32_t b) {
    return any(user, a, b) && a % 2 == 0;
}

static bool is_pair(const world *w, uint32_t a, uint32_t b, bool mirrored) {
    uint64_t look = w->prints[a].look ^ w->prints[b].look ^ (mirrored ? TAM_PRINT_MIRROR : 0);
    return __builtin_popcountll(look) <= TAM_NEAR_BITS &&
           tam_print_alike(w->small + (size_t)a * TAM_PRINT_PIXELS, w->small + (size_t)b * TAM_PRINT_PIXELS,
                           mirrored) >= TAM_NEAR_ALIKE;
}

static void every_pair_is_found_once(void **state) {
    (void)state;
    for (int threads = 1; threads <= 3; threads += 2) {
        tam_ctx *ctx = test_ctx(threads);
        world *w = make_world((uint64_t)threads);
        tam_near_pairs found;
        test_ok(ctx, tam_near_search(ctx, COUNT, w->image, w->prints, w->small, any, NULL, &found));
        int64_t at = 0, mirrored = 0;
        for (uint32_t a = 0; a < COUNT; a++) {
            for (uint32_t b = a + 1; b < COUNT; b++) {
                bool plain = is_pair(w, a, b, false);
                if (plain || is_pair(w, a, b, true)) {
                    assert_true(at < found.count);
                    assert_int_equal(found.pairs[at].a, a);
                    assert_int_equal(found.pairs[at].b, b);
                    assert_int_equal(found.pairs[at].mirrored, !plain);
                    mirrored += !plain;
                    at++;
                }
            }
        }
        assert_int_equal(found.count, at);
        assert_in_range(at, 800, 3000);
        assert_in_range(mirrored, 300, 2000);
        assert_false(found.cut);
        tam_release(ctx, found.pairs);
        test_ok(ctx, tam_near_search(ctx, COUNT, w->image, w->prints, w->small, even, NULL, &found));
        assert_in_range(found.count, at / 3, 2 * at / 3);
        for (int64_t k = 0; k < found.count; k++) {
            assert_true(found.pairs[k].a % 2 == 0);
        }
        tam_release(ctx, found.pairs);
        free(w);
        test_ctx_free(ctx);
    }
}

/* Where all looks are the same the work is bounded, the result says so, and threads change nothing. */
static void a_crowd_is_cut(void **state) {
    (void)state;
    int64_t count[2];
    for (int threads = 1; threads <= 2; threads++) {
        tam_ctx *ctx = test_ctx(threads);
        world *w = make_world(5);
        tam_near_pairs found;
        for (int i = 0; i < COUNT; i++) {
            w->prints[i].look = 0x1234567812345678;
            memcpy(w->small + (size_t)i * TAM_PRINT_PIXELS, w->small, TAM_PRINT_PIXELS);
        }
        test_ok(ctx, tam_near_search(ctx, COUNT, w->image, w->prints, w->small, any, NULL, &found));
        assert_true(found.cut);
        assert_in_range(found.count, 1000, 100000);
        count[threads - 1] = found.count;
        tam_release(ctx, found.pairs);
        free(w);
        test_ctx_free(ctx);
    }
    assert_int_equal(count[0], count[1]);
}

static void nothing_and_one_image_are_fine(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    world *w = make_world(1);
    tam_near_pairs found;
    for (int64_t count = 0; count < 2; count++) {
        test_ok(ctx, tam_near_search(ctx, count, w->image, w->prints, w->small, any, NULL, &found));
        assert_int_equal(found.count, 0);
        tam_release(ctx, found.pairs);
    }
    free(w);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_is_found_once),
        cmocka_unit_test(a_crowd_is_cut),
        cmocka_unit_test(nothing_and_one_image_are_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The draw of classes for a step: what it must hold, that every set of others is equally likely, and that it is a
 * function of seed, step and labels alone. */
#include "support.h"

#include <math.h>
#include <stdbool.h>

#include "head/sampling.h"

typedef struct drawn {
    int32_t *chosen;
    void *room;
} drawn;

/* A draw whose room held other things before, with what every draw must hold checked. */
static drawn draw(uint64_t seed, int64_t step, int64_t classes, int64_t wanted, int n, const int32_t *y) {
    drawn d = {malloc((size_t)(wanted + 1) * sizeof *d.chosen), malloc(tam_sampling_room(classes))};
    assert_true(d.chosen != NULL && d.room != NULL);
    memset(d.room, 0xa5, tam_sampling_room(classes));
    d.chosen[wanted] = -7;
    tam_sampling_draw(seed, step, classes, wanted, n, y, d.room, d.chosen);
    assert_int_equal(d.chosen[wanted], -7);
    assert_true(d.chosen[0] >= 0 && d.chosen[wanted - 1] < classes);
    for (int64_t k = 1; k < wanted; k++) {
        assert_true(d.chosen[k - 1] < d.chosen[k]);
    }
    for (int i = 0; i < n; i++) {
        if (y[i] >= 0) {
            int64_t place = tam_sampling_place(d.chosen, wanted, y[i]);
            assert_true(place >= 0 && place < wanted);
            assert_int_equal(d.chosen[place], y[i]);
        }
    }
    return d;
}

static void drop(drawn d) {
    free(d.chosen);
    free(d.room);
}

/* Sizes around those of the bits' words, every number of classes that can be wanted; -1 and equal labels. */
static void test_small(void **state) {
    (void)state;
    const int64_t sizes[] = {2, 3, 7, 63, 64, 65, 127, 128, 130, 200};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        int32_t classes = (int32_t)sizes[s];
        int32_t y[] = {classes - 1, -1, classes / 2, classes - 1, -1, classes / 2, classes / 2};
        int distinct = classes / 2 == classes - 1 ? 1 : 2;
        for (int64_t wanted = distinct; wanted <= classes; wanted++) {
            drop(draw(5, wanted, classes, wanted, 7, y));
        }
        const int32_t none[] = {-1, -1};
        drop(draw(5, 1, classes, 1, 2, none));
        drop(draw(5, 1, classes, classes, 2, none));
    }
}

/* Every class is a sample's: nothing is drawn. Fewer samples' classes than wanted by one: one is drawn. */
static void test_own_alone(void **state) {
    (void)state;
    enum { CLASSES = 100 };
    int32_t y[CLASSES];
    for (int i = 0; i < CLASSES; i++) {
        y[i] = CLASSES - 1 - i;
    }
    drop(draw(1, 2, CLASSES, CLASSES, CLASSES, y));
    drawn exact = draw(1, 2, CLASSES, 30, 30, y);
    assert_int_equal(exact.chosen[0], CLASSES - 30);
    drop(exact);
    drop(draw(1, 2, CLASSES, CLASSES - 1, CLASSES - 2, y));
}

static void test_large(void **state) {
    (void)state;
    const int64_t sizes[] = {4096, 1000000, 10000000};
    for (int s = 0; s < 3; s++) {
        int64_t classes = sizes[s];
        const int32_t y[] = {0, (int32_t)classes - 1, 4095, -1, 17, 17};
        drop(draw(9, 3, classes, 4, 6, y));
        drop(draw(9, 3, classes, classes / 10, 6, y));
        drop(draw(9, 3, classes, classes * 9 / 10, 6, y));
        drop(draw(9, 3, classes, classes - 1, 6, y));
        drop(draw(9, 3, classes, classes, 6, y));
    }
}

/* The same set for the same seed, step and classes of the samples, in whatever order and number they come. */
static void test_function_of(void **state) {
    (void)state;
    enum { CLASSES = 5000, WANTED = 400 };
    const int32_t y[] = {7, 4000, -1, 12}, again[] = {12, 12, 7, 4000, 7};
    const size_t bytes = WANTED * sizeof(int32_t);
    drawn first = draw(3, 4, CLASSES, WANTED, 4, y);
    drawn others[] = {draw(3, 4, CLASSES, WANTED, 5, again), draw(3, 5, CLASSES, WANTED, 4, y),
                      draw(4, 4, CLASSES, WANTED, 4, y), draw(3, 4 + (1ll << 32), CLASSES, WANTED, 4, y),
                      draw(3 + (1ull << 32), 4, CLASSES, WANTED, 4, y)};
    assert_memory_equal(first.chosen, others[0].chosen, bytes);
    for (int k = 1; k < 5; k++) {
        for (int l = 0; l < k; l++) {
            assert_memory_not_equal(others[k].chosen, others[l].chosen, bytes);
        }
        drop(others[k]);
    }
    drop(others[0]);
    drop(first);
}

/* Chi-square of all sets of `others` out of 6 classes beside a seventh that is a sample's: with steps in hundreds of
 * thousands each set has its equal share. `most` is the 99.9 % quantile for the sets' number. */
static void check_sets(int others, int sets, double most) {
    enum { STEPS = 200000, CLASSES = 7 };
    const int32_t y[] = {3};
    int seen[1 << CLASSES] = {0}, different = 0;
    uint64_t room[1];
    for (int64_t step = 0; step < STEPS; step++) {
        int32_t chosen[CLASSES];
        tam_sampling_draw(11, step, CLASSES, others + 1, 1, y, room, chosen);
        int set = 0;
        for (int k = 0; k <= others; k++) {
            set |= 1 << chosen[k];
        }
        seen[set]++;
    }
    double expected = (double)STEPS / sets, chi_square = 0.0;
    for (int set = 0; set < 1 << CLASSES; set++) {
        if (seen[set] > 0) {
            assert_true(set & 1 << 3);
            chi_square += (seen[set] - expected) * (seen[set] - expected) / expected;
            different++;
        }
    }
    print_message("%d others of 6: chi-square %.1f over %d sets\n", others, chi_square, sets);
    assert_int_equal(different, sets);
    assert_true(chi_square < most);
}

static void test_sets(void **state) {
    (void)state;
    check_sets(1, 6, 20.5);
    check_sets(2, 15, 36.1);
    check_sets(3, 20, 43.8);
    check_sets(4, 15, 36.1);
    check_sets(5, 6, 20.5);
}

/* How often each class takes part over many steps: chi-square with the variance of a draw without replacement. */
static void check_counts(int64_t wanted) {
    enum { CLASSES = 1000, STEPS = 4000, OWN = 5 };
    const int32_t y[] = {0, 1, 500, 998, 999, 500, -1};
    int seen[CLASSES] = {0};
    uint64_t room[(CLASSES + 63) / 64];
    int32_t chosen[CLASSES];
    for (int64_t step = 0; step < STEPS; step++) {
        tam_sampling_draw(12, step << 30, CLASSES, wanted, 7, y, room, chosen);
        for (int64_t k = 0; k < wanted; k++) {
            seen[chosen[k]]++;
        }
    }
    double population = CLASSES - OWN, rate = (double)(wanted - OWN) / population, chi_square = 0.0;
    for (int label = 0; label < CLASSES; label++) {
        bool own = label <= 1 || label == 500 || label >= 998;
        if (own) {
            assert_int_equal(seen[label], STEPS);
        } else {
            double off = seen[label] - rate * STEPS;
            chi_square += off * off / (STEPS * rate * (1.0 - rate)) * (population - 1.0) / population;
        }
    }
    print_message("%d of %d: chi-square %.1f over %.0f classes\n", (int)wanted, CLASSES, chi_square, population);
    assert_true(chi_square > 851.0 && chi_square < 1137.0); /* 994 degrees of freedom: 0.1 % beyond either */
}

static void test_counts(void **state) {
    (void)state;
    check_counts(100);
    check_counts(502);
    check_counts(900);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small),       cmocka_unit_test(test_own_alone), cmocka_unit_test(test_large),
        cmocka_unit_test(test_function_of), cmocka_unit_test(test_sets),      cmocka_unit_test(test_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

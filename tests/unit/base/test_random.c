/* Philox against its published known answers, and the distributions made of it. */
#include "support.h"

#include <math.h>

#include "base/random.h"

/* The known-answer vectors of the Random123 distribution for philox4x32-10: counter, key, result. */
static const uint32_t answers[3][10] = {
    {0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
    {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x408f276d, 0x41c83b0e, 0xa20bc7c6,
     0x6d5451fd},
    {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09, 0x94fdcceb, 0x5001e420,
     0x24126ea1},
};

static void test_known_answers(void **state) {
    (void)state;
    for (int k = 0; k < 3; k++) {
        uint32_t out[4];
        tam_philox(answers[k], answers[k] + 4, out);
        assert_memory_equal(out, answers[k] + 6, sizeof out);
    }
}

/* A stream is the blocks of the generator in order; it depends on each of seed, purpose, a and b. */
static void test_streams(void **state) {
    (void)state;
    tam_random random = tam_random_at(0x123456789abcdef0u, TAM_PURPOSE_TEST, 5, 6);
    for (uint32_t block = 0; block < 3; block++) {
        uint32_t counter[4] = {block, TAM_PURPOSE_TEST, 5, 6}, key[2] = {0x9abcdef0u, 0x12345678u}, out[4];
        tam_philox(counter, key, out);
        for (int k = 0; k < 4; k++) {
            assert_int_equal(tam_random_bits(&random), out[k]);
        }
    }
    tam_random streams[] = {
        tam_random_at(1, TAM_PURPOSE_TEST, 2, 3),
        tam_random_at(2, TAM_PURPOSE_TEST, 2, 3),
        tam_random_at(1 + (1ull << 32), TAM_PURPOSE_TEST, 2, 3),
        tam_random_at(1, TAM_PURPOSE_SHUFFLE, 2, 3),
        tam_random_at(1, TAM_PURPOSE_TEST, 3, 3),
        tam_random_at(1, TAM_PURPOSE_TEST, 2, 4),
    };
    enum { STREAMS = sizeof streams / sizeof streams[0] };
    uint32_t first[STREAMS];
    for (int i = 0; i < STREAMS; i++) {
        first[i] = tam_random_bits(&streams[i]);
        for (int j = 0; j < i; j++) {
            assert_int_not_equal(first[i], first[j]);
        }
    }
}

/* Many blocks at a time are the stream's own numbers, from any block and of any count. */
static void test_blocks(void **state) {
    (void)state;
    enum { MOST = 40, FIRST = 3 };
    uint32_t bits[4 * MOST + 1], expected[4 * (FIRST + MOST)];
    tam_random random = tam_random_at(0x123456789abcdef0u, TAM_PURPOSE_TEST, 5, 6), stream = random;
    for (int k = 0; k < 4 * (FIRST + MOST); k++) {
        expected[k] = tam_random_bits(&stream);
    }
    for (int blocks = 0; blocks <= MOST; blocks++) {
        bits[4 * blocks] = 77;
        tam_random_blocks(&random, FIRST, blocks, bits);
        assert_memory_equal(bits, expected + 4 * FIRST, (size_t)blocks * 16);
        assert_int_equal(bits[4 * blocks], 77);
    }
    assert_int_equal(tam_random_bits(&random), expected[0]);
}

static void test_uniform(void **state) {
    (void)state;
    enum { COUNT = 200000 };
    tam_random random = tam_random_at(1, TAM_PURPOSE_TEST, 0, 0);
    double sum = 0.0, square = 0.0, below_half = 0.0;
    for (int i = 0; i < COUNT; i++) {
        float u = tam_random_uniform(&random);
        assert_true(u >= 0.0f && u < 1.0f);
        sum += (double)u;
        square += (double)u * (double)u;
        below_half += u < 0.5f;
        float between = tam_random_between(&random, -3.0f, 5.0f);
        assert_true(between >= -3.0f && between <= 5.0f);
    }
    assert_true(fabs(sum / COUNT - 0.5) < 0.003);
    assert_true(fabs(square / COUNT - 1.0 / 3.0) < 0.003);
    assert_true(fabs(below_half / COUNT - 0.5) < 0.005);
}

static void test_normal(void **state) {
    (void)state;
    enum { COUNT = 200000 };
    tam_random random = tam_random_at(2, TAM_PURPOSE_TEST, 0, 0);
    double moments[5] = {0.0}, beyond_two = 0.0;
    for (int i = 0; i < COUNT; i++) {
        double z = (double)tam_random_normal(&random);
        assert_true(isfinite(z));
        for (int k = 1; k <= 4; k++) {
            moments[k] += pow(z, k) / COUNT;
        }
        beyond_two += fabs(z) > 2.0;
    }
    assert_true(fabs(moments[1]) < 0.01 && fabs(moments[2] - 1.0) < 0.015);
    assert_true(fabs(moments[3]) < 0.04 && fabs(moments[4] - 3.0) < 0.12);
    assert_true(fabs(beyond_two / COUNT - 0.0455) < 0.002);
}

static void test_below(void **state) {
    (void)state;
    enum { LIMIT = 7, COUNT = 70000 };
    tam_random random = tam_random_at(3, TAM_PURPOSE_TEST, 0, 0);
    int hits[LIMIT] = {0};
    for (int i = 0; i < COUNT; i++) {
        uint32_t k = tam_random_below(&random, LIMIT);
        assert_true(k < LIMIT);
        hits[k]++;
        assert_int_equal(tam_random_below(&random, 1), 0);
        assert_true(tam_random_below(&random, 0xc0000001u) < 0xc0000001u);
    }
    for (int k = 0; k < LIMIT; k++) {
        assert_true(abs(hits[k] - COUNT / LIMIT) < 400);
    }
}

/* A shuffle keeps every item, and every item reaches every place. */
static void test_shuffle(void **state) {
    (void)state;
    enum { COUNT = 6, TIMES = 6000 };
    int at[COUNT][COUNT] = {{0}};
    for (uint32_t t = 0; t < TIMES; t++) {
        uint32_t items[COUNT];
        tam_random random = tam_random_at(4, TAM_PURPOSE_TEST, t, 0);
        for (uint32_t i = 0; i < COUNT; i++) {
            items[i] = i;
        }
        tam_random_shuffle(&random, items, COUNT);
        uint32_t seen = 0;
        for (int place = 0; place < COUNT; place++) {
            seen |= 1u << items[place];
            at[items[place]][place]++;
        }
        assert_int_equal(seen, (1u << COUNT) - 1);
    }
    for (int i = 0; i < COUNT; i++) {
        for (int place = 0; place < COUNT; place++) {
            assert_true(abs(at[i][place] - TIMES / COUNT) < 150);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answers), cmocka_unit_test(test_streams), cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_uniform),       cmocka_unit_test(test_normal),  cmocka_unit_test(test_below),
        cmocka_unit_test(test_shuffle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "eval/radix.h"

#include <stddef.h>

enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS, PASSES = 3 };

static uint32_t digit_of(uint32_t key, int pass) {
    return key >> (pass * DIGIT_BITS) & (DIGITS - 1);
}

/* One stable pass by one digit. */
static void scatter(const uint32_t *keys, const uint32_t *order, int64_t count, int pass, int64_t *next,
                    uint32_t *keys_out, uint32_t *order_out) {
    for (int64_t i = 0; i < count; i++) {
        int64_t to = next[digit_of(keys[i], pass)]++;
        keys_out[to] = keys[i];
        if (order != NULL) {
            order_out[to] = order[i];
        }
    }
}

void tam_radix_sort(uint32_t *keys, uint32_t *spare, uint32_t *order, uint32_t *spare_order, int64_t count) {
    uint32_t *from = keys, *to = spare, *order_from = order, *order_to = spare_order;
    for (int pass = 0; pass < PASSES; pass++) {
        int64_t next[DIGITS] = {0};
        for (int64_t i = 0; i < count; i++) {
            next[digit_of(from[i], pass)]++;
        }
        int64_t start = 0;
        for (int digit = 0; digit < DIGITS; digit++) {
            int64_t here = next[digit];
            next[digit] = start;
            start += here;
        }
        scatter(from, order_from, count, pass, next, to, order_to);
        uint32_t *swap = from;
        from = to;
        to = swap;
        swap = order_from;
        order_from = order_to;
        order_to = swap;
    }
    /* Three passes end in the spare arrays. */
    memcpy(keys, spare, (size_t)count * sizeof *keys);
    if (order != NULL) {
        memcpy(order, spare_order, (size_t)count * sizeof *order);
    }
}

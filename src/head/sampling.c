#include "head/sampling.h"

#include <string.h>

#include "base/random.h"

enum { WORD = 64, BLOCKS = 512 };

static int64_t words_of(int64_t classes) {
    return (classes + WORD - 1) / WORD;
}

size_t tam_sampling_room(int64_t classes) {
    return (size_t)words_of(classes) * sizeof(uint64_t);
}

/* Sets the bits of the classes in y; returns how many were not set before. */
static int64_t set_own(int n, const int32_t *y, uint64_t *bits) {
    int64_t fresh = 0;
    for (int i = 0; i < n; i++) {
        if (y[i] >= 0) {
            uint64_t bit = 1ull << (y[i] % WORD);
            fresh += (bits[y[i] / WORD] & bit) == 0;
            bits[y[i] / WORD] |= bit;
        }
    }
    return fresh;
}

/* Sets `count` more of the bits [0, classes), every set of them equally likely: classes are drawn from all, and those
 * that are set already are drawn again. A draw is the upper half of bits x classes; those lower halves that would
 * favour some classes are left out (Lemire, "Fast random integer generation in an interval", 2019). */
static void set_others(const tam_random *random, int64_t classes, int64_t count, uint64_t *bits) {
    const uint32_t favoured = (uint32_t)((1ull << 32) % (uint64_t)classes);
    uint32_t drawn[4 * BLOCKS];
    for (uint32_t first = 0; count > 0; first += BLOCKS) {
        int64_t blocks = (count + 3) / 4 < BLOCKS ? (count + 3) / 4 : BLOCKS;
        tam_random_blocks(random, first, blocks, drawn);
        int64_t draws = count < 4 * blocks ? count : 4 * blocks;
        for (int64_t k = 0; k < draws; k++) {
            uint64_t product = drawn[k] * (uint64_t)classes;
            uint64_t label = product >> 32;
            uint64_t old = bits[label / WORD];
            uint64_t fresh = (~old >> (label % WORD) & 1u) & ((uint32_t)product >= favoured);
            bits[label / WORD] = old | fresh << (label % WORD);
            count -= (int64_t)fresh;
        }
    }
}

/* The numbers of the set bits among the first `classes`, ascending. */
static void list_set(int64_t classes, const uint64_t *bits, int32_t *chosen) {
    for (int64_t k = 0; k < words_of(classes); k++) {
        for (uint64_t word = bits[k]; word != 0; word &= word - 1) {
            *chosen++ = (int32_t)(k * WORD + __builtin_ctzll(word));
        }
    }
}

void tam_sampling_draw(uint64_t seed, int64_t step, int64_t classes, int64_t wanted, int n, const int32_t *y,
                       void *room, int32_t *chosen) {
    uint64_t *bits = room;
    tam_random random = tam_random_at(seed, TAM_PURPOSE_HEAD_SAMPLE, (uint32_t)step, (uint32_t)((uint64_t)step >> 32));
    memset(bits, 0, tam_sampling_room(classes));
    int64_t own = set_own(n, y, bits);
    int64_t others = wanted - own, left_out = classes - wanted;
    if (others <= left_out) {
        set_others(&random, classes, others, bits);
    } else { /* fewer draws: those that are left out */
        set_others(&random, classes, left_out, bits);
        for (int64_t k = 0; k < words_of(classes); k++) {
            bits[k] = ~bits[k];
        }
        bits[words_of(classes) - 1] &= ~0ull >> (words_of(classes) * WORD - classes);
        (void)set_own(n, y, bits);
    }
    list_set(classes, bits, chosen);
}

int64_t tam_sampling_place(const int32_t *chosen, int64_t wanted, int32_t label) {
    const int32_t *from = chosen;
    for (int64_t count = wanted; count > 1;) {
        int64_t half = count / 2;
        from = from[half] <= label ? from + half : from;
        count -= half;
    }
    return from - chosen;
}

/* Normal numbers, many at a time: vector code from the generator's bits to the numbers. */
#include <string.h>

#include "base/box_muller.h"
#include "base/kernel.h"
#include "base/philox.h"
#include "base/random.h"

/* Numbers are made in groups from 16 blocks: places k, 16 + k, 32 + k and 48 + k of a group come from block k. */
enum { LANES = 16, GROUP = 4 * LANES };

TAM_KERNEL_PART void make_group(const uint32_t word[4][LANES], float deviation, float *values) {
    for (int half = 0; half < 2; half++) {
        float *x = values + 2 * half * LANES, *y = x + LANES;
#pragma omp simd
        for (int k = 0; k < LANES; k++) {
            float radius = deviation * tam_box_muller_radius(word[2 * half][k]), cosine, sine;
            tam_box_muller_direction(word[2 * half + 1][k], &cosine, &sine);
            x[k] = radius * cosine;
            y[k] = radius * sine;
        }
    }
}

TAM_KERNEL static void normals(const uint32_t *key, const uint32_t *counter, int64_t n, float deviation,
                               float *restrict values) {
    const uint32_t purpose = counter[1], a = counter[2], b = counter[3], k0 = key[0], k1 = key[1];
    for (int64_t done = 0; done < n; done += GROUP) {
        uint32_t word[4][LANES], first = (uint32_t)(done / 4);
#pragma omp simd
        for (int k = 0; k < LANES; k++) {
            tam_philox_block block = tam_philox_block_at(first + (uint32_t)k, purpose, a, b, k0, k1);
            word[0][k] = block.word[0];
            word[1][k] = block.word[1];
            word[2][k] = block.word[2];
            word[3][k] = block.word[3];
        }
        if (n - done >= GROUP) {
            make_group(word, deviation, values + done);
        } else {
            float last[GROUP];
            make_group(word, deviation, last);
            memcpy(values + done, last, (size_t)(n - done) * sizeof *last);
        }
    }
}

void tam_random_normals(uint64_t seed, tam_purpose purpose, uint32_t a, uint32_t b, int64_t n, float deviation,
                        float *values) {
    tam_random random = tam_random_at(seed, purpose, a, b);
    normals(random.key, random.counter, n, deviation, values);
}

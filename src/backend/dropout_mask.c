#include "backend/dropout_mask.h"

#include <math.h>

#include "base/kernel.h"

enum { BLOCK = 4, MANY = 128 }; /* numbers of one Philox block; blocks made at a time */

tam_random tam_dropout_stream(uint64_t seed, uint64_t step, int node) {
    return tam_random_at(seed, TAM_PURPOSE_DROPOUT, (uint32_t)step, (uint32_t)node);
}

/* tam_random_uniform of the bits is below p in f32. */
uint32_t tam_dropout_limit(double p) {
    return (uint32_t)ceil((double)(float)p * 0x1p24);
}

TAM_KERNEL static void choose(const uint32_t *bits, int64_t count, uint32_t limit, float kept, float *mask) {
#pragma omp simd
    for (int64_t i = 0; i < count; i++) {
        mask[i] = bits[i] >> 8 < limit ? 0 : kept;
    }
}

void tam_dropout_mask(uint64_t seed, uint64_t step, int node, double p, int64_t first, int64_t count, float *mask) {
    tam_random random = tam_dropout_stream(seed, step, node);
    float kept = (float)(1 / (1 - p));
    uint32_t bits[BLOCK * MANY], limit = tam_dropout_limit(p);
    while (count > 0) {
        int64_t skipped = first % BLOCK, left = BLOCK * MANY - skipped, now = count < left ? count : left;
        tam_random_blocks(&random, (uint32_t)(first / BLOCK), (skipped + now + BLOCK - 1) / BLOCK, bits);
        choose(bits + skipped, now, limit, kept, mask);
        mask += now;
        first += now;
        count -= now;
    }
}

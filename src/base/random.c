#include "base/random.h"

#include <math.h>

void tam_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        uint64_t left = (uint64_t)0xD2511F53u * c0;
        uint64_t right = (uint64_t)0xCD9E8D57u * c2;
        c0 = (uint32_t)(right >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)right;
        c2 = (uint32_t)(left >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)left;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

tam_random tam_random_at(uint64_t seed, tam_purpose purpose, uint32_t a, uint32_t b) {
    return (tam_random){
        .key = {(uint32_t)seed, (uint32_t)(seed >> 32)},
        .counter = {0, (uint32_t)purpose, a, b},
        .used = 4,
    };
}

uint32_t tam_random_bits(tam_random *random) {
    if (random->used == 4) {
        tam_philox(random->counter, random->key, random->block);
        random->counter[0]++;
        random->used = 0;
    }
    return random->block[random->used++];
}

float tam_random_uniform(tam_random *random) {
    return (float)(tam_random_bits(random) >> 8) * 0x1p-24f;
}

float tam_random_between(tam_random *random, float low, float high) {
    return low + (high - low) * tam_random_uniform(random);
}

float tam_random_normal(tam_random *random) {
    double u = ((double)tam_random_bits(random) + 1.0) * 0x1p-32; /* (0, 1]: its logarithm is finite */
    double v = (double)tam_random_bits(random) * 0x1p-32;
    return (float)(sqrt(-2.0 * log(u)) * cos(6.283185307179586 * v));
}

uint32_t tam_random_below(tam_random *random, uint32_t limit) {
    uint64_t product = (uint64_t)tam_random_bits(random) * limit;
    if ((uint32_t)product < limit) {
        uint32_t threshold = (uint32_t)(-limit) % limit;
        while ((uint32_t)product < threshold) {
            product = (uint64_t)tam_random_bits(random) * limit;
        }
    }
    return (uint32_t)(product >> 32);
}

void tam_random_shuffle(tam_random *random, uint32_t *items, uint32_t count) {
    for (uint32_t i = count; i > 1; i--) {
        uint32_t j = tam_random_below(random, i);
        uint32_t kept = items[i - 1];
        items[i - 1] = items[j];
        items[j] = kept;
    }
}

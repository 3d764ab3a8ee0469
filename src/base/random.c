#include "base/random.h"

#include <math.h>
#include <string.h>

#include "base/kernel.h"
#include "base/philox.h"

void tam_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
    tam_philox_block block = tam_philox_block_at(counter[0], counter[1], counter[2], counter[3], key[0], key[1]);
    memcpy(out, block.word, sizeof block.word);
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

TAM_KERNEL static void blocks_from(uint32_t first, uint32_t purpose, uint32_t a, uint32_t b, uint32_t k0, uint32_t k1,
                                   int64_t blocks, uint32_t *restrict bits) {
    for (int64_t i = 0; i < blocks; i++) {
        tam_philox_block block = tam_philox_block_at(first + (uint32_t)i, purpose, a, b, k0, k1);
        bits[4 * i] = block.word[0];
        bits[4 * i + 1] = block.word[1];
        bits[4 * i + 2] = block.word[2];
        bits[4 * i + 3] = block.word[3];
    }
}

void tam_random_blocks(const tam_random *random, uint32_t first, int64_t blocks, uint32_t *bits) {
    const uint32_t *counter = random->counter, *key = random->key;
    blocks_from(first, counter[1], counter[2], counter[3], key[0], key[1], blocks, bits);
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

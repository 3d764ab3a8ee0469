/* What dropout keeps (cpu_sweep_kernel.h includes this): Philox4x32-10, as in base/philox.h, of many blocks at once. A
 * word of the generator's state lies in the lower half of 64 bits; what the upper half holds does not matter, for
 * products see the lower ones alone. Of two vectors one has the even blocks, so that both together hold their bytes in
 * order. */
#ifndef BACKEND_CPU_CPU_SWEEP_KEEP_H
#define BACKEND_CPU_CPU_SWEEP_KEEP_H

enum { ROUNDS = 10, WORDS = 4 };

typedef struct generator {
    quads word[WORDS];
} generator;

PART void generate(generator *g, uint32_t k0, uint32_t k1) {
    const quads left_factor = (quads){0} + 0xD2511F53u, right_factor = (quads){0} + 0xCD9E8D57u;
    UNROLL
    for (int round = 0; round < ROUNDS; round++) {
        quads left = PRODUCTS(g->word[0], left_factor), right = PRODUCTS(g->word[2], right_factor);
        g->word[0] = right >> 32 ^ g->word[1] ^ (uint64_t)k0;
        g->word[1] = right;
        g->word[2] = left >> 32 ^ g->word[3] ^ (uint64_t)k1;
        g->word[3] = left;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
}

/* In the lower halves: a byte for each word of the blocks, 1 where its upper 24 bits are `limit` or more. */
PART words bytes_of(const generator *g, uint32_t limit) {
    words bytes = {0};
    UNROLL
    for (int k = 0; k < WORDS; k++) {
        words below = (limit - 1) - ((words)g->word[k] >> 8); /* or beyond 2^31 */
        bytes |= below >> 31 << 8 * k;
    }
    return bytes;
}

CALL void keep(const uint32_t counter[4], const uint32_t key[2], uint32_t limit, int64_t blocks, uint8_t *kept) {
    uint32_t numbers[2][LANES] = {{0}};
    for (int i = 0; i < LANES; i++) { /* counters of even and odd blocks, each in the lower half of 64 bits */
        numbers[i % 2][i / 2 * 2] = (uint32_t)i;
    }
    for (int64_t block = 0; block < blocks; block += LANES) {
        words bytes[2];
        UNROLL
        for (int odd = 0; odd < 2; odd++) {
            generator g = {{(quads)(*(const words *)numbers[odd] + (counter[0] + (uint32_t)block))}};
            UNROLL
            for (int k = 1; k < WORDS; k++) {
                g.word[k] = (quads){0} + counter[k];
            }
            generate(&g, key[0], key[1]);
            bytes[odd] = bytes_of(&g, limit);
        }
        words all_bytes = (words)(((quads)bytes[0] & 0xffffffffu) | (quads)bytes[1] << 32);
        if (blocks - block >= LANES) {
            *(words *)(void *)(kept + block * WORDS) = all_bytes;
        } else {
            memcpy(kept + block * WORDS, &all_bytes, (size_t)(blocks - block) * WORDS);
        }
    }
}

#endif

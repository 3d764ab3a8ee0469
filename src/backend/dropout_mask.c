#include "backend/dropout_mask.h"

#include "base/random.h"

void tam_dropout_mask(uint64_t seed, uint64_t step, int node, double p, int64_t first, int64_t count, float *mask) {
    enum { BLOCK = 4 }; /* numbers of one Philox block */
    tam_random random = tam_random_at(seed, TAM_PURPOSE_DROPOUT, (uint32_t)step, (uint32_t)node);
    float kept = (float)(1 / (1 - p)), limit = (float)p;
    random.counter[0] = (uint32_t)(first / BLOCK);
    for (int64_t skip = first % BLOCK; skip > 0; skip--) {
        (void)tam_random_bits(&random);
    }
    for (int64_t i = 0; i < count; i++) {
        mask[i] = tam_random_uniform(&random) < limit ? 0 : kept;
    }
}

/* Vectors of LANES numbers as 32-bit words: the bits of an f32, or of a bf16 in the lower half. Included by the kernels
 * of one instruction set behind KERNEL_TARGET, the attribute of every function here, and LANES. */
#include <string.h>

#include "base/bf16.h"

#define CALL static KERNEL_TARGET
#define PART static inline __attribute__((always_inline, unused)) KERNEL_TARGET

typedef uint32_t words __attribute__((vector_size(LANES * 4)));
typedef float vec __attribute__((vector_size(LANES * 4)));

/* The first n numbers; the rest is 0, and is left alone. */
PART words load_some_f32(const float *x, int n) {
    uint32_t word[LANES] = {0};
    memcpy(word, x, (size_t)n * sizeof *word);
    words v;
    memcpy(&v, word, sizeof v);
    return v;
}

PART words load_some_bf16(const tam_bf16 *x, int n) {
    uint32_t word[LANES] = {0};
    for (int l = 0; l < n; l++) {
        word[l] = x[l];
    }
    words v;
    memcpy(&v, word, sizeof v);
    return v;
}

PART void store_some_f32(float *y, int n, words v) {
    memcpy(y, &v, (size_t)n * sizeof *y);
}

PART void store_some_bf16(tam_bf16 *y, int n, words v) {
    uint32_t word[LANES];
    memcpy(word, &v, sizeof word);
    for (int l = 0; l < n; l++) {
        y[l] = (tam_bf16)word[l];
    }
}

#include "backend/cpu/move/cpu_move_kinds.h"

/* What every x86-64 has, and most else. */
#define KERNEL_TARGET
#define LANES 4
#define KERNEL_NAME "plain"
#include "backend/cpu/move/cpu_move_words.h"

typedef uint16_t lanes;

PART lanes lanes_of(uint16_t mask) {
    return mask;
}

PART words indices_of(const uint8_t *from) {
    words indices;
    for (int l = 0; l < LANES; l++) {
        indices[l] = from[l];
    }
    return indices;
}

PART words load_f32(const float *x, int n) {
    return load_some_f32(x, n);
}

PART words load_bf16(const tam_bf16 *x, int n) {
    return load_some_bf16(x, n);
}

PART void store_f32(float *y, int n, words v) {
    store_some_f32(y, n, v);
}

PART void store_bf16(tam_bf16 *y, int n, words v) {
    store_some_bf16(y, n, v);
}

/* The numbers of `x` that `indices` names, in the lanes of the mask. */
PART words pick(words v, lanes mask, words indices, words x) {
    for (int l = 0; l < LANES; l++) {
        v[l] = mask >> l & 1 ? x[indices[l]] : v[l];
    }
    return v;
}

#include "backend/cpu/move/cpu_move_kernel.h"

const tam_move_kernels *tam_move_plain(void) {
    return &table;
}

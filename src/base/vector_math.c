#include "base/vector_math.h"

#include "base/kernel.h"

TAM_KERNEL void tam_exp_array(int64_t n, const float *x, float *y) {
    for (int64_t i = 0; i < n; i++) {
        y[i] = tam_exp(x[i]);
    }
}

TAM_KERNEL void tam_acos_array(int64_t n, const float *x, float *y) {
    for (int64_t i = 0; i < n; i++) {
        y[i] = tam_acos(x[i]);
    }
}

#include "backend/sgd.h"

#include "base/kernel.h"

TAM_KERNEL static void descend(int64_t n, float *restrict w, float *restrict v, const float *restrict g, float lr,
                               float momentum, float scale, float decay) {
    for (int64_t i = 0; i < n; i++) {
        v[i] = momentum * v[i] + (scale * g[i] + decay * w[i]);
        w[i] -= lr * v[i];
    }
}

TAM_KERNEL static void coast(int64_t n, float *restrict w, float *restrict v, float lr, float momentum, float decay) {
    for (int64_t i = 0; i < n; i++) {
        v[i] = momentum * v[i] + decay * w[i];
        w[i] -= lr * v[i];
    }
}

void tam_sgd_row(const tam_sgd *sgd, int64_t n, float *w, float *v, const float *g) {
    if (sgd->gradient_scale == 0.0f) {
        coast(n, w, v, sgd->lr, sgd->momentum, sgd->weight_decay);
    } else {
        descend(n, w, v, g, sgd->lr, sgd->momentum, sgd->gradient_scale, sgd->weight_decay);
    }
}

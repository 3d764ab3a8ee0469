#include "backend/cpu/plan/cpu_layout.h"

tam_layout tam_layout_plain(int n, tam_shape shape) {
    return (tam_layout){n, shape.c, shape.h, shape.w, shape.flat ? shape.c : 1, TAM_F32};
}

int tam_layout_blocks(const tam_layout *layout) {
    return (layout->c + layout->lanes - 1) / layout->lanes;
}

int64_t tam_layout_pixels(const tam_layout *layout) {
    return (int64_t)layout->h * layout->w;
}

int64_t tam_layout_run(const tam_layout *layout) {
    return tam_layout_pixels(layout) * layout->lanes;
}

int64_t tam_layout_sample(const tam_layout *layout) {
    return tam_layout_run(layout) * tam_layout_blocks(layout);
}

size_t tam_layout_bytes(const tam_layout *layout) {
    return (size_t)(tam_layout_sample(layout) * layout->n) * tam_dtype_bytes(layout->dtype);
}

bool tam_layout_same(const tam_layout *a, const tam_layout *b) {
    return a->n == b->n && a->c == b->c && a->h == b->h && a->w == b->w && a->lanes == b->lanes && a->dtype == b->dtype;
}

bool tam_layout_is_plain(const tam_layout *layout) {
    return layout->lanes == 1 || (tam_layout_pixels(layout) == 1 && layout->c % layout->lanes == 0);
}

int tam_layout_period(const tam_layout *layout) {
    return TAM_PERIOD % layout->lanes == 0 ? TAM_PERIOD : layout->lanes;
}

int64_t tam_layout_pattern(const tam_layout *layout) {
    return (int64_t)tam_layout_blocks(layout) * tam_layout_period(layout);
}

void tam_layout_spread(const tam_layout *layout, const float *values, float otherwise, float *pattern) {
    int period = tam_layout_period(layout);
    for (int block = 0; block < tam_layout_blocks(layout); block++) {
        for (int k = 0; k < period; k++) {
            int c = block * layout->lanes + k % layout->lanes;
            float value = values != NULL && c < layout->c ? values[c] : otherwise;
            pattern[(int64_t)block * period + k] = c < layout->c ? value : 0;
        }
    }
}

#include "backend/class_rows.h"

#include <math.h>
#include <string.h>

#include "backend/backend.h"
#include "backend/class_rows_lean.h"
#include "base/bf16.h"
#include "base/kernel.h"

void tam_class_row_read(tam_class_dtype dtype, const void *w, int64_t row, int dim, float *values) {
    if (dtype != TAM_CLASS_BF16_LEAN) {
        memcpy(values, (const float *)w + row * dim, (size_t)dim * sizeof *values);
        return;
    }
    const tam_bf16 *from = (const tam_bf16 *)w + row * dim;
    for (int d = 0; d < dim; d++) {
        values[d] = tam_bf16_value(from[d]);
    }
}

void tam_class_row_write(tam_class_dtype dtype, void *w, int64_t row, int dim, const float *values) {
    if (dtype != TAM_CLASS_BF16_LEAN) {
        memcpy((float *)w + row * dim, values, (size_t)dim * sizeof *values);
        return;
    }
    tam_bf16 *to = (tam_bf16 *)w + row * dim;
    for (int d = 0; d < dim; d++) {
        to[d] = tam_bf16_nearest(values[d]);
    }
}

/* Several sums, or each addition would wait for the one before. */
enum { SUMS = 64, LINE = 16 };

TAM_KERNEL_PART float sum_of(const float part[SUMS]) {
    float sum = 0.0f;
#pragma omp simd reduction(+ : sum)
    for (int k = 0; k < SUMS; k++) {
        sum += part[k];
    }
    return sum;
}

TAM_KERNEL static float square_f32(int64_t n, const float *w) {
    float part[SUMS] = {0.0f};
    int64_t whole = n / SUMS * SUMS;
    for (int64_t d = 0; d < whole; d += SUMS) {
        for (int k = 0; k < SUMS; k++) {
            part[k] += w[d + k] * w[d + k];
        }
    }
    for (int64_t d = whole; d < n; d++) {
        part[d - whole] += w[d] * w[d];
    }
    return sum_of(part);
}

TAM_KERNEL static float square_bf16(int64_t n, const tam_bf16 *w) {
    float part[SUMS] = {0.0f};
    int64_t whole = n / SUMS * SUMS;
    for (int64_t d = 0; d < whole; d += SUMS) {
        for (int k = 0; k < SUMS; k++) {
            part[k] += tam_bf16_value(w[d + k]) * tam_bf16_value(w[d + k]);
        }
    }
    for (int64_t d = whole; d < n; d++) {
        part[d - whole] += tam_bf16_value(w[d]) * tam_bf16_value(w[d]);
    }
    return sum_of(part);
}

static double square_f64(tam_class_dtype dtype, const void *w, int64_t row, int64_t dim) {
    double sum = 0.0;
    for (int64_t d = row * dim; d < (row + 1) * dim; d++) {
        bool lean = dtype == TAM_CLASS_BF16_LEAN;
        double value = lean ? (double)tam_bf16_value(((const tam_bf16 *)w)[d]) : (double)((const float *)w)[d];
        sum += value * value;
    }
    return sum;
}

/* In f32, unless the square could leave its range: then again in f64. */
static double square_of(tam_class_dtype dtype, const void *w, int64_t row, int64_t dim) {
    float square = dtype == TAM_CLASS_BF16_LEAN ? square_bf16(dim, (const tam_bf16 *)w + row * dim)
                                                : square_f32(dim, (const float *)w + row * dim);
    return square > 1e-20f && square < 1e30f ? (double)square : square_f64(dtype, w, row, dim);
}

bool tam_class_rows_measure(tam_class_dtype dtype, const void *w, int dim, int64_t count, const int64_t *row,
                            bool unit_w, float *inverse) {
    bool finite = true;
    for (int64_t k = 0; k < count; k++) {
        double square = square_of(dtype, w, row[k], dim);
        finite = finite && isfinite(square);
        inverse[k] = !unit_w ? 1.0f : square < 1e-64 ? 0.0f : (float)(1.0 / sqrt(square));
    }
    return finite;
}

TAM_KERNEL static void add_scaled(int64_t n, float a, const float *restrict x, float *restrict y) {
    for (int64_t d = 0; d < n; d++) {
        y[d] += a * x[d];
    }
}

/* Brings SUMS numbers at d of another row into the nearest cache, which is far from where rows wait. */
TAM_KERNEL_PART void fetch(const float *row, int64_t d) {
    for (int k = 0; k < SUMS; k += LINE) {
        __builtin_prefetch(row + d + k, 1, 3);
    }
}

/* (inverse dw) . w^ with w^ = inverse w, in this order: w may be tiny and its inverse huge. `next` [n] is fetched. */
TAM_KERNEL static float along_f32(int64_t n, float inverse, const float *restrict w, const float *restrict dw,
                                  const float *next) {
    float part[SUMS] = {0.0f};
    int64_t whole = n / SUMS * SUMS;
    for (int64_t d = 0; d < whole; d += SUMS) {
        fetch(next, d);
        for (int k = 0; k < SUMS; k++) {
            part[k] += dw[d + k] * (inverse * w[d + k]);
        }
    }
    for (int64_t d = whole; d < n; d++) {
        part[d - whole] += dw[d] * (inverse * w[d]);
    }
    return inverse * sum_of(part);
}

/* dw = inverse dw - along w^ */
TAM_KERNEL static void project_f32(int64_t n, float inverse, float along, const float *restrict w, float *restrict dw) {
    for (int64_t d = 0; d < n; d++) {
        dw[d] = inverse * dw[d] - along * (inverse * w[d]);
    }
}

/* The same and its step of SGD (backend/sgd.c), in one sweep. */
TAM_KERNEL_PART void descend_part(int64_t n, const tam_sgd *sgd, float inverse, float along, const float *restrict dw,
                                  float *restrict w, float *restrict v) {
    float lr = sgd->lr, momentum = sgd->momentum, rate = sgd->gradient_scale, decay = sgd->weight_decay;
    for (int64_t d = 0; d < n; d++) {
        float slope = inverse * dw[d] - along * (inverse * w[d]);
        float speed = momentum * v[d] + (rate * slope + decay * w[d]);
        v[d] = speed;
        w[d] -= lr * speed;
    }
}

TAM_KERNEL static void project_and_descend_f32(int64_t n, const tam_sgd *sgd, float inverse, float along,
                                               const float *restrict dw, float *restrict w, float *restrict v,
                                               const float *next) {
    int64_t whole = n / SUMS * SUMS;
    for (int64_t d = 0; d < whole; d += SUMS) {
        fetch(next, d);
        descend_part(SUMS, sgd, inverse, along, dw + d, w + d, v + d);
    }
    descend_part(n - whole, sgd, inverse, along, dw + whole, w + whole, v + whole);
}

TAM_KERNEL static void coast_f32(int64_t n, const tam_sgd *sgd, float *restrict w, float *restrict v) {
    float lr = sgd->lr, momentum = sgd->momentum, decay = sgd->weight_decay;
    for (int64_t d = 0; d < n; d++) {
        v[d] = momentum * v[d] + decay * w[d];
        w[d] -= lr * v[d];
    }
}

static void finish_f32(const tam_class_tile *tile, const tam_class_update *update, int64_t k, float *dw) {
    int64_t dim = tile->dim, row = tile->row[k];
    float *w = (float *)tile->w + row * dim, *v = (float *)tile->momentum + row * dim, inverse = 1.0f, along = 0.0f;
    int64_t after = tile->row[k + 1 < tile->rows ? k + 1 : k] * dim;
    if (update->unit_w) {
        inverse = tile->inverse_w[k];
        along = along_f32(dim, inverse, w, dw, (const float *)tile->w + after);
    }
    if (update->dw != NULL) {
        project_f32(dim, inverse, along, w, dw);
        memcpy(update->dw + row * dim, dw, (size_t)dim * sizeof *dw);
        inverse = 1.0f;
        along = 0.0f;
    }
    if (update->sgd != NULL) {
        project_and_descend_f32(dim, update->sgd, inverse, along, dw, w, v, (const float *)tile->momentum + after);
    }
}

/* The first of the own samples whose place is not before `place`. */
static int first_own(const tam_class_update *update, int64_t place) {
    int low = 0, high = update->owns;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (update->own[middle].place < place) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* What the samples of these classes add. */
static void add_own(tam_class_dtype dtype, const tam_class_tile *tile, const tam_class_update *update, int64_t first,
                    int64_t count, float *dw) {
    int64_t dim = tile->dim;
    for (int k = first_own(update, first); k < update->owns && update->own[k].place < first + count; k++) {
        const tam_class_own *own = &update->own[k];
        float *sum = dw + (own->place - first) * dim;
        add_scaled(dim, own->g, own->x, sum);
        if (own->along != 0.0f && dtype != TAM_CLASS_BF16_LEAN) {
            add_scaled(dim, own->along, (const float *)tile->w + tile->row[own->place] * dim, sum);
        } else if (own->along != 0.0f) {
            const tam_bf16 *w = (const tam_bf16 *)tile->w + tile->row[own->place] * dim;
            for (int64_t d = 0; d < dim; d++) {
                sum[d] += own->along * tam_bf16_value(w[d]);
            }
        }
    }
}

void tam_class_rows_finish(tam_class_dtype dtype, const tam_class_tile *tile, const tam_class_update *update,
                           int64_t first, int64_t count, float *dw) {
    add_own(dtype, tile, update, first, count, dw);
    for (int64_t k = 0; k < count; k++) {
        if (dtype == TAM_CLASS_BF16_LEAN) {
            tam_class_lean_finish(tile, update, first + k, dw + k * tile->dim);
        } else {
            finish_f32(tile, update, first + k, dw + k * tile->dim);
        }
    }
}

void tam_class_rows_coast(tam_class_dtype dtype, const tam_class_tile *tile, const tam_class_update *update) {
    for (int64_t k = 0; k < tile->rows; k++) {
        int64_t dim = tile->dim, row = tile->row[k];
        if (update->dw != NULL) {
            memset(update->dw + row * dim, 0, (size_t)dim * sizeof(float));
        }
        if (update->sgd != NULL && dtype == TAM_CLASS_BF16_LEAN) {
            tam_class_lean_coast(tile, update, k);
        } else if (update->sgd != NULL) {
            coast_f32(dim, update->sgd, (float *)tile->w + row * dim, (float *)tile->momentum + row * dim);
        }
    }
}

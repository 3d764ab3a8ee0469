#include "backend/class_rows_lean.h"

#include <math.h>
#include <string.h>

#include "backend/backend.h"
#include "base/bf16.h"
#include "base/kernel.h"

/* Numbers are worked on 32 at a time, those with even and those with odd d: the halves of 16 words of memory. */
enum { HALF = 16, BOTH = 32 };

typedef uint32_t words __attribute__((vector_size(HALF * sizeof(uint32_t))));
typedef float lanes __attribute__((vector_size(HALF * sizeof(float))));

typedef struct halves {
    lanes even, odd;
} halves;

typedef struct random_words {
    words even, odd;
} random_words;

/* 32 bits that look random: Wellons's integer hash of a counter. */
#define SCRAMBLE(x) ((x) ^= (x) >> 16, (x) *= 0x7feb352du, (x) ^= (x) >> 15, (x) *= 0x846ca68bu, (x) ^= (x) >> 16)

static uint32_t key_of_row(uint64_t rounding, int64_t row) {
    uint32_t key = (uint32_t)rounding ^ (uint32_t)row;
    SCRAMBLE(key);
    key += (uint32_t)(rounding >> 32) + (uint32_t)((uint64_t)row >> 32) * 0x9e3779b9u;
    SCRAMBLE(key);
    return key;
}

/* Each of the 32 has a generator of its own, Marsaglia's xorshift (2003), begun at a hash and never at 0. */
TAM_KERNEL_PART void begin_random(uint32_t key, random_words *random) {
    uint32_t seed[BOTH];
    for (int k = 0; k < BOTH; k++) {
        uint32_t x = key + (uint32_t)k;
        SCRAMBLE(x);
        seed[k % 2 * HALF + k / 2] = x != 0 ? x : 1;
    }
    memcpy(random, seed, sizeof *random);
}

TAM_KERNEL_PART void next_random(words *x) {
    *x ^= *x << 13;
    *x ^= *x >> 17;
    *x ^= *x << 5;
}

TAM_KERNEL_PART void read_bf16(const tam_bf16 *from, halves *to) {
    words both;
    memcpy(&both, from, sizeof both);
    to->even = (lanes)(both << 16);
    to->odd = (lanes)(both & 0xffff0000u);
}

TAM_KERNEL_PART void read_f32(const float *from, halves *to) {
    lanes low, high;
    memcpy(&low, from, sizeof low);
    memcpy(&high, from + HALF, sizeof high);
    to->even = __builtin_shufflevector(low, high, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
    to->odd = __builtin_shufflevector(low, high, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31);
}

/* `random` below 2^16 is added and the lower half dropped. Infinities stay: the half that is dropped is 0. */
TAM_KERNEL_PART void write_bf16(const halves *x, const random_words *random, tam_bf16 *to) {
    words both = ((words)x->even + random->even) >> 16 | (((words)x->odd + random->odd) & 0xffff0000u);
    memcpy(to, &both, sizeof both);
}

/* (inverse dw) . (inverse w). */
TAM_KERNEL static float along_row(int64_t n, float inverse, const tam_bf16 *w, const float *dw) {
    lanes even = {0.0f}, odd = {0.0f};
    int64_t whole = n / BOTH * BOTH;
    for (int64_t d = 0; d < whole; d += BOTH) {
        halves of_w, of_dw;
        read_bf16(w + d, &of_w);
        read_f32(dw + d, &of_dw);
        even += (inverse * of_dw.even) * (inverse * of_w.even);
        odd += (inverse * of_dw.odd) * (inverse * of_w.odd);
    }
    even += odd;
    float sum = 0.0f;
    for (int k = 0; k < HALF; k++) {
        sum += even[k];
    }
    for (int64_t d = whole; d < n; d++) {
        sum += (inverse * dw[d]) * (inverse * tam_bf16_value(w[d]));
    }
    return sum;
}

/* dw = inverse dw - along (inverse w). */
TAM_KERNEL static void project(int64_t n, float inverse, float along, const tam_bf16 *restrict w, float *restrict dw) {
    for (int64_t d = 0; d < n; d++) {
        dw[d] = inverse * dw[d] - along * (inverse * tam_bf16_value(w[d]));
    }
}

/* How a row moves: its gradient is inverse dw - along (inverse w), where a dw that is NULL is 0. */
typedef struct step {
    tam_sgd sgd;
    float inverse, along;
    uint32_t key;
} step;

TAM_KERNEL_PART void move_half(const step *s, const lanes *dw, lanes *w, lanes *v) {
    lanes slope = s->inverse * *dw - s->along * (s->inverse * *w);
    *v = s->sgd.momentum * *v + (s->sgd.gradient_scale * slope + s->sgd.weight_decay * *w);
    *w -= s->sgd.lr * *v;
}

TAM_KERNEL_PART void move_both(const step *s, random_words *random, const float *dw, tam_bf16 *w, tam_bf16 *v) {
    halves of_dw = {{0.0f}, {0.0f}}, of_w, of_v;
    if (dw != NULL) {
        read_f32(dw, &of_dw);
    }
    read_bf16(w, &of_w);
    read_bf16(v, &of_v);
    move_half(s, &of_dw.even, &of_w.even, &of_v.even);
    move_half(s, &of_dw.odd, &of_w.odd, &of_v.odd);
    next_random(&random->even);
    next_random(&random->odd);
    random_words low = {random->even & 0xffffu, random->odd & 0xffffu};
    random_words high = {random->even >> 16, random->odd >> 16};
    write_bf16(&of_v, &low, v);
    write_bf16(&of_w, &high, w);
}

TAM_KERNEL static void move_row(int64_t n, const step *by, const float *dw, tam_bf16 *w, tam_bf16 *v) {
    const step s = *by;
    random_words random;
    begin_random(s.key, &random);
    int64_t whole = n / BOTH * BOTH, rest = n - whole;
    for (int64_t d = 0; d < whole; d += BOTH) {
        move_both(&s, &random, dw != NULL ? dw + d : NULL, w + d, v + d);
    }
    if (rest > 0) {
        float last_dw[BOTH] = {0.0f};
        tam_bf16 last_w[BOTH] = {0}, last_v[BOTH] = {0};
        if (dw != NULL) {
            memcpy(last_dw, dw + whole, (size_t)rest * sizeof *dw);
        }
        memcpy(last_w, w + whole, (size_t)rest * sizeof *w);
        memcpy(last_v, v + whole, (size_t)rest * sizeof *v);
        move_both(&s, &random, last_dw, last_w, last_v);
        memcpy(w + whole, last_w, (size_t)rest * sizeof *w);
        memcpy(v + whole, last_v, (size_t)rest * sizeof *v);
    }
}

/* The same number by number, with care for NaN: adding to the bits of one could make a number of it. */
static void move_row_with_nan(int64_t n, const step *s, const float *dw, tam_bf16 *w, tam_bf16 *v) {
    random_words random;
    begin_random(s->key, &random);
    for (int64_t d = 0; d < n; d++) {
        if (d % BOTH == 0) {
            next_random(&random.even);
            next_random(&random.odd);
        }
        uint32_t bits = d % 2 == 0 ? random.even[d % BOTH / 2] : random.odd[d % BOTH / 2];
        float old = tam_bf16_value(w[d]), slope = s->inverse * dw[d] - s->along * (s->inverse * old);
        float speed =
            s->sgd.momentum * tam_bf16_value(v[d]) + (s->sgd.gradient_scale * slope + s->sgd.weight_decay * old);
        v[d] = tam_bf16_at_random(speed, bits & 0xffffu);
        w[d] = tam_bf16_at_random(old - s->sgd.lr * speed, bits >> 16);
    }
}

void tam_class_lean_finish(const tam_class_tile *tile, const tam_class_update *update, int64_t k, float *dw) {
    int64_t dim = tile->dim, row = tile->row[k];
    tam_bf16 *w = (tam_bf16 *)tile->w + row * dim, *v = (tam_bf16 *)tile->momentum + row * dim;
    step s = {.inverse = tile->inverse_w[k], .key = key_of_row(update->rounding, row)};
    float along = along_row(dim, s.inverse, w, dw);
    bool finite = isfinite(along);
    s.along = update->unit_w ? along : 0.0f;
    s.inverse = update->unit_w ? s.inverse : 1.0f;
    if (update->dw != NULL) {
        project(dim, s.inverse, s.along, w, dw);
        memcpy(update->dw + row * dim, dw, (size_t)dim * sizeof *dw);
        s.inverse = 1.0f;
        s.along = 0.0f;
    }
    if (update->sgd != NULL) {
        s.sgd = *update->sgd;
        (finite ? move_row : move_row_with_nan)(dim, &s, dw, w, v);
    }
}

void tam_class_lean_coast(const tam_class_tile *tile, const tam_class_update *update, int64_t k) {
    int64_t dim = tile->dim, row = tile->row[k];
    step s = {.sgd = *update->sgd, .key = key_of_row(update->rounding, row)};
    move_row(dim, &s, NULL, (tam_bf16 *)tile->w + row * dim, (tam_bf16 *)tile->momentum + row * dim);
}

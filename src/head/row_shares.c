/* Logits in base 2 and their exponentials: the elementwise cost of the whole head. Loops run over whole vectors of a
 * fixed number of lanes, whose sums and maxima stay in registers; what is left at the end is done as one more vector,
 * the row's last numbers, which overlaps with the one before. It is read before anything is written, so that every
 * kernel may work in place. */
#include <string.h>

#include "base/kernel.h"
#include "base/vector_math.h"
#include "head/row_kernels.h"

/* Twice as many lanes for logits: a maximum must wait for the one before, and there is little else to do meanwhile. */
enum { LANES = 16, LOGIT_LANES = 32, BLOCK = 512 };

static const float log2_e = 0x1.715476p0f;

/* The row's last numbers; a shorter row lies at the end, after zeros. */
TAM_KERNEL_PART void read_last(int64_t n, const float *row, int lanes, float *last) {
    if (n >= lanes) {
        memcpy(last, row + n - lanes, (size_t)lanes * sizeof *last);
    } else {
        memset(last, 0, (size_t)lanes * sizeof *last);
        memcpy(last + lanes - n, row, (size_t)n * sizeof *last);
    }
}

TAM_KERNEL_PART void write_last(int64_t n, const float *last, int lanes, float *row) {
    if (n >= lanes) {
        memcpy(row + n - lanes, last, (size_t)lanes * sizeof *last);
    } else {
        memcpy(row, last + lanes - n, (size_t)n * sizeof *last);
    }
}

/* Halves of 2 x half lanes become one. */
TAM_KERNEL_PART void join_largest(float *lanes, int half) {
    for (int k = 0; k < half; k++) {
        lanes[k] = lanes[k + half] > lanes[k] ? lanes[k + half] : lanes[k];
    }
}

TAM_KERNEL_PART void join_sums(float *lanes, int half) {
    for (int k = 0; k < half; k++) {
        lanes[k] += lanes[k + half];
    }
}

/* Constants where they are used, so that each kernel has a loop of its own. */
typedef enum logit_kind {
    BARE,   /* z2 = scale p */
    SCALED, /* z2 = scale (p inverse_w) */
    BIASED  /* z2 = scale (p inverse_w) + log2(e) bias */
} logit_kind;

typedef enum share_kind { SUM_ALONE, ONE_SLOPE, SLOPES } share_kind;

TAM_KERNEL_PART float logit(logit_kind kind, const float *p, const float *inverse_w, const float *bias, float scale,
                            int64_t j) {
    float z2 = scale * (kind == BARE ? p[j] : p[j] * inverse_w[j]);
    return kind == BIASED ? z2 + log2_e * bias[j] : z2;
}

TAM_KERNEL_PART float logits(logit_kind kind, int64_t n, const float *p, const float *inverse_w, const float *bias,
                             float scale, float *z2) {
    float largest[LOGIT_LANES], last[LOGIT_LANES], last_inverse[LOGIT_LANES], last_bias[LOGIT_LANES];
    int64_t j = 0;
    read_last(n, p, LOGIT_LANES, last);
    for (int k = 0; k < LOGIT_LANES; k++) {
        largest[k] = -INFINITY;
    }
    for (; j + LOGIT_LANES <= n; j += LOGIT_LANES) {
#pragma omp simd
        for (int k = 0; k < LOGIT_LANES; k++) {
            float z = logit(kind, p, inverse_w, bias, scale, j + k);
            z2[j + k] = z;
            largest[k] = z > largest[k] ? z : largest[k];
        }
    }
    if (j < n) {
        int before = n < LOGIT_LANES ? LOGIT_LANES - (int)n : 0; /* lanes that hold none of this row's numbers */
        if (kind != BARE) {
            read_last(n, inverse_w, LOGIT_LANES, last_inverse);
        }
        if (kind == BIASED) {
            read_last(n, bias, LOGIT_LANES, last_bias);
        }
#pragma omp simd
        for (int k = 0; k < LOGIT_LANES; k++) {
            float z = logit(kind, last, last_inverse, last_bias, scale, k);
            last[k] = z;
            z = k < before ? -INFINITY : z;
            largest[k] = z > largest[k] ? z : largest[k];
        }
        write_last(n, last, LOGIT_LANES, z2);
    }
    join_largest(largest, 16);
    join_largest(largest, 8);
    join_largest(largest, 4);
    join_largest(largest, 2);
    join_largest(largest, 1);
    return largest[0];
}

TAM_KERNEL float tam_row_scaled_logits(int64_t n, const float *p, const float *inverse_w, float scale2, float *z2) {
    return logits(SCALED, n, p, inverse_w, NULL, scale2, z2);
}

TAM_KERNEL float tam_row_biased_logits(int64_t n, const float *p, const float *inverse_w, const float *bias,
                                       float scale2, float *z2) {
    return logits(BIASED, n, p, inverse_w, bias, scale2, z2);
}

TAM_KERNEL float tam_row_to_base_2(int64_t n, float *z) {
    return logits(BARE, n, z, NULL, NULL, log2_e, z);
}

TAM_KERNEL_PART double shares(share_kind kind, int64_t n, const float *z2, float reference, const float *slope,
                              float scale, float *t) {
    float sum[LANES] = {0.0f}, last[LANES], last_slope[LANES];
    const int64_t whole = n / LANES * LANES;
    read_last(n, z2, LANES, last);
    if (kind == SLOPES) {
        read_last(n, slope, LANES, last_slope);
    }
    for (int64_t j = 0; j < whole;) { /* sums of sums: no lane adds up more than 32 numbers in a row */
        const int64_t end = j + BLOCK < whole ? j + BLOCK : whole;
        float part[LANES] = {0.0f};
        for (; j < end; j += LANES) {
#pragma omp simd
            for (int k = 0; k < LANES; k++) {
                float e = tam_exp2_softmax(z2[j + k] - reference);
                part[k] += e;
                if (kind != SUM_ALONE) {
                    t[j + k] = (kind == SLOPES ? slope[j + k] : scale) * e;
                }
            }
        }
        for (int k = 0; k < LANES; k++) {
            sum[k] += part[k];
        }
    }
    if (whole < n) {
        int before = LANES - (int)(n - whole); /* lanes that are in the sum already, or hold none of the row */
#pragma omp simd
        for (int k = 0; k < LANES; k++) {
            float e = tam_exp2_softmax(last[k] - reference);
            sum[k] += k < before ? 0.0f : e;
            last[k] = (kind == SLOPES ? last_slope[k] : scale) * e;
        }
        if (kind != SUM_ALONE) {
            write_last(n, last, LANES, t);
        }
    }
    join_sums(sum, 8);
    join_sums(sum, 4);
    join_sums(sum, 2);
    join_sums(sum, 1);
    return (double)sum[0];
}

TAM_KERNEL double tam_row_shares_of_scale(int64_t n, const float *z2, float reference, float slope, float *t) {
    return shares(ONE_SLOPE, n, z2, reference, NULL, slope, t);
}

TAM_KERNEL double tam_row_shares_of_slopes(int64_t n, const float *z2, float reference, const float *slope, float *t) {
    return shares(SLOPES, n, z2, reference, slope, 0.0f, t);
}

TAM_KERNEL double tam_row_share_sum(int64_t n, const float *z2, float reference) {
    return shares(SUM_ALONE, n, z2, reference, NULL, 0.0f, NULL);
}

/* What AVX512_BF16 does for processors with AMX too: tam_bf16_kind says what each is. */
#ifndef BACKEND_CPU_CLASS_BF16_AVX512_H
#define BACKEND_CPU_CLASS_BF16_AVX512_H

#include "backend/cpu/class/class_bf16.h"

bool tam_bf16_avx512_runs_here(void);
void tam_bf16_avx512_round_rows(int64_t dim, const float *const row[2], const float s[2], tam_bf16 *const a[2],
                                tam_bf16 *b, int64_t b_stride);
void tam_bf16_avx512_scale_rows(int64_t dim, const tam_bf16 *const row[2], const float s[2], tam_bf16 *b,
                                int64_t b_stride);
void tam_bf16_avx512_round_slot(const float *t, int64_t t_stride, tam_bf16 *row, int64_t row_stride, tam_bf16 *column,
                                int64_t column_stride);
void tam_bf16_avx512_round_columns(const float *x, int64_t x_stride, const float s[TAM_BF16_LANES], tam_bf16 *b);
void tam_bf16_avx512_transpose(const float *c, int64_t c_stride, float *p, int64_t p_stride);

/* The matrix registers for whoever uses them: whether there are any, and around a task. */
bool tam_bf16_amx_runs_here(void);
void tam_bf16_amx_begin(void);
void tam_bf16_amx_end(void);

#endif

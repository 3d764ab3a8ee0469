/* What the machine can do, measured: the limits beside which speeds are reported. */
#ifndef TAMMES_BENCH_H
#define TAMMES_BENCH_H

#include "tammes/ctx.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tam_bench_limits {
    double product_gflops;      /* 10^9 operations a second in f32 products of square matrices (oneDNN's sgemm) */
    double product_bf16_gflops; /* in products of bf16 matrices with f32 sums (oneDNN's, packed or not, whichever is
                                   faster); 0 where the processor has no bf16 */
    double memory_gbs;          /* 10^9 bytes a second in a momentum update of f32 rows: 16 bytes for each number, since
                                   w and v are read and written. The gradient stays in the cache and is not counted.
                                   An update of bf16 rows is half the bytes at the same rate */
} tam_bench_limits;

/* Zero means default. */
typedef struct tam_bench_config {
    double seconds; /* to spend on all three in equal parts; 0: 0.5. At least three rounds of each are made */
    size_t bytes;   /* of w and v together, at most a quarter of the memory that is free. A problem's own size gives its
                       own limit: 100 MB may stay in a cache, 10 GB never do. 0: 1 GB */
} tam_bench_config;

/* Measures with all threads of the context, each on its own numbers, and reports the middle one of many rounds: what
 * the machine goes on doing, as steps beside it are told by their median. config may be NULL. Takes `bytes` and 20 MB a
 * thread for the time of the call. Fails with TAM_RESOURCES. */
TAM_API TAM_MUST_USE tam_status tam_bench_measure(tam_ctx *ctx, const tam_bench_config *config,
                                                  tam_bench_limits *limits);

#ifdef __cplusplus
}
#endif
#endif

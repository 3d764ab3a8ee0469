/* What the machine can do, measured: the limits beside which speeds are reported. */
#ifndef TAMMES_BENCH_H
#define TAMMES_BENCH_H

#include "tammes/ctx.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tam_bench_limits {
    double product_gflops; /* 10^9 operations a second in f32 matrix products that stay in the caches */
    double memory_gbs;     /* 10^9 bytes a second in a momentum update of arrays far larger than the caches: three
                              streams read, two of them written */
} tam_bench_limits;

/* Measures with all threads of the context for about `seconds` (0: 0.5) and reports the best round, so that other
 * programs on the machine disturb little. Takes 100 MB for the time of the call. Fails with TAM_RESOURCES. */
TAM_API TAM_MUST_USE tam_status tam_bench_measure(tam_ctx *ctx, double seconds, tam_bench_limits *limits);

#ifdef __cplusplus
}
#endif
#endif

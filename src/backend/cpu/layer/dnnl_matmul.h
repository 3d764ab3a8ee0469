/* A product of square bf16 matrices with f32 sums by oneDNN: what the library and this processor reach. */
#ifndef BACKEND_CPU_DNNL_MATMUL_H
#define BACKEND_CPU_DNNL_MATMUL_H

#include <stdbool.h>

#include "base/ctx.h"

typedef struct tam_dnnl_matmul tam_dnnl_matmul;

/* With matrices of its own. packed: the second factor lies as the library likes it. *out is NULL with TAM_OK where the
 * processor has no bf16. */
TAM_MUST_USE tam_status tam_dnnl_matmul_create(tam_ctx *ctx, int side, bool packed, tam_dnnl_matmul **out);
void tam_dnnl_matmul_free(tam_dnnl_matmul *matmul);

/* On the calling thread alone. Of two threads each needs a product of its own. */
void tam_dnnl_matmul_run(const tam_dnnl_matmul *matmul);

#endif

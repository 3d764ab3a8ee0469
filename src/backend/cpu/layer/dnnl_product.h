/* A product by oneDNN. The files dnnl_*.c alone call the library (2.6, C interface): another version of it changes
 * nothing else. Running takes no memory of ours and only the library's small notes per call (the scratch memory is ours
 * too). */
#ifndef BACKEND_CPU_DNNL_PRODUCT_H
#define BACKEND_CPU_DNNL_PRODUCT_H

#include <stdbool.h>
#include <stdint.h>

/* As tam_backend.product. */
void tam_dnnl_product(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, float alpha, const float *a,
                      int64_t lda, const float *b, int64_t ldb, float beta, float *c, int64_t ldc);

#endif

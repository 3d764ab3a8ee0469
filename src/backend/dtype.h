/* How numbers of maps and factors of products are stored. */
#ifndef BACKEND_DTYPE_H
#define BACKEND_DTYPE_H

#include <stddef.h>

typedef enum tam_dtype { TAM_F32, TAM_BF16 } tam_dtype;

static inline size_t tam_dtype_bytes(tam_dtype dtype) {
    return dtype == TAM_BF16 ? 2 : 4;
}

#endif

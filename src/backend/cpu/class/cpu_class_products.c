#include "backend/cpu/class/cpu_class_products.h"

#include "backend/cpu/class/class_bf16.h"
#include "backend/cpu/class/class_f32.h"

/* Each NULL on a processor that cannot run it. */
typedef const tam_class_products *(*kernels)(void);

enum { MOST_KERNELS = 8 };

static const kernels all[TAM_CLASS_DTYPES][MOST_KERNELS] = {
    [TAM_CLASS_F32] = {tam_class_f32_avx512, tam_class_f32_avx2, tam_class_f32_plain},
    [TAM_CLASS_BF16] = {tam_class_bf16_amx, tam_class_bf16_avx512, tam_class_bf16_plain},
    [TAM_CLASS_BF16_LEAN] = {tam_class_lean_amx, tam_class_lean_avx512, tam_class_lean_plain},
};

const tam_class_products *tam_cpu_class_products_at(tam_class_dtype dtype, int index) {
    for (int k = 0; k < MOST_KERNELS && all[dtype][k] != NULL; k++) {
        const tam_class_products *products = all[dtype][k]();
        if (products != NULL && index-- == 0) {
            return products;
        }
    }
    return NULL;
}

const tam_class_products *tam_cpu_class_products(tam_class_dtype dtype) {
    return tam_cpu_class_products_at(dtype, 0);
}

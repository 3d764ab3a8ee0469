#include "backend/cpu/layer/cpu_first.h"

#ifdef __x86_64__
#define KERNEL_TARGET __attribute__((target("avx2,fma")))
#define LANES 8
#define PIXELS 6
#define NINE_ROWS false
#define ROWS_3 3
#define ROWS_4 2
#define ROWS_5 2
#define ROWS_6 2
#define ROWS_7 1
#define KERNEL_NAME "avx2"
#include "backend/cpu/layer/cpu_first_kernel.h"

const tam_first_kernels *tam_first_avx2(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &table : NULL;
}
#else
const tam_first_kernels *tam_first_avx2(void) {
    return NULL;
}
#endif

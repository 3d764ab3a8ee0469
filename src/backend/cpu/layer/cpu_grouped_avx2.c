#include "backend/cpu/layer/cpu_grouped.h"

#ifdef __x86_64__
#define KERNEL_TARGET __attribute__((target("avx2,fma")))
#define LANES 8
#define SUMS 12
#define PIXELS 8
#define PIXELS_2 5
#define PIXELS_4 3
#define KERNEL_NAME "avx2"
#include "backend/cpu/layer/cpu_grouped_kernel.h"

const tam_grouped_kernels *tam_grouped_avx2(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &table : NULL;
}
#else
const tam_grouped_kernels *tam_grouped_avx2(void) {
    return NULL;
}
#endif

#include "backend/cpu/layer/cpu_grouped.h"

#ifdef __x86_64__
#define KERNEL_TARGET __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")))
#define LANES 16
#define SUMS 27
#define PIXELS 14
#define PIXELS_2 14
#define PIXELS_4 6
#define KERNEL_NAME "avx512"
#include "backend/cpu/layer/cpu_grouped_kernel.h"

const tam_grouped_kernels *tam_grouped_avx512(void) {
    bool runs = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
    return runs ? &table : NULL;
}
#else
const tam_grouped_kernels *tam_grouped_avx512(void) {
    return NULL;
}
#endif

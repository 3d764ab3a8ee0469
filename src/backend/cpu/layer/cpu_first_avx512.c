#include "backend/cpu/layer/cpu_first.h"

#ifdef __x86_64__
#define KERNEL_TARGET __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")))
#define LANES 16
#define PIXELS 14
#define NINE_ROWS true
#define ROWS_3 3
#define ROWS_4 4
#define ROWS_5 5
#define ROWS_6 3
#define ROWS_7 4
#define KERNEL_NAME "avx512"
#include "backend/cpu/layer/cpu_first_kernel.h"

const tam_first_kernels *tam_first_avx512(void) {
    bool runs = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
    return runs ? &table : NULL;
}
#else
const tam_first_kernels *tam_first_avx512(void) {
    return NULL;
}
#endif

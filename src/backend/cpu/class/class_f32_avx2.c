#include "backend/cpu/class/class_f32.h"

#ifdef __x86_64__
#include <immintrin.h>

#define KERNEL_TARGET __attribute__((target("avx2,fma")))
#define LANES 8
#define ROWS 4
#define VECTORS 3
#define KERNEL_NAME "avx2"
#define STREAM(to, v) _mm256_stream_ps(to, (__m256)(v))
#define STREAMED() _mm_sfence()
#include "backend/cpu/class/class_f32_kernel.h"

const tam_class_products *tam_class_f32_avx2(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &table : NULL;
}
#else
const tam_class_products *tam_class_f32_avx2(void) {
    return NULL;
}
#endif

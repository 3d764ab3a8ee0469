#include "backend/cpu/class/class_f32.h"

#ifdef __x86_64__
#include <immintrin.h>

#define KERNEL_TARGET __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")))
#define LANES 16
#define ROWS 8
#define VECTORS 3
#define KERNEL_NAME "avx512"
#define STREAM(to, v) _mm512_stream_ps(to, (__m512)(v))
#define STREAMED() _mm_sfence()
#include "backend/cpu/class/class_f32_kernel.h"

const tam_class_products *tam_class_f32_avx512(void) {
    bool runs = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
    return runs ? &table : NULL;
}
#else
const tam_class_products *tam_class_f32_avx512(void) {
    return NULL;
}
#endif

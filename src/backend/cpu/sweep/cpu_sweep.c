#include "backend/cpu/sweep/cpu_sweep_kinds.h"

const tam_sweep_kernels *tam_cpu_sweep_kernels(void) {
    return tam_cpu_sweep_kernels_at(0);
}

const tam_sweep_kernels *tam_cpu_sweep_kernels_at(int index) {
    const tam_sweep_kernels *(*const kinds[])(void) = {tam_cpu_sweep_avx512, tam_cpu_sweep_avx2, tam_cpu_sweep_plain};
    for (size_t kind = 0; kind < sizeof kinds / sizeof kinds[0]; kind++) {
        const tam_sweep_kernels *kernels = kinds[kind]();
        if (kernels != NULL && index-- == 0) {
            return kernels;
        }
    }
    return NULL;
}

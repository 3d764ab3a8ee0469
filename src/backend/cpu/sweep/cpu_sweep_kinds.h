/* The sweeps' kernels of each kind of processor; NULL where this one cannot run them. */
#ifndef BACKEND_CPU_CPU_SWEEP_KINDS_H
#define BACKEND_CPU_CPU_SWEEP_KINDS_H

#include "backend/cpu/sweep/cpu_sweep.h"

const tam_sweep_kernels *tam_cpu_sweep_avx512(void);
const tam_sweep_kernels *tam_cpu_sweep_avx2(void);
const tam_sweep_kernels *tam_cpu_sweep_plain(void);

#endif

/* The moves' kernels of each kind of processor; NULL where this one cannot run them. */
#ifndef BACKEND_CPU_CPU_MOVE_KINDS_H
#define BACKEND_CPU_CPU_MOVE_KINDS_H

#include "backend/cpu/move/cpu_move.h"

const tam_move_kernels *tam_move_avx512(void);
const tam_move_kernels *tam_move_avx2(void);
const tam_move_kernels *tam_move_plain(void);

#endif

#include "backend/cpu/layer/cpu_first.h"

/* Vectors of four: what every x86-64 has, and most else. */
#define KERNEL_TARGET
#define LANES 4
#define PIXELS 6
#define NINE_ROWS false
#define ROWS_3 3
#define ROWS_4 2
#define ROWS_5 2
#define ROWS_6 2
#define ROWS_7 1
#define KERNEL_NAME "plain"
#include "backend/cpu/layer/cpu_first_kernel.h"

const tam_first_kernels *tam_first_plain(void) {
    return &table;
}

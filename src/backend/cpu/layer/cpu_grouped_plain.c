#include "backend/cpu/layer/cpu_grouped.h"

/* Vectors of four: what every x86-64 has, and most else. */
#define KERNEL_TARGET
#define LANES 4
#define SUMS 12
#define PIXELS 8
#define PIXELS_2 5
#define PIXELS_4 3
#define KERNEL_NAME "plain"
#include "backend/cpu/layer/cpu_grouped_kernel.h"

const tam_grouped_kernels *tam_grouped_plain(void) {
    return &table;
}

#include "backend/cpu/class/class_f32.h"

/* Vectors of four: what every x86-64 has, and most else. */
#define KERNEL_TARGET
#define LANES 4
#define ROWS 4
#define VECTORS 2
#define KERNEL_NAME "plain"
#define STREAM(to, v) (*(vec *)(to) = (v))
#define STREAMED() (void)0
#include "backend/cpu/class/class_f32_kernel.h"

const tam_class_products *tam_class_f32_plain(void) {
    return &table;
}

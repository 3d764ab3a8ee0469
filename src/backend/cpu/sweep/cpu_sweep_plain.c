#include "backend/cpu/sweep/cpu_sweep_kinds.h"

/* Vectors of four: what every x86-64 has, and most else. */
#define KERNEL_TARGET
#define LANES 4
#define KERNEL_NAME "plain"
#define EVENS 0, 2, 4, 6
#define ODDS 1, 3, 5, 7
#define LOWS 0, 4, 1, 5
#define HIGHS 2, 6, 3, 7
#define FMA(a, b, c) ((a) * (b) + (c))
#define CHOOSE(mask, a, b) ((vec)(((words)(mask) & (words)(a)) | (~(words)(mask) & (words)(b))))
#define IF_POSITIVE(z, a, b) CHOOSE((z) > 0, a, b)
#define IF_REACHED(z, top, a, b) CHOOSE((z) >= (top), a, b)
#define IF_NAN(z, a, b) ((words)CHOOSE((z) != (z), a, b))
#define IF_SAME(k, l, a, b) CHOOSE((k) == (l), a, b)
#define OCTETS(from) __builtin_convertvector(*(const octets *)(const void *)(from), words)
#define HALVES(from) __builtin_convertvector(*(const halves *)(const void *)(from), words)
#define PUT_OCTETS(to, w) (*(octets *)(void *)(to) = __builtin_convertvector(w, octets))
#define PUT_HALVES(to, w) (*(halves *)(void *)(to) = __builtin_convertvector(w, halves))
#define PRODUCTS(a, b) (((a)&0xffffffffu) * ((b)&0xffffffffu))
#define IF_WINS(y, most, a, b) CHOOSE(((y) > (most)) | ((y) != (y)), a, b)
#include "backend/cpu/sweep/cpu_sweep_kernel.h"

const tam_sweep_kernels *tam_cpu_sweep_plain(void) {
    return &table;
}

/* Intel's matrix registers (AMX): 16 rows of 64 bytes each, 16 x 16 x 32 products by one instruction. */
#include "backend/cpu/class/class_bf16.h"

#if defined(__x86_64__) && defined(__linux__)

#include <cpuid.h>
#include <immintrin.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "backend/cpu/class/class_bf16_avx512.h"

#define AMX __attribute__((target("amx-tile,amx-bf16")))

/* The layout that LDTILECFG reads. */
typedef struct tile_configuration {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} tile_configuration;

/* Eight registers, all of them whole. gcc 12's intrinsic claims to read only 8 bytes: so in assembler. */
AMX void tam_bf16_amx_begin(void) {
    static const tile_configuration whole = {
        .palette = 1, .row_bytes = {64, 64, 64, 64, 64, 64, 64, 64}, .rows = {16, 16, 16, 16, 16, 16, 16, 16}};
    __asm__ volatile("ldtilecfg %0" : : "m"(whole) : "memory");
}

AMX void tam_bf16_amx_end(void) {
    __asm__ volatile("tilerelease" : : : "memory");
}

static inline __attribute__((always_inline)) void fetch(const tam_bf16_block *block, int64_t k) {
    for (int line = 0; line < block->lines; line++) {
        int64_t at = (k / TAM_BF16_DEPTH * block->lines + line) * 64;
        _mm_prefetch(block->ahead[0] + at, _MM_HINT_T1);
        if (block->ahead[0] != block->ahead[1]) {
            _mm_prefetch(block->ahead[1] + at, _MM_HINT_T1);
        }
    }
}

/* C in the registers 0 to 3, A in 4 and 5, B in 6 and 7. `stream`: B does not push A out of the nearest cache. */
AMX static inline __attribute__((always_inline)) void multiply(const tam_bf16_block *block, bool two_rows,
                                                               bool two_columns, bool stream) {
    size_t c_bytes = (size_t)block->c_stride * sizeof(float), a_bytes = (size_t)block->a_stride * sizeof(tam_bf16);
    float *c0 = block->c, *c1 = c0 + TAM_BF16_LANES * block->c_stride;
    const tam_bf16 *a0 = block->a, *a1 = a0 + TAM_BF16_LANES * block->a_stride;
    const tam_bf16 *b0 = block->b, *b1 = b0 + block->b_stride;
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (int64_t k = 0; k < block->depth; k += TAM_BF16_DEPTH) {
        fetch(block, k);
        _tile_loadd(4, a0 + k, a_bytes);
        if (stream) {
            _tile_stream_loadd(6, b0 + k * TAM_BF16_LANES, 64);
        } else {
            _tile_loadd(6, b0 + k * TAM_BF16_LANES, 64);
        }
        _tile_dpbf16ps(0, 4, 6);
        if (two_columns && stream) {
            _tile_stream_loadd(7, b1 + k * TAM_BF16_LANES, 64);
        } else if (two_columns) {
            _tile_loadd(7, b1 + k * TAM_BF16_LANES, 64);
        }
        if (two_columns) {
            _tile_dpbf16ps(1, 4, 7);
        }
        if (two_rows) {
            _tile_loadd(5, a1 + k, a_bytes);
            _tile_dpbf16ps(2, 5, 6);
        }
        if (two_rows && two_columns) {
            _tile_dpbf16ps(3, 5, 7);
        }
    }
    _tile_stored(0, c0, c_bytes);
    if (two_columns) {
        _tile_stored(1, c0 + TAM_BF16_LANES, c_bytes);
    }
    if (two_rows) {
        _tile_stored(2, c1, c_bytes);
    }
    if (two_rows && two_columns) {
        _tile_stored(3, c1 + TAM_BF16_LANES, c_bytes);
    }
}

AMX static void multiply_block(const tam_bf16_block *block) {
    enum { MOST_DEPTH = 256 }; /* of which 32 rows of A and 32 columns of B lie in 48 KB with something to spare */
    if (block->rows > 1 && block->columns > 1 && block->depth > MOST_DEPTH) {
        multiply(block, true, true, true);
    } else if (block->rows > 1 && block->columns > 1) {
        multiply(block, true, true, false);
    } else if (block->rows > 1) {
        multiply(block, true, false, false);
    } else if (block->columns > 1) {
        multiply(block, false, true, false);
    } else {
        multiply(block, false, false, false);
    }
}

/* The registers' 8 KB belong to a process that asks for them (Linux, since 5.16). */
static bool ask_for_registers(void) {
    enum { REQUEST_STATE = 0x1023, TILE_DATA = 18 };
    return syscall(SYS_arch_prctl, REQUEST_STATE, TILE_DATA) == 0;
}

static bool processor_has_amx(void) {
    unsigned a, b, c, d;
    unsigned both = 1u << 22 | 1u << 24; /* AMX-BF16, AMX-TILE */
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (d & both) == both;
}

bool tam_bf16_amx_runs_here(void) {
    static atomic_int known; /* 0: not asked yet; 1: yes; -1: no */
    int answer = atomic_load(&known);
    if (answer == 0) {
        answer = tam_bf16_avx512_runs_here() && processor_has_amx() && ask_for_registers() ? 1 : -1;
        atomic_store(&known, answer);
    }
    return answer > 0;
}

static const tam_bf16_kind kind = {
    .begin = tam_bf16_amx_begin,
    .end = tam_bf16_amx_end,
    .block = multiply_block,
    .round_rows = tam_bf16_avx512_round_rows,
    .scale_rows = tam_bf16_avx512_scale_rows,
    .round_slot = tam_bf16_avx512_round_slot,
    .round_columns = tam_bf16_avx512_round_columns,
    .transpose = tam_bf16_avx512_transpose,
};
TAM_BF16_TABLES(kind, "amx", amx, tam_bf16_amx_runs_here())

#else
bool tam_bf16_amx_runs_here(void) {
    return false;
}
void tam_bf16_amx_begin(void) {
}
void tam_bf16_amx_end(void) {
}
TAM_BF16_NO_TABLES(amx)
#endif

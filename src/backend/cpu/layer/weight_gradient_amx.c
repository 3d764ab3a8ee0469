#include "backend/cpu/layer/weight_gradient.h"

#if defined(__x86_64__) && defined(__linux__)

#include <immintrin.h>

#include "backend/cpu/class/class_bf16_avx512.h"

#define AVX512 __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq")))
#define AVX512_PART AVX512 static inline __attribute__((always_inline))
#define AMX __attribute__((target("amx-tile,amx-bf16")))

bool tam_gradient_amx_runs_here(void) {
    return tam_bf16_amx_runs_here();
}

void tam_gradient_amx_begin(void) {
    tam_bf16_amx_begin();
}

void tam_gradient_amx_end(void) {
    tam_bf16_amx_end();
}

/* dw in the registers 0 to 3, x in 4 and 5, dy in 6 and 7. */
AMX static inline __attribute__((always_inline)) void multiply(const tam_gradient_block *block, bool two_x, bool two_dy,
                                                               bool diagonal) {
    enum { ROW_BYTES = 64, DY_STEP = TAM_GRADIENT_DEPTH * TAM_GRADIENT_LANES };
    size_t x_bytes = (size_t)block->x_stride * sizeof(uint16_t);
    const uint16_t *second = block->x + TAM_GRADIENT_LANES * block->x_stride;
    if (block->first) {
        _tile_zero(0);
        _tile_zero(1);
        _tile_zero(2);
        _tile_zero(3);
    } else {
        _tile_loadd(0, block->dw[0][0], ROW_BYTES);
        if (two_dy && !diagonal) {
            _tile_loadd(1, block->dw[0][1], ROW_BYTES);
        }
        if (two_x && !diagonal) {
            _tile_loadd(2, block->dw[1][0], ROW_BYTES);
        }
        if (two_x && two_dy) {
            _tile_loadd(3, block->dw[1][1], ROW_BYTES);
        }
    }
    for (int step = 0; step < block->steps; step++) {
        const uint16_t *dy = block->dy + (int64_t)step * DY_STEP;
        int64_t at = block->at[step];
        _tile_loadd(6, dy, ROW_BYTES);
        _tile_loadd(4, block->x + at, x_bytes);
        _tile_dpbf16ps(0, 4, 6);
        if (two_dy) {
            _tile_loadd(7, dy + block->dy_stride, ROW_BYTES);
        }
        if (two_dy && !diagonal) {
            _tile_dpbf16ps(1, 4, 7);
        }
        if (two_x) {
            _tile_loadd(5, second + at, x_bytes);
        }
        if (two_x && !diagonal) {
            _tile_dpbf16ps(2, 5, 6);
        }
        if (two_x && two_dy) {
            _tile_dpbf16ps(3, 5, 7);
        }
    }
    _tile_stored(0, block->dw[0][0], ROW_BYTES);
    if (two_dy && !diagonal) {
        _tile_stored(1, block->dw[0][1], ROW_BYTES);
    }
    if (two_x && !diagonal) {
        _tile_stored(2, block->dw[1][0], ROW_BYTES);
    }
    if (two_x && two_dy) {
        _tile_stored(3, block->dw[1][1], ROW_BYTES);
    }
}

AMX void tam_gradient_amx_multiply(const tam_gradient_block *block) {
    if (block->diagonal) {
        multiply(block, true, true, true);
    } else if (block->two_x && block->two_dy) {
        multiply(block, true, true, false);
    } else if (block->two_x) {
        multiply(block, true, false, false);
    } else if (block->two_dy) {
        multiply(block, false, true, false);
    } else {
        multiply(block, false, false, false);
    }
}

AMX static inline __attribute__((always_inline)) void multiply_taps(int taps, const uint16_t *const *x,
                                                                    int64_t x_stride, const uint16_t *const *w,
                                                                    int depth, bool two, float *sums) {
    enum { PAIRS = 64, SUMS = TAM_GRADIENT_CHANNELS * 4, HALF = TAM_GRADIENT_CHANNELS * TAM_GRADIENT_LANES };
    size_t x_bytes = (size_t)x_stride * sizeof(uint16_t);
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (int tap = 0; tap < taps; tap++) {
        const uint16_t *above = x[tap], *below = above + TAM_GRADIENT_LANES * x_stride;
        const uint16_t *first = w[tap], *second = first + (int64_t)TAM_GRADIENT_LANES * depth;
        for (int k = 0; k < depth; k += TAM_GRADIENT_DEPTH) {
            _tile_loadd(6, first + (int64_t)k * TAM_GRADIENT_LANES, PAIRS);
            _tile_loadd(4, above + k, x_bytes);
            _tile_dpbf16ps(0, 4, 6);
            _tile_loadd(5, below + k, x_bytes);
            _tile_dpbf16ps(2, 5, 6);
            if (two) {
                _tile_loadd(7, second + (int64_t)k * TAM_GRADIENT_LANES, PAIRS);
                _tile_dpbf16ps(1, 4, 7);
                _tile_dpbf16ps(3, 5, 7);
            }
        }
    }
    _tile_stored(0, sums, SUMS);
    _tile_stored(2, sums + HALF, SUMS);
    if (two) {
        _tile_stored(1, sums + TAM_GRADIENT_LANES, SUMS);
        _tile_stored(3, sums + HALF + TAM_GRADIENT_LANES, SUMS);
    }
}

AMX void tam_gradient_amx_multiply_taps(int taps, const uint16_t *const *x, int64_t x_stride, const uint16_t *const *w,
                                        int depth, int channels, float *sums) {
    if (channels > TAM_GRADIENT_LANES) {
        multiply_taps(taps, x, x_stride, w, depth, true, sums);
    } else {
        multiply_taps(taps, x, x_stride, w, depth, false, sums);
    }
}

/* As tam_bf16_nearest. */
AVX512_PART __m256i rounded(__m512 v) {
    __m512i bits = _mm512_castps_si512(v), one = _mm512_set1_epi32(1);
    __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), one);
    __m512i up = _mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7fff)), odd);
    __mmask16 nan = _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q);
    up = _mm512_mask_or_epi32(up, nan, bits, _mm512_set1_epi32(0x400000));
    return _mm512_cvtepi32_epi16(_mm512_srli_epi32(up, 16));
}

/* The lanes of the 16 from channel i on that there are. */
AVX512_PART __mmask16 lanes_from(int i, int channels) {
    return (__mmask16)(channels - i >= TAM_GRADIENT_LANES ? 0xffffU : (1U << (channels - i)) - 1U);
}

AVX512 void tam_gradient_amx_finish(const float *sums, int pixels, int channels, const tam_gradient_finish *finish,
                                    uint16_t *y, int64_t y_stride) {
    bool active = finish->slope != NULL || finish->relu;
    for (int i = 0; i < channels; i += TAM_GRADIENT_LANES) {
        const __mmask16 there = lanes_from(i, channels);
        __m512 zero = _mm512_setzero_ps();
        __m512 bias = finish->bias != NULL ? _mm512_maskz_loadu_ps(there, finish->bias + i) : zero;
        __m512 slope = finish->slope != NULL ? _mm512_maskz_loadu_ps(there, finish->slope + i) : zero;
        for (int pixel = 0; pixel < pixels; pixel++) {
            __m512 v = _mm512_add_ps(_mm512_loadu_ps(sums + (int64_t)pixel * TAM_GRADIENT_CHANNELS + i), bias);
            if (active) {
                v = _mm512_mask_mul_ps(v, _mm512_cmp_ps_mask(v, zero, _CMP_LE_OQ), v, slope);
            }
            _mm256_mask_storeu_epi16(y + pixel * y_stride + i, there, rounded(v));
        }
    }
}

AVX512_PART __m512i pixel_at(const uint16_t *pixel, int channel, __mmask32 there) {
    return pixel == NULL ? _mm512_setzero_si512() : _mm512_maskz_loadu_epi16(there, pixel + channel);
}

AVX512_PART __mmask32 channels_there(int channels) {
    return channels == TAM_GRADIENT_CHANNELS ? 0xffffffffu : (1u << channels) - 1;
}

static int least(int a, int b) {
    return a < b ? a : b;
}

AVX512_PART __m512i with_quarter(__m512i v, __mmask16 quarter, const uint16_t *from) {
    return _mm512_mask_broadcast_i32x4(v, quarter, _mm_loadu_si128((const __m128i *)(const void *)from));
}

/* 8 channels of 32 pixels: in each quarter 8 pixels and 8 channels change places. */
AVX512_PART void turn_8(const uint16_t *const pixel[TAM_GRADIENT_DEPTH], int channel, uint16_t *to, int64_t x_stride) {
    __m512i v[8], s[8], r[8];
    for (int i = 0; i < 8; i++) {
        v[i] = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)(const void *)(pixel[i] + channel)));
        v[i] = with_quarter(v[i], 0x00f0, pixel[8 + i] + channel);
        v[i] = with_quarter(v[i], 0x0f00, pixel[16 + i] + channel);
        v[i] = with_quarter(v[i], 0xf000, pixel[24 + i] + channel);
    }
    for (int i = 0; i < 4; i++) {
        s[i] = _mm512_unpacklo_epi16(v[2 * i], v[2 * i + 1]);
        s[i + 4] = _mm512_unpackhi_epi16(v[2 * i], v[2 * i + 1]);
    }
    for (int i = 0; i < 8; i += 2) {
        r[i] = _mm512_unpacklo_epi32(s[i], s[i + 1]);
        r[i + 1] = _mm512_unpackhi_epi32(s[i], s[i + 1]);
    }
    for (int i = 0; i < 8; i += 4) {
        for (int half = 0; half < 2; half++) {
            uint16_t *row = to + (i + 2 * half) * x_stride;
            _mm512_storeu_si512(row, _mm512_unpacklo_epi64(r[i + half], r[i + half + 2]));
            _mm512_storeu_si512(row + x_stride, _mm512_unpackhi_epi64(r[i + half], r[i + half + 2]));
        }
    }
}

AVX512_PART void ask_for(const uint16_t *const pixel[TAM_GRADIENT_DEPTH], int64_t at) {
    for (int i = 0; i < TAM_GRADIENT_DEPTH; i++) {
        _mm_prefetch((const char *)(pixel[i] + at), _MM_HINT_T1);
    }
}

AVX512 void tam_gradient_amx_turn(const uint16_t *const pixel[TAM_GRADIENT_DEPTH], int channel, int channels,
                                  int64_t ahead, uint16_t *to, int64_t x_stride) {
    static const uint16_t zeros[TAM_GRADIENT_CHANNELS];
    const __mmask32 there = channels_there(channels);
    const int rows = channels > TAM_GRADIENT_LANES ? TAM_GRADIENT_CHANNELS : TAM_GRADIENT_LANES;
    const uint16_t *from[TAM_GRADIENT_DEPTH];
    uint16_t copy[TAM_GRADIENT_DEPTH][TAM_GRADIENT_CHANNELS];
    for (int i = 0; i < TAM_GRADIENT_DEPTH; i++) {
        from[i] = pixel[i] != NULL ? pixel[i] + channel : zeros;
    }
    if (ahead != 0) {
        ask_for(from, ahead);
    }
    for (int i = 0; channels < rows && i < TAM_GRADIENT_DEPTH; i++) {
        _mm512_storeu_si512(copy[i], _mm512_maskz_loadu_epi16(there, from[i]));
        from[i] = copy[i];
    }
    for (int i = 0; i < rows; i += 8) {
        turn_8(from, i, to + i * x_stride, x_stride);
    }
}

AVX512 void tam_gradient_amx_pair(const uint16_t *const pixel[TAM_GRADIENT_DEPTH], int channel, int channels,
                                  int64_t ahead, uint16_t *to, int64_t dy_stride) {
    const __mmask32 there = channels_there(channels);
    /* Channels 0 to 15 in the first halves of the quarters. */
    const __m512i order = _mm512_setr_epi64(0, 4, 1, 5, 2, 6, 3, 7);
    for (int i = 0; i < TAM_GRADIENT_DEPTH; i += 2) {
        __m512i a = _mm512_permutexvar_epi64(order, pixel_at(pixel[i], channel, there));
        __m512i b = _mm512_permutexvar_epi64(order, pixel_at(pixel[i + 1], channel, there));
        if (ahead != 0) {
            _mm_prefetch((const char *)(pixel[i] + channel + ahead), _MM_HINT_T1);
            _mm_prefetch((const char *)(pixel[i + 1] + channel + ahead), _MM_HINT_T1);
        }
        _mm512_storeu_si512(to + (int64_t)i * 16, _mm512_unpacklo_epi16(a, b));
        if (channels > TAM_GRADIENT_LANES) {
            _mm512_storeu_si512(to + dy_stride + (int64_t)i * 16, _mm512_unpackhi_epi16(a, b));
        }
    }
}

AVX512 void tam_gradient_amx_patch(const uint16_t *image, const tam_layout *layout, const tam_window *window, int y,
                                   int x, uint16_t *patch) {
    const int c = layout->c, numbers = window->kernel_w * c, from = x * window->stride - window->pad_w;
    const int before = from < 0 ? least(-from, window->kernel_w) * c : 0;
    const int inside = from >= layout->w ? 0 : least((layout->w - from) * c, numbers);
    const __mmask32 there = inside > before ? channels_there(inside) & ~(before > 0 ? channels_there(before) : 0) : 0;
    for (int u = 0; u < window->kernel_h; u++) {
        const int row = y * window->stride + u - window->pad_h;
        const bool seen = row >= 0 && row < layout->h;
        const int64_t at = ((int64_t)row * layout->w + from) * c;
        _mm512_storeu_si512(patch + (int64_t)u * numbers,
                            seen ? _mm512_maskz_loadu_epi16(there, image + at) : _mm512_setzero_si512());
    }
}

void tam_gradient_amx_transpose(const float *tile, float *to) {
    tam_bf16_avx512_transpose(tile, TAM_GRADIENT_LANES, to, TAM_GRADIENT_LANES);
}

#else

bool tam_gradient_amx_runs_here(void) {
    return false;
}
void tam_gradient_amx_begin(void) {
}
void tam_gradient_amx_end(void) {
}
void tam_gradient_amx_multiply(const tam_gradient_block *block) {
    (void)block;
}
void tam_gradient_amx_turn(const uint16_t *const pixel[TAM_GRADIENT_DEPTH], int channel, int channels, int64_t ahead,
                           uint16_t *to, int64_t x_stride) {
    (void)pixel;
    (void)channel;
    (void)channels;
    (void)ahead;
    (void)to;
    (void)x_stride;
}
void tam_gradient_amx_pair(const uint16_t *const pixel[TAM_GRADIENT_DEPTH], int channel, int channels, int64_t ahead,
                           uint16_t *to, int64_t dy_stride) {
    (void)pixel;
    (void)channel;
    (void)channels;
    (void)ahead;
    (void)to;
    (void)dy_stride;
}
void tam_gradient_amx_patch(const uint16_t *image, const tam_layout *layout, const tam_window *window, int y, int x,
                            uint16_t *patch) {
    (void)image;
    (void)layout;
    (void)window;
    (void)y;
    (void)x;
    (void)patch;
}
void tam_gradient_amx_transpose(const float *tile, float *to) {
    (void)tile;
    (void)to;
}
void tam_gradient_amx_finish(const float *sums, int pixels, int channels, const tam_gradient_finish *finish,
                             uint16_t *y, int64_t y_stride) {
    (void)sums;
    (void)pixels;
    (void)channels;
    (void)finish;
    (void)y;
    (void)y_stride;
}
void tam_gradient_amx_multiply_taps(int taps, const uint16_t *const *x, int64_t x_stride, const uint16_t *const *w,
                                    int depth, int channels, float *sums) {
    (void)taps;
    (void)x;
    (void)x_stride;
    (void)w;
    (void)depth;
    (void)channels;
    (void)sums;
}

#endif

#include "data/augment_bytes.h"

#include "base/kernel.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

TAM_KERNEL static void fill_grey(const uint8_t *restrict pixels, int height, int width, bool mirrored,
                                 float *restrict to) {
    for (int y = 0; y < height; y++, pixels += width, to += width) {
        if (mirrored) {
            for (int x = 0; x < width; x++) {
                to[x] = tam_normalise(pixels[width - 1 - x]);
            }
        } else {
            for (int x = 0; x < width; x++) {
                to[x] = tam_normalise(pixels[x]);
            }
        }
    }
}

static void fill_colours(const uint8_t *pixels, int width, bool mirrored, float *planes, ptrdiff_t area) {
    for (int x = 0; x < width; x++) {
        const uint8_t *from = pixels + 3 * (mirrored ? width - 1 - x : x);
        for (int k = 0; k < 3; k++) {
            planes[k * area + x] = tam_normalise(from[k]);
        }
    }
}

#ifdef __x86_64__
enum { PIXELS = 8 };

/* Four bytes that lie `step` apart, each as the lowest of a whole number. */
#define SORT(first, step)                                                                                      \
    (char)(first), -1, -1, -1, (char)((first) + (step)), -1, -1, -1, (char)((first) + 2 * (step)), -1, -1, -1, \
        (char)((first) + 3 * (step)), -1, -1, -1

/* A row of at least 8 pixels: compilers sort triples of bytes slowly. Of 8 pixels' 24 bytes the first 16 and the last
 * 16 are loaded, so nothing beyond the row is read; the last 8 pixels may overlap those before. */
__attribute__((target("avx2,fma"), always_inline)) static inline void
fill_row_avx2(const uint8_t *pixels, int width, bool mirrored, bool past_cache, float *planes, ptrdiff_t area) {
    const __m256 two = _mm256_set1_ps(2.0f), middle = _mm256_set1_ps(-255.0f);
    const __m256 upper = _mm256_set1_ps(TAM_NORMALISE_UPPER), lower = _mm256_set1_ps(TAM_NORMALISE_LOWER);
    const __m256i ahead = _mm256_setr_epi8(SORT(0, 3), SORT(4, 3)), back = _mm256_setr_epi8(SORT(13, -3), SORT(9, -3));
    const __m256i one = _mm256_set1_epi32(1);
    for (int x = 0; x < width; x += PIXELS) {
        int at = x + PIXELS <= width ? x : width - PIXELS;
        const uint8_t *from = pixels + 3 * (mirrored ? width - PIXELS - at : at);
        __m128i first = _mm_loadu_si128((const __m128i *)from), last = _mm_loadu_si128((const __m128i *)(from + 8));
        __m256i bytes = mirrored ? _mm256_set_m128i(first, last) : _mm256_set_m128i(last, first);
        __m256i sort = mirrored ? back : ahead;
        for (int k = 0; k < 3; k++) {
            __m256 value = _mm256_cvtepi32_ps(_mm256_shuffle_epi8(bytes, sort));
            value = _mm256_fmadd_ps(value, two, middle);
            value = _mm256_fmadd_ps(value, upper, _mm256_mul_ps(value, lower));
            if (past_cache) {
                _mm256_stream_ps(planes + k * area + at, value);
            } else {
                _mm256_storeu_ps(planes + k * area + at, value);
            }
            sort = _mm256_add_epi32(sort, one);
        }
    }
}

__attribute__((target("avx2,fma"))) static void fill_colours_avx2(const uint8_t *pixels, int width, bool mirrored,
                                                                  float *planes, ptrdiff_t area) {
    fill_row_avx2(pixels, width, mirrored, false, planes, area);
}

__attribute__((target("avx2,fma"))) static void stream_colours_avx2(const uint8_t *pixels, int width, bool mirrored,
                                                                    float *planes, ptrdiff_t area) {
    fill_row_avx2(pixels, width, mirrored, true, planes, area);
}

static bool has_avx2(void) {
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

/* Before another thread is told of streamed numbers. */
static void end_stream(void) {
    _mm_sfence();
}
#else
enum { PIXELS = 1 };
#define fill_colours_avx2 fill_colours
#define stream_colours_avx2 fill_colours
static bool has_avx2(void) {
    return false;
}
static void end_stream(void) {
}
#endif

void tam_planes_of_bytes(const uint8_t *pixels, int channels, int height, int width, bool mirrored, float *planes) {
    ptrdiff_t area = (ptrdiff_t)height * width;
    if (channels == 1) {
        fill_grey(pixels, height, width, mirrored, planes);
        return;
    }
    bool wide = width >= PIXELS && has_avx2();
    for (int y = 0; y < height; y++, pixels += 3 * (ptrdiff_t)width, planes += width) {
        (wide ? fill_colours_avx2 : fill_colours)(pixels, width, mirrored, planes, area);
    }
}

void tam_planes_past_cache(const uint8_t *pixels, int channels, int height, int width, bool mirrored, float *planes) {
    bool whole = width % PIXELS == 0 && (uintptr_t)planes % (PIXELS * sizeof(float)) == 0;
    if (channels == 1 || !whole || !has_avx2()) {
        tam_planes_of_bytes(pixels, channels, height, width, mirrored, planes);
        return;
    }
    ptrdiff_t area = (ptrdiff_t)height * width;
    for (int y = 0; y < height; y++, pixels += 3 * (ptrdiff_t)width, planes += width) {
        stream_colours_avx2(pixels, width, mirrored, planes, area);
    }
    end_stream();
}

TAM_KERNEL void tam_bytes_of_planes(const float *planes, int channels, size_t area, uint8_t *pixels) {
    size_t step = (size_t)channels;
    for (int k = 0; k < channels; k++) {
        for (size_t i = 0; i < area; i++) {
            float value = planes[(size_t)k * area + i] * 127.5f + 127.5f;
            value = value < 0.0f ? 0.0f : value;
            value = value > 255.0f ? 255.0f : value;
            pixels[i * step + (size_t)k] = (uint8_t)(value + 0.5f);
        }
    }
}

#include "data/augment_bytes.h"

#include "base/kernel.h"

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

TAM_KERNEL static void fill_colours(const uint8_t *restrict pixels, int height, int width, bool mirrored,
                                    float *restrict r, float *restrict g, float *restrict b) {
    for (int y = 0; y < height; y++, pixels += 3 * (ptrdiff_t)width, r += width, g += width, b += width) {
        if (mirrored) {
            for (int x = 0; x < width; x++) {
                const uint8_t *from = pixels + 3 * (width - 1 - x);
                r[x] = tam_normalise(from[0]);
                g[x] = tam_normalise(from[1]);
                b[x] = tam_normalise(from[2]);
            }
        } else {
            for (int x = 0; x < width; x++) {
                r[x] = tam_normalise(pixels[3 * x]);
                g[x] = tam_normalise(pixels[3 * x + 1]);
                b[x] = tam_normalise(pixels[3 * x + 2]);
            }
        }
    }
}

void tam_planes_of_bytes(const uint8_t *pixels, int channels, int height, int width, bool mirrored, float *planes) {
    ptrdiff_t area = (ptrdiff_t)height * width;
    if (channels == 1) {
        fill_grey(pixels, height, width, mirrored, planes);
    } else {
        fill_colours(pixels, height, width, mirrored, planes, planes + area, planes + 2 * area);
    }
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

#include "data/augment_render.h"

#include "base/kernel.h"
#include "data/augment_bytes.h"

size_t tam_render_scratch(int height, int width) {
    return ((size_t)height + 2) * ((size_t)width + 2);
}

/* One channel of the pixels into the frame. */
TAM_KERNEL static void fill_framed(const uint8_t *restrict pixels, int channels, int height, int width, bool mirrored,
                                   float *restrict framed) {
    ptrdiff_t step = mirrored ? -channels : channels;
    for (ptrdiff_t y = 0; y < height; y++) {
        const uint8_t *from = pixels + (y * width + (mirrored ? width - 1 : 0)) * channels;
        float *to = framed + (y + 1) * (width + 2) + 1;
        for (int x = 0; x < width; x++) {
            to[x] = tam_normalise(from[x * step]);
        }
    }
}

static uint8_t border_median(const uint8_t *pixels, int channels, int height, int width) {
    int counts[256] = {0};
    int total = 0;
    for (int y = 0; y < height; y++) {
        int step = y == 0 || y == height - 1 || width == 1 ? 1 : width - 1;
        for (int x = 0; x < width; x += step) {
            counts[pixels[((ptrdiff_t)y * width + x) * channels]]++;
            total++;
        }
    }
    int below = 0, value = 0;
    for (; value < 255; value++) {
        below += counts[value];
        if (2 * below > total) {
            break;
        }
    }
    return (uint8_t)value;
}

float tam_background(const tam_canvas *canvas, int channel) {
    return tam_normalise(border_median(canvas->pixels + channel, canvas->channels, canvas->height, canvas->width));
}

typedef struct inverse_map {
    float ax, bx, cx, ay, by, cy;
} inverse_map;

/* Bilinear, from a framed plane: coordinates are clamped into the frame, where everything is background. */
TAM_KERNEL
static void warp_plane(const float *restrict framed, inverse_map map, int height, int width, float *restrict to) {
    int stride = width + 2;
    float most_x = (float)width, most_y = (float)height;
    for (int y = 0; y < height; y++) {
        float row_x = map.bx * (float)y + map.cx, row_y = map.by * (float)y + map.cy;
        for (int x = 0; x < width; x++) {
            float sx = map.ax * (float)x + row_x, sy = map.ay * (float)x + row_y;
            sx = sx < -1.0f ? -1.0f : sx;
            sx = sx > most_x ? most_x : sx;
            sy = sy < -1.0f ? -1.0f : sy;
            sy = sy > most_y ? most_y : sy;
            /* +1: into the framed plane; the last pixel pair begins at `width`, where the fraction is then 1 */
            int ix = (int)(sx + 1.0f), iy = (int)(sy + 1.0f);
            ix = ix > width ? width : ix;
            iy = iy > height ? height : iy;
            float fx = sx + 1.0f - (float)ix, fy = sy + 1.0f - (float)iy;
            int at = iy * stride + ix;
            float upper = framed[at] + fx * (framed[at + 1] - framed[at]);
            int under = at + stride;
            float lower = framed[under] + fx * (framed[under + 1] - framed[under]);
            to[x] = upper + fy * (lower - upper);
        }
        to += width;
    }
}

static void frame_plane(float background, int height, int width, float *framed) {
    ptrdiff_t stride = width + 2;
    float *last = framed + (height + 1) * stride;
    for (ptrdiff_t x = 0; x < stride; x++) {
        framed[x] = background;
        last[x] = background;
    }
    for (int y = 1; y <= height; y++) {
        framed[y * stride] = background;
        framed[y * stride + width + 1] = background;
    }
}

void tam_render(const tam_augment_map *map, tam_canvas *canvas) {
    int height = canvas->height, width = canvas->width;
    size_t area = (size_t)height * (size_t)width;
    const inverse_map narrow = {(float)map->ax, (float)map->bx, (float)map->cx,
                                (float)map->ay, (float)map->by, (float)map->cy};
    if (!map->moved) {
        (map->past_cache ? tam_planes_past_cache : tam_planes_of_bytes)(canvas->pixels, canvas->channels, height, width,
                                                                        map->mirrored, canvas->planes);
        return;
    }
    for (int k = 0; k < canvas->channels; k++) {
        frame_plane(tam_background(canvas, k), height, width, canvas->scratch);
        fill_framed(canvas->pixels + k, canvas->channels, height, width, map->mirrored, canvas->scratch);
        warp_plane(canvas->scratch, narrow, height, width, canvas->planes + (size_t)k * area);
    }
}

#include "data/augment_render.h"

#include <string.h>

#include "base/kernel.h"
#include "data/augment_bytes.h"

size_t tam_render_scratch(int height, int width) {
    return ((size_t)height + 2) * ((size_t)width + 2);
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

/* Some pixels of a row: where in the framed plane each looks, the shares of its right and lower neighbours, and the
 * values there: two beside one another, and the two below. */
enum { PART = 128 };
typedef struct row_part {
    int at[PART];
    float fx[PART], fy[PART];
    float upper[2 * PART], lower[2 * PART];
} row_part;

/* Coordinates are clamped into the frame, where everything is background. */
TAM_KERNEL static void find_part(inverse_map map, int height, int width, int y, int first, int count,
                                 row_part *restrict part) {
    int stride = width + 2;
    float most_x = (float)width, most_y = (float)height;
    float row_x = map.bx * (float)y + map.cx, row_y = map.by * (float)y + map.cy;
    for (int i = 0; i < count; i++) {
        float x = (float)(first + i);
        float sx = map.ax * x + row_x, sy = map.ay * x + row_y;
        sx = sx < -1.0f ? -1.0f : sx;
        sx = sx > most_x ? most_x : sx;
        sy = sy < -1.0f ? -1.0f : sy;
        sy = sy > most_y ? most_y : sy;
        /* +1: into the framed plane; the last pixel pair begins at `width`, where the fraction is then 1 */
        int ix = (int)(sx + 1.0f), iy = (int)(sy + 1.0f);
        ix = ix > width ? width : ix;
        iy = iy > height ? height : iy;
        part->fx[i] = sx + 1.0f - (float)ix;
        part->fy[i] = sy + 1.0f - (float)iy;
        part->at[i] = iy * stride + ix;
    }
}

/* No kernel: two loads of pairs are several times faster than the four gathers that a compiler would make. */
static void fetch_part(const float *framed, int stride, int count, row_part *part) {
    for (int i = 0; i < count; i++) {
        const float *pair = framed + part->at[i];
        memcpy(part->upper + 2 * i, pair, 2 * sizeof *pair);
        memcpy(part->lower + 2 * i, pair + stride, 2 * sizeof *pair);
    }
}

TAM_KERNEL static void blend_part(const row_part *restrict part, int count, float *restrict to) {
    for (int i = 0; i < count; i++) {
        const float *u = part->upper + 2 * i, *l = part->lower + 2 * i;
        float upper = u[0] + part->fx[i] * (u[1] - u[0]);
        float lower = l[0] + part->fx[i] * (l[1] - l[0]);
        to[i] = upper + part->fy[i] * (lower - upper);
    }
}

/* Bilinear, from a framed plane. */
static void warp_plane(const float *framed, inverse_map map, int height, int width, float *to) {
    row_part part;
    for (int y = 0; y < height; y++) {
        for (int first = 0; first < width; first += PART) {
            int count = width - first < PART ? width - first : PART;
            find_part(map, height, width, y, first, count, &part);
            fetch_part(framed, width + 2, count, &part);
            blend_part(&part, count, to + (ptrdiff_t)y * width + first);
        }
    }
}

/* The plane with a frame of one pixel of the background. */
static void frame_plane(const float *plane, float background, int height, int width, float *framed) {
    ptrdiff_t stride = width + 2;
    float *last = framed + (height + 1) * stride;
    for (ptrdiff_t x = 0; x < stride; x++) {
        framed[x] = background;
        last[x] = background;
    }
    for (int y = 1; y <= height; y++) {
        framed[y * stride] = background;
        memcpy(framed + y * stride + 1, plane, (size_t)width * sizeof *plane);
        framed[y * stride + width + 1] = background;
        plane += width;
    }
}

void tam_render(const tam_augment_map *map, tam_canvas *canvas) {
    int height = canvas->height, width = canvas->width;
    size_t area = (size_t)height * (size_t)width;
    const inverse_map narrow = {(float)map->ax, (float)map->bx, (float)map->cx,
                                (float)map->ay, (float)map->by, (float)map->cy};
    if (!map->moved && map->past_cache) {
        tam_planes_past_cache(canvas->pixels, canvas->channels, height, width, map->mirrored, canvas->planes);
        return;
    }
    tam_planes_of_bytes(canvas->pixels, canvas->channels, height, width, map->mirrored, canvas->planes);
    for (int k = 0; map->moved && k < canvas->channels; k++) {
        float *plane = canvas->planes + (size_t)k * area;
        frame_plane(plane, tam_background(canvas, k), height, width, canvas->scratch);
        warp_plane(canvas->scratch, narrow, height, width, plane);
    }
}

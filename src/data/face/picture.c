#include "data/face/picture.h"

#include <stddef.h>
#include <string.h>

#include "base/memory.h"
#include "base/vector_math.h"

/* Every pixel is the mean of FINE x FINE samples. */
enum { FINE = 2, BAND_ROWS = 16, ROW_PLANES = 7, MOST_REACH = 64, NOISE_BLOCKS = 256 };

struct tam_face_painter {
    tam_ctx *ctx;
    int side, columns;
    float scale; /* pixels for a pixel of a head of 112 */
    tam_face_mesh mesh;
    tam_face_band band;
    float *memory, *screen;
    float *row[ROW_PLANES];  /* r, g, b and gloss of the head, r, g, b of the scene */
    float *light[3], *spare; /* [side, side] */
    float *line;             /* [side + 2 MOST_REACH] */
};

tam_face_painter *tam_face_painter_create(tam_ctx *ctx, int side, int size) {
    int rows, columns, wide = side * FINE;
    tam_face_mesh_sides(size, &rows, &columns);
    size_t mesh = (size_t)rows * (size_t)columns, plane = (size_t)side * (size_t)side;
    size_t band = (size_t)wide * BAND_ROWS * FINE;
    size_t count = (FACE_PLANES + 2) * mesh + FACE_BAND_PLANES * band + ROW_PLANES * (size_t)wide;
    count += 4 * plane + (size_t)side + 2 * MOST_REACH;
    tam_face_painter *p = tam_allocate(ctx, 1, sizeof *p, "a face");
    if (p == NULL) {
        return NULL;
    }
    *p = (tam_face_painter){.ctx = ctx, .side = side, .columns = wide, .scale = (float)size / 112.0f};
    p->memory = tam_allocate(ctx, count, sizeof *p->memory, "a face");
    if (p->memory == NULL) {
        tam_release(ctx, p);
        return NULL;
    }
    float *at = p->memory;
    tam_face_mesh_place(&p->mesh, rows, columns, at);
    p->screen = at += FACE_PLANES * mesh;
    at += 2 * mesh;
    float **planes[FACE_BAND_PLANES] = {&p->band.base[0],   &p->band.base[1],   &p->band.base[2], &p->band.normal[0],
                                        &p->band.normal[1], &p->band.normal[2], &p->band.open,    &p->band.depth};
    for (int i = 0; i < FACE_BAND_PLANES; i++, at += band) {
        *planes[i] = at;
    }
    for (int i = 0; i < ROW_PLANES; i++, at += wide) {
        p->row[i] = at;
    }
    for (int i = 0; i < 3; i++, at += plane) {
        p->light[i] = at;
    }
    p->spare = at;
    p->line = at + plane;
    return p;
}

void tam_face_painter_free(tam_face_painter *painter) {
    if (painter != NULL) {
        tam_release(painter->ctx, painter->memory);
        tam_release(painter->ctx, painter);
    }
}

/* Where the head is in a row, and the range of its y; samples beside it take values that are safe to compute with. */
static tam_face_row head_row(const tam_face_painter *p, int row, int *first) {
    const tam_face_band *band = &p->band;
    ptrdiff_t at = (ptrdiff_t)row * band->columns;
    int from = 0, to = band->columns;
    while (from < to && band->depth[at + from] < -1e8f) {
        from++;
    }
    while (to > from && band->depth[at + to - 1] < -1e8f) {
        to--;
    }
    at += from;
    *first = from;
    tam_face_row r = {.n = to - from, .low = 9, .high = -9};
    for (int i = 0; i < r.n; i++) {
        if (band->depth[at + i] < -1e8f) {
            band->base[0][at + i] = band->base[1][at + i] = band->base[2][at + i] = 0;
            band->normal[0][at + i] = band->normal[1][at + i] = band->normal[2][at + i] = 0;
        } else {
            r.low = face_least(r.low, band->base[1][at + i]);
            r.high = face_most(r.high, band->base[1][at + i]);
        }
    }
    r.x = band->base[0] + at;
    r.y = band->base[1] + at;
    r.z = band->base[2] + at;
    r.nx = band->normal[0] + at;
    r.ny = band->normal[1] + at;
    r.nz = band->normal[2] + at;
    r.open = band->open + at;
    r.depth = band->depth + at;
    r.r = p->row[0] + from;
    r.g = p->row[1] + from;
    r.b = p->row[2] + from;
    r.gloss = p->row[3] + from;
    return r;
}

static void paint_head(const tam_face_look *look, const tam_face_row *row) {
    tam_face_paint_skin(look, row);
    tam_face_paint_marks(look, row);
    tam_face_paint_nose(look, row);
    tam_face_paint_beard(look, row);
    tam_face_paint_mouth(look, row);
    tam_face_paint_eyes(look, row);
    tam_face_paint_brows(look, row);
    tam_face_paint_hair(look, row);
    tam_face_paint_wear(look, row);
    tam_face_light(look, row);
}

TAM_KERNEL static void put_head(const tam_face_row *row, float *restrict r, float *restrict g, float *restrict b) {
    const float *restrict hr = row->r, *restrict hg = row->g, *restrict hb = row->b, *restrict depth = row->depth;
#pragma omp simd
    for (int i = 0; i < row->n; i++) {
        int head = depth[i] > -1e8f;
        r[i] = head ? hr[i] : r[i];
        g[i] = head ? hg[i] : g[i];
        b[i] = head ? hb[i] : b[i];
    }
}

/* Adds a row of samples to its row of pixels. */
TAM_KERNEL static void gather(int n, const float *restrict samples, float *restrict pixels) {
#pragma omp simd
    for (int i = 0; i < n; i++) {
        pixels[i] += (samples[FINE * i] + samples[FINE * i + 1]) * (1.0f / (FINE * FINE));
    }
}

static void draw_row(tam_face_painter *p, const tam_face_look *look, const face_view *fine, int row) {
    int first, y = p->band.first + row;
    float square = fine->a * fine->a + fine->b * fine->b, dy = (float)y - fine->y0;
    tam_face_line line = {.n = p->columns, .dx = fine->a / square, .dy = -fine->b / square};
    line.x = (dy * fine->b - fine->x0 * fine->a) / square;
    line.y = (dy * fine->a + fine->x0 * fine->b) / square;
    line.du = 1.0f / (float)p->columns;
    line.v = (float)y * line.du;
    float *r = p->row[4], *g = p->row[5], *b = p->row[6];
    tam_face_behind(look, &line, r, g, b);
    tam_face_row head = head_row(p, row, &first);
    if (head.n > 0) {
        paint_head(look, &head);
        put_head(&head, r + first, g + first, b + first);
    }
    tam_face_before(look, &line, r, g, b);
    for (int c = 0; c < 3; c++) {
        gather(p->side, p->row[4 + c], p->light[c] + (ptrdiff_t)(y / FINE) * p->side);
    }
}

/* line [n + 2 reach], a row with its ends repeated. */
TAM_KERNEL static void blur_row(int n, int reach, const float *restrict weight, const float *restrict line,
                                float *restrict out) {
#pragma omp simd
    for (int i = 0; i < n; i++) {
        out[i] = weight[0] * line[i + reach];
    }
    for (int k = 1; k <= reach; k++) {
        const float w = weight[k], *restrict left = line + reach - k, *restrict right = line + reach + k;
#pragma omp simd
        for (int i = 0; i < n; i++) {
            out[i] += w * (left[i] + right[i]);
        }
    }
}

/* Rows first, then columns by way of the transposed picture: twice the same. */
static void blur_and_turn(tam_face_painter *p, float *plane, float *out, int reach, const float *weight) {
    int n = p->side;
    for (int y = 0; y < n; y++) {
        float *from = plane + (ptrdiff_t)y * n;
        for (int i = 0; i < reach; i++) {
            p->line[i] = from[0];
            p->line[reach + n + i] = from[n - 1];
        }
        memcpy(p->line + reach, from, (size_t)n * sizeof *from);
        blur_row(n, reach, weight, p->line, from);
    }
    for (int y = 0; y < n; y++) {
        for (int x = 0; x < n; x++) {
            out[(ptrdiff_t)x * n + y] = plane[(ptrdiff_t)y * n + x];
        }
    }
}

/* The lens: a Gaussian of deviation `radius` pixels. */
static void blur(tam_face_painter *p, float radius) {
    float weight[MOST_REACH + 1], sum = 0;
    int reach = (int)(2.7f * radius) + 1;
    reach = reach < MOST_REACH ? reach : MOST_REACH;
    for (int k = 0; k <= reach; k++) {
        weight[k] = tam_exp(-0.5f * (float)(k * k) / (radius * radius));
        sum += k > 0 ? 2.0f * weight[k] : weight[k];
    }
    for (int k = 0; k <= reach; k++) {
        weight[k] /= sum;
    }
    for (int c = 0; c < 3; c++) {
        blur_and_turn(p, p->light[c], p->spare, reach, weight);
        blur_and_turn(p, p->spare, p->light[c], reach, weight);
    }
}

/* Grey levels by a square root (about the usual gamma) with some contrast, and the sensor's noise: the sum of a random
 * number's four bytes is nearly normal, with deviation 147.8. */
TAM_KERNEL static void expose(int n, float contrast, float deviation, const float *restrict light,
                              const uint32_t *restrict bits, uint8_t *restrict pixels) {
    const float scale = deviation / 147.8f;
#pragma omp simd
    for (int i = 0; i < n; i++) {
        uint32_t w = bits[i];
        int32_t sum = (int32_t)((w & 255u) + ((w >> 8) & 255u) + ((w >> 16) & 255u) + (w >> 24));
        float grey = sqrtf(face_share(light[i]));
        grey = face_mix(grey, grey * grey * (3.0f - 2.0f * grey), contrast);
        grey = 255.0f * grey + scale * (float)(sum - 510) + 0.5f;
        pixels[3 * i] = (uint8_t)(int32_t)face_most(0.0f, face_least(255.0f, grey));
    }
}

static void develop(tam_face_painter *p, const tam_face_sample *s, const tam_random *noise, uint8_t *pixels) {
    uint32_t bits[4 * NOISE_BLOCKS];
    ptrdiff_t plane = (ptrdiff_t)p->side * p->side;
    uint32_t block = 0;
    for (int c = 0; c < 3; c++) {
        for (ptrdiff_t at = 0; at < plane; at += 4 * NOISE_BLOCKS) {
            int n = plane - at < 4 * NOISE_BLOCKS ? (int)(plane - at) : 4 * NOISE_BLOCKS;
            tam_random_blocks(noise, block, NOISE_BLOCKS, bits);
            block += NOISE_BLOCKS;
            expose(n, s->contrast, s->noise, p->light[c] + at, bits, pixels + 3 * at + c);
        }
    }
}

void tam_face_painter_draw(tam_face_painter *p, const tam_face_look *look, const face_turn *turn, const face_view *view,
                           const tam_random *noise, uint8_t *pixels) {
    const float middle = 0.5f * (FINE - 1);
    face_view fine = {view->a * FINE, view->b * FINE, view->x0 * FINE + middle, view->y0 * FINE + middle};
    size_t plane = (size_t)p->side * (size_t)p->side;
    memset(p->light[0], 0, 3 * plane * sizeof(float));
    tam_face_mesh_make(&p->mesh, &look->shape, turn);
    tam_face_raster_project(&p->mesh, &fine, p->screen);
    for (int top = 0; top < p->side; top += BAND_ROWS) {
        int rows = p->side - top < BAND_ROWS ? p->side - top : BAND_ROWS;
        p->band.first = top * FINE;
        p->band.rows = rows * FINE;
        p->band.columns = p->columns;
        tam_face_raster(&p->mesh, p->screen, &p->band);
        for (int row = 0; row < p->band.rows; row++) {
            draw_row(p, look, &fine, row);
        }
    }
    blur(p, look->sample->blur * p->scale);
    develop(p, look->sample, noise, pixels);
}

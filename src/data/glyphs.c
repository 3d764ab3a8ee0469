/* Samples of procedural characters: the identity's program, disturbed as a hand would, drawn as distance to a way. */
#include <math.h>
#include <stddef.h>

#include "data/glyph_program.h"
#include "tammes/data.h"

enum { DEFAULT_SIZE = 28, PIECES = 5, MOST_SEGMENTS = TAM_GLYPH_STROKES * TAM_GLYPH_POINTS * PIECES };

typedef struct segment {
    float x, y, dx, dy;
    float inverse_square; /* 1 / (dx^2 + dy^2) */
    float top, bottom;
} segment;

/* How one sample differs from its program. */
typedef struct hand {
    float a, b, c, d; /* x' = a x + b y + shift_x, y' = c x + d y + shift_y about the middle */
    float shift_x, shift_y;
    float radius, soft; /* half the stroke's width and the width of its edge, in the unit square */
    float ink, noise;   /* in grey levels */
} hand;

/* Mean 0 and deviation 1, within 3.5; unlike Box-Muller it needs no logarithm and is the same on every machine. */
static float bell(tam_random *random) {
    float sum = tam_random_uniform(random) + tam_random_uniform(random) + tam_random_uniform(random) +
                tam_random_uniform(random);
    return (sum - 2.0f) * 1.7320508f;
}

static hand draw_hand(tam_random *random, int size) {
    float t = tam_random_between(random, -0.13f, 0.13f); /* tan(angle / 2): +-15 degrees */
    float cosine = (1 - t * t) / (1 + t * t), sine = 2 * t / (1 + t * t);
    float shear = tam_random_between(random, -0.2f, 0.2f);
    float scale_x = tam_random_between(random, 0.8f, 1.15f), scale_y = tam_random_between(random, 0.8f, 1.15f);
    hand h;
    h.a = scale_x * cosine;
    h.b = scale_y * (cosine * shear - sine);
    h.c = scale_x * sine;
    h.d = scale_y * (sine * shear + cosine);
    h.shift_x = tam_random_between(random, -0.06f, 0.06f);
    h.shift_y = tam_random_between(random, -0.06f, 0.06f);
    h.radius = tam_random_between(random, 0.022f, 0.048f);
    h.soft = (tam_random_between(random, 0.9f, 1.7f)) / (float)size;
    h.ink = tam_random_between(random, 190.0f, 255.0f);
    h.noise = tam_random_between(random, 0.0f, 10.0f);
    return h;
}

static void disturb(tam_random *random, const hand *h, tam_glyph_stroke *s) {
    float shift_x = 0.015f * bell(random), shift_y = 0.015f * bell(random); /* of the whole stroke */
    for (int k = 0; k < s->points; k++) {
        float x = s->x[k] - 0.5f + shift_x + 0.02f * bell(random);
        float y = s->y[k] - 0.5f + shift_y + 0.02f * bell(random);
        s->x[k] = 0.5f + h->shift_x + h->a * x + h->b * y;
        s->y[k] = 0.5f + h->shift_y + h->c * x + h->d * y;
    }
}

/* Catmull-Rom: through p1 at t = 0 and p2 at t = 1. */
static float curve(float p0, float p1, float p2, float p3, float t) {
    return p1 + 0.5f * t * (p2 - p0 + t * (2 * p0 - 5 * p1 + 4 * p2 - p3 + t * (3 * (p1 - p2) + p3 - p0)));
}

static void add_segment(segment *segments, int *count, float x0, float y0, float x1, float y1) {
    segment *s = &segments[(*count)++];
    s->x = x0;
    s->y = y0;
    s->dx = x1 - x0;
    s->dy = y1 - y0;
    s->inverse_square = 1.0f / (s->dx * s->dx + s->dy * s->dy + 1e-12f);
    s->top = y0 < y1 ? y0 : y1;
    s->bottom = y0 < y1 ? y1 : y0;
}

static void flatten(const tam_glyph_stroke *s, segment *segments, int *count) {
    int spans = s->closed ? s->points : s->points - 1;
    for (int i = 0; i < spans; i++) {
        int i1 = i, i2 = (i + 1) % s->points;
        int i0 = i > 0 ? i - 1 : s->closed ? s->points - 1 : 0;
        int i3 = s->closed ? (i + 2) % s->points : i + 2 < s->points ? i + 2 : s->points - 1;
        int pieces = s->smooth ? PIECES : 1;
        float x = s->x[i1], y = s->y[i1];
        for (int k = 1; k <= pieces; k++) {
            float t = (float)k / (float)pieces;
            float to_x = s->smooth ? curve(s->x[i0], s->x[i1], s->x[i2], s->x[i3], t) : s->x[i2];
            float to_y = s->smooth ? curve(s->y[i0], s->y[i1], s->y[i2], s->y[i3], t) : s->y[i2];
            add_segment(segments, count, x, y, to_x, to_y);
            x = to_x;
            y = to_y;
        }
    }
}

static float square_distance(const segment *s, float x, float y) {
    float px = x - s->x, py = y - s->y;
    float t = (px * s->dx + py * s->dy) * s->inverse_square;
    t = t < 0 ? 0 : t > 1 ? 1 : t;
    float qx = px - t * s->dx, qy = py - t * s->dy;
    return qx * qx + qy * qy;
}

/* One row: coverage by the pen falls from 1 to 0 over the soft edge; noise is added everywhere. */
static void draw_row(const segment *segments, int count, const hand *h, float y, int size, tam_random *random,
                     uint8_t *row) {
    const segment *near[MOST_SEGMENTS];
    float reach = h->radius + h->soft;
    int near_count = 0;
    for (int i = 0; i < count; i++) {
        if (segments[i].top - reach < y && segments[i].bottom + reach > y) {
            near[near_count++] = &segments[i];
        }
    }
    for (int i = 0; i < size; i++) {
        float x = ((float)i + 0.5f) / (float)size;
        float least = reach * reach;
        for (int k = 0; k < near_count; k++) {
            float square = square_distance(near[k], x, y);
            least = square < least ? square : least;
        }
        float cover = 0.5f + (h->radius - sqrtf(least)) / h->soft;
        cover = cover < 0 ? 0 : cover > 1 ? 1 : cover;
        float grey = cover * h->ink + h->noise * bell(random);
        row[i] = (uint8_t)(grey < 0 ? 0 : grey > 255 ? 255 : grey + 0.5f);
    }
}

void tam_glyphs_draw(const tam_glyphs_config *config, int64_t identity, int sample, uint8_t *pixels) {
    int size = config->size > 0 ? config->size : DEFAULT_SIZE;
    tam_random stream = tam_random_at(config->seed, TAM_PURPOSE_GLYPH, (uint32_t)identity, 0);
    tam_glyph_program program = tam_glyph_program_draw(&stream);
    segment segments[MOST_SEGMENTS];
    int count = 0;
    stream = tam_random_at(config->seed, TAM_PURPOSE_GLYPH, (uint32_t)identity, 1 + (uint32_t)sample);
    hand h = draw_hand(&stream, size);
    for (int i = 0; i < program.strokes; i++) {
        disturb(&stream, &h, &program.stroke[i]);
        flatten(&program.stroke[i], segments, &count);
    }
    for (int i = 0; i < size; i++) {
        float y = ((float)i + 0.5f) / (float)size;
        draw_row(segments, count, &h, y, size, &stream, pixels + (ptrdiff_t)i * size);
    }
}

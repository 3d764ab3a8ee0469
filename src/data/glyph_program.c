#include "data/glyph_program.h"

#include <math.h>

/* Characters of real scripts are a few strokes between the points of a coarse grid, mostly joined to each other. Only
 * exactly rounded operations (+ - * / and square roots) are used, so that every machine draws the same. */
enum { GRID = 4, TRIES = 24 };

typedef enum stroke_kind { LINE, BOW, CORNER, WAVE, LOOP, HOOK, KINDS } stroke_kind;

/* Chances of the kinds, in 1/100. */
static const uint32_t chances[KINDS] = {[LINE] = 22, [BOW] = 22, [CORNER] = 20, [WAVE] = 10, [LOOP] = 12, [HOOK] = 14};

typedef struct point {
    float x, y;
} point;

static point anchor(tam_random *random) {
    float column = (float)tam_random_below(random, GRID), row = (float)tam_random_below(random, GRID);
    return (point){0.15f + 0.7f / (GRID - 1) * column + tam_random_between(random, -0.04f, 0.04f),
                   0.15f + 0.7f / (GRID - 1) * row + tam_random_between(random, -0.04f, 0.04f)};
}

static float distance(point a, point b) {
    return sqrtf((a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y));
}

/* An anchor between `least` and `most` away from a point. */
static point anchor_from(tam_random *random, point from, float least, float most) {
    point to = anchor(random);
    for (int i = 0; i < TRIES && (distance(from, to) < least || distance(from, to) > most); i++) {
        to = anchor(random);
    }
    return to;
}

/* Where a stroke begins: two times in three on one drawn before. */
static point beginning(tam_random *random, const tam_glyph_program *program) {
    if (program->strokes == 0 || tam_random_below(random, 3) == 0) {
        return anchor(random);
    }
    const tam_glyph_stroke *s = &program->stroke[tam_random_below(random, (uint32_t)program->strokes)];
    uint32_t k = tam_random_below(random, (uint32_t)s->points);
    return (point){s->x[k], s->y[k]};
}

static void add_point(tam_glyph_stroke *s, point p) {
    s->x[s->points] = p.x;
    s->y[s->points] = p.y;
    s->points++;
}

/* The point at share t of the way from a to b, moved sideways by `aside` times the way's length. */
static point beside(point a, point b, float t, float aside) {
    return (point){a.x + t * (b.x - a.x) - aside * (b.y - a.y), a.y + t * (b.y - a.y) + aside * (b.x - a.x)};
}

static float either_sign(tam_random *random, float low, float high) {
    float value = tam_random_between(random, low, high);
    return tam_random_below(random, 2) == 0 ? value : -value;
}

static void add_loop(tam_random *random, tam_glyph_stroke *s, point start) {
    static const float circle[8][2] = {{1, 0},  {0.7071f, 0.7071f},   {0, 1},  {-0.7071f, 0.7071f},
                                       {-1, 0}, {-0.7071f, -0.7071f}, {0, -1}, {0.7071f, -0.7071f}};
    float rx = tam_random_between(random, 0.10f, 0.22f), ry = tam_random_between(random, 0.10f, 0.22f);
    uint32_t at = tam_random_below(random, 8); /* the loop touches the start there */
    point centre = {start.x - rx * circle[at][0], start.y - ry * circle[at][1]};
    for (uint32_t i = 0; i < 8; i++) {
        const float *p = circle[(at + i) % 8];
        add_point(s, (point){centre.x + rx * p[0], centre.y + ry * p[1]});
    }
    s->smooth = true;
    s->closed = true;
}

static stroke_kind draw_kind(tam_random *random) {
    uint32_t ticket = tam_random_below(random, 100);
    int kind = 0;
    while (ticket >= chances[kind]) {
        ticket -= chances[kind++];
    }
    return (stroke_kind)kind;
}

static tam_glyph_stroke draw_stroke(tam_random *random, const tam_glyph_program *program) {
    tam_glyph_stroke s = {0};
    stroke_kind kind = draw_kind(random);
    point a = beginning(random, program);
    if (kind == LOOP) {
        add_loop(random, &s, a);
        return s;
    }
    point b = anchor_from(random, a, 0.3f, 0.9f);
    float aside = either_sign(random, 0.22f, 0.5f);
    add_point(&s, a);
    if (kind == BOW) {
        add_point(&s, beside(a, b, 0.22f, 0.75f * aside));
        add_point(&s, beside(a, b, 0.5f, aside));
        add_point(&s, beside(a, b, 0.78f, 0.75f * aside));
    } else if (kind == WAVE) {
        add_point(&s, beside(a, b, 0.25f, 0.6f * aside));
        add_point(&s, beside(a, b, 0.5f, 0));
        add_point(&s, beside(a, b, 0.75f, -0.6f * aside));
    }
    add_point(&s, b);
    if (kind == CORNER) {
        add_point(&s, anchor_from(random, b, 0.3f, 0.7f));
    } else if (kind == HOOK) {
        add_point(&s, beside(a, b, 1.12f, 0.28f * aside));
        add_point(&s, beside(a, b, 0.92f, 0.75f * aside));
    }
    s.smooth = kind == BOW || kind == WAVE || kind == HOOK;
    return s;
}

/* A stroke beside one that is there would only thicken it. */
static bool repeats(const tam_glyph_program *program, const tam_glyph_stroke *s) {
    for (int i = 0; i < program->strokes; i++) {
        const tam_glyph_stroke *other = &program->stroke[i];
        int far = 0;
        for (int k = 0; k < s->points; k++) {
            float nearest = 1;
            for (int j = 0; j < other->points; j++) {
                nearest = fminf(nearest, distance((point){s->x[k], s->y[k]}, (point){other->x[j], other->y[j]}));
            }
            far += nearest > 0.15f;
        }
        if (far == 0) {
            return true;
        }
    }
    return false;
}

/* Centres the character and makes its longer side 0.7. */
static void fit(tam_glyph_program *program) {
    float low[2] = {9, 9}, high[2] = {-9, -9};
    for (int i = 0; i < program->strokes; i++) {
        const tam_glyph_stroke *s = &program->stroke[i];
        for (int k = 0; k < s->points; k++) {
            low[0] = fminf(low[0], s->x[k]);
            high[0] = fmaxf(high[0], s->x[k]);
            low[1] = fminf(low[1], s->y[k]);
            high[1] = fmaxf(high[1], s->y[k]);
        }
    }
    float side = fmaxf(high[0] - low[0], high[1] - low[1]);
    float scale = 0.7f / fmaxf(side, 0.3f);
    for (int i = 0; i < program->strokes; i++) {
        tam_glyph_stroke *s = &program->stroke[i];
        for (int k = 0; k < s->points; k++) {
            s->x[k] = 0.5f + scale * (s->x[k] - 0.5f * (low[0] + high[0]));
            s->y[k] = 0.5f + scale * (s->y[k] - 0.5f * (low[1] + high[1]));
        }
    }
}

/* The way of the pen over all strokes, from point to point. */
static float ink_length(const tam_glyph_program *program) {
    float length = 0;
    for (int i = 0; i < program->strokes; i++) {
        const tam_glyph_stroke *s = &program->stroke[i];
        for (int k = 1; k < s->points; k++) {
            length += distance((point){s->x[k - 1], s->y[k - 1]}, (point){s->x[k], s->y[k]});
        }
    }
    return length;
}

static tam_glyph_program draw_program(tam_random *random) {
    tam_glyph_program program = {0};
    int strokes = 2 + (int)tam_random_below(random, TAM_GLYPH_STROKES - 1);
    for (int tries = 0; program.strokes < strokes && tries < TRIES; tries++) {
        tam_glyph_stroke s = draw_stroke(random, &program);
        if (!repeats(&program, &s)) {
            program.stroke[program.strokes++] = s;
        }
    }
    fit(&program);
    return program;
}

/* Too little ink says nothing, too much becomes a blot. */
tam_glyph_program tam_glyph_program_draw(tam_random *random) {
    tam_glyph_program program = draw_program(random);
    for (int tries = 0; tries < TRIES && (ink_length(&program) < 1.1f || ink_length(&program) > 2.9f); tries++) {
        program = draw_program(random);
    }
    return program;
}

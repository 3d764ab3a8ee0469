/* The stroke program of a procedural character: what all samples of one identity have in common. */
#ifndef DATA_GLYPH_PROGRAM_H
#define DATA_GLYPH_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/random.h"

enum { TAM_GLYPH_STROKES = 4, TAM_GLYPH_POINTS = 8 };

/* A pen's way through points of the unit square, x to the right and y down. */
typedef struct tam_glyph_stroke {
    int points;
    bool smooth; /* a curve through the points, else straight lines */
    bool closed;
    float x[TAM_GLYPH_POINTS], y[TAM_GLYPH_POINTS];
} tam_glyph_stroke;

typedef struct tam_glyph_program {
    int strokes;
    tam_glyph_stroke stroke[TAM_GLYPH_STROKES];
} tam_glyph_program;

/* Draws the program of one identity; `random` is the identity's stream. */
tam_glyph_program tam_glyph_program_draw(tam_random *random);

#endif

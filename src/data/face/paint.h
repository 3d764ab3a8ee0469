/* Colours of a row of samples: passes one over another. */
#ifndef DATA_FACE_PAINT_H
#define DATA_FACE_PAINT_H

#include "data/face/raster.h"

/* What the passes over the head know. */
typedef struct tam_face_look {
    const tam_face_identity *id;
    const tam_face_sample *sample;
    tam_face_shape shape;
    face_colour hair; /* with its grey */
    float soft;       /* a sample's width in the unit of lengths */
} tam_face_look;

/* Planes of n samples; the head's: base x, y, z (z as a share of the front's depth), normal, open; and what becomes of
 * them: the share of light sent back, and how much shines. */
typedef struct tam_face_row {
    int n;
    float low, high; /* of y */
    const float *x, *y, *z, *nx, *ny, *nz, *open, *depth;
    float *r, *g, *b, *gloss;
} tam_face_row;

/* The part of a row from its first to its last sample with low < y < high. */
static inline tam_face_row face_row_between(const tam_face_row *row, float low, float high) {
    int from = 0, to = row->n;
    while (from < to && (row->y[from] <= low || row->y[from] >= high)) {
        from++;
    }
    while (to > from && (row->y[to - 1] <= low || row->y[to - 1] >= high)) {
        to--;
    }
    tam_face_row part = *row;
    part.n = to - from;
    part.x += from;
    part.y += from;
    part.z += from;
    part.nx += from;
    part.ny += from;
    part.nz += from;
    part.open += from;
    part.depth += from;
    part.r += from;
    part.g += from;
    part.b += from;
    part.gloss += from;
    return part;
}

/* share of `colour` over what is there. */
TAM_KERNEL_PART void face_over(float share, face_colour colour, float *r, float *g, float *b) {
    *r = face_mix(*r, colour.r, share);
    *g = face_mix(*g, colour.g, share);
    *b = face_mix(*b, colour.b, share);
}

TAM_KERNEL_PART face_colour face_scaled(face_colour c, float by) {
    return (face_colour){c.r * by, c.g * by, c.b * by};
}

void tam_face_paint_skin(const tam_face_look *look, const tam_face_row *row);
void tam_face_paint_marks(const tam_face_look *look, const tam_face_row *row);
void tam_face_paint_eyes(const tam_face_look *look, const tam_face_row *row);
void tam_face_paint_brows(const tam_face_look *look, const tam_face_row *row);
void tam_face_paint_nose(const tam_face_look *look, const tam_face_row *row);
void tam_face_paint_beard(const tam_face_look *look, const tam_face_row *row);
void tam_face_paint_mouth(const tam_face_look *look, const tam_face_row *row);
void tam_face_paint_hair(const tam_face_look *look, const tam_face_row *row);
void tam_face_paint_wear(const tam_face_look *look, const tam_face_row *row);
/* Turns r, g, b from shares of light into light. */
void tam_face_light(const tam_face_look *look, const tam_face_row *row);

#endif

/* The surface of a head as a function of two parameters, and the mesh made of it. */
#ifndef DATA_FACE_SHAPE_H
#define DATA_FACE_SHAPE_H

#include "data/face/math.h"
#include "data/face/sample.h"

/* Where hair grows. c is z over the depth of the front: 1 before, 0 at the ears, below behind them. */
typedef struct face_hair_region {
    float line, recess, widow, side, nape, slant, amount;
} face_hair_region;

/* The height y above which (smaller y) there is hair. */
TAM_KERNEL_PART float face_hairline(const face_hair_region *h, float x, float c) {
    float ax = fabsf(x);
    float front = -h->line - h->recess * face_bump(ax - 0.55f, 0.0f, 0.4f, 1.0f);
    front += h->widow * face_bump(x, 0.0f, 0.25f, 1.0f) + h->slant * x + 0.22f * face_most(0.0f, ax - 0.45f);
    float side = face_mix(front, h->side, face_ramp(0.42f, 0.24f, c));
    return face_mix(side, face_most(h->side, h->nape), face_ramp(-0.18f, -0.34f, c));
}

/* A head under one expression. */
typedef struct tam_face_shape {
    face_head head;
    face_eye eye;
    face_nose nose;
    face_mouth mouth;
    face_hair_region hair;
    float volume, curl, smile, open, ridge, cap;
    uint32_t salt;
} tam_face_shape;

tam_face_shape tam_face_shape_make(const tam_face_identity *id, const tam_face_sample *sample);

typedef struct face_point {
    float x, y, z;
} face_point;

/* The undisturbed surface, on which features are drawn: t from -1 (crown) over 0 (eyes) to 1 (chin), s and c the sine
 * and cosine of the angle about the vertical axis, 0 before. */
TAM_KERNEL_PART face_point face_base(const face_head *h, float t, float s, float c) {
    float t2 = t * t, t4 = t2 * t2, low = face_most(t, 0.0f);
    float circle = sqrtf(face_most(0.0f, 1.0f - t2));
    float box = sqrtf(sqrtf(face_most(0.0f, 1.0f - t4)));
    float tall = sqrtf(sqrtf(face_most(0.0f, 1.0f - t4 * t4)));
    float width = h->width * face_mix(circle, box, t < 0.0f ? 0.55f : h->jaw_square);
    width *= 1.0f - h->jaw * low * low * 1.2f - h->temple * face_bump(t + 0.2f, 0.0f, 0.35f, 1.0f);
    float front = h->front * (t < 0.0f ? face_mix(circle, box, 0.85f) : tall);
    float back = h->back * circle;
    float depth = c > 0.0f ? front : back;
    return (face_point){width * s, t * (t < 0.0f ? h->crown : h->chin), depth * c};
}

/* Turns to the camera's frame and onto the picture's plane. */
typedef struct face_turn {
    float cos_yaw, sin_yaw, cos_pitch, sin_pitch, distance;
} face_turn;

face_turn tam_face_turn(float yaw, float pitch, float distance);
/* Sine and cosine, within 1e-6 for angles up to 4; plain arithmetic. */
void tam_face_sine(float angle, float *sine, float *cosine);

TAM_KERNEL_PART face_point face_turned(const face_turn *q, float x, float y, float z) {
    float across = x * q->cos_yaw + z * q->sin_yaw, away = z * q->cos_yaw - x * q->sin_yaw;
    return (face_point){across, y * q->cos_pitch + away * q->sin_pitch, away * q->cos_pitch - y * q->sin_pitch};
}

enum { FACE_PLANES = 12 };

/* planes [rows, columns]; base: see face_base; place: on the picture's plane, with depth; normal: in the camera's
 * frame; open: share of the surroundings' light that reaches the point. */
typedef struct tam_face_mesh {
    int rows, columns;
    float *base[3], *place[3], *normal[3], *open, *scratch[2];
} tam_face_mesh;

/* Vertices of the mesh for a head of about `size` pixels. */
void tam_face_mesh_sides(int size, int *rows, int *columns);
/* memory: FACE_PLANES rows columns floats. */
void tam_face_mesh_place(tam_face_mesh *mesh, int rows, int columns, float *memory);
void tam_face_mesh_make(tam_face_mesh *mesh, const tam_face_shape *shape, const face_turn *turn);
/* The five landmarks on the picture's plane. */
void tam_face_landmarks(const tam_face_shape *shape, const face_turn *turn, float landmark[5][2]);

#endif

/* What lies behind the head and before it, drawn flat on the picture's plane. */
#ifndef DATA_FACE_SCENE_H
#define DATA_FACE_SCENE_H

#include "data/face/paint.h"

/* A row of n samples on the picture's plane: sample i at (x + i dx, y + i dy) in the unit of lengths, and at (u + i du,
 * v) in shares of the picture's sides. */
typedef struct tam_face_line {
    int n;
    float x, y, dx, dy, u, v, du;
} tam_face_line;

/* Light of the background, hair behind, neck and clothes. */
void tam_face_behind(const tam_face_look *look, const tam_face_line *line, float *r, float *g, float *b);
/* A hand or a bar, if the sample has one, over what is there. */
void tam_face_before(const tam_face_look *look, const tam_face_line *line, float *r, float *g, float *b);

#endif

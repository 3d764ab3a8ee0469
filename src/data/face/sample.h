/* What one picture of a procedural face adds to the identity: pose, light, expression, what hides it, the camera. */
#ifndef DATA_FACE_SAMPLE_H
#define DATA_FACE_SAMPLE_H

#include <stdbool.h>

#include "data/face/identity.h"
#include "tammes/faces.h"

enum { FACE_BLOBS = 4 };

typedef struct face_blob {
    float x, y, rx, ry;
    face_colour colour;
} face_blob;

typedef struct tam_face_sample {
    float yaw, pitch, roll, distance;
    float light_x, light_y, light_z, ambient, fill, exposure, contrast;
    face_colour light_colour, ambient_colour;
    float smile, open, blink, gaze_x, gaze_y, brow_lift, frown;
    float age, grey, flush, hair_volume, hair_shift, make_up;
    int occlusion;
    float cover_x, cover_y, cover_turn, cover_width, cover_kind; /* hand or bar */
    face_colour cover_colour, cloth;
    face_colour corner[4]; /* of the background */
    face_blob blob[FACE_BLOBS];
    float blur, noise;
    float jitter[5][2];            /* of the landmarks, in the unit: a detector's error */
    float place_x, place_y, scale; /* unaligned: where the face lies, in shares of the side */
    uint32_t salt;
} tam_face_sample;

/* `random` is the sample's stream. */
tam_face_sample tam_face_sample_draw(tam_random *random, const tam_face_identity *id, bool unaligned);

#endif

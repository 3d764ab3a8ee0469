/* What all samples of one procedural face have in common. */
#ifndef DATA_FACE_IDENTITY_H
#define DATA_FACE_IDENTITY_H

#include <stdint.h>

#include "base/random.h"

/* Lengths are shares of 35.2 pixels of the 112 pixel template, about the distance of two eyes: x to the viewer's right,
 * y down, z to the viewer, the eyes of the mean face at (+-0.5, 0). Colours are shares of light sent back, not of grey
 * levels. */
typedef struct face_colour {
    float r, g, b;
} face_colour;

typedef enum face_hair_style {
    FACE_HAIR_NONE,
    FACE_HAIR_RING, /* at the sides only */
    FACE_HAIR_SHORT,
    FACE_HAIR_FRINGE, /* down to the brows */
    FACE_HAIR_BACK,   /* combed back, bound */
    FACE_HAIR_CURLY,
    FACE_HAIR_MIDDLE, /* over the ears */
    FACE_HAIR_LONG,
    FACE_HAIR_STYLES
} face_hair_style;

typedef enum face_beard {
    FACE_BEARD_NONE,
    FACE_BEARD_STUBBLE,
    FACE_BEARD_MOUSTACHE,
    FACE_BEARD_CHIN,
    FACE_BEARD_FULL,
    FACE_BEARDS
} face_beard;

enum { FACE_MARKS = 7 };

typedef struct face_head {
    float width, crown, chin, front, back;
    float jaw, jaw_square, cheek, cheek_height, fat, temple;
    float chin_width, chin_forward, chin_cleft;
    float ridge, socket, muzzle, ear, lean; /* lean: a little more on one side than on the other */
} face_head;

typedef struct face_eye {
    float x, y, width, open_upper, open_lower, tilt, skew, peak, fold, iris, uneven, bag, lash, bulge;
    face_colour colour;
} face_eye;

typedef struct face_brow {
    float y, length, arch, slope, thick, taper, dense, inner, uneven;
} face_brow;

typedef struct face_nose {
    float tip, bridge, height, hump, width, wing, ball, root, bend;
} face_nose;

typedef struct face_mouth {
    float y, width, upper, lower, bow, curve, full, uneven;
    face_colour colour;
} face_mouth;

typedef struct face_hair {
    face_hair_style style;
    float line, recess, widow, side, nape, volume, slant, wave, grain, length;
    face_colour colour;
} face_hair;

typedef struct face_mark {
    float x, y, radius, dark, stretch; /* dark: 1 black, below 0 lighter than the skin */
} face_mark;

typedef struct tam_face_identity {
    face_head head;
    face_eye eye;
    face_brow brow;
    face_nose nose;
    face_mouth mouth;
    face_hair hair;
    face_beard beard;
    float beard_dense, beard_line;
    face_colour skin;
    float red, mottle, freckles, gloss, shadow; /* shadow: around the eyes */
    face_mark mark[FACE_MARKS];
    int marks;
    float masculine; /* 0 to 1; what goes with it: jaw, ridge, brows, beard, hair */
    float age;       /* years, mean of the samples */
    float wears;     /* probability of glasses in a sample */
    float rim_x, rim_y, rim_thick, rim_square;
    face_colour rim;
    uint32_t salt;
} tam_face_identity;

/* `random` is the identity's stream. */
tam_face_identity tam_face_identity_draw(tam_random *random);

#endif

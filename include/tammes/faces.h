/* Procedural faces: identities for anyone, without anyone's picture. */
#ifndef TAMMES_FACES_H
#define TAMMES_FACES_H

#include <stdint.h>

#include "tammes/ctx.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An identity is a set of parameters (shape of the head, eyes, brows, nose, mouth, skin, hair, marks); a sample differs
 * by nuisance: pose, light, expression, occlusion, blur, noise, age. Same (seed, identity, sample, size, unaligned):
 * same bytes, on every machine. */
typedef struct tam_faces_config {
    int64_t identities; /* no default */
    int per_identity;   /* 0: 20 */
    int size;           /* side in pixels, 0: 112; 32 to 1024 */
    uint64_t seed;
    int64_t first; /* number of the first identity, below 2^32: another range is another set of identities */
    int unaligned; /* 1: the face lies anywhere, turned and scaled, in an image of 1.5 times the side: material for
                      `data align`; 0: eyes, nose and mouth lie about where tam_face_template() has them */
    int jpeg;      /* tam_faces_write: 0 PNG, exact; else JPEG of this quality, 1 to 100 */
} tam_faces_config;

typedef enum tam_face_occlusion {
    TAM_FACE_CLEAR,
    TAM_FACE_GLASSES,
    TAM_FACE_DARK_GLASSES,
    TAM_FACE_MASK,
    TAM_FACE_HAND_OR_BAR,
    TAM_FACE_CAP,
    TAM_FACE_OCCLUSIONS
} tam_face_occlusion;

/* What is known of a sample. */
typedef struct tam_face_facts {
    float landmark[5][2];   /* left eye, right eye, nose, left and right corner of the mouth as the viewer sees them, in
                               pixels, the first pixel's centre (0, 0); beyond the edge where the face is */
    float yaw, pitch, roll; /* radians; the face turns to the viewer's right, down, clockwise. Aligned: roll 0 */
    float light_x, light_y, ambient; /* unit vector towards the light without its z; share of light from everywhere */
    float smile, mouth_open, blink;  /* 0 none, 1 most; a smile below 0 is a mouth pulled down */
    float gaze_x, gaze_y;            /* of the pupils, in distances between the eyes */
    float age;                       /* years */
    float blur, noise;               /* deviations: pixels of an image of 112, grey levels */
    int occlusion;                   /* tam_face_occlusion */
} tam_face_facts;

/* Side of the images in pixels: size, or 1.5 size unaligned, rounded down. */
TAM_API int tam_faces_side(const tam_faces_config *config);
/* One sample as bytes RGB [side, side, 3]. facts may be NULL. May be called from several threads with one context.
 * TAM_CONFIG: a size, an identity or a sample outside of its range; TAM_RESOURCES: no memory. */
TAM_API TAM_MUST_USE tam_status tam_faces_draw(tam_ctx *ctx, const tam_faces_config *config, int64_t identity,
                                               int sample, uint8_t *pixels, tam_face_facts *facts);
/* "clear", "glasses", ...; static. */
TAM_API const char *tam_face_occlusion_name(int occlusion);
/* Writes folder/idNNNNNN/NNN.png (or .jpg), folder/landmarks.csv (path,x1,y1,...,x5,y5) and folder/attributes.csv, on
 * the context's threads. Refuses a folder that exists and is not empty (TAM_CONFIG). */
TAM_API TAM_MUST_USE tam_status tam_faces_write(tam_ctx *ctx, const tam_faces_config *config, const char *folder);

#ifdef __cplusplus
}
#endif
#endif

/* Procedural faces: identities for anyone, without anyone's picture. */
#ifndef TAMMES_FACES_H
#define TAMMES_FACES_H

#include <stdint.h>

#include "tammes/ctx.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An identity is a set of parameters (shape of the head, eyes, brows, nose, mouth, skin, hair, marks); a sample differs
 * by nuisance: pose, light, expression, occlusion, blur, noise, age. Same (seed, identity, sample, size): same bytes.
 */
typedef struct tam_faces_config {
    int64_t identities; /* no default */
    int per_identity;   /* 0: 20 */
    int size;           /* side in pixels, 0: 112, at least 32 */
    uint64_t seed;
    int64_t first; /* number of the first identity: another range is another set of identities */
    int unaligned; /* 1: the face lies anywhere, turned and scaled, in an image of 1.5 times the side: material for
                      `data align`; 0: eyes, nose and mouth lie about where tam_face_template() has them */
} tam_faces_config;

/* What is known of a sample. */
typedef struct tam_face_facts {
    float landmark[5]
                  [2]; /* left eye, right eye, nose, corners of the mouth, in pixels, the first pixel's centre (0, 0) */
    float yaw, pitch, roll;          /* radians */
    float light_x, light_y, ambient; /* direction and share of light from everywhere */
    float smile, mouth_open, gaze;   /* expression, about -1 to 1 */
    float age;                       /* years */
    float blur, noise;               /* pixels; grey levels */
    int occlusion;                   /* 0 none, 1 glasses, 2 dark glasses, 3 mask, 4 hand or bar, 5 cap */
} tam_face_facts;

/* One sample as bytes [side, side, 3], side = size, or 1.5 size unaligned. facts may be NULL. Thread-safe. */
TAM_API int tam_faces_side(const tam_faces_config *config);
TAM_API void tam_faces_draw(const tam_faces_config *config, int64_t identity, int sample, uint8_t *pixels,
                            tam_face_facts *facts);
/* Writes folder/idNNNNNN/NNN.jpg, folder/landmarks.csv and folder/attributes.csv. Refuses a folder that exists and is
 * not empty (TAM_CONFIG). */
TAM_API TAM_MUST_USE tam_status tam_faces_write(tam_ctx *ctx, const tam_faces_config *config, const char *folder);

#ifdef __cplusplus
}
#endif
#endif

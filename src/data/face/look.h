/* From an identity and a sample to a picture: what is drawn, and where on the picture it lies. */
#ifndef DATA_FACE_LOOK_H
#define DATA_FACE_LOOK_H

#include "data/face/picture.h"

/* One sample of one identity with `config` (side and per_identity set); facts may be NULL. */
void tam_face_draw_sample(tam_face_painter *painter, const tam_faces_config *config, int64_t identity, int sample,
                          uint8_t *pixels, tam_face_facts *facts);
/* Whether sizes and ranges are allowed; 0 becomes the default. */
TAM_MUST_USE tam_status tam_faces_settle(tam_ctx *ctx, tam_faces_config *config);

#endif

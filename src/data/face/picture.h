/* A whole picture of a face. */
#ifndef DATA_FACE_PICTURE_H
#define DATA_FACE_PICTURE_H

#include "base/ctx.h"
#include "data/face/scene.h"

/* Memory for pictures of one size, for one thread. */
typedef struct tam_face_painter tam_face_painter;

/* NULL: no memory, with a sentence. side: the picture's; size: the head's in pixels. */
tam_face_painter *tam_face_painter_create(tam_ctx *ctx, int side, int size);
void tam_face_painter_free(tam_face_painter *painter);

/* view: to pixels, the first one's centre at 0; pixels [side, side, 3]. noise: the stream of the sensor's. */
void tam_face_painter_draw(tam_face_painter *painter, const tam_face_look *look, const face_turn *turn,
                           const face_view *view, const tam_random *noise, uint8_t *pixels);

#endif

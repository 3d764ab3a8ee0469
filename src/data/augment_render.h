/* From bytes [H, W, C] to planes [C, H, W] of (value - 127.5) / 127.5, mirrored and moved. */
#ifndef DATA_AUGMENT_RENDER_H
#define DATA_AUGMENT_RENDER_H

#include "data/augment_op.h"

/* Floats of scratch for a moved image: one plane with a frame of one background pixel, so that the warp needs no case
 * for the border. */
size_t tam_render_scratch(int height, int width);
/* Fills canvas->planes. Bilinear; outside the image is its background. */
void tam_render(const tam_augment_map *map, tam_canvas *canvas);
/* The background of one channel: the median of the outermost pixels. */
float tam_background(const tam_canvas *canvas, int channel);

#endif

/* A network as a picture. */
#ifndef TAMMES_DRAWING_H
#define TAMMES_DRAWING_H

#include "tammes/net.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Writes an SVG file: the way from the image to the embedding as blocks to the scale of their maps, repeated units
 * folded into one, and each kind of unit with branches drawn out once below. `title` is the net's name. A file of that
 * name is replaced. Fails with TAM_RESOURCES (no memory, or the file cannot be written). */
TAM_API TAM_MUST_USE tam_status tam_net_draw(tam_ctx *ctx, const tam_net *net, const char *title, const char *path);

#ifdef __cplusplus
}
#endif
#endif

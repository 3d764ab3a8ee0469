/* The vision transformer of face recognition, for every width and depth. */
#ifndef ZOO_VIT_H
#define ZOO_VIT_H

#include "zoo/zoo.h"

enum { TAM_VIT_PATCH, TAM_VIT_WIDTH, TAM_VIT_DEPTH, TAM_VIT_HEADS, TAM_VIT_MLP, TAM_VIT_KEYS };

/* Its keys; the default width is the caller's. Of an input whose sides are no multiples of the patch, the rows and
 * columns that fill no patch, at the bottom and the right, are not read: so are the published nets, 9 at 112. */
#define TAM_VIT_KEY_TABLE(width)                                                                                     \
    [TAM_VIT_PATCH] = TAM_WHOLE("patch", 8, 1, 64, "side of a patch; rows and columns that fill none are not read"), \
    [TAM_VIT_WIDTH] = TAM_WHOLE("width", width, 1, 8192, "numbers of a token; a multiple of heads"),                 \
    [TAM_VIT_DEPTH] = TAM_WHOLE("depth", 12, 1, 128, "blocks"),                                                      \
    [TAM_VIT_HEADS] = TAM_WHOLE("heads", 8, 1, 1024, "heads of the attention"),                                      \
    [TAM_VIT_MLP] = TAM_WHOLE("mlp", 4, 1, 16, "width inside a block's MLP, in widths of a token")

void tam_vit_build(tam_graph *graph, int dim, const double *key);

#endif

/* IResNet, the residual net of face recognition, for every number of units. */
#ifndef ZOO_IRESNET_H
#define ZOO_IRESNET_H

#include "zoo/zoo.h"

enum { TAM_IRESNET_STAGES = 4, TAM_IRESNET_KEYS = 2 };

/* Its two keys; their defaults are the caller's. */
#define TAM_IRESNET_WIDTH(otherwise) \
    TAM_WHOLE("width", otherwise, 1, 1024, "channels of the first stage; each later one has twice as many")
#define TAM_IRESNET_DROPOUT TAM_NUMBER("dropout", 0.4, 0, 0.99, "share dropped before the last layer")

/* Adds a stem, stages of units[stage] units and the output to `dim`. key: width, dropout. */
void tam_iresnet_build(tam_graph *graph, int dim, const double *key, const int units[TAM_IRESNET_STAGES]);

#endif

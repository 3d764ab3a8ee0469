/* What the nets of images share: how they begin and how they end, as the ArcFace study compares it (Deng, Guo, Xue,
 * Zafeiriou, CVPR 2019, "network settings"). */
#ifndef ZOO_FAMILY_H
#define ZOO_FAMILY_H

#include "zoo/zoo.h"

/* input=L: the first convolution is 3 x 3 with stride 1, so that a face of 112 x 112 ends as a map of 7 x 7; S: as
 * published for images of 224 x 224. */
#define TAM_ZOO_INPUT TAM_WORDS("input", "L|S", 1, "L: a first layer that keeps the size (faces); S: as published")
enum { TAM_INPUT_L, TAM_INPUT_S };

/* How the last map becomes the embedding:
 *   A    its mean: as wide as the map has channels, whatever is asked for
 *   B    mean, full layer
 *   C    mean, full layer, batch norm
 *   D    mean, full layer, batch norm, PReLU
 *   E    batch norm, dropout, full layer on the whole map, batch norm
 *   GDC  a filter as large as the map for each channel, batch norm, full layer, batch norm (Chen et al., CCBR 2018)
 *
 * The last norm of C, E and GDC has no scale: a margin loss sees directions only. */
#define TAM_ZOO_OUTPUT_OR(otherwise) \
    { "output", otherwise, 0, 5, true, "how the last map becomes the embedding", "E|A|B|C|D|GDC" }
#define TAM_ZOO_OUTPUT TAM_ZOO_OUTPUT_OR(TAM_OUTPUT_E)
enum { TAM_OUTPUT_E, TAM_OUTPUT_A, TAM_OUTPUT_B, TAM_OUTPUT_C, TAM_OUTPUT_D, TAM_OUTPUT_GDC };
#define TAM_ZOO_DROPOUT \
    TAM_NUMBER("dropout", 0.4, 0, 0.99, "share of the map dropped before the last layer of output E")

/* A factor of all channels (Howard et al., "MobileNets", 2017), and what it makes of `channels`: the nearest multiple
 * of 8, one more where that would take away more than a tenth; at least 8. */
#define TAM_ZOO_MULTIPLIER TAM_NUMBER("width", 1, 0.01, 32, "factor of the channels of every layer")
int tam_zoo_channels(int channels, double factor);

/* Adds the output behind node x. Refuses A where the map has not `dim` channels. */
int tam_zoo_output(tam_graph *graph, int x, int output, int dim, double dropout);

#endif

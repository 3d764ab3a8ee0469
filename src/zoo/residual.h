/* The residual nets, for every number of units, with the settings that the ArcFace study compares (Deng, Guo, Xue,
 * Zafeiriou, "ArcFace", CVPR 2019, "network settings"). */
#ifndef ZOO_RESIDUAL_H
#define ZOO_RESIDUAL_H

#include "zoo/family.h"

enum { TAM_RESIDUAL_STAGES = 4, TAM_RESIDUAL_KEYS = 6 };

/* block=ir: the improved unit of face recognition, BN-conv-BN-PReLU-conv-BN with the stride in its last convolution
 * (Han, Kim, Kim, CVPR 2017); orig: conv-BN-ReLU-conv-BN, a sum and ReLU (He, Zhang, Ren, Sun, CVPR 2016) with the
 * stride in its first 3 x 3 convolution. */
enum { TAM_BLOCK_IR, TAM_BLOCK_ORIG };

/* The keys' table; what differs between the nets are these defaults. */
#define TAM_RESIDUAL_TABLE(width, block, se)                                                                     \
    {                                                                                                            \
        TAM_WHOLE("width", width, 1, 1024, "channels of the first stage; each later one has twice as many"),     \
            TAM_ZOO_DROPOUT, TAM_ZOO_INPUT,                                                                      \
            {"block",  block, 0, 1, true, "ir: BN-conv-BN-PReLU-conv-BN; orig: conv-BN-ReLU-conv-BN, sum, ReLU", \
             "ir|orig"},                                                                                         \
            TAM_ZOO_OUTPUT, TAM_WHOLE("se", se, 0, 1, "1: squeeze and excitation in every unit"),                \
    }

typedef struct tam_residual {
    int units[TAM_RESIDUAL_STAGES];
    /* Units of 1 x 1, 3 x 3 and 1 x 1 convolutions that end with four times the channels of their 3 x 3. */
    bool bottleneck;
} tam_residual;

/* Adds a stem, the stages and the output to `dim`; keys as in the table.
 *
 * input=L: a stem of 3 x 3 with stride 1, and every stage begins with stride 2: 7 x 7 at the end for 112 x 112. S: a
 * stem of 7 x 7 with stride 2 and a maximum of 3 x 3 with stride 2, and the first stage keeps the size: 7 x 7 at the
 * end for 224 x 224, 4 x 4 for 112 x 112, 3 x 3 for 96 x 96.
 *
 * Squeeze and excitation (Hu, Shen, Sun, CVPR 2018) is behind a unit's last norm, as insightface's fresnet.py has it:
 * mean, full layer with bias to a 16th of the channels, the unit's activation, full layer with bias, sigmoid. */
void tam_residual_build(tam_graph *graph, int dim, const double *key, const tam_residual *net);

#endif

/* The inside of the gradient of weights by matrix registers (weight_gradient.h): how a shape is cut. */
#ifndef BACKEND_CPU_WEIGHT_GRADIENT_CUT_H
#define BACKEND_CPU_WEIGHT_GRADIENT_CUT_H

#include "backend/cpu/layer/weight_gradient.h"

enum {
    DEPTH = TAM_GRADIENT_DEPTH,
    LANES = TAM_GRADIENT_LANES,
    CHANNELS = TAM_GRADIENT_CHANNELS,
    TILE = TAM_GRADIENT_TILE,
    STEP_NUMBERS = DEPTH * LANES,
    MOST_TAPS = 49,
    GROUP_TILES = 4 /* of dw, of 32 x 32 channels */
};

/* How a shape is cut. A band is some rows of one sample; a segment is several bands. */
typedef struct tam_gradient_cut {
    int n, ic, oc, taps;
    int group;               /* channels of a group; 0: all */
    int x_lanes, dy_lanes;   /* registers that the channels fill */
    int x_groups, dy_groups; /* pairs of those */
    int64_t tiles;           /* of dw, for each tap */
    tam_window window;
    int phases_h, phases_w, phases;
    int h, w, out_h, out_w;
    int reach_h, reach_w; /* rows and pixels that a tap reaches further */
    int width;            /* pixels of a row, reach included */
    int band_rows, bands; /* rows of a band; bands of a sample */
    int together;         /* bands of a segment */
    int steps;            /* of 32 pixels in a band */
    int64_t length, row;  /* pixels of x in a band; from channel to channel in a segment */
    int64_t x_bytes, dy_bytes, dw_bytes, at_bytes;
} tam_gradient_cut;

tam_gradient_cut tam_gradient_cut_of(const tam_layer_shape *shape);

#endif

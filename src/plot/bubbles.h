/* Discs with names: what a figure shows of things that have a place and a size. */
#ifndef PLOT_BUBBLES_H
#define PLOT_BUBBLES_H

#include "plot/svg.h"

typedef struct tam_bubble {
    double x, y;   /* of the data; one that is not finite is left out */
    double radius; /* pixels */
    int colour;
    const char *label;
} tam_bubble;

/* Draws the discs, and each one's label beside it: inside the frame and over no other disc or label while there is such
 * a place near by, with a line from the disc where it is not right at it. */
void tam_svg_bubbles(tam_svg *svg, int n, const tam_bubble *bubbles);

#endif

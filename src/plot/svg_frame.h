/* The parts of a figure that svg.c and svg_frame.c share. */
#ifndef PLOT_SVG_FRAME_H
#define PLOT_SVG_FRAME_H

#include "plot/svg.h"

typedef struct tam_svg_label {
    double x, y; /* pixels */
    int size;
    const char *anchor; /* "start", "middle", "end" */
    const char *colour;
    bool bold;
} tam_svg_label;

/* About how wide words are, in pixels: exact widths are the viewer's secret. */
double tam_svg_width_of(const char *words, int size);
void tam_svg_words(tam_text *text, const tam_svg_label *label, const char *words);
/* The attributes of a stroke without filling. */
void tam_svg_stroke(tam_text *text, int colour, int dash, double width);
double tam_svg_x(const tam_svg *svg, double x);
double tam_svg_y(const tam_svg *svg, double y);

#endif

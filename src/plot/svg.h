/* A small figure writer: axes, lines, histograms, points, rays, as SVG that stands alone or inside HTML. Values that
 * are not finite are left out. Coordinates of the data; y grows upwards. */
#ifndef PLOT_SVG_H
#define PLOT_SVG_H

#include "plot/text_buffer.h"

typedef struct tam_axis {
    const char *label; /* with the unit: "mean angle (degrees)"; NULL: the axis is not drawn */
    double low, high;  /* low < high, and low > 0 for a logarithm; otherwise widened until it is so */
    bool logarithm;
    bool nice;   /* widen to whole ticks */
    double step; /* between ticks; 0: chosen */
} tam_axis;

/* A name in the legend. Colour and dash are numbers of the palette and repeat; -1: a grey; -2: white. */
typedef struct tam_series {
    const char *name;
    int colour, dash;
} tam_series;

/* A labelled place on an axis. */
typedef struct tam_tick {
    double at;
    const char *words;
} tam_tick;

typedef struct tam_figure {
    int width, height; /* pixels at 100%; 0: 560 x 340 */
    const char *title; /* may be NULL */
    tam_axis x, y;
    bool same_scale; /* a unit is equally long on both axes (the larger range of the two wins) */
    const tam_series *legend;
    int legend_count;
    const char *const *x_words; /* instead of numbers on the x axis: words at 0, 1, ... */
    int x_word_count;
    /* Instead of chosen numbers, the most important first; one outside the axis, or whose words would touch those of an
     * earlier one, is left out. At most 32 are drawn. */
    const tam_tick *x_ticks, *y_ticks;
    int x_tick_count, y_tick_count;
} tam_figure;

/* The state of one drawing. */
typedef struct tam_svg {
    tam_text *text;
    tam_axis x, y;
    double left, top, right, bottom; /* of the plot, pixels */
} tam_svg;

enum { TAM_COLOURS = 10, TAM_DASHES = 6 };
/* "#rrggbb": ten colours that stay apart for colour-blind readers and in print. */
const char *tam_colour(int index);

/* Draws frame, grid, ticks and legend. Everything until tam_svg_end is clipped to the frame. */
tam_svg tam_svg_begin(tam_text *text, const tam_figure *figure);
void tam_svg_end(tam_svg *svg);

void tam_svg_line(tam_svg *svg, int colour, int dash, double width, int n, const double *x, const double *y);
/* Bars without gaps over [low, high], n of them, each of height y, translucent with an outline. */
void tam_svg_histogram(tam_svg *svg, int colour, double low, double high, int n, const double *y);
/* Dots of `size` pixels; several thousand take about 10 bytes each. */
void tam_svg_points(tam_svg *svg, int colour, double size, int n, const float *x, const float *y);
/* A straight line with a round end and, beyond the end, a small label (may be NULL). */
void tam_svg_ray(tam_svg *svg, int colour, double x0, double y0, double x1, double y1, const char *label);
/* A ring with a label to its right (may be NULL). */
void tam_svg_mark(tam_svg *svg, int colour, double x, double y, const char *label);

/* A closed polygon without an outline; opacity 0 to 1. Corners that are not finite are left out. */
void tam_svg_area(tam_svg *svg, int colour, double opacity, int n, const double *x, const double *y);
/* Words around the place (x, y), readable on any ground. */
void tam_svg_note(tam_svg *svg, int colour, double x, double y, const char *words);

/* Ticks for [low, high]: at most `most` >= 2 numbers, 1, 2 or 5 times a power of ten apart (logarithm: powers of ten,
 * with 2 and 5 times of them where that gives less than three). Returns how many. */
int tam_ticks(double low, double high, bool logarithm, int most, double *ticks);

#endif

/* The parts of the drawing of a network. */
#ifndef REPORT_NET_DRAWING_H
#define REPORT_NET_DRAWING_H

#include "plot/svg_frame.h"
#include "report/net_view.h"

enum { TAM_DRAWN_LINES = 8, TAM_DRAWN_WORDS = 48 };

/* A box's words: a line for what it begins with, one for the rest. */
typedef struct tam_drawn_words {
    char line[TAM_DRAWN_LINES][TAM_DRAWN_WORDS];
    int lines;
} tam_drawn_words;

/* "conv 3 x 3 / 2" */
void tam_drawn_node(const tam_node *node, char words[TAM_DRAWN_WORDS]);
tam_drawn_words tam_drawn_box(const tam_net_view *view, const tam_view_box *box);
/* "64 x 56 x 56", or "512" of a vector. */
void tam_drawn_shape(tam_shape shape, char words[TAM_DRAWN_WORDS]);
/* "1.23 M" */
void tam_drawn_number(double value, char words[TAM_DRAWN_WORDS]);
/* "A", "B", ... of a kind of unit. */
void tam_drawn_letter(int kind, char words[TAM_DRAWN_WORDS]);

/* Kinds of ops as colours of the palette, for blocks, boxes and the legend. */
enum { TAM_DRAWN_KINDS = 7 };
const char *tam_drawn_kind_name(int kind);
int tam_drawn_kind_colour(int kind);
int tam_drawn_kind(const tam_node *node);

/* About how wide the words are in pixels. */
double tam_drawn_width(const char *words, int size);
/* Words in dark ink. */
void tam_drawn_text(tam_text *text, double x, double y, int size, const char *anchor, bool bold, const char *words);
/* A polygon, filled with a palette's colour in this opacity, with a thin outline of it. n pairs x, y. */
void tam_drawn_polygon(tam_text *text, int colour, double opacity, int n, const double *places);
/* A line through n pairs x, y; with an arrow's head at its end. */
void tam_drawn_line(tam_text *text, int n, const double *places, bool arrow);

/* Draws the columns from `top` on in rows of at most `width` pixels and returns where they end; text NULL: measures. */
double tam_draw_columns(tam_text *text, const tam_net_view *view, double width, double top);

/* A kind of unit drawn out: its layout, and the drawing with the upper left corner at (x, y). */
typedef struct tam_panel {
    const tam_net_view *view;
    int kind, boxes, ranks, lanes;
    int *rank, *lane; /* by box of the unit */
    int *edge_lane;   /* by box and input: the lane in which a line passes the ranks between, or -1 */
    tam_drawn_words *words;
    bool *taken; /* [lane][rank] */
    double *lane_x, *lane_width, *rank_y, *rank_height;
    double width, height;
} tam_panel;

/* Memory comes from the view's arena. */
TAM_MUST_USE tam_status tam_panel_create(const tam_net_view *view, int kind, tam_panel *panel);
void tam_panel_draw(tam_text *text, const tam_panel *panel, double x, double y);

#endif

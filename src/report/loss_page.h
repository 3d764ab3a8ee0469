/* The page of figures of losses: each figure is drawn once, into the page, and is also a file of its own; the numbers
 * behind it go into a table. */
#ifndef REPORT_LOSS_PAGE_H
#define REPORT_LOSS_PAGE_H

#include "plot/svg.h"
#include "report/loss_view.h"
#include "tammes/analyze.h"

#define TAM_THETA "\xce\xb8"

typedef struct tam_loss_page {
    tam_ctx *ctx;
    const char *folder;
    tam_text html, table;
    tam_status status; /* the first failure; everything after it is left out */
    int count;         /* losses */
    tam_loss_view view[TAM_ANALYZE_LOSSES];
    tam_analyze_result *result;
    /* The figure being drawn. */
    tam_svg svg;
    size_t figure_from;
    char figure_name[TAM_ANALYZE_WORDS];
} tam_loss_page;

/* Between the two, draw on page->svg. name: of the file, without its ending. */
void tam_loss_page_figure(tam_loss_page *page, const char *name, const tam_figure *figure);
void tam_loss_page_figure_end(tam_loss_page *page, const char *caption);

/* Draws a line and writes its numbers into the table; not finite ones into neither. */
void tam_loss_page_line(tam_loss_page *page, const char *series, int colour, int dash, double width, int n,
                        const double *x, const double *y);

/* One curve for each angle from 0 to 180 degrees. */
enum { TAM_LOSS_ANGLES = 361 };
typedef double (*tam_loss_value)(const tam_loss_view *view, double theta);

/* One line of a figure: a value of a loss against the angle. */
typedef struct tam_loss_curve_of {
    const tam_loss_view *view;
    const char *name; /* in the legend; NULL: the view's */
    int colour, dash;
    double width; /* of the line; 0: 2 */
} tam_loss_curve_of;

/* A figure of values against the angle. figure->x is set here, and the range of y where low = high = 0: by the values
 * from 10 to 170 degrees, as slopes grow without bound at the ends. Lines without a finite value are left out. */
void tam_loss_page_curves(tam_loss_page *page, const char *name, tam_figure figure, tam_loss_value value, int count,
                          const tam_loss_curve_of *curves, const char *caption);

/* The figures, section by section. */
void tam_loss_page_logits(tam_loss_page *page);
void tam_loss_page_gradients(tam_loss_page *page);
void tam_loss_page_probabilities(tam_loss_page *page);
void tam_loss_page_boundaries(tam_loss_page *page);
void tam_loss_page_lengths(tam_loss_page *page);
void tam_loss_page_options(tam_loss_page *page);

/* Compares the losses with the closed forms of the literature: page->result->fact. */
void tam_loss_page_find_facts(tam_loss_page *page);
void tam_loss_page_facts(tam_loss_page *page);

/* A sentence with the losses that have no probabilities, or nothing. */
void tam_loss_page_left_out(const tam_loss_page *page, char *words, size_t room);

/* All curves of the page's losses, each with a colour and a dash of its own. */
int tam_loss_page_all(const tam_loss_page *page, tam_loss_curve_of curves[TAM_ANALYZE_LOSSES]);

#endif

/* The page: runs in, HTML out. */
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

#include "plot/text_buffer.h"
#include "report/report_run.h"

void tam_page_write(tam_text *text, const char *title, const char *validation, int count, const tam_report_run *runs);

/* Figures of the page, each with its caption. */
void tam_page_scatter(tam_text *text, const tam_report_run *run);
/* How each class's features spread over the directions of the plane. */
void tam_page_directions(tam_text *text, const tam_report_run *run);
void tam_page_curves(tam_text *text, int count, const tam_report_run *runs);
/* One of these curves, all runs in one figure. EER needs two validations of a run, SCALE a loss that moves its scale.
 */
typedef enum tam_curve {
    TAM_CURVE_LOSS,
    TAM_CURVE_THETA,
    TAM_CURVE_ACCURACY,
    TAM_CURVE_SCALE,
    TAM_CURVE_RATE,
    TAM_CURVE_EER
} tam_curve;
bool tam_page_has_curve(tam_curve curve, int count, const tam_report_run *runs);
void tam_page_curve(tam_text *text, tam_curve curve, int count, const tam_report_run *runs);
void tam_page_theta(tam_text *text, const tam_report_run *run, double highest);
void tam_page_roc(tam_text *text, int count, const tam_report_run *runs);
/* The largest share of any bin that tam_page_theta draws. */
double tam_page_theta_highest(const tam_report_run *run);

/* One or two sentences on what a loss does to features in the plane; never NULL. */
const char *tam_page_loss_words(const char *specification);

#endif

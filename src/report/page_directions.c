/* Features by direction: one hill a class. */
#include <math.h>
#include <string.h>

#include "plot/html.h"
#include "plot/svg.h"
#include "report/page.h"

enum { SLICES = 120, MOST_CLASSES = 20 };
static const double degrees = 57.29577951308232;

/* Shares (%) of the class's features in slices of 3 degrees from -180 on; returns the largest. */
static double spread_class(const tam_scatter *scatter, int64_t label, double shares[SLICES]) {
    int64_t count = 0;
    double highest = 0;
    memset(shares, 0, SLICES * sizeof *shares);
    for (int64_t i = 0; i < scatter->count; i++) {
        double x = (double)scatter->x[2 * i], y = (double)scatter->x[2 * i + 1];
        if (scatter->labels[i] == label && isfinite(x) && isfinite(y) && (x != 0 || y != 0)) {
            int slice = (int)((atan2(y, x) * degrees + 180) * SLICES / 360);
            shares[slice < SLICES ? slice : 0]++;
            count++;
        }
    }
    for (int s = 0; s < SLICES && count > 0; s++) {
        shares[s] *= 100.0 / (double)count;
        highest = shares[s] > highest ? shares[s] : highest;
    }
    return highest;
}

void tam_page_directions(tam_text *text, const tam_report_run *run) {
    const tam_scatter *scatter = &run->scatter;
    double shares[SLICES], highest = 1;
    int64_t classes = scatter->classes < MOST_CLASSES ? scatter->classes : MOST_CLASSES;
    for (int64_t c = 0; c < classes; c++) {
        double here = spread_class(scatter, c, shares);
        highest = here > highest ? here : highest;
    }
    const tam_figure figure = {.width = 360,
                               .height = 190,
                               .title = run->name,
                               .x = {"direction (degrees)", -180, 180, false, false, 90},
                               .y = {"share of class (%)", 0, highest * 1.2, false, false, 0}};
    tam_html_figure_begin(text, figure.width);
    tam_svg svg = tam_svg_begin(text, &figure);
    for (int64_t c = 0; c < classes; c++) {
        if (spread_class(scatter, c, shares) > 0) {
            tam_svg_histogram(&svg, (int)(c % TAM_COLOURS), -180, 180, SLICES, shares);
        }
    }
    for (int64_t row = 0; row < classes * scatter->sub_centres; row++) {
        const float *w = scatter->weights + 2 * row;
        double angle = atan2((double)w[1], (double)w[0]) * degrees;
        tam_svg_ray(&svg, (int)(row / scatter->sub_centres % TAM_COLOURS), angle, 0, angle, highest * 1.03, NULL);
    }
    tam_svg_end(&svg);
    tam_html_figure_end(text, NULL);
}

/* ROC and DET of an evaluation, all models in one figure. */
#include <math.h>
#include <stdio.h>

#include "plot/html.h"
#include "plot/probit.h"
#include "plot/svg.h"
#include "report/eval_page.h"

enum { WIDTH = 540, HEIGHT = 420 };
/* A rate that fewer errors than these make is a matter of single pairs: the rule of three. */
static const double few = 3;

/* The fewest of the models' largest numbers of impostor pairs; 0: none has rates. */
static double most_impostors(int count, const tam_eval_part *parts) {
    double most = 0;
    for (int i = 0; i < count; i++) {
        if (tam_eval_part_has_rates(&parts[i])) {
            most = fmax(most, (double)parts[i].result.impostor);
        }
    }
    return most;
}

static int make_legend(int count, const tam_eval_part *parts, tam_series *legend) {
    for (int i = 0; i < count; i++) {
        legend[i] = (tam_series){parts[i].label, i, i};
    }
    return count;
}

/* Marks the rates on the left that few false accepts make. */
static void shade(tam_svg *svg, double limit) {
    const double x[4] = {svg->x.low, limit, limit, svg->x.low};
    const double y[4] = {svg->y.low, svg->y.low, svg->y.high, svg->y.high};
    if (limit > svg->x.low) {
        tam_svg_area(svg, -1, 0.14, 4, x, y);
    }
}

void tam_eval_page_roc(tam_text *text, int count, const tam_eval_part *parts) {
    tam_series legend[TAM_EVAL_PAGE_PARTS];
    double x[TAM_ROC_POINTS], y[TAM_ROC_POINTS], worst = 100;
    double lowest = fmax(1e-9, 1 / most_impostors(count, parts));
    for (int i = 0; i < count; i++) {
        for (int p = 0; p < parts[i].result.points; p++) {
            if (parts[i].result.roc[p].far >= lowest) {
                worst = fmin(worst, 100 * parts[i].result.roc[p].tar);
            }
        }
    }
    double least = worst < 50 ? 0 : 10 * floor(worst / 10 - 0.1);
    const tam_figure figure = {
        .width = WIDTH,
        .height = HEIGHT,
        .title = "ROC",
        .x = {"FAR (share of impostor pairs accepted, logarithmic)", fmin(lowest, 0.1), 1, true, false, 0},
        .y = {"TAR (% of genuine pairs accepted)", least, 100 + 0.01 * (100 - least), false, false, 0},
        .legend = legend,
        .legend_count = make_legend(count, parts, legend)};
    tam_html_figure_begin(text, figure.width);
    tam_svg svg = tam_svg_begin(text, &figure);
    shade(&svg, fmin(few / most_impostors(count, parts), 1));
    for (int p = 0; p <= 100; p++) {
        x[p] = pow(svg.x.low, p / 100.0);
        y[p] = 100 * (1 - x[p]);
    }
    tam_svg_line(&svg, -1, 2, 1, 101, x, y);
    for (int i = 0; i < count; i++) {
        const tam_verification *result = &parts[i].result;
        for (int p = 0; p < result->points; p++) {
            x[p] = fmax(result->roc[p].far, svg.x.low); /* without false accepts: at the left edge, and below it */
            y[p] = 100 * result->roc[p].tar;
        }
        tam_svg_line(&svg, i, i, 2, result->points, x, y);
    }
    for (int i = 0; i < count; i++) {
        tam_svg_mark(&svg, i, parts[i].result.eer, 100 * (1 - parts[i].result.eer), NULL);
    }
    tam_svg_end(&svg);
    tam_html_figure_end(text, "How many genuine pairs are accepted when so many impostor pairs are: higher is better, "
                              "stricter thresholds are on the left, rings mark the equal error rate (on the dotted "
                              "line), and in the grey part fewer than three false accepts decide.");
}

/* What the normal-deviate axes must show. */
typedef struct det_range {
    double x_low, x_high, y_low, y_high; /* rates */
    bool any;                            /* errors of both kinds at one threshold */
} det_range;

static det_range find_range(int count, const tam_eval_part *parts) {
    det_range range = {1, 0.4, 1, 0.4, false};
    for (int i = 0; i < count; i++) {
        if (isfinite(parts[i].result.eer)) {
            range.x_high = fmax(range.x_high, tam_probit_tick_above(1.2 * parts[i].result.eer));
        }
    }
    range.x_low = fmax(tam_probit_ticks()[0].rate, 1 / most_impostors(count, parts));
    for (int i = 0; i < count; i++) {
        for (int p = 0; p < parts[i].result.points; p++) {
            double fmr = parts[i].result.roc[p].far, fnmr = 1 - parts[i].result.roc[p].tar;
            if (fmr >= range.x_low && fmr <= range.x_high && fnmr > 0.5 / (double)parts[i].result.genuine) {
                range.y_low = fmin(range.y_low, fnmr);
                range.y_high = fmax(range.y_high, fnmr);
                range.any = true;
            }
        }
    }
    range.x_low = fmin(range.x_low, 0.05);
    range.y_low = fmin(range.y_low, 0.05);
    range.y_high = tam_probit_tick_above(range.y_high);
    return range;
}

static void draw_det(tam_svg *svg, int colour, const tam_verification *result) {
    double x[TAM_ROC_POINTS], y[TAM_ROC_POINTS];
    for (int p = 0; p < result->points; p++) {
        double fnmr = 1 - result->roc[p].tar; /* 1 - tar of the last genuine pair is not quite 0 */
        x[p] = tam_probit(result->roc[p].far);
        y[p] = fnmr > 0.5 / (double)result->genuine ? tam_probit(fnmr) : NAN;
    }
    tam_svg_line(svg, colour, colour, 2, result->points, x, y);
}

/* The round ones first: whole powers of ten, and 40%, where the usual figure ends. */
static void order_ticks(tam_tick ticks[TAM_PROBIT_TICKS]) {
    int count = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < TAM_PROBIT_TICKS; i++) {
            const tam_probit_tick *tick = &tam_probit_ticks()[i];
            double power = log10(fmin(tick->rate, 1 - tick->rate));
            bool round = fabs(power - nearbyint(power)) < 1e-9 || tick->rate == 0.4;
            if (round == (pass == 0)) {
                ticks[count++] = (tam_tick){tam_probit(tick->rate), tick->words};
            }
        }
    }
}

void tam_eval_page_det(tam_text *text, int count, const tam_eval_part *parts) {
    tam_series legend[TAM_EVAL_PAGE_PARTS];
    tam_tick ticks[TAM_PROBIT_TICKS];
    const det_range range = find_range(count, parts);
    if (!range.any) {
        tam_html_paragraph(text, "DET: at no threshold are there errors of both kinds, so there is nothing to draw.");
        return;
    }
    order_ticks(ticks);
    const tam_figure figure = {.width = WIDTH,
                               .height = HEIGHT,
                               .title = "DET",
                               .x = {"FMR (% of impostor pairs accepted, normal deviate)", tam_probit(range.x_low),
                                     tam_probit(range.x_high), false, false, 0},
                               .y = {"FNMR (% of genuine pairs refused, normal deviate)", tam_probit(range.y_low),
                                     tam_probit(range.y_high), false, false, 0},
                               .legend = legend,
                               .legend_count = make_legend(count, parts, legend),
                               .x_ticks = ticks,
                               .x_tick_count = TAM_PROBIT_TICKS,
                               .y_ticks = ticks,
                               .y_tick_count = TAM_PROBIT_TICKS};
    tam_html_figure_begin(text, figure.width);
    tam_svg svg = tam_svg_begin(text, &figure);
    shade(&svg, tam_probit(fmin(few / most_impostors(count, parts), 1)));
    const double diagonal[2] = {-6, 6};
    tam_svg_line(&svg, -1, 2, 1, 2, diagonal, diagonal);
    for (int i = 0; i < count; i++) {
        draw_det(&svg, i, &parts[i].result);
    }
    for (int i = 0; i < count; i++) {
        double place = tam_probit(parts[i].result.eer);
        tam_svg_mark(&svg, i, place, place, NULL);
    }
    tam_svg_end(&svg);
    tam_html_figure_end(text, "The two errors against each other: lower and further left is better, and a straight "
                              "line means that both kinds of scores are normally distributed; FMR and FNMR are FAR "
                              "and 1 - TAR of ISO/IEC 19795-1.");
}

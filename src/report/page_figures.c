/* Scatter, histograms of angles and ROC. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "plot/html.h"
#include "plot/svg.h"
#include "report/page.h"

enum { MOST_RAYS = 40, MOST_LEGEND = 24, MOST_TITLE = 44 };

/* Where the crowd is: a few far features must not squeeze the rest. The 99.5th percentile of |x| by a histogram of its
 * logarithm. */
static double radius_of(const tam_scatter *scatter) {
    int64_t counts[256] = {0}, seen = 0;
    for (int64_t i = 0; i < scatter->count; i++) {
        double length = hypot((double)scatter->x[2 * i], (double)scatter->x[2 * i + 1]);
        int slot = length > 0 ? (int)(128 + 8 * log2(length)) : 0;
        counts[slot < 0 ? 0 : slot > 255 ? 255 : slot]++;
    }
    for (int slot = 0; slot < 256; slot++) {
        seen += counts[slot];
        if ((double)seen >= 0.995 * (double)scatter->count) {
            return exp2((slot + 1 - 128) / 8.0);
        }
    }
    return 1;
}

/* The dots of one class at a time, gathered into out [count]. */
static int class_points(const tam_scatter *scatter, int64_t label, float *x, float *y) {
    int count = 0;
    for (int64_t i = 0; i < scatter->count; i++) {
        if (scatter->labels[i] == label) {
            x[count] = scatter->x[2 * i];
            y[count++] = scatter->x[2 * i + 1];
        }
    }
    return count;
}

static void draw_classes(tam_svg *svg, const tam_scatter *scatter, double radius) {
    float *x = tam_allocate(svg->text->ctx, (size_t)scatter->count, 2 * sizeof *x, "points of a figure");
    if (x == NULL) {
        svg->text->failed = true;
        return;
    }
    for (int64_t c = 0; c < scatter->classes; c++) {
        int count = class_points(scatter, c, x, x + scatter->count);
        if (count > 0) {
            tam_svg_points(svg, (int)(c % TAM_COLOURS), 2.6, count, x, x + scatter->count);
        }
    }
    tam_release(svg->text->ctx, x);
    for (int64_t row = 0; row < scatter->classes * scatter->sub_centres && row < MOST_RAYS; row++) {
        double wx = (double)scatter->weights[2 * row], wy = (double)scatter->weights[2 * row + 1];
        double length = hypot(wx, wy);
        int64_t c = row / scatter->sub_centres;
        if (length > 0) {
            tam_svg_ray(svg, (int)(c % TAM_COLOURS), 0, 0, wx / length * radius, wy / length * radius,
                        row % scatter->sub_centres == 0 ? scatter->names[c] : NULL);
        }
    }
}

void tam_page_scatter(tam_text *text, const tam_report_run *run) {
    char title[256], caption[1024];
    double accuracy = run->log.step_count > 0 ? run->log.steps[run->log.step_count - 1].accuracy : NAN;
    double radius = radius_of(&run->scatter), edge = radius * 1.16;
    bool known = strncmp(run->name, run->log.loss, strlen(run->name)) == 0; /* the run is called after its loss */
    snprintf(title, sizeof title, "%s: %s", run->name, run->log.loss);
    const tam_figure figure = {.width = 360,
                               .height = 384,
                               .title =
                                   known ? (strlen(run->log.loss) <= MOST_TITLE ? run->log.loss : run->name) : title,
                               .x = {"feature 1", -edge, edge, false, false, 0},
                               .y = {"feature 2", -edge, edge, false, false, 0},
                               .same_scale = true};
    tam_html_figure_begin(text, figure.width);
    tam_svg svg = tam_svg_begin(text, &figure);
    draw_classes(&svg, &run->scatter, radius);
    tam_svg_end(&svg);
    int length = snprintf(caption, sizeof caption, "%s", tam_page_loss_words(run->log.loss));
    if (accuracy < 0.9) {
        snprintf(caption + length, sizeof caption - (size_t)length,
                 " Here only %.0f%% of the training samples are right: some classes still lie on one another.",
                 100 * accuracy);
    }
    tam_html_figure_end(text, caption);
}

/* Parts of the training that the three histograms show, as shares of its steps. */
typedef struct theta_part {
    const char *name;
    double from, to;
    int colour;
} theta_part;

enum { THETA_PARTS = 3 };

static void theta_parts(const tam_run_log *log, theta_part parts[THETA_PARTS]) {
    double last = log->step_count > 0 ? (double)log->steps[log->step_count - 1].step : 1;
    double first = log->step_count > 0 && last > 0 ? (double)log->steps[0].step / last : 0;
    double width = log->step_count > 0 ? 1.0 / (double)log->step_count : 1;
    width = width > 0.03 ? width : 0.03;
    parts[0] = (theta_part){"start", 0, first + 1e-9, -1};
    parts[1] = (theta_part){"middle", 0.5 - width / 2, 0.5 + width / 2, 4};
    parts[2] = (theta_part){"end", 1 - width, 1, 0};
}

double tam_page_theta_highest(const tam_report_run *run) {
    double bins[TAM_THETA_BINS], highest = 0;
    theta_part parts[THETA_PARTS];
    theta_parts(&run->log, parts);
    for (int p = 0; p < THETA_PARTS; p++) {
        (void)tam_run_log_histogram(&run->log, parts[p].from, parts[p].to, bins);
        for (int b = 0; b < TAM_THETA_BINS; b++) {
            highest = bins[b] > highest ? bins[b] : highest;
        }
    }
    return highest;
}

void tam_page_theta(tam_text *text, const tam_report_run *run, double highest) {
    double bins[TAM_THETA_BINS];
    theta_part parts[THETA_PARTS];
    tam_series legend[THETA_PARTS];
    theta_parts(&run->log, parts);
    for (int p = 0; p < THETA_PARTS; p++) {
        legend[p] = (tam_series){parts[p].name, parts[p].colour, 0};
    }
    const tam_figure figure = {.width = 360,
                               .height = 250,
                               .title = run->name,
                               .x = {"angle to the own class (degrees)", 0, 150, false, false, 30},
                               .y = {"share of samples (%)", 0, 100 * highest, false, true, 0},
                               .legend = legend,
                               .legend_count = THETA_PARTS};
    tam_html_figure_begin(text, figure.width);
    tam_svg svg = tam_svg_begin(text, &figure);
    for (int p = 0; p < THETA_PARTS; p++) {
        if (tam_run_log_histogram(&run->log, parts[p].from, parts[p].to, bins)) {
            for (int b = 0; b < TAM_THETA_BINS; b++) {
                bins[b] *= 100;
            }
            tam_svg_histogram(&svg, parts[p].colour, 0, 180, TAM_THETA_BINS, bins);
        }
    }
    tam_svg_end(&svg);
    tam_html_figure_end(text, NULL);
}

static void draw_roc(tam_svg *svg, int colour, const tam_verification *result) {
    double x[TAM_ROC_POINTS], y[TAM_ROC_POINTS];
    for (int i = 0; i < result->points; i++) {
        x[i] = result->roc[i].far;
        y[i] = 100 * result->roc[i].tar;
    }
    tam_svg_line(svg, colour, colour / TAM_COLOURS, 2, result->points, x, y);
}

static int make_legend(int count, const tam_report_run *runs, tam_series legend[MOST_LEGEND]) {
    count = count < MOST_LEGEND ? count : MOST_LEGEND;
    for (int i = 0; i < count; i++) {
        legend[i] = (tam_series){runs[i].name, i, i / TAM_COLOURS};
    }
    return count;
}

void tam_page_roc(tam_text *text, int count, const tam_report_run *runs) {
    tam_series legend[MOST_LEGEND];
    double x[101], y[101], lowest = 0.1;
    for (int r = 0; r < count; r++) {
        double one = runs[r].validated ? 1 / (double)runs[r].validation.impostor : 1;
        lowest = isfinite(one) && one > 1e-8 && one < lowest ? one : lowest;
    }
    tam_figure figure = {
        .width = 760,
        .height = 460,
        .x = {"false accept rate (share of different-class pairs accepted)", lowest, 1, true, false, 0},
        .y = {"true accept rate (% of same-class pairs accepted)", 0, 100, false, true, 0},
        .legend = legend};
    figure.legend_count = make_legend(count, runs, legend);
    tam_html_figure_begin(text, figure.width);
    tam_svg svg = tam_svg_begin(text, &figure);
    for (int i = 0; i <= 100; i++) {
        x[i] = pow(lowest, i / 100.0);
        y[i] = 100 * (1 - x[i]);
    }
    tam_svg_line(&svg, -1, 1, 1, 101, x, y);
    for (int r = 0; r < count; r++) {
        if (runs[r].validated) {
            draw_roc(&svg, r, &runs[r].validation);
        }
    }
    for (int r = 0; r < count; r++) {
        if (runs[r].validated) {
            tam_svg_mark(&svg, r, runs[r].validation.eer, 100 * (1 - runs[r].validation.eer), NULL);
        }
    }
    tam_svg_end(&svg);
    tam_html_figure_end(text,
                        "For each threshold on the cosine: how many pairs of different classes are wrongly accepted "
                        "(to the left is stricter) and how many pairs of the same class are rightly accepted. Higher "
                        "is better. Rings mark the equal error rate, where the curve meets the dashed line: as many "
                        "same-class pairs are refused as different-class pairs accepted. The left end is where single "
                        "pairs decide.");
}

/* Scatter, curves, histograms and ROC. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "plot/html.h"
#include "plot/svg.h"
#include "report/page.h"

enum { MOST_POINTS = 400, MOST_RAYS = 40, MOST_LEGEND = 24, MOST_TITLE = 44 };
static const double degrees = 57.29577951308232;

/* An axis that grows with what it is shown. */
static tam_axis empty_axis(const char *label, bool logarithm) {
    return (tam_axis){.label = label, .low = INFINITY, .high = -INFINITY, .logarithm = logarithm, .nice = true};
}

static void show(tam_axis *axis, double value) {
    if (isfinite(value) && (value > 0 || !axis->logarithm)) {
        axis->low = value < axis->low ? value : axis->low;
        axis->high = value > axis->high ? value : axis->high;
    }
}

static int make_legend(int count, const tam_report_run *runs, tam_series legend[MOST_LEGEND]) {
    count = count < MOST_LEGEND ? count : MOST_LEGEND;
    for (int i = 0; i < count; i++) {
        legend[i] = (tam_series){runs[i].name, i, i / TAM_COLOURS};
    }
    return count;
}

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

typedef double (*step_value)(const tam_log_step *step);

static double loss_of(const tam_log_step *step) {
    return step->loss;
}
static double theta_of(const tam_log_step *step) {
    return step->theta * degrees;
}
static double accuracy_of(const tam_log_step *step) {
    return 100 * step->accuracy;
}
static double scale_of(const tam_log_step *step) {
    return step->running;
}
static double rate_of(const tam_log_step *step) {
    return step->lr;
}

/* The curve of a value, at most MOST_POINTS means of neighbouring lines. */
static int curve_of(const tam_run_log *log, step_value value, double *x, double *y) {
    int64_t lines = log->step_count;
    int points = (int)(lines < MOST_POINTS ? lines : MOST_POINTS);
    for (int p = 0; p < points; p++) {
        int64_t from = lines * p / points, to = lines * (p + 1) / points, count = 0;
        double sum = 0;
        for (int64_t i = from; i < to; i++) {
            double here = value(&log->steps[i]);
            sum += isfinite(here) ? here : 0;
            count += isfinite(here);
        }
        x[p] = (double)log->steps[to - 1].step;
        y[p] = count > 0 ? sum / (double)count : NAN;
    }
    return points;
}

/* The same of the validations' EER, in percent; `value` is not looked at. */
static int eer_curve(const tam_run_log *log, step_value value, double *x, double *y) {
    int64_t lines = log->epoch_count;
    int points = (int)(lines < MOST_POINTS ? lines : MOST_POINTS);
    (void)value;
    for (int p = 0; p < points; p++) {
        const tam_log_epoch *epoch = &log->epochs[lines * (p + 1) / points - 1];
        x[p] = (double)epoch->step;
        y[p] = 100 * epoch->eer;
    }
    return points;
}

/* The scale, of the losses whose first running statistic it is. */
static int scale_curve(const tam_run_log *log, step_value value, double *x, double *y) {
    static const char *const names[] = {"adacos", "normface", "l2-softmax"};
    for (size_t i = 0; i < sizeof names / sizeof *names && log->step_count > 0; i++) {
        size_t length = strlen(names[i]);
        if (strncmp(log->loss, names[i], length) == 0 && log->loss[length] != '-') { /* adacos-fixed has none */
            return curve_of(log, value, x, y);
        }
    }
    return 0;
}

typedef int (*curve_maker)(const tam_run_log *log, step_value value, double *x, double *y);

static void draw_curves(tam_text *text, int count, const tam_report_run *runs, tam_axis axis, curve_maker curve,
                        step_value value, const char *caption) {
    double x[MOST_POINTS], y[MOST_POINTS];
    tam_series legend[MOST_LEGEND];
    tam_figure figure = {.width = 540, .height = 330, .x = empty_axis("training step", false)};
    figure.y = axis;
    figure.x.low = 0;
    figure.legend = legend;
    for (int pass = 0; pass < 2; pass++) {
        tam_svg svg = {0};
        if (pass == 1) {
            tam_html_figure_begin(text, figure.width);
            svg = tam_svg_begin(text, &figure);
        }
        for (int r = 0; r < count; r++) {
            int points = curve(&runs[r].log, value, x, y);
            if (pass == 0 && points > 0 && figure.legend_count < MOST_LEGEND) {
                legend[figure.legend_count++] = (tam_series){runs[r].name, r, r / TAM_COLOURS};
            }
            for (int p = 0; p < points && pass == 0; p++) {
                show(&figure.x, x[p]);
                show(&figure.y, y[p]);
            }
            if (pass == 1) {
                tam_svg_line(&svg, r, r / TAM_COLOURS, 1.8, points, x, y);
            }
        }
        if (pass == 1) {
            tam_svg_end(&svg);
            tam_html_figure_end(text, caption);
        }
    }
}

static bool validated_often(int count, const tam_report_run *runs) {
    int64_t most = 0;
    for (int r = 0; r < count; r++) {
        int64_t finite = 0;
        for (int64_t i = 0; i < runs[r].log.epoch_count; i++) {
            finite += isfinite(runs[r].log.epochs[i].eer);
        }
        most = finite > most ? finite : most;
    }
    return most >= 2;
}

void tam_page_curve(tam_text *text, tam_curve curve, int count, const tam_report_run *runs) {
    tam_axis theta = empty_axis("mean angle to the own class (degrees)", false);
    theta.low = 0;
    theta.step = 30;
    switch (curve) {
    case TAM_CURVE_LOSS:
        draw_curves(text, count, runs, empty_axis("loss", true), curve_of, loss_of,
                    "Loss, on a logarithmic scale. Compare a run with itself over time; the heights of different "
                    "losses cannot be compared, for scale and margin change what the number means.");
        return;
    case TAM_CURVE_THETA:
        draw_curves(
            text, count, runs, theta, curve_of, theta_of,
            "Mean angle between a feature and the weights of its own class, on training batches. It starts "
            "near 90 degrees, where random directions are, and this one can be compared between losses: a "
            "margin pushes it lower. A pair loss alone has no class weights: its angle is that between features of "
            "one class.");
        return;
    case TAM_CURVE_ACCURACY:
        draw_curves(
            text, count, runs, empty_axis("training accuracy (%)", false), curve_of, accuracy_of,
            "Share of training samples whose own class is the nearest. The margin is not applied here. High "
            "training accuracy says nothing about classes that were never seen. For a pair loss alone: whose most "
            "similar other sample of the batch is of its class.");
        return;
    case TAM_CURVE_SCALE:
        draw_curves(text, count, runs, empty_axis("scale s of the logits", false), scale_curve, scale_of,
                    "The scale that the loss sets by itself: large while classes overlap, smaller as angles shrink.");
        return;
    case TAM_CURVE_RATE:
        draw_curves(text, count, runs, empty_axis("learning rate", false), curve_of, rate_of,
                    "The learning rate: warm-up, then the schedule.");
        return;
    case TAM_CURVE_EER:
        draw_curves(text, count, runs, empty_axis("validation EER (%)", false), eer_curve, NULL,
                    "Equal error rate on the validation set after each epoch. When it rises while the training "
                    "accuracy still grows, the net is learning its training classes by heart.");
        return;
    }
}

bool tam_page_has_curve(tam_curve curve, int count, const tam_report_run *runs) {
    double x[MOST_POINTS], y[MOST_POINTS];
    if (curve == TAM_CURVE_EER) {
        return validated_often(count, runs);
    }
    for (int r = 0; r < count && curve == TAM_CURVE_SCALE; r++) {
        int points = scale_curve(&runs[r].log, scale_of, x, y);
        if (points > 0 && isfinite(y[0])) {
            return true;
        }
    }
    return curve != TAM_CURVE_SCALE;
}

void tam_page_curves(tam_text *text, int count, const tam_report_run *runs) {
    for (tam_curve curve = TAM_CURVE_LOSS; curve <= TAM_CURVE_EER; curve++) {
        if (tam_page_has_curve(curve, count, runs)) {
            tam_page_curve(text, curve, count, runs);
        }
    }
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

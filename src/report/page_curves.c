/* Curves over the training steps, all runs in one figure. */
#include <math.h>
#include <string.h>

#include "plot/html.h"
#include "plot/svg.h"
#include "report/page.h"

enum { MOST_POINTS = 400, MOST_LEGEND = 24 };
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

static bool moves(int points, const double *y) {
    for (int p = 1; p < points; p++) {
        if (y[p] != y[0]) {
            return true;
        }
    }
    return false;
}

/* The scale, of the losses whose first running statistic it is; none where it is fixed. */
static int scale_curve(const tam_run_log *log, step_value value, double *x, double *y) {
    static const char *const names[] = {"adacos", "normface", "l2-softmax"};
    for (size_t i = 0; i < sizeof names / sizeof *names && log->step_count > 0; i++) {
        size_t length = strlen(names[i]);
        if (strncmp(log->loss, names[i], length) == 0 && log->loss[length] != '-') { /* adacos-fixed has none */
            int points = curve_of(log, value, x, y);
            return moves(points, y) ? points : 0;
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

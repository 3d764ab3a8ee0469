#include "report/loss_view.h"

#include <math.h>
#include <string.h>

enum { SCAN = 180, HALVINGS = 60, COLUMNS = 1440, OVERLAP_SIDE = 180 };

/* The scale: no logit of another class is ever made hard, because the own one is above all. */
static double largest_slope(const tam_loss_view *view) {
    const tam_class_loss *loss = view->loss.class_loss;
    double raw = (loss->traits & TAM_LOSS_UNIT_X) != 0 ? 1.0 : view->norm, largest = 0;
    tam_sample own = {.c = raw, .held = raw, .a = view->norm, .b = 1.0, .z = INFINITY};
    for (int i = 0; i <= SCAN && loss->kind != TAM_LOSS_DIRECT; i++) {
        double c = raw * cos(M_PI * i / SCAN);
        double slope = raw * fabs(tam_class_loss_other(loss, &view->loss.state, &own, c, c).slope_c);
        largest = isfinite(slope) && slope > largest ? slope : largest;
    }
    return largest > 0 ? largest : 1.0;
}

tam_status tam_loss_view_open(tam_ctx *ctx, const char *specification, int64_t classes, double norm, int64_t step,
                              tam_loss_view *view) {
    *view = (tam_loss_view){.name = specification, .norm = norm};
    TAM_TRY(tam_loss_read(ctx, specification, classes, &view->loss));
    if (view->loss.class_loss == NULL) {
        return tam_fail(ctx, TAM_CONFIG, "%s is a loss on pairs: it has no curve by the angle to a class",
                        specification);
    }
    view->loss.state.running[TAM_RUNNING_STEP] = (double)step;
    view->scale = largest_slope(view);
    return TAM_OK;
}

tam_loss_view tam_loss_view_classes(const tam_loss_view *view, int64_t classes) {
    tam_loss_view other = *view;
    double step = view->loss.state.running[TAM_RUNNING_STEP];
    other.loss.state.classes = classes;
    if (other.loss.class_loss->start != NULL) {
        other.loss.class_loss->start(&other.loss.state);
    }
    other.loss.state.running[TAM_RUNNING_STEP] = step;
    other.scale = largest_slope(&other);
    return other;
}

double tam_loss_view_key(const tam_loss_view *view, const char *name) {
    const tam_class_loss *loss = view->loss.class_loss;
    for (int i = 0; i < loss->key_count; i++) {
        if (strcmp(loss->keys[i].name, name) == 0) {
            return view->loss.state.key[i];
        }
    }
    return NAN;
}

bool tam_loss_view_compares(const tam_loss_view *view) {
    return view->loss.class_loss->kind == TAM_LOSS_SOFTMAX;
}

static tam_loss_point look(const tam_loss_view *view, double theta, double other_theta) {
    return tam_loss_look(&view->loss, view->norm, theta, other_theta);
}

double tam_loss_view_logit(const tam_loss_view *view, double theta) {
    double z = look(view, theta, M_PI_2).target_z / view->scale;
    switch (view->loss.class_loss->kind) {
    case TAM_LOSS_DIRECT:
        return NAN;
    case TAM_LOSS_PROXY:
        return -z;
    case TAM_LOSS_SOFTMAX:
        break;
    }
    return z;
}

double tam_loss_view_slope(const tam_loss_view *view, double theta) {
    double slope = look(view, theta, M_PI_2).target_slope / view->scale;
    return tam_loss_view_compares(view) ? slope : -slope;
}

/* log of the others' share over the own one's, for C - 1 classes at 90 degrees. */
static double log_odds_against(const tam_loss_view *view, tam_loss_point at) {
    return log((double)view->loss.state.classes - 1.0) + at.other_z - at.target_z;
}

double tam_loss_view_probability(const tam_loss_view *view, double theta) {
    if (!tam_loss_view_compares(view)) {
        return NAN;
    }
    return 1.0 / (1.0 + exp(log_odds_against(view, look(view, theta, M_PI_2))));
}

double tam_loss_view_gradient(const tam_loss_view *view, double theta) {
    tam_loss_point at = look(view, theta, M_PI_2);
    double slope = fabs(at.target_slope) / view->scale;
    switch (view->loss.class_loss->kind) {
    case TAM_LOSS_DIRECT:
        return slope;
    case TAM_LOSS_PROXY: /* one sample beside its proxy: L = log(1 + e^z) */
        return slope / (1.0 + exp(-at.target_z));
    case TAM_LOSS_SOFTMAX:
        break;
    }
    return slope / (1.0 + exp(-log_odds_against(view, at)));
}

static bool wins(const tam_loss_view *view, double theta, double other_theta) {
    tam_loss_point at = look(view, theta, other_theta);
    return at.target_z > at.other_z;
}

/* Where between two angles the answer changes. */
static double change_between(const tam_loss_view *view, double theta, double from, double to) {
    bool before = wins(view, theta, from);
    for (int i = 0; i < HALVINGS; i++) {
        double middle = 0.5 * (from + to);
        if (wins(view, theta, middle) == before) {
            from = middle;
        } else {
            to = middle;
        }
    }
    return 0.5 * (from + to);
}

int tam_loss_view_wins(const tam_loss_view *view, double theta, tam_loss_interval intervals[TAM_LOSS_INTERVALS]) {
    int count = 0;
    bool inside = false;
    for (int i = 0; i <= SCAN; i++) {
        double here = M_PI * i / SCAN;
        bool won = wins(view, theta, here);
        if (won == inside) {
            continue;
        }
        double edge = i == 0 ? 0 : change_between(view, theta, M_PI * (i - 1) / SCAN, here);
        if (won && count == TAM_LOSS_INTERVALS) {
            break;
        }
        if (won) {
            intervals[count++] = (tam_loss_interval){edge, M_PI};
        } else {
            intervals[count - 1].to = edge;
        }
        inside = won;
    }
    return count;
}

double tam_loss_view_margin(const tam_loss_view *view, double theta) {
    tam_loss_interval interval[TAM_LOSS_INTERVALS];
    return tam_loss_view_wins(view, theta, interval) > 0 ? interval[0].from - theta : NAN;
}

/* One class's part of the square by exact columns; the other's is its mirror image. */
void tam_loss_view_shares(const tam_loss_view *view, double *neither, double *both) {
    tam_loss_interval interval[TAM_LOSS_INTERVALS];
    double taken = 0;
    int64_t overlap = 0;
    for (int i = 0; i < COLUMNS; i++) {
        int count = tam_loss_view_wins(view, M_PI * (i + 0.5) / COLUMNS, interval);
        for (int k = 0; k < count; k++) {
            taken += interval[k].to - interval[k].from;
        }
    }
    taken /= COLUMNS * M_PI;
    for (int i = 0; i < OVERLAP_SIDE; i++) {
        for (int j = 0; j <= i; j++) { /* the other half is its mirror image */
            double theta = M_PI * (i + 0.5) / OVERLAP_SIDE, other = M_PI * (j + 0.5) / OVERLAP_SIDE;
            overlap += wins(view, theta, other) && wins(view, other, theta) ? (j < i ? 2 : 1) : 0;
        }
    }
    *both = (double)overlap / (OVERLAP_SIDE * OVERLAP_SIDE);
    *neither = fmax(0, 1.0 - 2.0 * taken + *both);
}

/* What the literature says about losses in closed form, beside what the library computes: two ways to the same number
 * that share no code. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "plot/html.h"
#include "report/loss_page.h"

enum { ANGLES = 719 }; /* 0.25 to 179.75 degrees */

/* The closed form at an angle; NaN where it does not hold. */
typedef struct fact {
    const char *loss, *words;
    double (*closed)(const tam_loss_view *view, double theta);
    double (*computed)(const tam_loss_view *view, double theta);
    bool one_number; /* not a function of the angle */
} fact;

static double key(const tam_loss_view *view, const char *name) {
    return tam_loss_view_key(view, name);
}

static double one(const tam_loss_view *view, double theta) {
    (void)view;
    (void)theta;
    return 1.0;
}

static double zero(const tam_loss_view *view, double theta) {
    (void)view;
    (void)theta;
    return 0.0;
}

/* The whole margin, with its own slope, at every angle. */
static bool is_exact(const tam_loss_view *view) {
    const tam_loss_state *state = &view->loss.state;
    return state->options.slope == TAM_SLOPE_EXACT && state->options.beyond_pi != TAM_BEYOND_PI_EASY &&
           tam_margin_share(state) == 1.0;
}

static double cosface_slope(const tam_loss_view *view, double theta) {
    (void)theta;
    return is_exact(view) ? 1.0 : NAN;
}

static double arcface_slope(const tam_loss_view *view, double theta) {
    double m = key(view, "m");
    return is_exact(view) && theta + m < M_PI ? sin(theta + m) / sin(theta) : NAN;
}

static double sphereface_lambda(const tam_loss_view *view) {
    double step = view->loss.state.running[TAM_RUNNING_STEP];
    return fmax(key(view, "lambda-min"), key(view, "lambda-base") / (1.0 + key(view, "gamma") * step));
}

static double sphereface_slope(const tam_loss_view *view, double theta) {
    double m = key(view, "m"), lambda = sphereface_lambda(view), k = floor(m * theta / M_PI);
    double psi = (fmod(k, 2) == 0 ? 1.0 : -1.0) * m * sin(m * theta) / sin(theta);
    return is_exact(view) ? (psi + lambda) / (1.0 + lambda) : NAN;
}

static double combined_slope(const tam_loss_view *view, double theta) {
    double m1 = key(view, "m1"), shifted = m1 * theta + key(view, "m2");
    return is_exact(view) && shifted < M_PI ? m1 * sin(shifted) / sin(theta) : NAN;
}

/* s is the largest slope of another class, at cos = 1: gamma (1 + m). */
static double circle_slope(const tam_loss_view *view, double theta) {
    double m = key(view, "m");
    return (1.0 + m - cos(theta)) / (1.0 + m);
}

static double p2sgrad_gradient(const tam_loss_view *view, double theta) {
    (void)view;
    return 1.0 - cos(theta);
}

/* Probability against angle without a margin. */
static double plain_probability(const tam_loss_view *view, double theta) {
    double own = exp(view->scale * cos(theta));
    return own / (own + (double)view->loss.state.classes - 1.0);
}

static double arcface_margin(const tam_loss_view *view, double theta) {
    double m = key(view, "m");
    return is_exact(view) && theta + m < M_PI ? m : NAN;
}

static double magface_margin(const tam_loss_view *view, double theta) {
    double la = key(view, "la"), ua = key(view, "ua"), lm = key(view, "lm"), um = key(view, "um");
    double share = fmin(1.0, fmax(0.0, (view->norm - la) / (ua - la))), m = lm + share * (um - lm);
    return is_exact(view) && theta + m < M_PI ? m : NAN;
}

static double cosface_margin(const tam_loss_view *view, double theta) {
    double shifted = cos(theta) - key(view, "m");
    return is_exact(view) && shifted > -1.0 ? acos(shifted) - theta : NAN;
}

/* Two triangles with sides pi - m are left of the square. */
static double arcface_area(const tam_loss_view *view, double theta) {
    double left = 1.0 - key(view, "m") / M_PI;
    (void)theta;
    return is_exact(view) && view->loss.state.options.beyond_pi == TAM_BEYOND_PI_LINEAR ? 1.0 - left * left : NAN;
}

static double half(const tam_loss_view *view, double theta) {
    (void)view;
    (void)theta;
    return 0.5;
}

static double probability_at_45(const tam_loss_view *view, double theta) {
    (void)theta;
    return tam_loss_view_probability(view, M_PI_4);
}

static double area(const tam_loss_view *view, double theta) {
    double neither, both;
    (void)theta;
    tam_loss_view_shares(view, &neither, &both);
    return neither;
}

static const fact facts[] = {
    {"softmax", "dz/dcos = |x|", one, tam_loss_view_slope, false},
    {"softmax", "margin area = 0", zero, area, true},
    {"softmax", "P = e^z / (e^z + C - 1), z = |x| cos", plain_probability, tam_loss_view_probability, false},
    {"modified-softmax", "dz/dcos = |x|", one, tam_loss_view_slope, false},
    {"normface", "dz/dcos = s", one, tam_loss_view_slope, false},
    {"normface", "P = e^z / (e^z + C - 1), z = s cos", plain_probability, tam_loss_view_probability, false},
    {"sphereface", "dz/dcos = |x| ((-1)^k m sin(m theta) / sin(theta) + lambda) / (1 + lambda)", sphereface_slope,
     tam_loss_view_slope, false},
    {"cosface", "dz/dcos = s", cosface_slope, tam_loss_view_slope, false},
    {"cosface", "angular margin = arccos(cos(theta) - m) - theta", cosface_margin, tam_loss_view_margin, false},
    {"arcface", "dz/dcos = s sin(theta + m) / sin(theta)", arcface_slope, tam_loss_view_slope, false},
    {"arcface", "angular margin = m", arcface_margin, tam_loss_view_margin, false},
    {"arcface", "margin area = 1 - (1 - m / pi)^2", arcface_area, area, true},
    {"combined", "dz/dcos = s m1 sin(m1 theta + m2) / sin(theta)", combined_slope, tam_loss_view_slope, false},
    {"adacos-fixed", "P = 1/2 at 45 degrees", half, probability_at_45, true},
    {"magface", "angular margin = m(|x|)", magface_margin, tam_loss_view_margin, false},
    {"circle", "dz/dcos = gamma (1 + m - cos)", circle_slope, tam_loss_view_slope, false},
    {"p2sgrad", "|dL/dcos| = 1 - cos(theta)", p2sgrad_gradient, tam_loss_view_gradient, false},
};

/* NaN if the closed form holds nowhere. */
static double largest_difference(const fact *of, const tam_loss_view *view) {
    double largest = NAN;
    int count = of->one_number ? 1 : ANGLES;
    for (int i = 0; i < count; i++) {
        double theta = M_PI * (i + 1) / (ANGLES + 1), closed = of->closed(view, theta);
        if (isfinite(closed)) {
            double difference = fabs(of->computed(view, theta) - closed);
            largest = difference > largest || isnan(largest) || isnan(difference) ? difference : largest;
        }
    }
    return largest;
}

void tam_loss_page_find_facts(tam_loss_page *page) {
    tam_analyze_result *result = page->result;
    for (int i = 0; i < page->count; i++) {
        const tam_loss_view *view = &page->view[i];
        for (size_t f = 0; f < sizeof facts / sizeof *facts; f++) {
            if (strcmp(facts[f].loss, view->loss.class_loss->name) != 0 || result->facts == TAM_ANALYZE_FACTS) {
                continue;
            }
            double difference = largest_difference(&facts[f], view);
            if (!isnan(difference)) {
                tam_analyze_fact *out = &result->fact[result->facts++];
                snprintf(out->loss, sizeof out->loss, "%s", view->name);
                snprintf(out->fact, sizeof out->fact, "%s", facts[f].words);
                out->largest_difference = difference;
            }
        }
    }
}

void tam_loss_page_facts(tam_loss_page *page) {
    static const char *const headers[] = {"loss", "closed form", "largest difference"};
    const tam_analyze_result *result = page->result;
    if (result->facts == 0) {
        return;
    }
    tam_html_heading(&page->html, 2, "Facts, checked");
    tam_html_paragraph(&page->html,
                       "Closed forms of the literature beside what this library's training uses, at every quarter of a "
                       "degree where the form holds. Slopes and gradients are divided by s.");
    tam_html_table_begin(&page->html, 3, 2, headers);
    for (int i = 0; i < result->facts; i++) {
        char words[32];
        tam_real_words(words, sizeof words, result->fact[i].largest_difference, 2);
        const char *const cells[] = {result->fact[i].loss, result->fact[i].fact, words};
        tam_html_table_row(&page->html, 3, 2, cells);
    }
    tam_html_table_end(&page->html);
}

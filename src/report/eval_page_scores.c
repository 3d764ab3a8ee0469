/* Histograms of scores. */
#include <math.h>
#include <stdio.h>

#include "plot/html.h"
#include "plot/svg.h"
#include "report/eval_page.h"

enum { WIDTH = 540, HEIGHT = 420, LEAST_BARS = 48, MOST_BARS = 128 };

/* What part of [-1, 1] is drawn, and how many bins make a bar. */
typedef struct bars {
    int from, to, merged;
} bars;

static int64_t total(const int64_t *bins) {
    int64_t sum = 0;
    for (int b = 0; b < TAM_SCORE_BINS; b++) {
        sum += bins[b];
    }
    return sum;
}

/* Bars between half and the whole of twice Rice's rule for the kind with fewer pairs. */
static bars choose_bars(const tam_scores *scores, double fewest) {
    bars found = {TAM_SCORE_BINS, 0, 1};
    for (int b = 0; b < TAM_SCORE_BINS; b++) {
        if (scores->genuine[b] + scores->impostor[b] > 0) {
            found.from = b < found.from ? b : found.from;
            found.to = b + 1;
        }
    }
    double most = fmin(fmax(4 * cbrt(fewest), LEAST_BARS), MOST_BARS);
    while ((found.to - found.from) / found.merged > most) {
        found.merged *= 2;
    }
    found.from = found.from / found.merged * found.merged;
    found.to = (found.to + found.merged - 1) / found.merged * found.merged;
    return found;
}

/* The outline of the bars: two corners a bar and one at each end. Returns how many. */
static int outline(const int64_t *bins, const bars *shape, double *x, double *y) {
    double pairs = (double)total(bins), width = 2.0 * shape->merged / TAM_SCORE_BINS;
    int count = 0;
    x[count] = 2.0 * shape->from / TAM_SCORE_BINS - 1;
    y[count++] = 0;
    for (int b = shape->from; b < shape->to; b += shape->merged) {
        int64_t sum = 0;
        for (int k = 0; k < shape->merged; k++) {
            sum += bins[b + k];
        }
        for (int end = 0; end < 2; end++) {
            x[count] = 2.0 * (b + end * shape->merged) / TAM_SCORE_BINS - 1;
            y[count++] = (double)sum / pairs / width;
        }
    }
    x[count] = 2.0 * shape->to / TAM_SCORE_BINS - 1;
    y[count++] = 0;
    return count;
}

static void draw_threshold(tam_svg *svg, int dash, double threshold) {
    const double x[2] = {threshold, threshold}, y[2] = {0, svg->y.high};
    tam_svg_line(svg, 9, dash, 1.6, 2, x, y);
}

void tam_eval_page_histogram(tam_text *text, const tam_eval_part *part, const char *title) {
    enum { CORNERS = 2 * (TAM_SCORE_BINS + 1) };
    double x[2][CORNERS], y[2][CORNERS], highest = 0, none = NAN;
    const tam_tar_at_far *strict = tam_eval_part_strictest(part);
    char eer[TAM_EVAL_PAGE_WORDS], level[TAM_EVAL_PAGE_WORDS], rate[TAM_EVAL_PAGE_WORDS], number[32];
    if (part->scores == NULL || !tam_eval_part_has_rates(part)) {
        return;
    }
    const bars shape = choose_bars(part->scores, fmin((double)part->result.genuine, (double)part->result.impostor));
    int count = outline(part->scores->genuine, &shape, x[0], y[0]);
    (void)outline(part->scores->impostor, &shape, x[1], y[1]);
    for (int i = 0; i < count; i++) {
        highest = fmax(highest, fmax(y[0][i], y[1][i]));
    }
    tam_fixed_words(number, sizeof number, part->result.eer_threshold, 3);
    snprintf(eer, sizeof eer, "threshold of the EER, %s", number);
    tam_series legend[4] = {{"genuine, of one class", 0, 0}, {"impostor, of two classes", 1, 1}, {eer, 9, 0}};
    if (strict != NULL) {
        tam_eval_rate_words(rate, strict->far);
        tam_fixed_words(number, sizeof number, strict->threshold, 3);
        snprintf(level, sizeof level, "of FAR %.20s, %s", rate, number);
        legend[3] = (tam_series){level, 9, 2};
    }
    char heading[256];
    snprintf(heading, sizeof heading, "Scores%s%.200s", title != NULL ? ": " : "", title != NULL ? title : "");
    const tam_figure figure = {.width = WIDTH,
                               .height = HEIGHT,
                               .title = heading,
                               .x = {"score of a pair (cosine, -1 to 1)", x[0][0], x[0][count - 1], false, false, 0},
                               .y = {"density (share of pairs per unit of cosine)", 0, highest * 1.04, false, true, 0},
                               .legend = legend,
                               .legend_count = strict != NULL ? 4 : 3};
    tam_html_figure_begin(text, figure.width);
    tam_svg svg = tam_svg_begin(text, &figure);
    for (int k = 1; k >= 0; k--) {
        tam_svg_area(&svg, k, k == 0 ? 0.3 : 0.16, count, x[k], y[k]);
        tam_svg_line(&svg, k, k, 1.6, count, x[k], y[k]);
    }
    draw_threshold(&svg, 0, part->result.eer_threshold);
    draw_threshold(&svg, 2, strict != NULL ? strict->threshold : none);
    tam_svg_end(&svg);
    tam_html_figure_end(text, "Each kind of pairs has area 1: the less the two overlap the better, and what lies on "
                              "the wrong side of a threshold is its errors.");
}

/* Shares at several settings as bars, and as a table. */
#include <math.h>
#include <stdio.h>

#include "plot/html.h"
#include "plot/svg.h"
#include "report/eval_page.h"

/* The bars of one model, beside those of the others, with their intervals. */
static void draw_bars(tam_svg *svg, int model, int models, const tam_eval_rates *rates) {
    double wide = 0.7 / models;
    for (int i = 0; i < rates->count; i++) {
        double left = i - 0.35 + model * wide, right = left + 0.92 * wide, top = 100 * rates->share[i];
        const double x[5] = {left, right, right, left, left}, y[5] = {0, 0, top, top, 0};
        const double middle[2] = {(left + right) / 2, (left + right) / 2};
        const double ends[2] = {100 * rates->low[i], 100 * rates->high[i]};
        if (isfinite(top)) {
            tam_svg_area(svg, model, 0.35, 5, x, y);
            tam_svg_line(svg, model, model, 1.4, 5, x, y);
            tam_svg_line(svg, 9, 0, 2.4, 2, middle, ends);
        }
    }
}

static void share_words(char words[TAM_EVAL_PAGE_WORDS], double share, double low, double high) {
    char number[3][32];
    const double values[3] = {share, low, high};
    for (int i = 0; i < 3; i++) {
        tam_fixed_words(number[i], sizeof number[i], 100 * values[i], 2);
    }
    if (!isfinite(share)) {
        snprintf(words, TAM_EVAL_PAGE_WORDS, "insufficient data");
    } else if (isfinite(low) && isfinite(high)) {
        snprintf(words, TAM_EVAL_PAGE_WORDS, "%.24s%% (%.24s to %.24s)", number[0], number[1], number[2]);
    } else {
        snprintf(words, TAM_EVAL_PAGE_WORDS, "%s%%", number[0]);
    }
}

/* The settings go down, the models across. */
static void write_table(tam_text *text, int count, const tam_eval_rates *const *rates) {
    const char *headers[TAM_EVAL_PAGE_PARTS + 1] = {rates[0]->x_label}, *cells[TAM_EVAL_PAGE_PARTS + 1];
    char words[TAM_EVAL_PAGE_PARTS][TAM_EVAL_PAGE_WORDS];
    for (int m = 0; m < count; m++) {
        headers[m + 1] = rates[m]->name;
        cells[m + 1] = words[m];
    }
    tam_html_table_begin(text, count + 1, 1, headers);
    for (int i = 0; i < rates[0]->count; i++) {
        cells[0] = rates[0]->words[i];
        for (int m = 0; m < count; m++) {
            share_words(words[m], rates[m]->share[i], rates[m]->low[i], rates[m]->high[i]);
        }
        tam_html_table_row(text, count + 1, 1, cells);
    }
    tam_html_table_end(text);
}

void tam_eval_page_rates_figure(tam_text *text, int count, const tam_eval_rates *const *rates) {
    tam_series legend[TAM_EVAL_PAGE_PARTS];
    const tam_eval_rates *first = rates[0];
    for (int m = 0; m < count; m++) {
        legend[m] = (tam_series){rates[m]->label, m, m};
    }
    const tam_figure figure = {.width = 540,
                               .height = 360,
                               .x = {first->x_label, -0.6, first->count - 0.4, false, false, 0},
                               .y = {first->y_label, 0, 100, false, true, 0},
                               .legend = legend,
                               .legend_count = count,
                               .x_words = first->words,
                               .x_word_count = first->count};
    tam_html_heading(text, 2, first->heading);
    tam_html_row_begin(text);
    tam_html_figure_begin(text, figure.width);
    tam_svg svg = tam_svg_begin(text, &figure);
    for (int m = 0; m < count; m++) {
        draw_bars(&svg, m, count, rates[m]);
    }
    tam_svg_end(&svg);
    tam_html_figure_end(text, first->caption);
    write_table(text, count, rates);
    tam_html_row_end(text);
}

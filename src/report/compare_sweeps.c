/* Figures of sweeps: merit against the values of one setting, a line for everything else that varies. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "plot/html.h"
#include "plot/svg.h"
#include "report/compare.h"

enum { MOST_LINES = 24, NAME_ROOM = 256 };

/* Runs that differ in the value of the sweep alone: its first one says which. */
typedef struct lines {
    int count;
    int first[MOST_LINES];
    char name[MOST_LINES][NAME_ROOM];
} lines;

static bool same_line(const tam_compare_place *a, const tam_compare_place *b, int sweep) {
    tam_compare_place like = *b;
    like.value[sweep] = a->value[sweep];
    return memcmp(a, &like, sizeof like) == 0;
}

static void gather_lines(const tam_comparison *comparison, int sweep, lines *found) {
    found->count = 0;
    for (int i = 0; i < comparison->count && found->count < MOST_LINES; i++) {
        if (comparison->entries[i].place.value[sweep] == 0) {
            tam_compare_name(comparison, &comparison->entries[i].place, true, sweep, found->name[found->count],
                             NAME_ROOM);
            found->first[found->count++] = i;
        }
    }
}

/* The points of one line, side by side with those of the others: x moves a little with its number. */
typedef struct line_points {
    double x[TAM_COMPARE_ITEMS], y[TAM_COMPARE_ITEMS], low[TAM_COMPARE_ITEMS], high[TAM_COMPARE_ITEMS];
} line_points;

static void gather_points(const tam_comparison *comparison, int sweep, const lines *all, int line,
                          line_points *points) {
    const tam_compare_number merit = tam_compare_merit(comparison);
    const tam_compare_place *place = &comparison->entries[all->first[line]].place;
    double shift = all->count > 1 ? 0.4 * ((double)line / (all->count - 1) - 0.5) : 0;
    for (int v = 0; v < comparison->lists.sweep[sweep].count; v++) {
        points->x[v] = v + shift;
        points->y[v] = points->low[v] = points->high[v] = NAN;
    }
    for (int i = 0; i < comparison->count; i++) {
        const tam_compare_entry *entry = &comparison->entries[i];
        if (same_line(place, &entry->place, sweep)) {
            int v = entry->place.value[sweep];
            points->y[v] = entry->number[merit];
            points->low[v] = entry->low[merit];
            points->high[v] = entry->high[merit];
        }
    }
}

static void draw_line(tam_svg *svg, int line, int count, bool joined, const line_points *points) {
    static const double cap = 0.04;
    if (joined) {
        tam_svg_line(svg, line, line / TAM_COLOURS, 1.5, count, points->x, points->y);
    }
    for (int v = 0; v < count; v++) {
        double x = points->x[v], low = points->low[v], high = points->high[v];
        const double across[8] = {x - cap, x + cap, NAN, x, x, NAN, x - cap, x + cap};
        const double up[8] = {low, low, NAN, low, high, NAN, high, high};
        tam_svg_line(svg, line, 0, 1.2, 8, across, up);
        tam_svg_mark(svg, line, x, points->y[v], NULL);
    }
}

/* The range of all points with their intervals; false: there are none. */
static bool find_range(const tam_comparison *comparison, double *low, double *high) {
    const tam_compare_number merit = tam_compare_merit(comparison);
    bool any = false;
    for (int i = 0; i < comparison->count; i++) {
        const tam_compare_entry *entry = &comparison->entries[i];
        if (isfinite(entry->number[merit])) {
            double least = isfinite(entry->low[merit]) ? entry->low[merit] : entry->number[merit];
            double most = isfinite(entry->high[merit]) ? entry->high[merit] : entry->number[merit];
            *low = any ? fmin(*low, least) : least;
            *high = any ? fmax(*high, most) : most;
            any = true;
        }
    }
    return any;
}

static void draw_sweep(const tam_comparison *comparison, tam_text *text, int number, const lines *all, double low,
                       double high) {
    const tam_compare_sweep *sweep = &comparison->lists.sweep[number];
    tam_series legend[MOST_LINES];
    line_points points;
    for (int i = 0; i < all->count; i++) {
        legend[i] = (tam_series){all->name[i], i, i / TAM_COLOURS};
    }
    double pad = fmax((high - low) * 0.06, 0.01);
    int width = 150 + 90 * sweep->count;
    const tam_figure figure = {
        .width = width < 440    ? 440
                 : width > 1000 ? 1000
                                : width,
        .height = 360 + 17 * (all->count / 2),
        .title = sweep->key,
        .x = {sweep->key, -0.5, sweep->count - 0.5, false, false, 0},
        .y = {tam_compare_columns[tam_compare_merit(comparison)].header, low - pad, high + pad, false, false, 0},
        .legend = legend,
        .legend_count = all->count > 1 ? all->count : 0,
        .x_words = sweep->value,
        .x_word_count = sweep->count};
    tam_html_figure_begin(text, figure.width);
    tam_svg svg = tam_svg_begin(text, &figure);
    for (int i = 0; i < all->count; i++) {
        gather_points(comparison, number, all, i, &points);
        draw_line(&svg, i, sweep->count, tam_compare_sweep_is_numeric(sweep), &points);
    }
    tam_svg_end(&svg);
    tam_html_figure_end(text, NULL);
}

void tam_compare_write_sweeps(const tam_comparison *comparison, tam_text *text) {
    double low, high;
    bool begun = false;
    if (!find_range(comparison, &low, &high)) {
        return;
    }
    for (int s = 0; s < comparison->lists.sweeps; s++) {
        if (comparison->lists.sweep[s].count < 2) {
            continue;
        }
        if (!begun) {
            tam_html_heading(text, 2, "What was swept");
            tam_html_paragraph(text, "Each ring is a run, with the 95% interval of its share of so many images "
                                     "(Clopper-Pearson): it does not hold how much another seed would change.");
            tam_html_row_begin(text);
            begun = true;
        }
        lines all;
        gather_lines(comparison, s, &all);
        draw_sweep(comparison, text, s, &all, low, high);
    }
    if (begun) {
        tam_html_row_end(text);
    }
}

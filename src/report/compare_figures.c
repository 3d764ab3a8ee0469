/* Figures of a comparison of nets or settings: what accuracy costs, and what a setting does to it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plot/bubbles.h"
#include "plot/html.h"
#include "report/compare.h"

enum { NAME_ROOM = 256, MOST_LEGEND = 20, TRADE_WIDTH = 860, TRADE_HEIGHT = 520 };
static const double largest_radius = 20, least_radius = 3;

tam_compare_number tam_compare_merit(const tam_comparison *comparison) {
    bool all = true;
    for (int i = 0; i < comparison->count; i++) {
        const tam_compare_entry *entry = &comparison->entries[i];
        all = all && (entry->left_out != NULL || isfinite(entry->number[TAM_COMPARE_ACCURACY]));
    }
    return all ? TAM_COMPARE_ACCURACY : TAM_COMPARE_RANK;
}

/* One colour for each net, or else for each value of the first sweep, or else for each loss. */
static int colour_of(const tam_comparison *comparison, const tam_compare_place *place) {
    const tam_compare_lists *lists = &comparison->lists;
    return lists->nets > 1 ? place->net : lists->sweeps > 0 ? place->value[0] : place->loss;
}

/* A run in the figure, its number in the comparison, and what it is called. */
typedef struct trade_point {
    double milliseconds, merit, size;
    int entry;
    char label[NAME_ROOM];
} trade_point;

typedef struct trade_figure {
    int count;
    trade_point *points; /* [count] */
    tam_bubble *bubbles; /* [count] */
    double *front[2];    /* [2 count]: corners of the Pareto front */
    int corners;
    double fastest, slowest, lowest, highest, largest;
} trade_figure;

static void release_trade(tam_ctx *ctx, trade_figure *trade) {
    tam_release(ctx, trade->points);
    tam_release(ctx, trade->bubbles);
    tam_release(ctx, trade->front[0]);
    tam_release(ctx, trade->front[1]);
}

static int by_time(const void *a, const void *b) {
    const trade_point *first = a, *second = b;
    if (first->milliseconds != second->milliseconds) {
        return first->milliseconds < second->milliseconds ? -1 : 1;
    }
    return (first->merit < second->merit) - (first->merit > second->merit);
}

static void gather_points(const tam_comparison *comparison, trade_figure *trade) {
    const tam_compare_number merit = tam_compare_merit(comparison);
    for (int i = 0; i < comparison->count; i++) {
        const tam_compare_entry *entry = &comparison->entries[i];
        trade_point *point = &trade->points[trade->count];
        *point = (trade_point){entry->number[TAM_COMPARE_ALONE], entry->number[merit], entry->number[TAM_COMPARE_SIZE],
                               i, ""};
        if (entry->left_out != NULL || !isfinite(point->merit) || !(point->milliseconds > 0)) {
            continue;
        }
        char megabytes[32];
        tam_real_words(megabytes, sizeof megabytes, point->size, 2);
        snprintf(point->label, sizeof point->label, "%.200s, %s MB", entry->full_name, megabytes);
        bool first = trade->count++ == 0;
        trade->fastest = first ? point->milliseconds : fmin(trade->fastest, point->milliseconds);
        trade->slowest = first ? point->milliseconds : fmax(trade->slowest, point->milliseconds);
        trade->lowest = first ? point->merit : fmin(trade->lowest, point->merit);
        trade->highest = first ? point->merit : fmax(trade->highest, point->merit);
        trade->largest = first ? point->size : fmax(trade->largest, point->size);
    }
    qsort(trade->points, (size_t)trade->count, sizeof *trade->points, by_time);
}

/* The stairs below which no run is worth its time: a faster one is as good. */
static void make_front(trade_figure *trade, double edge) {
    double best = -INFINITY;
    for (int i = 0; i < trade->count; i++) {
        const trade_point *point = &trade->points[i];
        if (point->merit > best) {
            if (trade->corners > 0) {
                trade->front[0][trade->corners] = point->milliseconds;
                trade->front[1][trade->corners++] = best;
            }
            trade->front[0][trade->corners] = point->milliseconds;
            trade->front[1][trade->corners++] = best = point->merit;
        }
    }
    if (trade->corners > 0) {
        trade->front[0][trade->corners] = edge;
        trade->front[1][trade->corners++] = best;
    }
}

static tam_status make_trade(const tam_comparison *comparison, trade_figure *trade) {
    size_t count = (size_t)comparison->count;
    tam_ctx *ctx = comparison->ctx;
    trade->points = tam_allocate(ctx, count, sizeof *trade->points, "points of a figure");
    trade->bubbles = tam_allocate(ctx, count, sizeof *trade->bubbles, "points of a figure");
    trade->front[0] = tam_allocate(ctx, 2 * count + 1, sizeof **trade->front, "a line of a figure");
    trade->front[1] = tam_allocate(ctx, 2 * count + 1, sizeof **trade->front, "a line of a figure");
    if (trade->points == NULL || trade->bubbles == NULL || trade->front[0] == NULL || trade->front[1] == NULL) {
        return TAM_RESOURCES;
    }
    gather_points(comparison, trade);
    for (int i = 0; i < trade->count; i++) {
        const trade_point *point = &trade->points[i];
        double radius = largest_radius * sqrt(point->size / trade->largest);
        trade->bubbles[i] = (tam_bubble){point->milliseconds, point->merit, fmax(radius, least_radius),
                                         colour_of(comparison, &comparison->entries[point->entry].place), point->label};
    }
    return TAM_OK;
}

static void draw_trade(const tam_comparison *comparison, tam_text *text, trade_figure *trade) {
    char y_label[64], caption[512], size[32];
    bool logarithm = trade->slowest > 10 * trade->fastest;
    double pad = fmax((trade->highest - trade->lowest) * 0.18, 0.05);
    double wide = logarithm ? pow(trade->slowest / trade->fastest, 0.08) : 1;
    double low = logarithm ? trade->fastest / wide : 0, high = logarithm ? trade->slowest * wide : trade->slowest * 1.1;
    double floor_merit = fmax(trade->lowest - pad, -0.04 * (trade->highest - trade->lowest));
    snprintf(y_label, sizeof y_label, "%s", tam_compare_columns[tam_compare_merit(comparison)].header);
    const tam_figure figure = {
        .width = TRADE_WIDTH,
        .height = TRADE_HEIGHT,
        .x = {"time per image, one at a time (ms)", low, high, logarithm, false, 0},
        .y = {y_label, fmin(floor_merit, trade->lowest), fmin(trade->highest + pad, 100 + pad / 2), false, false, 0}};
    tam_html_heading(text, 2, "Accuracy and time");
    tam_html_figure_begin(text, figure.width);
    tam_svg svg = tam_svg_begin(text, &figure);
    make_front(trade, high);
    tam_svg_line(&svg, -1, 1, 1.5, trade->corners, trade->front[0], trade->front[1]);
    tam_svg_bubbles(&svg, trade->count, trade->bubbles);
    tam_svg_end(&svg);
    tam_real_words(size, sizeof size, trade->largest, 3);
    snprintf(caption, sizeof caption,
             "Each disc is a run, as large in area as its model (the largest: %s MB). Up and to the left is better: "
             "below and right of the dashed line another run is as good in less time.",
             size);
    tam_html_figure_end(text, caption);
}

void tam_compare_write_trade(const tam_comparison *comparison, tam_text *text) {
    trade_figure trade = {0};
    if (!tam_compare_varies_net(comparison) && comparison->lists.sweeps == 0) {
        return;
    }
    if (make_trade(comparison, &trade) != TAM_OK) {
        text->failed = true;
    } else if (trade.count > 1) {
        draw_trade(comparison, text, &trade);
    }
    release_trade(comparison->ctx, &trade);
}

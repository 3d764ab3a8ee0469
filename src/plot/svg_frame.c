/* Frame, grid, ticks, labels and legend of a figure. */
#include "plot/svg_frame.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOST_TICKS = 12, TICK_SIZE = 11, LABEL_SIZE = 12 };
static const char ink[] = "#333333", faint[] = "#e4e4e4";

void tam_svg_words(tam_text *text, const tam_svg_label *label, const char *words) {
    tam_text_add(text, "<text x=\"");
    tam_text_real(text, label->x, 1);
    tam_text_add(text, "\" y=\"");
    tam_text_real(text, label->y, 1);
    tam_text_format(text, "\" font-size=\"%d\" text-anchor=\"%s\" fill=\"%s\"%s>", label->size, label->anchor,
                    label->colour, label->bold ? " font-weight=\"bold\"" : "");
    tam_text_escape(text, words);
    tam_text_add(text, "</text>\n");
}

static void straight(tam_text *text, double x0, double y0, double x1, double y1, const char *colour) {
    const double values[4] = {x0, y0, x1, y1};
    static const char *const names[4] = {"x1", "y1", "x2", "y2"};
    tam_text_add(text, "<line");
    for (int i = 0; i < 4; i++) {
        tam_text_format(text, " %s=\"", names[i]);
        tam_text_real(text, values[i], 1);
        tam_text_add(text, "\"");
    }
    tam_text_format(text, " stroke=\"%s\"/>\n", colour);
}

double tam_svg_width_of(const char *words, int size) {
    size_t letters = 0;
    for (; *words != '\0'; words++) {
        letters += (*words & 0xc0) != 0x80;
    }
    return 0.56 * size * (double)letters;
}

/* Far beyond any measure, and far enough from the ends of double that no step of ours overflows. */
static const double largest_end = 1e300;

static void heal_axis(tam_axis *axis) {
    if (!isfinite(axis->low) || !isfinite(axis->high) || (axis->logarithm && axis->high <= 0)) {
        axis->low = axis->logarithm ? 0.1 : 0;
        axis->high = 1;
    }
    if (axis->logarithm && axis->low <= 0) {
        axis->low = axis->high / 1000;
    }
    axis->low = fmin(fmax(axis->low, axis->logarithm ? 1 / largest_end : -largest_end), largest_end);
    axis->high = fmin(fmax(axis->high, -largest_end), largest_end);
    if (axis->high <= axis->low) {
        double pad = axis->low != 0 ? fabs(axis->low) * 0.1 : 1;
        axis->high = axis->logarithm ? axis->low * 10 : axis->low + pad;
        axis->low = axis->logarithm ? axis->low : axis->low - pad;
    }
    if (axis->nice && axis->logarithm) {
        axis->low = pow(10, floor(log10(axis->low) + 1e-9));
        axis->high = pow(10, ceil(log10(axis->high) - 1e-9));
    } else if (axis->nice) {
        double ticks[MOST_TICKS];
        int count = tam_ticks(axis->low, axis->high, false, 7, ticks);
        double found = count > 1 ? ticks[1] - ticks[0] : axis->high - axis->low;
        double step = axis->step > 0 ? axis->step : found;
        axis->low = step * floor(axis->low / step + 1e-9);
        axis->high = step * ceil(axis->high / step - 1e-9);
    }
}

/* "0.25", or for a logarithm "10" with the power raised. */
static void tick_words(char *words, size_t room, double value, double step, bool logarithm) {
    static const char *const raised[] = {"\xe2\x81\xb0", "\xc2\xb9",     "\xc2\xb2",     "\xc2\xb3",
                                         "\xe2\x81\xb4", "\xe2\x81\xb5", "\xe2\x81\xb6", "\xe2\x81\xb7",
                                         "\xe2\x81\xb8", "\xe2\x81\xb9"};
    if (!logarithm) {
        int digits = value != 0 && step > 0 ? (int)floor(log10(fabs(value) / step) + 1e-9) + 2 : 1;
        tam_real_words(words, room, fabs(value) < step * 1e-6 ? 0 : value, digits > 1 ? digits : 2);
        return;
    }
    int power = (int)lround(log10(value));
    if (power == 0 || power == 1) {
        snprintf(words, room, "%d", power == 0 ? 1 : 10);
        return;
    }
    char digits[16];
    snprintf(digits, sizeof digits, "%d", power < 0 ? -power : power);
    snprintf(words, room, "10%s", power < 0 ? "\xe2\x81\xbb" : "");
    for (const char *digit = digits; *digit != '\0'; digit++) {
        size_t used = strlen(words);
        snprintf(words + used, room - used, "%s", raised[*digit - '0']);
    }
}

static int stepped_ticks(const tam_axis *axis, double *ticks) {
    int count = 0;
    for (double at = ceil(axis->low / axis->step) * axis->step; at <= axis->high && count < MOST_TICKS;) {
        ticks[count++] = at;
        at += axis->step;
    }
    return count;
}

static void draw_tick(tam_svg *svg, bool horizontal, double value, const char *words) {
    double x = tam_svg_x(svg, value), y = tam_svg_y(svg, value);
    if (horizontal) {
        straight(svg->text, x, svg->top, x, svg->bottom, faint);
        tam_svg_words(svg->text, &(tam_svg_label){x, svg->bottom + 16, TICK_SIZE, "middle", ink, false}, words);
    } else {
        straight(svg->text, svg->left, y, svg->right, y, faint);
        tam_svg_words(svg->text, &(tam_svg_label){svg->left - 6, y + 4, TICK_SIZE, "end", ink, false}, words);
    }
}

static void draw_ticks(tam_svg *svg, bool horizontal) {
    double ticks[MOST_TICKS];
    char words[64];
    const tam_axis *axis = horizontal ? &svg->x : &svg->y;
    double length = horizontal ? svg->right - svg->left : svg->bottom - svg->top;
    int most = (int)(length / (horizontal ? 62 : 38));
    most = most < 2 ? 2 : most > MOST_TICKS ? MOST_TICKS : most;
    int count =
        axis->step > 0 ? stepped_ticks(axis, ticks) : tam_ticks(axis->low, axis->high, axis->logarithm, most, ticks);
    bool parted = axis->logarithm && count > 1 && ticks[1] / ticks[0] < 9; /* 2 and 5 between the powers of ten */
    for (int i = 0; i < count; i++) {
        bool powers = axis->logarithm && !parted;
        double step = axis->logarithm ? ticks[i] : count > 1 ? ticks[1] - ticks[0] : 0;
        tick_words(words, sizeof words, ticks[i], step, powers);
        draw_tick(svg, horizontal, ticks[i], words);
    }
}

/* In their order, which is that of their importance. */
static void draw_given_ticks(tam_svg *svg, bool horizontal, int count, const tam_tick *ticks) {
    enum { MOST = 32 };
    const tam_axis *axis = horizontal ? &svg->x : &svg->y;
    double slack = (axis->high - axis->low) * 1e-9, from[MOST], to[MOST];
    int drawn = 0;
    for (int i = 0; i < count && drawn < MOST; i++) {
        double half = horizontal ? tam_svg_width_of(ticks[i].words, TICK_SIZE) / 2 + 3 : TICK_SIZE * 0.62;
        double place = horizontal ? tam_svg_x(svg, ticks[i].at) : tam_svg_y(svg, ticks[i].at);
        bool free = ticks[i].at >= axis->low - slack && ticks[i].at <= axis->high + slack;
        for (int k = 0; k < drawn; k++) {
            free &= place + half <= from[k] || place - half >= to[k];
        }
        if (free) {
            draw_tick(svg, horizontal, ticks[i].at, ticks[i].words);
            from[drawn] = place - half;
            to[drawn++] = place + half;
        }
    }
}

static void draw_labels(tam_svg *svg, const tam_figure *figure) {
    double middle = (svg->left + svg->right) / 2, centre = (svg->top + svg->bottom) / 2;
    if (figure->x.label != NULL) {
        tam_svg_words(svg->text, &(tam_svg_label){middle, svg->bottom + 34, LABEL_SIZE, "middle", ink, false},
                      figure->x.label);
    }
    if (figure->y.label != NULL) {
        tam_text_add(svg->text, "<g transform=\"translate(14 ");
        tam_text_real(svg->text, centre, 1);
        tam_text_add(svg->text, ") rotate(-90)\">");
        tam_svg_words(svg->text, &(tam_svg_label){0, 0, LABEL_SIZE, "middle", ink, false}, figure->y.label);
        tam_text_add(svg->text, "</g>\n");
    }
    if (figure->title != NULL) {
        tam_svg_words(svg->text, &(tam_svg_label){svg->left, 16, 13, "start", ink, true}, figure->title);
    }
}

/* Draws the legend in rows from `y` on (text NULL: only measures) and returns where the last row ends. */
static double draw_legend(tam_text *text, const tam_figure *figure, double left, double right, double y) {
    double x = left;
    for (int i = 0; i < figure->legend_count; i++) {
        const tam_series *series = &figure->legend[i];
        double width = 30 + tam_svg_width_of(series->name, TICK_SIZE) + 14;
        if (x > left && x + width > right) {
            x = left;
            y += 17;
        }
        if (text != NULL) {
            tam_text_add(text, "<path d=\"M");
            tam_text_real(text, x, 1);
            tam_text_add(text, " ");
            tam_text_real(text, y + 8, 1);
            tam_text_add(text, "h26\"");
            tam_svg_stroke(text, series->colour, series->dash, 2.5);
            tam_text_add(text, "/>\n");
            tam_svg_words(text, &(tam_svg_label){x + 30, y + 12, TICK_SIZE, "start", ink, false}, series->name);
        }
        x += width;
    }
    return figure->legend_count > 0 ? y + 21 : y;
}

/* Widens one axis around its middle until a unit is equally long on both. */
static void make_scales_equal(tam_svg *svg) {
    double x_unit = (svg->right - svg->left) / (svg->x.high - svg->x.low);
    double y_unit = (svg->bottom - svg->top) / (svg->y.high - svg->y.low);
    tam_axis *axis = x_unit > y_unit ? &svg->x : &svg->y;
    double grow = x_unit > y_unit ? x_unit / y_unit : y_unit / x_unit;
    double middle = (axis->low + axis->high) / 2, half = (axis->high - axis->low) / 2 * grow;
    axis->low = middle - half;
    axis->high = middle + half;
}

static void open_clip(tam_svg *svg) {
    const double values[4] = {svg->left, svg->top, svg->right - svg->left, svg->bottom - svg->top};
    tam_text *text = svg->text;
    tam_text_add(text, "<svg x=\"");
    tam_text_real(text, values[0], 1);
    tam_text_add(text, "\" y=\"");
    tam_text_real(text, values[1], 1);
    tam_text_add(text, "\" width=\"");
    tam_text_real(text, values[2], 1);
    tam_text_add(text, "\" height=\"");
    tam_text_real(text, values[3], 1);
    /* The view box keeps the coordinates of the whole figure inside the clipped part. */
    tam_text_add(text, "\" viewBox=\"");
    for (int i = 0; i < 4; i++) {
        tam_text_add(text, i > 0 ? " " : "");
        tam_text_real(text, values[i], 1);
    }
    tam_text_add(text, "\">\n");
}

tam_svg tam_svg_begin(tam_text *text, const tam_figure *figure) {
    int width = figure->width > 0 ? figure->width : 560, height = figure->height > 0 ? figure->height : 340;
    tam_svg svg = {.text = text, .x = figure->x, .y = figure->y};
    double title_end = figure->title != NULL ? 24 : 6;
    svg.left = figure->y.label != NULL ? 58 : 8;
    svg.right = width - 20;
    svg.top = draw_legend(NULL, figure, svg.left, svg.right, title_end) + 2;
    svg.bottom = height - (figure->x.label != NULL ? 42 : 8);
    heal_axis(&svg.x);
    heal_axis(&svg.y);
    if (figure->same_scale) {
        make_scales_equal(&svg);
    }
    tam_text_format(text,
                    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
                    "role=\"img\" font-family=\"sans-serif\">\n",
                    width, height, width, height);
    for (int i = 0; i < figure->x_word_count; i++) {
        draw_tick(&svg, true, i, figure->x_words[i]);
    }
    if (figure->x.label != NULL && figure->x_word_count + figure->x_tick_count == 0) {
        draw_ticks(&svg, true);
    }
    if (figure->y.label != NULL && figure->y_tick_count == 0) {
        draw_ticks(&svg, false);
    }
    draw_given_ticks(&svg, true, figure->x_tick_count, figure->x_ticks);
    draw_given_ticks(&svg, false, figure->y_tick_count, figure->y_ticks);
    draw_labels(&svg, figure);
    draw_legend(text, figure, svg.left, svg.right, title_end);
    tam_text_add(text, "<path d=\"M");
    tam_text_real(text, svg.left, 1);
    tam_text_add(text, " ");
    tam_text_real(text, svg.top, 1);
    tam_text_add(text, "V");
    tam_text_real(text, svg.bottom, 1);
    tam_text_add(text, "H");
    tam_text_real(text, svg.right, 1);
    tam_text_format(text, "\" fill=\"none\" stroke=\"%s\"/>\n", ink);
    open_clip(&svg);
    return svg;
}

void tam_svg_end(tam_svg *svg) {
    tam_text_add(svg->text, "</svg>\n</svg>\n");
}

#include "plot/svg.h"

#include <math.h>
#include <string.h>

#include "plot/svg_frame.h"

/* Okabe and Ito's colours without the yellow, and four of Tol's. */
static const char *const palette[TAM_COLOURS] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00",
                                                 "#56b4e9", "#332288", "#999933", "#882255", "#555555"};
static const char *const dashes[TAM_DASHES] = {"", "7 3", "2 3", "9 3 2 3", "14 4", "5 2 2 2 2 2"};

const char *tam_colour(int index) {
    return index == -1 ? "#888888" : index < 0 ? "#ffffff" : palette[index % TAM_COLOURS];
}

void tam_svg_stroke(tam_text *text, int colour, int dash, double width) {
    tam_text_format(text, " fill=\"none\" stroke=\"%s\" stroke-width=\"", tam_colour(colour));
    tam_text_real(text, width, 2);
    tam_text_add(text, "\" stroke-linejoin=\"round\"");
    if (dash > 0 && dashes[dash % TAM_DASHES][0] != '\0') {
        tam_text_format(text, " stroke-dasharray=\"%s\"", dashes[dash % TAM_DASHES]);
    }
}

/* Far outside is as good as outside; it keeps the numbers short. */
static double near(double pixel) {
    return pixel < -10000 ? -10000 : pixel > 10000 ? 10000 : pixel;
}

static double place(const tam_axis *axis, double value) {
    if (axis->logarithm) {
        return value > 0 ? log(value / axis->low) / log(axis->high / axis->low) : -INFINITY;
    }
    return (value - axis->low) / (axis->high - axis->low);
}

double tam_svg_x(const tam_svg *svg, double x) {
    return near(svg->left + place(&svg->x, x) * (svg->right - svg->left));
}

double tam_svg_y(const tam_svg *svg, double y) {
    return near(svg->bottom - place(&svg->y, y) * (svg->bottom - svg->top));
}

static void add_place(tam_svg *svg, char command, double x, double y) {
    tam_text_bytes(svg->text, &command, 1);
    tam_text_real(svg->text, tam_svg_x(svg, x), 1);
    tam_text_add(svg->text, " ");
    tam_text_real(svg->text, tam_svg_y(svg, y), 1);
}

void tam_svg_line(tam_svg *svg, int colour, int dash, double width, int n, const double *x, const double *y) {
    bool open = false;
    tam_text_add(svg->text, "<path d=\"");
    for (int i = 0; i < n; i++) {
        if (!isfinite(x[i]) || !isfinite(y[i])) {
            open = false;
            continue;
        }
        add_place(svg, open ? 'L' : 'M', x[i], y[i]);
        open = true;
    }
    tam_text_add(svg->text, "\"");
    tam_svg_stroke(svg->text, colour, dash, width);
    tam_text_add(svg->text, "/>\n");
}

void tam_svg_histogram(tam_svg *svg, int colour, double low, double high, int n, const double *y) {
    tam_text_add(svg->text, "<path d=\"");
    add_place(svg, 'M', low, svg->y.low);
    for (int i = 0; i < n; i++) {
        double height = isfinite(y[i]) ? y[i] : svg->y.low;
        add_place(svg, 'L', low + (high - low) * i / n, height);
        add_place(svg, 'L', low + (high - low) * (i + 1) / n, height);
    }
    add_place(svg, 'L', high, svg->y.low);
    tam_text_format(svg->text,
                    "Z\" fill=\"%s\" fill-opacity=\"0.25\" stroke=\"%s\" stroke-width=\"1.2\" "
                    "stroke-linejoin=\"round\"/>\n",
                    tam_colour(colour), tam_colour(colour));
}

void tam_svg_points(tam_svg *svg, int colour, double size, int n, const float *x, const float *y) {
    tam_text_add(svg->text, "<path d=\"");
    for (int i = 0; i < n; i++) {
        if (isfinite(x[i]) && isfinite(y[i])) {
            add_place(svg, 'M', (double)x[i], (double)y[i]);
            tam_text_add(svg->text, "h0");
        }
    }
    tam_text_format(svg->text, "\" stroke=\"%s\" stroke-opacity=\"0.65\" stroke-linecap=\"round\" stroke-width=\"",
                    tam_colour(colour));
    tam_text_real(svg->text, size, 1);
    tam_text_add(svg->text, "\"/>\n");
}

void tam_svg_ray(tam_svg *svg, int colour, double x0, double y0, double x1, double y1, const char *label) {
    if (!isfinite(x0) || !isfinite(y0) || !isfinite(x1) || !isfinite(y1)) {
        return;
    }
    tam_text_add(svg->text, "<path stroke-linecap=\"round\" d=\"");
    add_place(svg, 'M', x0, y0);
    add_place(svg, 'L', x1, y1);
    tam_text_add(svg->text, "\"");
    tam_svg_stroke(svg->text, colour, 0, 1.6);
    tam_text_add(svg->text, "/>\n");
    if (label != NULL) {
        double dx = tam_svg_x(svg, x1) - tam_svg_x(svg, x0), dy = tam_svg_y(svg, y1) - tam_svg_y(svg, y0);
        double length = hypot(dx, dy), beyond = length > 0 ? 9 / length : 0;
        /* A flat ray ends near the figure's side: its label lies above it, where there is room. */
        bool flat = fabs(dx) > fabs(dy);
        tam_svg_words(svg->text,
                      &(tam_svg_label){tam_svg_x(svg, x1) + (flat ? 0 : dx * beyond),
                                       tam_svg_y(svg, y1) + (flat ? -5 : dy * beyond + 4), 11,
                                       !flat    ? "middle"
                                       : dx > 0 ? "end"
                                                : "start",
                                       tam_colour(colour), true},
                      label);
    }
}

void tam_svg_mark(tam_svg *svg, int colour, double x, double y, const char *label) {
    if (!isfinite(x) || !isfinite(y)) {
        return;
    }
    double at_x = tam_svg_x(svg, x), at_y = tam_svg_y(svg, y);
    tam_text_add(svg->text, "<circle cx=\"");
    tam_text_real(svg->text, at_x, 1);
    tam_text_add(svg->text, "\" cy=\"");
    tam_text_real(svg->text, at_y, 1);
    tam_text_format(svg->text, "\" r=\"4\" fill=\"#ffffff\" stroke=\"%s\" stroke-width=\"2\"/>\n", tam_colour(colour));
    if (label != NULL) {
        tam_svg_words(svg->text, &(tam_svg_label){at_x + 8, at_y + 4, 11, "start", tam_colour(colour), false}, label);
    }
}

void tam_svg_area(tam_svg *svg, int colour, double opacity, int n, const double *x, const double *y) {
    bool open = false;
    tam_text_add(svg->text, "<path d=\"");
    for (int i = 0; i < n; i++) {
        if (isfinite(x[i]) && isfinite(y[i])) {
            add_place(svg, open ? 'L' : 'M', x[i], y[i]);
            open = true;
        }
    }
    tam_text_format(svg->text, "%s\" fill=\"%s\" fill-opacity=\"", open ? "Z" : "", tam_colour(colour));
    tam_text_real(svg->text, opacity, 2);
    tam_text_add(svg->text, "\"/>\n");
}

void tam_svg_note(tam_svg *svg, int colour, double x, double y, const char *words) {
    if (isfinite(x) && isfinite(y)) {
        tam_text_add(svg->text, "<g stroke=\"#ffffff\" stroke-width=\"3\" paint-order=\"stroke\">");
        tam_svg_words(
            svg->text,
            &(tam_svg_label){tam_svg_x(svg, x), tam_svg_y(svg, y) + 4, 12, "middle", tam_colour(colour), true}, words);
        tam_text_add(svg->text, "</g>\n");
    }
}

#include "report/loss_page.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/format.h"
#include "base/memory.h"
#include "plot/html.h"

enum { MOST_CURVES = TAM_ANALYZE_LOSSES, FIRST_SEEN = 20 };

static void write_file(tam_loss_page *page, const char *name, const char *data, size_t size) {
    char *path = tam_path_join(page->ctx, page->folder, name);
    const tam_file_piece piece = {data, size};
    page->status = path == NULL ? TAM_RESOURCES : tam_file_write(page->ctx, path, &piece, 1);
    tam_release(page->ctx, path);
}

void tam_loss_page_figure(tam_loss_page *page, const char *name, const tam_figure *figure) {
    snprintf(page->figure_name, sizeof page->figure_name, "%s", name);
    tam_html_figure_begin(&page->html, figure->width);
    page->figure_from = page->html.size;
    page->svg = tam_svg_begin(&page->html, figure);
}

void tam_loss_page_figure_end(tam_loss_page *page, const char *caption) {
    tam_svg_end(&page->svg);
    if (page->status == TAM_OK && !page->html.failed) {
        char name[TAM_ANALYZE_WORDS + 8];
        snprintf(name, sizeof name, "%s.svg", page->figure_name);
        write_file(page, name, page->html.data + page->figure_from, page->html.size - page->figure_from);
        page->result->figures++;
    }
    tam_html_figure_end(&page->html, caption);
}

/* A field of the table; a specification has commas. */
static void add_quoted(tam_text *table, const char *words) {
    tam_text_add(table, "\"");
    for (const char *at = words; *at != '\0'; at++) {
        tam_text_add(table, *at == '"' ? "\"" : ""); /* a quote in a quoted field is doubled */
        tam_text_bytes(table, at, 1);
    }
    tam_text_add(table, "\"");
}

void tam_loss_page_line(tam_loss_page *page, const char *series, int colour, int dash, double width, int n,
                        const double *x, const double *y) {
    tam_svg_line(&page->svg, colour, dash, width, n, x, y);
    for (int i = 0; i < n; i++) {
        char numbers[64];
        if (isfinite(x[i]) && isfinite(y[i])) {
            add_quoted(&page->table, series);
            tam_format(numbers, sizeof numbers, ",%.9g,%.9g\n", x[i], y[i]);
            tam_text_add(&page->table, ",");
            tam_text_add(&page->table, page->figure_name);
            tam_text_add(&page->table, numbers);
        }
    }
}

int tam_loss_page_all(const tam_loss_page *page, tam_loss_curve_of curves[TAM_ANALYZE_LOSSES]) {
    for (int i = 0; i < page->count; i++) {
        curves[i] = (tam_loss_curve_of){.view = &page->view[i], .colour = i, .dash = i};
    }
    return page->count;
}

static void show(tam_axis *axis, double value) {
    if (isfinite(value)) {
        axis->low = fmin(axis->low, value);
        axis->high = fmax(axis->high, value);
    }
}

void tam_loss_page_curves(tam_loss_page *page, const char *name, tam_figure figure, tam_loss_value value, int count,
                          const tam_loss_curve_of *curves, const char *caption) {
    double x[TAM_LOSS_ANGLES];
    double(*y)[TAM_LOSS_ANGLES] = tam_allocate(page->ctx, (size_t)count, sizeof *y, "curves of a figure");
    tam_series legend[MOST_CURVES];
    int drawn[MOST_CURVES], lines = 0;
    bool fit = figure.y.low == figure.y.high;
    if (y == NULL) {
        page->status = TAM_RESOURCES;
        return;
    }
    if (!fit) { /* room for lines on the frame */
        double room = 0.02 * (figure.y.high - figure.y.low);
        figure.y.low -= room;
        figure.y.high += room;
    }
    figure.x = (tam_axis){"angle " TAM_THETA " to the own class (degrees)", 0, 180, false, false, 30};
    for (int k = 0; k < count; k++) {
        bool any = false;
        for (int i = 0; i < TAM_LOSS_ANGLES; i++) {
            x[i] = 180.0 * i / (TAM_LOSS_ANGLES - 1);
            y[lines][i] = value(curves[k].view, M_PI * i / (TAM_LOSS_ANGLES - 1));
            any = any || isfinite(y[lines][i]);
            if (fit && i >= FIRST_SEEN && i < TAM_LOSS_ANGLES - FIRST_SEEN) {
                show(&figure.y, y[lines][i]);
            }
        }
        if (any && lines < MOST_CURVES) {
            const char *words = curves[k].name != NULL ? curves[k].name : curves[k].view->name;
            legend[lines] = (tam_series){words, curves[k].colour, curves[k].dash};
            drawn[lines++] = k;
        }
    }
    figure.legend = legend;
    figure.legend_count = lines;
    tam_loss_page_figure(page, name, &figure);
    for (int i = 0; i < lines; i++) {
        const tam_loss_curve_of *curve = &curves[drawn[i]];
        tam_loss_page_line(page, legend[i].name, curve->colour, curve->dash, curve->width > 0 ? curve->width : 2,
                           TAM_LOSS_ANGLES, x, y[i]);
    }
    tam_loss_page_figure_end(page, caption);
    tam_release(page->ctx, y);
}

void tam_loss_page_left_out(const tam_loss_page *page, char *words, size_t room) {
    words[0] = '\0';
    for (int i = 0; i < page->count; i++) {
        size_t used = strlen(words);
        if (!tam_loss_view_compares(&page->view[i])) {
            snprintf(words + used, room - used, "%s%s",
                     used > 0 ? ", " : " Without a softmax, and so not drawn: ", page->view[i].name);
        }
    }
    size_t used = strlen(words);
    snprintf(words + used, room - used, "%s", used > 0 ? "." : "");
}

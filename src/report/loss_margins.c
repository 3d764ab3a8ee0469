/* Margins: decision boundaries of two classes, the angle that a margin is worth, the embedding's length, and what
 * happens to a margin beyond 180 degrees. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "plot/html.h"
#include "report/loss_page.h"

enum { COLUMNS = 721, LENGTHS = 241, NARROW = 374, WIDE = 570, VARIANTS = 4, LONGEST_TITLE = 26 };
static const double degrees = 57.29577951308232;

/* What class 1 takes, column by column: part k from low to high, NaN where there is none. */
typedef struct taken {
    double x[COLUMNS], low[TAM_LOSS_INTERVALS][COLUMNS], high[TAM_LOSS_INTERVALS][COLUMNS];
} taken;

static void find_taken(const tam_loss_view *view, taken *out) {
    tam_loss_interval interval[TAM_LOSS_INTERVALS];
    for (int i = 0; i < COLUMNS; i++) {
        out->x[i] = 180.0 * i / (COLUMNS - 1);
        int count = tam_loss_view_wins(view, M_PI * i / (COLUMNS - 1), interval);
        for (int k = 0; k < TAM_LOSS_INTERVALS; k++) {
            out->low[k][i] = k < count ? interval[k].from * degrees : NAN;
            out->high[k][i] = k < count ? interval[k].to * degrees : NAN;
        }
    }
}

/* Part k as a polygon; mirrored for class 2. */
static void draw_part(tam_loss_page *page, const taken *from, int k, int colour, double opacity, bool mirrored) {
    double x[2 * COLUMNS], y[2 * COLUMNS];
    for (int i = 0; i < COLUMNS; i++) {
        x[i] = x[2 * COLUMNS - 1 - i] = isfinite(from->low[k][i]) ? from->x[i] : NAN;
        y[i] = from->low[k][i];
        y[2 * COLUMNS - 1 - i] = from->high[k][i];
    }
    tam_svg_area(&page->svg, colour, opacity, 2 * COLUMNS, mirrored ? y : x, mirrored ? x : y);
}

static bool is_inside(const double *edge, int i) {
    return i >= 0 && i < COLUMNS && edge[i] > 1e-9 && edge[i] < 180 - 1e-9;
}

/* The edges of part k, but for what runs along the square's own. */
static void draw_edges(tam_loss_page *page, const char *loss, const taken *from, int k) {
    double y[COLUMNS];
    for (int side = 0; side < 2; side++) {
        const double *edge = side == 0 ? from->low[k] : from->high[k];
        for (int i = 0; i < COLUMNS; i++) {
            y[i] = is_inside(edge, i - 1) || is_inside(edge, i) || is_inside(edge, i + 1) ? edge[i] : NAN;
        }
        tam_loss_page_line(page, loss, 0, 0, 1.8, COLUMNS, from->x, y);
        tam_svg_line(&page->svg, 1, 1, 1.8, COLUMNS, y, from->x);
    }
}

/* Names the parts, each in the middle of what its class takes at 150 degrees to the other one. */
static void draw_names(tam_loss_page *page, const taken *from) {
    const double height = 150;
    double sum = 0;
    int count = 0;
    for (int i = 0; i < COLUMNS; i++) {
        for (int k = 0; k < TAM_LOSS_INTERVALS; k++) {
            bool inside = from->low[k][i] < height && from->high[k][i] > height;
            sum += inside ? from->x[i] : 0;
            count += inside;
        }
    }
    if (count > 0) {
        tam_svg_note(&page->svg, 0, sum / count, height, "class 1");
        tam_svg_note(&page->svg, 1, height, sum / count, "class 2");
    }
}

static void draw_boundary(tam_loss_page *page, int index, taken *room) {
    static const double square_x[4] = {0, 180, 180, 0}, square_y[4] = {0, 0, 180, 180};
    const tam_loss_view *view = &page->view[index];
    const tam_analyze_loss *numbers = &page->result->loss[index];
    char title[192], name[TAM_ANALYZE_WORDS], percent[32];
    tam_fixed_words(percent, sizeof percent, 100 * numbers->margin_share, 1);
    bool fits = strlen(view->name) <= LONGEST_TITLE;
    snprintf(title, sizeof title, "%s: margin %s%%", fits ? view->name : view->loss.class_loss->name, percent);
    snprintf(name, sizeof name, "boundary-%d-%s", index + 1, view->loss.class_loss->name);
    const tam_figure figure = {.width = NARROW,
                               .height = NARROW - 10,
                               .title = title,
                               .x = {"angle " TAM_THETA "\xe2\x82\x81 to class 1 (degrees)", 0, 180, false, false, 30},
                               .y = {"angle " TAM_THETA "\xe2\x82\x82 to class 2 (degrees)", 0, 180, false, false, 30},
                               .same_scale = true};
    find_taken(view, room);
    tam_loss_page_figure(page, name, &figure);
    tam_svg_area(&page->svg, -1, 0.45, 4, square_x, square_y);
    for (int white = 1; white >= 0; white--) {
        for (int k = 0; k < TAM_LOSS_INTERVALS; k++) {
            draw_part(page, room, k, white ? -2 : 0, white ? 1 : 0.2, false);
            draw_part(page, room, k, white ? -2 : 1, white ? 1 : 0.2, true);
        }
    }
    for (int k = 0; k < TAM_LOSS_INTERVALS; k++) {
        draw_edges(page, view->name, room, k);
    }
    draw_names(page, room);
    tam_loss_page_figure_end(page, NULL);
}

static double margin_in_degrees(const tam_loss_view *view, double theta) {
    return tam_loss_view_compares(view) ? degrees * tam_loss_view_margin(view, theta) : NAN;
}

void tam_loss_page_boundaries(tam_loss_page *page) {
    char words[1536], left_out[512];
    tam_loss_curve_of curves[TAM_ANALYZE_LOSSES];
    int count = tam_loss_page_all(page, curves);
    taken *room = tam_allocate(page->ctx, 1, sizeof *room, "a decision boundary");
    if (room == NULL) {
        page->status = TAM_RESOURCES;
        return;
    }
    tam_html_heading(&page->html, 2, "Decision boundaries");
    tam_loss_page_left_out(page, left_out, sizeof left_out);
    snprintf(words, sizeof words,
             "Two classes, and every pair of angles that a sample may have to them. In the blue part the "
             "loss is content with a sample of class 1: with the margin its own logit is still the larger "
             "one. The orange part is the same for class 2. The grey part between them belongs to nobody: "
             "training pushes samples out of it, and it is the room that tells classes apart later. Its "
             "share of the plane is the margin as an area. A margin on the angle gives a band of the same "
             "width everywhere; one on the cosine is wide where the cosine is flat, near 0 and 180 degrees; "
             "a factor on the angle gives none to samples that lie on their class's direction.%s",
             left_out);
    tam_html_paragraph(&page->html, words);
    tam_html_row_begin(&page->html);
    for (int i = 0; i < page->count; i++) {
        if (tam_loss_view_compares(&page->view[i])) {
            draw_boundary(page, i, room);
        }
    }
    tam_html_row_end(&page->html);
    tam_release(page->ctx, room);
    tam_html_row_begin(&page->html);
    const tam_figure figure = {.width = WIDE, .height = 400, .y = {"margin (degrees)", 0, 0, false, true, 0}};
    tam_loss_page_curves(page, "angular-margin", figure, margin_in_degrees, count, curves,
                         "The same margins in one currency: by how many degrees the own angle is made larger before "
                         "it is compared, which is the width of the grey band. A curve ends where no other class can "
                         "have a logit as small as the own one: the sample is never right.");
    tam_html_row_end(&page->html);
}

/* Margins at 45 degrees against |x|; false if the loss has the same at every length. */
static bool margins_by_length(const tam_loss_view *view, double most, double *x, double *y) {
    double low = INFINITY, high = -INFINITY;
    tam_loss_view at = *view;
    for (int i = 0; i < LENGTHS; i++) {
        x[i] = at.norm = fmax(1e-3, most * i / (LENGTHS - 1));
        y[i] = margin_in_degrees(&at, M_PI_4);
        low = isfinite(y[i]) ? fmin(low, y[i]) : low;
        high = isfinite(y[i]) ? fmax(high, y[i]) : high;
    }
    return high - low > 1e-6;
}

/* The page's losses whose margin changes with the length, else those that are known for it. Returns how many. */
static int find_by_length(tam_loss_page *page, tam_loss_view *views, double *x, double (*y)[LENGTHS]) {
    static const char *const known[] = {"magface", "adaface"};
    double norm = page->view[0].norm, most = fmax(120, 2 * norm);
    int count = 0;
    for (int i = 0; i < page->count; i++) {
        if (margins_by_length(&page->view[i], most, x, y[count])) {
            views[count++] = page->view[i];
        }
    }
    bool none = count == 0;
    for (int i = 0; none && i < 2; i++) {
        tam_status status =
            tam_loss_view_open(page->ctx, known[i], page->view[0].loss.state.classes, norm,
                               (int64_t)page->view[0].loss.state.running[TAM_RUNNING_STEP], &views[count]);
        page->status = page->status == TAM_OK ? status : page->status;
        count += status == TAM_OK && margins_by_length(&views[count], most, x, y[count]);
    }
    return count;
}

void tam_loss_page_lengths(tam_loss_page *page) {
    double x[LENGTHS], y[TAM_ANALYZE_LOSSES][LENGTHS];
    tam_loss_view views[TAM_ANALYZE_LOSSES];
    tam_series legend[TAM_ANALYZE_LOSSES];
    int lines = find_by_length(page, views, x, y);
    tam_figure figure = {.width = WIDE,
                         .height = 360,
                         .x = {"length |x| of the embedding", 0, fmax(120, 2 * page->view[0].norm), false, false, 0},
                         .y = {"margin at 45 degrees (degrees)", 0, 0, false, true, 0},
                         .legend = legend,
                         .legend_count = lines};
    for (int i = 0; i < lines; i++) {
        legend[i] = (tam_series){views[i].name, i, i};
        for (int k = 0; k < LENGTHS; k++) {
            figure.y.low = isfinite(y[i][k]) ? fmin(figure.y.low, y[i][k]) : figure.y.low;
            figure.y.high = isfinite(y[i][k]) ? fmax(figure.y.high, y[i][k]) : figure.y.high;
        }
    }
    tam_html_heading(&page->html, 2, "Margins and lengths");
    tam_html_paragraph(&page->html,
                       "These losses give samples of different lengths different margins. A long embedding is one of "
                       "which the net is sure, so the length becomes a measure of the image's quality, and good and "
                       "bad images need not be treated alike: MagFace asks more of good ones; AdaFace moves its margin "
                       "from the angle to the cosine, beside the lengths seen so far.");
    tam_loss_page_figure(page, "margin-length", &figure);
    for (int i = 0; i < lines; i++) {
        tam_loss_page_line(page, legend[i].name, legend[i].colour, legend[i].dash, 1.8, LENGTHS, x, y[i]);
    }
    tam_loss_page_figure_end(page, NULL);
}

static bool options_differ(const tam_loss_view variants[VARIANTS]) {
    for (int i = 0; i < TAM_LOSS_ANGLES; i++) {
        double theta = M_PI * i / (TAM_LOSS_ANGLES - 1), first = tam_loss_view_logit(&variants[0], theta);
        for (int v = 1; v < VARIANTS; v++) {
            if (fabs(tam_loss_view_logit(&variants[v], theta) - first) > 1e-9) {
                return true;
            }
        }
    }
    return false;
}

void tam_loss_page_options(tam_loss_page *page) {
    static const char *const names[VARIANTS] = {"linear (default)", "none", "easy", "smooth"};
    bool any = false;
    for (int i = 0; i < page->count; i++) {
        tam_loss_view variants[VARIANTS];
        tam_loss_curve_of curves[VARIANTS];
        char name[TAM_ANALYZE_WORDS];
        if ((page->view[i].loss.class_loss->traits & TAM_LOSS_MARGIN) == 0) {
            continue;
        }
        for (int v = 0; v < VARIANTS; v++) {
            variants[v] = page->view[i];
            variants[v].loss.state.options.beyond_pi = (tam_beyond_pi)v;
            curves[v] = (tam_loss_curve_of){&variants[v], names[v], v, v, v == 0 ? 3.2 : 1.8};
        }
        if (!options_differ(variants)) {
            continue;
        }
        if (!any) {
            tam_html_heading(&page->html, 2, "Beyond 180 degrees");
            tam_html_paragraph(
                &page->html, "Where " TAM_THETA " + m is more than 180 degrees the cosine would rise again and reward "
                             "a worse angle. The option beyond-pi says what to do there: linear goes on with a "
                             "straight line of the cosine, lower than the curve's end; none lets the curve rise; "
                             "easy drops the margin altogether for samples beyond 90 degrees; smooth continues with "
                             "the same value and slope. Samples are out there only early in training, or when "
                             "their label is wrong.");
            tam_html_row_begin(&page->html);
            any = true;
        }
        const tam_figure figure = {.width = NARROW,
                                   .height = 330,
                                   .title = page->view[i].name,
                                   .y = {"target logit z / s", 0, 0, false, true, 0}};
        snprintf(name, sizeof name, "beyond-pi-%d-%s", i + 1, page->view[i].loss.class_loss->name);
        tam_loss_page_curves(page, name, figure, tam_loss_view_logit, VARIANTS, curves, NULL);
    }
    if (any) {
        tam_html_row_end(&page->html);
    }
}

#include "plot/bubbles.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "plot/svg_frame.h"

enum { LABEL_SIZE = 11, DIRECTIONS = 16, RINGS = 16 };
static const double gap = 4, ring_step = 11, margin = 2;

typedef struct box {
    double left, top, right, bottom;
} box;

typedef struct layout {
    const tam_svg *svg;
    int n;
    const tam_bubble *bubbles;
    box *labels; /* [n]: of the first `placed` bubbles */
    int placed;
} layout;

static bool is_shown(const tam_bubble *bubble) {
    return isfinite(bubble->x) && isfinite(bubble->y);
}

static double overlap(double a_low, double a_high, double b_low, double b_high) {
    return fmax(0, fmin(a_high, b_high) - fmax(a_low, b_low));
}

static double common_area(const box *a, const box *b) {
    return overlap(a->left, a->right, b->left, b->right) * overlap(a->top, a->bottom, b->top, b->bottom);
}

/* How much of what may not be hidden a label there would hide, in pixels of area: labels count more than discs, and
 * what leaves the frame most. */
static double harm(const layout *all, const box *label) {
    const tam_svg *svg = all->svg;
    const box frame = {svg->left, svg->top, svg->right, svg->bottom};
    double area = (label->right - label->left) * (label->bottom - label->top), sum = 0;
    sum += 20 * (area - common_area(label, &frame));
    for (int i = 0; i < all->placed; i++) {
        sum += 4 * common_area(label, &all->labels[i]);
    }
    for (int i = 0; i < all->n; i++) {
        const tam_bubble *bubble = &all->bubbles[i];
        if (is_shown(bubble)) {
            double x = tam_svg_x(svg, bubble->x), y = tam_svg_y(svg, bubble->y), side = 0.886 * bubble->radius;
            const box disc = {x - side, y - side, x + side, y + side}; /* a square of the same area */
            sum += common_area(label, &disc);
        }
    }
    return sum;
}

/* Finds the label's place: rings around the disc, the nearest first, on each above and to the left before below and to
 * the right, where lines through the discs go on. */
static box place_label(const layout *all, const tam_bubble *bubble, int *ring) {
    static const double quarter = 1.5707963267948966;
    double x = tam_svg_x(all->svg, bubble->x), y = tam_svg_y(all->svg, bubble->y);
    double half = tam_svg_width_of(bubble->label, LABEL_SIZE) / 2 + margin, half_height = LABEL_SIZE / 2.0 + margin;
    double least = INFINITY;
    box best = {0};
    *ring = 0;
    for (int r = 0; r < RINGS && least > 0; r++) {
        double away = bubble->radius + gap + r * ring_step;
        for (int d = 0; d < DIRECTIONS && least > 0; d++) {
            static const int order[DIRECTIONS] = {4, 8, 6, 2, 3, 5, 7, 1, 10, 14, 9, 15, 12, 11, 13, 0};
            double angle = quarter * order[d] / 4, across = cos(angle), up = sin(angle);
            double middle_x = x + across * (away + half), middle_y = y - up * (away + half_height);
            const box here = {middle_x - half, middle_y - half_height, middle_x + half, middle_y + half_height};
            double cost = harm(all, &here);
            if (cost < least) {
                least = cost;
                best = here;
                *ring = r;
            }
        }
    }
    return best;
}

static void draw_disc(tam_svg *svg, const tam_bubble *bubble) {
    tam_text_add(svg->text, "<circle cx=\"");
    tam_text_real(svg->text, tam_svg_x(svg, bubble->x), 1);
    tam_text_add(svg->text, "\" cy=\"");
    tam_text_real(svg->text, tam_svg_y(svg, bubble->y), 1);
    tam_text_add(svg->text, "\" r=\"");
    tam_text_real(svg->text, bubble->radius, 1);
    tam_text_format(svg->text, "\" fill=\"%s\" fill-opacity=\"0.45\" stroke=\"%s\" stroke-width=\"1.5\"/>\n",
                    tam_colour(bubble->colour), tam_colour(bubble->colour));
}

/* From the disc's edge to the nearest point of the label. */
static void draw_leader(tam_svg *svg, const tam_bubble *bubble, const box *label) {
    double x = tam_svg_x(svg, bubble->x), y = tam_svg_y(svg, bubble->y);
    double to_x = fmin(fmax(x, label->left), label->right), to_y = fmin(fmax(y, label->top), label->bottom);
    double length = hypot(to_x - x, to_y - y);
    if (length <= bubble->radius) {
        return;
    }
    tam_text_add(svg->text, "<path d=\"M");
    tam_text_real(svg->text, x + (to_x - x) * bubble->radius / length, 1);
    tam_text_add(svg->text, " ");
    tam_text_real(svg->text, y + (to_y - y) * bubble->radius / length, 1);
    tam_text_add(svg->text, "L");
    tam_text_real(svg->text, to_x, 1);
    tam_text_add(svg->text, " ");
    tam_text_real(svg->text, to_y, 1);
    tam_text_add(svg->text, "\"");
    tam_svg_stroke(svg->text, bubble->colour, 0, 0.8);
    tam_text_add(svg->text, "/>\n");
}

static void draw_label(layout *all, tam_svg *svg, const tam_bubble *bubble) {
    int ring;
    box place = place_label(all, bubble, &ring);
    all->labels[all->placed++] = place;
    if (ring > 0) {
        draw_leader(svg, bubble, &place);
    }
    tam_text_add(svg->text, "<g stroke=\"#ffffff\" stroke-width=\"3\" paint-order=\"stroke\">");
    tam_svg_words(svg->text,
                  &(tam_svg_label){(place.left + place.right) / 2, place.bottom - margin - 2, LABEL_SIZE, "middle",
                                   tam_colour(bubble->colour), false},
                  bubble->label);
    tam_text_add(svg->text, "</g>\n");
}

void tam_svg_bubbles(tam_svg *svg, int n, const tam_bubble *bubbles) {
    box *labels = tam_allocate(svg->text->ctx, (size_t)n, sizeof *labels, "labels of a figure");
    layout all = {.svg = svg, .n = n, .bubbles = bubbles, .labels = labels};
    if (labels == NULL) {
        svg->text->failed = true;
        return;
    }
    for (int i = 0; i < n; i++) {
        if (is_shown(&bubbles[i])) {
            draw_disc(svg, &bubbles[i]);
        }
    }
    for (int i = 0; i < n; i++) {
        if (is_shown(&bubbles[i]) && bubbles[i].label != NULL) {
            draw_label(&all, svg, &bubbles[i]);
        }
    }
    tam_release(svg->text->ctx, labels);
}

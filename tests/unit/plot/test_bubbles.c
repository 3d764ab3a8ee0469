/* Discs with labels: all inside the frame, and over one another only where there is no room. */
#include "support.h"

#include <math.h>

#include "plot/bubbles.h"
#include "plot/svg_frame.h"
#include "well_formed.h"

enum { MOST = 64 };

typedef struct label_box {
    double left, right, top, bottom;
} label_box;

/* The labels drawn, "run0", "run1", ...: letters 11 pixels high in the middle of their place. */
static int read_labels(const char *text, label_box *boxes) {
    int count = 0;
    for (const char *at = text; (at = strstr(at, ">run")) != NULL; at++) {
        const char *begin = at;
        while (strncmp(begin, "<text", 5) != 0) {
            begin--;
        }
        double x, y;
        char word[64];
        assert_int_equal(sscanf(begin, "<text x=\"%lf\" y=\"%lf\"", &x, &y), 2);
        assert_int_equal(sscanf(at, ">%63[^<]", word), 1);
        double half = tam_svg_width_of(word, 11) / 2;
        boxes[count++] = (label_box){x - half, x + half, y - 9, y + 2};
    }
    return count;
}

static int overlaps(int count, const label_box *boxes) {
    int found = 0;
    for (int a = 0; a < count; a++) {
        for (int b = 0; b < a; b++) {
            found += boxes[a].left < boxes[b].right && boxes[b].left < boxes[a].right &&
                     boxes[a].top < boxes[b].bottom && boxes[b].top < boxes[a].bottom;
        }
    }
    return found;
}

static tam_text draw(tam_ctx *ctx, int n, const tam_bubble *bubbles, label_box *frame) {
    tam_text text = {.ctx = ctx};
    const tam_figure figure = {
        .width = 800, .height = 500, .x = {"time", 1, 10, true, false, 0}, .y = {"%", 0, 10, false, false, 0}};
    tam_svg svg = tam_svg_begin(&text, &figure);
    *frame = (label_box){svg.left, svg.right, svg.top, svg.bottom};
    tam_svg_bubbles(&svg, n, bubbles);
    tam_svg_end(&svg);
    assert_false(text.failed);
    assert_true(well_formed(text.data));
    return text;
}

static void labels_keep_apart(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_bubble bubbles[MOST];
    char names[MOST][32];
    label_box boxes[MOST], frame;
    for (int crowd = 0; crowd < 3; crowd++) { /* all in one place; in a corner; spread */
        int n = crowd == 2 ? 24 : 10;
        for (int i = 0; i < n; i++) {
            snprintf(names[i], sizeof names[i], "run%d, width=%d", i, i);
            double t = (double)i / n;
            bubbles[i] = (tam_bubble){crowd == 0   ? 3
                                      : crowd == 1 ? 9.9 - t
                                                   : 1.2 + 8 * fmod(7.3 * t, 1),
                                      crowd == 0   ? 5 + 0.01 * i
                                      : crowd == 1 ? 9.8
                                                   : 10 * fmod(3.1 * t, 1),
                                      3.0 + i % 7, i, names[i]};
        }
        tam_text text = draw(ctx, n, bubbles, &frame);
        int count = read_labels(text.data, boxes);
        assert_int_equal(count, n);
        assert_int_equal(overlaps(count, boxes), 0);
        for (int i = 0; i < count; i++) {
            assert_true(boxes[i].left >= frame.left - 1 && boxes[i].right <= frame.right + 1);
            assert_true(boxes[i].top >= frame.top - 1 && boxes[i].bottom <= frame.bottom + 1);
        }
        tam_text_free(&text);
    }
    test_ctx_free(ctx);
}

/* What cannot be drawn is left out, and words are escaped. */
static void odd_bubbles_do_no_harm(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    label_box frame;
    const tam_bubble bubbles[] = {{NAN, 1, 3, 0, "gone"},
                                  {2, INFINITY, 3, 0, "gone"},
                                  {2, 2, 0, 12, "a < \"b\" & c"},
                                  {3, 3, 4, 1, NULL},
                                  {4, 4, 5, 2, ""}};
    tam_text text = draw(ctx, 5, bubbles, &frame);
    assert_null(strstr(text.data, "gone"));
    assert_null(strstr(text.data, "nan"));
    assert_non_null(strstr(text.data, "a &lt; &quot;b&quot; &amp; c"));
    tam_text_free(&text);
    text = draw(ctx, 0, bubbles, &frame);
    tam_text_free(&text);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_keep_apart),
        cmocka_unit_test(odd_bubbles_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

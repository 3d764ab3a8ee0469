#include "support.h"

#include <math.h>

#include "plot/html.h"
#include "plot/svg.h"
#include "well_formed.h"

static void check_ticks(double low, double high, bool logarithm, int most, int count, double first, double last) {
    double ticks[16];
    int found = tam_ticks(low, high, logarithm, most, ticks);
    assert_int_equal(found, count);
    assert_true(fabs(ticks[0] - first) <= 1e-12 * fabs(first));
    assert_true(fabs(ticks[found - 1] - last) <= 1e-12 * fabs(last));
}

static void ticks_are_round(void **state) {
    (void)state;
    check_ticks(0, 1, false, 6, 6, 0, 1);
    check_ticks(0, 1, false, 5, 3, 0, 1);
    check_ticks(0.13, 0.87, false, 6, 4, 0.2, 0.8);
    check_ticks(-3.7, 12.2, false, 8, 8, -2, 12);
    check_ticks(1000, 1001, false, 6, 6, 1000, 1001);
    check_ticks(1e-6, 1, true, 8, 7, 1e-6, 1);
    check_ticks(1e-6, 1, true, 4, 4, 1e-6, 1);
    check_ticks(2e-6, 0.5, true, 8, 5, 1e-5, 0.1);
    check_ticks(0.015, 1.2, true, 8, 6, 0.02, 1);
    check_ticks(0.1, 1, true, 8, 4, 0.1, 1);
    check_ticks(3, 40, true, 8, 3, 5, 20);
    check_ticks(3, 40, true, 2, 2, 5, 10);
    for (int i = 1; i < 2000; i++) {
        double ticks[16], low = -i * 0.37, high = low + pow(1.013, i - 1000);
        int count = tam_ticks(low, high, false, 7, ticks);
        assert_true(count >= 1 && count <= 7);
        assert_true(ticks[0] >= low - (high - low) * 1e-6 && ticks[count - 1] <= high + (high - low) * 1e-6);
    }
}

static void draw_everything(tam_text *text, const tam_figure *figure) {
    static const double x[6] = {0, 1, 2, NAN, 4, 5}, y[6] = {1, 0.5, INFINITY, 2, 0.25, 0.1};
    static const float px[3] = {1, NAN, 3}, py[3] = {0.5f, 0.5f, 0.7f};
    tam_svg svg = tam_svg_begin(text, figure);
    tam_svg_line(&svg, 0, 0, 1.5, 6, x, y);
    tam_svg_line(&svg, 1, 3, 1.5, 0, x, y);
    tam_svg_line(&svg, -1, 0, 1, 6, x, y);
    tam_svg_histogram(&svg, 2, 0, 5, 6, y);
    tam_svg_histogram(&svg, 2, 0, 5, 0, y);
    tam_svg_points(&svg, 13, 2.5, 3, px, py);
    tam_svg_points(&svg, 13, 2.5, 0, px, py);
    tam_svg_ray(&svg, 3, 0, 0, 4, 1, "<7>");
    tam_svg_ray(&svg, 3, 0, 0, NAN, 1, "gone");
    tam_svg_mark(&svg, 4, 2, 1, "EER & co");
    tam_svg_mark(&svg, 4, NAN, 1, NULL);
    tam_svg_area(&svg, -2, 0.5, 6, x, y);
    tam_svg_area(&svg, 5, 1, 0, x, y);
    tam_svg_note(&svg, 5, 2, 0.5, "a > b");
    tam_svg_note(&svg, 5, NAN, 0.5, "gone");
    tam_svg_end(&svg);
}

/* Counts how often `part` occurs. */
static int occurrences(const char *text, const char *part) {
    int count = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at++) {
        count++;
    }
    return count;
}

static void figures_are_well_formed(void **state) {
    (void)state;
    static const tam_series legend[] = {
        {"a < b", 0, 0}, {"a long name that needs a row of its own", 1, 2}, {"c", -1, 1}};
    const tam_figure figures[] = {
        {.x = {"step & epoch", 0, 5, false, true, 0}, .y = {"loss", 0, 1, false, true, 0}, .title = "\"title\""},
        {.x = {"far", 1e-6, 1, true, true, 0},
         .y = {"tar", 0, 1, false, false, 0},
         .legend = legend,
         .legend_count = 3},
        {.x = {NULL, 0, 5, false, false, 0},
         .y = {NULL, -1, 1, false, false, 0},
         .same_scale = true,
         .width = 300,
         .height = 300},
        {.x = {"empty", 3, 3, false, true, 0}, .y = {"nothing", NAN, NAN, false, true, 0}},
        {.x = {"huge", -1e308, 1.5e308, false, true, 0}, .y = {"huge log", 1e308, 1e308, true, true, 0}},
        {.x = {"tiny log", 1e-320, 1e-310, true, true, 0}, .y = {"huge log", 3, 1e308, true, true, 0}},
        {.x = {"log of nothing", -1, 0, true, true, 0}, .y = {"reversed", 1, -1, true, true, 0}},
    };
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        tam_ctx *ctx = test_ctx(1);
        tam_text text = {.ctx = ctx};
        draw_everything(&text, &figures[i]);
        assert_false(text.failed);
        assert_true(well_formed(text.data));
        assert_null(strstr(text.data, "nan "));
        assert_null(strstr(text.data, "inf"));
        assert_null(strstr(text.data, "gone"));
        assert_int_equal(occurrences(text.data, "&lt;7&gt;"), 1);
        assert_int_equal(occurrences(text.data, "<circle"), 1);
        assert_int_equal(occurrences(text.data, "a &gt; b"), 1);
        assert_int_equal(occurrences(text.data, "fill=\"#ffffff\" fill-opacity=\"0.5\""), 1);
        assert_int_equal(occurrences(text.data, "h0"), 2);
        tam_text_free(&text);
        test_ctx_free(ctx);
    }
}

/* A point's pixel is the linear map of its value: left bottom and right top of the frame. */
static void corners_are_where_they_belong(void **state) {
    (void)state;
    const tam_figure figure = {.x = {"x", 10, 20, false, false, 0}, .y = {"y", 1, 100, true, false, 0}};
    const double x[3] = {10, 15, 20}, y[3] = {1, 10, 100};
    char expected[64];
    tam_ctx *ctx = test_ctx(1);
    tam_text text = {.ctx = ctx};
    tam_svg svg = tam_svg_begin(&text, &figure);
    tam_svg_line(&svg, 0, 0, 1, 3, x, y);
    tam_svg_end(&svg);
    snprintf(expected, sizeof expected, "M%d %dL%d %dL%d %d", (int)svg.left, (int)svg.bottom,
             (int)(svg.left + svg.right) / 2, (int)(svg.top + svg.bottom) / 2, (int)svg.right, (int)svg.top);
    assert_non_null(strstr(text.data, expected));
    tam_text_free(&text);
    test_ctx_free(ctx);
}

/* Given ticks stand where they belong; one outside, or too near to an earlier one, is left out. */
static void given_ticks_do_not_touch(void **state) {
    (void)state;
    static const tam_tick ticks[] = {{5, "five"}, {0, "zero"}, {4.6, "close"}, {11, "outside"}, {10, "<ten>"}};
    const tam_figure figure = {.x = {"x", 0, 10, false, false, 0},
                               .y = {"y", 0, 10, false, false, 0},
                               .x_ticks = ticks,
                               .x_tick_count = 5,
                               .y_ticks = ticks,
                               .y_tick_count = 5};
    char expected[64];
    tam_ctx *ctx = test_ctx(1);
    tam_text text = {.ctx = ctx};
    tam_svg svg = tam_svg_begin(&text, &figure);
    tam_svg_end(&svg);
    assert_true(well_formed(text.data));
    assert_int_equal(occurrences(text.data, ">five<"), 2);
    assert_int_equal(occurrences(text.data, ">zero<"), 2);
    assert_int_equal(occurrences(text.data, ">&lt;ten&gt;<"), 2);
    assert_int_equal(occurrences(text.data, "close") + occurrences(text.data, "outside"), 0);
    assert_int_equal(occurrences(text.data, "<text"), 8); /* no numbers of their own */
    snprintf(expected, sizeof expected, "x=\"%d\" y=\"%d\"", (int)(svg.left + svg.right) / 2, (int)svg.bottom + 16);
    assert_non_null(strstr(text.data, expected));
    tam_text_free(&text);
    test_ctx_free(ctx);
}

/* A polygon goes through its corners and is closed; what is not finite is left out without breaking it. */
static void areas_are_closed(void **state) {
    (void)state;
    const tam_figure figure = {.x = {"x", 0, 10, false, false, 0}, .y = {"y", 0, 10, false, false, 0}};
    const double x[4] = {0, 10, NAN, 10}, y[4] = {0, 0, 5, 10};
    char expected[96];
    tam_ctx *ctx = test_ctx(1);
    tam_text text = {.ctx = ctx};
    tam_svg svg = tam_svg_begin(&text, &figure);
    tam_svg_area(&svg, 0, 0.25, 4, x, y);
    tam_svg_end(&svg);
    int left = (int)svg.left, right = (int)svg.right, top = (int)svg.top, bottom = (int)svg.bottom;
    snprintf(expected, sizeof expected, "M%d %dL%d %dL%d %dZ\" fill=\"%s\" fill-opacity=\"0.25\"", left, bottom, right,
             bottom, right, top, tam_colour(0));
    assert_non_null(strstr(text.data, expected));
    tam_text_free(&text);
    test_ctx_free(ctx);
}

static void pages_are_well_formed(void **state) {
    (void)state;
    static const char *const headers[] = {"run", "EER"}, *const row[] = {"<b>&", "4.5%"};
    tam_ctx *ctx = test_ctx(1);
    tam_text text = {.ctx = ctx};
    tam_html_begin(&text, "a & b");
    tam_html_heading(&text, 1, "1 < 2");
    tam_html_paragraph(&text, "x > y");
    tam_html_table_begin(&text, 2, 1, headers);
    tam_html_table_row(&text, 2, 1, row);
    tam_html_table_end(&text);
    tam_html_row_begin(&text);
    tam_html_figure_begin(&text, 300);
    draw_everything(&text, &(tam_figure){.x = {"x", 0, 1, false, true, 0}, .y = {"y", 0, 1, false, true, 0}});
    tam_html_figure_end(&text, "it's \xff");
    tam_html_figure_begin(&text, 300);
    tam_html_figure_end(&text, NULL);
    tam_html_row_end(&text);
    tam_html_end(&text);
    assert_true(well_formed(text.data));
    assert_non_null(strstr(text.data, "<td>&lt;b&gt;&amp;</td><td class=\"n\">4.5%</td>"));
    assert_null(strstr(text.data, "<script"));
    tam_text_free(&text);
    test_ctx_free(ctx);
}

/* The checker itself must be able to say no. */
static void the_checker_refuses(void **state) {
    (void)state;
    static const char *const wrong[] = {"",
                                        "a",
                                        "<a>",
                                        "<a></b>",
                                        "</a>",
                                        "<a b=c/>",
                                        "<a b=\"/>",
                                        "<a>&nbsp</a>",
                                        "<a b=\"<\"/>",
                                        "<a>></a>",
                                        "<a><b></a></b>"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_false(well_formed(wrong[i]));
    }
    assert_true(well_formed("<!DOCTYPE html>\n<a b=\"c\" d=\"&amp;\"><e/>&lt;</a>\n"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ticks_are_round),
        cmocka_unit_test(figures_are_well_formed),
        cmocka_unit_test(corners_are_where_they_belong),
        cmocka_unit_test(given_ticks_do_not_touch),
        cmocka_unit_test(areas_are_closed),
        cmocka_unit_test(pages_are_well_formed),
        cmocka_unit_test(the_checker_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

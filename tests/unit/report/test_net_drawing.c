/* The drawing of every net: well-formed, no words over others or off the page, and equal units folded. */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../plot/well_formed.h"
#include "base/file.h"
#include "base/memory.h"
#include "report/net_view.h"
#include "tammes/drawing.h"

static char *draw(tam_ctx *ctx, const char *net_name) {
    char path[] = "/tmp/tammes-drawing-XXXXXX";
    tam_net *net = NULL;
    tam_net_usual usual;
    uint8_t *svg;
    size_t size;
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    close(descriptor);
    test_ok(ctx, tam_net_find_usual(ctx, net_name, &usual));
    const tam_net_config config = {
        .net = net_name, .channels = usual.channels, .height = usual.height, .width = usual.width, .dim = usual.dim};
    test_ok(ctx, tam_net_create(ctx, &config, &net));
    test_ok(ctx, tam_net_draw(ctx, net, "a <net> & more", path));
    test_ok(ctx, tam_file_read(ctx, path, 0, &svg, &size));
    unlink(path);
    tam_net_free(net);
    return (char *)svg;
}

typedef struct place {
    double left, right, top, bottom;
} place;

static double attribute(const char *at, const char *name) {
    char words[32];
    snprintf(words, sizeof words, " %s=\"", name);
    const char *found = strstr(at, words);
    assert_non_null(found);
    return strtod(found + strlen(words), NULL);
}

/* Where a text is, narrowly: letters half as wide as they are high, no room above and below. */
static place place_of(const char *at) {
    double x = attribute(at, "x"), y = attribute(at, "y"), size = attribute(at, "font-size"), letters = 0;
    const char *words = strchr(at, '>') + 1;
    for (; *words != '<'; words++) {
        letters += ((unsigned char)*words & 0xC0) != 0x80;
    }
    double width = 0.5 * size * letters;
    double left = strncmp(strstr(at, "text-anchor=") + 13, "middle", 6) == 0 ? x - width / 2 : x;
    return (place){left, left + width, y - 0.75 * size, y};
}

static void check_words(const char *net, const char *svg) {
    enum { MOST = 4000 };
    static place places[MOST];
    int count = 0;
    double width = attribute(svg, "width"), height = attribute(svg, "height");
    for (const char *at = strstr(svg, "<text"); at != NULL; at = strstr(at + 1, "<text")) {
        assert_true(count < MOST);
        places[count] = place_of(at);
        const place *now = &places[count++];
        if (now->left < 0 || now->right > width || now->top < 0 || now->bottom > height) {
            fail_msg("%s: words off the page: %.80s", net, at);
        }
        for (int i = 0; i + 1 < count; i++) {
            const place *other = &places[i];
            if (now->left < other->right && other->left < now->right && now->top < other->bottom &&
                other->top < now->bottom) {
                fail_msg("%s: words over others: %.80s", net, at);
            }
        }
    }
    assert_true(count > 20);
}

static void every_net_is_drawn(void **state) {
    (void)state;
    for (int i = 0; i < tam_net_count(); i++) {
        tam_ctx *ctx = test_ctx(1);
        char *svg = draw(ctx, tam_net_name(i));
        if (!well_formed(svg)) {
            fail_msg("%s: not well-formed", tam_net_name(i));
        }
        check_words(tam_net_name(i), svg);
        assert_non_null(strstr(svg, "a &lt;net&gt; &amp; more"));
        tam_release(ctx, svg);
        assert_int_equal(tam_ctx_memory(ctx).bytes, 0);
        test_ctx_free(ctx);
    }
}

static void the_same_net_gives_the_same_bytes(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    char *one = draw(ctx, "ir10"), *other = draw(ctx, "ir10");
    assert_string_equal(one, other);
    tam_release(ctx, one);
    tam_release(ctx, other);
    test_ctx_free(ctx);
}

static tam_net_view look(tam_ctx *ctx, const char *text, tam_graph **graph) {
    tam_net_view view;
    test_ok(ctx, tam_graph_parse(ctx, text, graph));
    test_ok(ctx, tam_net_view_create(ctx, *graph, &view));
    return view;
}

#define INPUT "input = input(channels=4, height=8, width=8)\n"
#define UNIT(n, x) \
    "c" #n " = conv(" x ", out=4, kernel=3, pad=1)\nb" #n " = batch_norm(c" #n ")\ns" #n " = add(b" #n ", " x ")\n"

/* Three equal residual units, one with another window, and the end: input, 3 x A, B, fc. */
static void equal_units_are_folded(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_graph *graph;
    tam_net_view view = look(ctx,
                             INPUT UNIT(1, "input") UNIT(2, "s1") UNIT(3, "s2") "d = conv(s3, out=4, kernel=5, pad=2)\n"
                                                                                "s = add(s3, d)\nx = fc(s, out=2)\n",
                             &graph);
    assert_int_equal(view.unit_count, 6);
    assert_int_equal(view.column_count, 4);
    assert_int_equal(view.columns[1].times, 3);
    assert_int_equal(view.columns[1].parameters, 3 * (4 * 4 * 9 + 4 + 8));
    assert_int_equal(view.columns[1].macs, 3 * 64 * 4 * 4 * 9);
    assert_int_equal(view.columns[2].times, 1);
    assert_int_equal(view.kind_count, 2);
    assert_int_equal(view.kinds[0].count, 3);
    assert_int_equal(view.units[1].boxes, 2); /* conv with its norm, add */
    assert_int_equal(view.units[5].kind, -1);
    tam_net_view_free(&view);
    tam_graph_free(graph);
    test_ctx_free(ctx);
}

/* A dense block concatenates all that came before; each of its layers is a unit all the same, as each adds to the
 * concatenation before it. Two kinds in turn are folded together. */
static void dense_blocks_and_turns_are_folded(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_graph *graph;
    tam_net_view view = look(ctx,
                             INPUT "y1 = conv(input, out=2)\np1 = pad(input, top=0)\nm1 = max_pool(p1, kernel=3, "
                                   "stride=1)\nk1 = concat(m1, y1)\n"
                                   "y2 = conv(k1, out=2, pad=1)\nk2 = concat(m1, y1, y2)\n"
                                   "y3 = conv(k2, out=2, pad=1)\nk3 = concat(m1, y1, y2, y3)\n"
                                   "a1 = conv(k3, out=3)\nb1 = max_pool(a1, kernel=3, stride=1, pad=1)\n"
                                   "a2 = conv(b1, out=3, pad=1)\nb2 = max_pool(a2, kernel=3, stride=1, pad=1)\n"
                                   "a3 = conv(b2, out=3, pad=1)\nb3 = max_pool(a3, kernel=3, stride=1, pad=1)\n"
                                   "x = fc(b3, out=2)\n",
                             &graph);
    assert_int_equal(view.units[2].boxes, 2);
    assert_string_equal(view.units[2].words, view.units[3].words);
    const tam_view_column *dense = &view.columns[2];
    assert_true(dense->times == 2 && dense->period == 1 && dense->unit == 2 && dense->last == 3);
    const tam_view_column *turn = &view.columns[view.column_count - 4];
    assert_true(turn->times == 2 && turn->period == 2 && turn->place == 0 && turn[1].place == 1);
    tam_net_view_free(&view);
    tam_graph_free(graph);
    test_ctx_free(ctx);
}

static void a_file_that_cannot_be_written_is_told(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_net *net = NULL;
    const tam_net_config config = {.net = "conv4:width=2", .channels = 1, .height = 16, .width = 16, .dim = 2};
    test_ok(ctx, tam_net_create(ctx, &config, &net));
    test_fails(ctx, tam_net_draw(ctx, net, "conv4", "/proc/nowhere/a.svg"), TAM_RESOURCES, "/proc/nowhere/a.svg");
    tam_net_free(net);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_net_is_drawn),
        cmocka_unit_test(the_same_net_gives_the_same_bytes),
        cmocka_unit_test(equal_units_are_folded),
        cmocka_unit_test(dense_blocks_and_turns_are_folded),
        cmocka_unit_test(a_file_that_cannot_be_written_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The text form: round trips, and faults that name their line. */
#include "support.h"

#include <locale.h>

#include "graph/graph.h"
#include "graph_samples.h"

static void every_op_round_trips(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_graph *graph = NULL;
    char text[4096], cut[40];
    test_ok(ctx, tam_graph_parse(ctx, every_op, &graph));
    for (int i = 0; i < tam_op_count(); i++) {
        char call[80];
        snprintf(call, sizeof call, " = %s(", tam_op_at(i)->name);
        if (strstr(every_op, call) == NULL) {
            fail_msg("the sample text lacks %s", tam_op_at(i)->name);
        }
    }
    size_t length = tam_graph_text(graph, text, sizeof text);
    assert_string_equal(text, every_op);
    assert_int_equal(length, strlen(every_op));
    assert_int_equal(tam_graph_text(graph, NULL, 0), length);
    assert_int_equal(tam_graph_text(graph, cut, sizeof cut), length);
    assert_int_equal(strlen(cut), sizeof cut - 1);
    tam_graph_free(graph);
    test_ctx_free(ctx);
}

static void loose_text_becomes_canonical(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_graph *graph = NULL;
    char text[512];
    test_ok(ctx, tam_graph_parse(ctx,
                                 "# a small net\r\n\r\n  input=input( height = 9,width=20 ,channels=1 )\r\n"
                                 "pool.a = max_pool(kernel=3, input) # the key may come first\n"
                                 "d = dropout(pool.a, p=0.123456789)\n\tx_1 =fc( d , out=5,bias=0)",
                                 &graph));
    tam_graph_text(graph, text, sizeof text);
    assert_string_equal(text, "input = input(channels=1, height=9, width=20)\n"
                              "pool.a = max_pool(input, kernel=3, stride=3, pad=0)\n"
                              "d = dropout(pool.a, p=0.123456789)\n"
                              "x_1 = fc(d, out=5, bias=0)\n");
    tam_graph_free(graph);
    test_ctx_free(ctx);
}

static void the_locale_does_not_matter(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_graph *graph = NULL;
    char text[4096];
    (void)setlocale(LC_ALL, "de_DE.UTF-8"); /* where it is not installed the test still holds */
    test_ok(ctx, tam_graph_parse(ctx, every_op, &graph));
    tam_graph_text(graph, text, sizeof text);
    assert_string_equal(text, every_op);
    tam_graph_free(graph);
    test_ok(ctx, tam_graph_create(ctx, 1, 4, 4, &graph));
    int x = tam_graph_then(graph, "dropout", 0, "p=%g", 0.5);
    assert_true(x == 1 && tam_graph_node(graph, x)->key[TAM_DROPOUT_P] == 0.5);
    tam_graph_free(graph);
    setlocale(LC_ALL, "C");
    test_ctx_free(ctx);
}

static void faults_name_their_line(void **state) {
    (void)state;
#define INPUT "input = input(channels=2, height=6, width=6)\n"
    static const struct {
        const char *text, *part;
    } faults[] = {
        {"", "line 0: the text ends before"},
        {"# only a remark\n", "line 1: the text ends before"},
        {"x = fc(input, out=3)\n", "line 1: the first node must be input"},
        {"input = input(channels=2, height=6)\n", "line 1: input: width=0"},
        {"input = input(channels=2, height=6, width=99999999)\n", "line 1: input: width=99999999 is outside"},
        {"input = input(channels=4096, height=16384, width=16384)\n", "line 1: input: 4096 x 16384 x 16384 values"},
        {INPUT "x = conv(input, out=65536, kernel=1)\nc = conv(x, out=65536, kernel=64, pad=64)\n"
               "d = conv(c, out=65536, pad=64)\n",
         "line 3: c: 65536 x 71 x 71 values a sample are more than"},
        {INPUT "x = fcc(input, out=3)\n", "line 2: unknown op 'fcc' (did you mean 'fc'?)"},
        {INPUT "\nx = fc(input, outs=3)\n", "line 3: unknown key of x 'outs' (did you mean 'out'?)"},
        {INPUT "x = fc(input, out=3, out=4)\n", "line 2: x: out is given twice"},
        {INPUT "x = fc(input, out=3.5)\n", "line 2: x: out=3.5 is outside its range"},
        {INPUT "x = fc(input, out=many)\n", "line 2: x: out=many is not a number"},
        {INPUT "x = fc(y, out=3)\n\n # more\n y=relu(x)\n", "line 2: x reads 'y', which line 5 defines: a node reads "
                                                            "nodes of lines above it, for a network has no cycles"},
        {INPUT "x = relu(x)\n", "line 2: x reads itself: a node reads nodes of lines above it"},
        {INPUT "first = relu(input)\nx = fc(frist, out=3)\n",
         "line 3: x reads 'frist', which no line defines (did you mean 'first'?)"},
        {INPUT "first = relu(input)\nx = fc(other, out=3)\n", "line 3: x reads 'other', which no line defines"},
        {INPUT "x = relu(input)\nx = fc(input, out=3)\n", "line 3: two nodes are named 'x'"},
        {INPUT "a b = relu(input)\n", "line 2: 'a b' is not a node's name"},
        {INPUT " = relu(input)\n", "line 2: '' is not a node's name"},
        {INPUT "x = add(input, input, input)\n", "line 2: x: add takes 2 inputs, not 3"},
        {INPUT "x = add(input, input, input, input, input)\n", "line 2: x: add takes 2 inputs, not 5"},
        {INPUT "x = concat(input)\n", "line 2: x: concat takes 2 to 64 inputs, not 1"},
        {INPUT "x = transpose(input, order=chw)\n", "line 2: x: order=chw is none of cwh|hcw|hwc|wch|whc"},
        {INPUT "x = relu(input)\ny = max_pool(x)\nz = add(x, y)\n", "line 4: z: cannot add 2 x 6 x 6 and 2 x 3 x 3"},
        {INPUT "x = relu(input\n", "line 2: 'x = relu(input' is not of the form"},
        {INPUT "x = relu(input) y\n", "is not of the form"},
        {INPUT "x relu(input)\n", "is not of the form"},
        {INPUT "x = relu(input,)\n", "line 2: an input or key is missing beside a comma"},
        {INPUT "x = relu(,input)\n", "line 2: an input or key is missing beside a comma"},
        {INPUT "x = relu(input)\n", "line 2: x: the last node must give a vector"},
        {INPUT "x = relu(input)\ny = fc(input, out=2)\n",
         "line 2: x: no node reads it; the last node, y, is the network's output"},
        {INPUT "\nx = relu(input)\ny = relu(x)\nz = tanh(y)\n#end\n\n", "line 5: z: the last node must give a vector"},
    };
    tam_ctx *ctx = test_ctx(1);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        tam_graph *graph = NULL;
        test_fails(ctx, tam_graph_parse(ctx, faults[i].text, &graph), TAM_INPUT, faults[i].part);
        assert_null(graph);
    }
    char text[10000] = INPUT "x = relu(";
    memset(text + strlen(text), 'y', 9000);
    tam_graph *graph = NULL;
    test_fails(ctx, tam_graph_parse(ctx, text, &graph), TAM_INPUT, "line 2: longer than 8191 bytes");
    strcpy(text, INPUT "x = concat(input");
    for (int i = 0; i < 64; i++) {
        strcat(text, ", input");
    }
    strcat(text, ")\n");
    test_fails(ctx, tam_graph_parse(ctx, text, &graph), TAM_INPUT, "line 2: more than 64 inputs");
    test_ctx_free(ctx);
}

static void a_text_has_another_name_and_input(void **state) {
    (void)state;
    tam_ctx *ctx = test_ctx(1);
    tam_graph *graph = NULL;
    static const char text[] = INPUT "pool = max_pool(input, kernel=3)\nx = fc(pool, out=3)\n";
    const tam_shape larger = {.c = 1, .h = 9, .w = 6}, small = {.c = 1, .h = 2, .w = 2},
                    huge = {.c = 1, .h = 99999, .w = 2};
    test_ok(ctx, tam_graph_parse_as(ctx, "mine.net", text, &larger, &graph));
    tam_shape shape = tam_graph_node(graph, 1)->shape;
    assert_true(shape.c == 1 && shape.h == 3 && shape.w == 2);
    tam_graph_free(graph);
    test_fails(ctx, tam_graph_parse_as(ctx, "mine.net", text, &small, &graph), TAM_INPUT,
               "mine.net, line 2 (for an input of 1 x 2 x 2): pool: a 3 x 3 window does not fit");
    test_fails(ctx, tam_graph_parse_as(ctx, "mine.net", text, &huge, &graph), TAM_INPUT,
               "mine.net, line 1: input: height=99999 is outside");
    test_fails(ctx, tam_graph_parse_as(ctx, "mine.net", INPUT "x = fcc(input)", NULL, &graph), TAM_INPUT,
               "mine.net, line 2: unknown op");
    test_ctx_free(ctx);
}

/* Each of the chain has 2^28 values and 2^28 * 2^16 * 63^2 = 6.98e16 multiply-adds; with the smaller first one, 133 of
 * them stay below 2^63. */
static void multiply_adds_that_overflow_are_refused(void **state) {
    (void)state;
    enum { LAYERS = 140 };
    tam_ctx *ctx = test_ctx(1);
    tam_graph *graph = NULL;
    char text[LAYERS * 80] = "input = input(channels=1, height=64, width=64)\nc0 = conv(input, out=65536, kernel=1)\n";
    for (int i = 1; i < LAYERS; i++) {
        size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "c%d = conv(c%d, out=65536, kernel=63, pad=31)\n", i, i - 1);
    }
    strcat(text, "x = fc(c139, out=2)\n");
    test_fails(ctx, tam_graph_parse(ctx, text, &graph), TAM_INPUT,
               "line 135: c133: the multiply-adds of a sample up to here are more than 9223372036854775807");
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_op_round_trips),
        cmocka_unit_test(loose_text_becomes_canonical),
        cmocka_unit_test(the_locale_does_not_matter),
        cmocka_unit_test(faults_name_their_line),
        cmocka_unit_test(a_text_has_another_name_and_input),
        cmocka_unit_test(multiply_adds_that_overflow_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

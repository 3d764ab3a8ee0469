/* Words, colours and strokes of the drawing of a network. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/net_drawing.h"

static const struct {
    const char *op, *words;
} shortened[] = {{"batch_norm", "BN"},
                 {"layer_norm", "LN"},
                 {"max_pool", "max"},
                 {"avg_pool", "mean"},
                 {"global_pool", "mean of the map"},
                 {"hswish", "hard swish"},
                 {"hsigmoid", "hard sigmoid"}};

static void put_window(const tam_node *node, const char *op, const tam_window *window, char *words) {
    bool grouped = strcmp(node->op->name, "conv") == 0 && (int)node->key[TAM_CONV_GROUPS] > 1;
    bool depthwise = grouped && (int)node->key[TAM_CONV_GROUPS] == node->shape.c;
    char stride[16] = "";
    if (window->stride != 1) {
        snprintf(stride, sizeof stride, " / %d", window->stride);
    }
    snprintf(words, TAM_DRAWN_WORDS, "%s%s %d \xc3\x97 %d%s",
             depthwise ? "depthwise "
             : grouped ? "grouped "
                       : "",
             op, window->kernel_h, window->kernel_w, stride);
}

void tam_drawn_node(const tam_node *node, char words[TAM_DRAWN_WORDS]) {
    const char *op = node->op->name;
    for (size_t i = 0; i < sizeof shortened / sizeof *shortened; i++) {
        op = strcmp(op, shortened[i].op) == 0 ? shortened[i].words : op;
    }
    if (strcmp(op, "conv") == 0) {
        tam_window window = tam_conv_window(node);
        put_window(node, op, &window, words);
    } else if (strcmp(node->op->name, "max_pool") == 0 || strcmp(node->op->name, "avg_pool") == 0) {
        int kernel = (int)node->key[TAM_POOL_KERNEL];
        put_window(node, op, &(tam_window){kernel, kernel, (int)node->key[TAM_POOL_STRIDE], 0, 0}, words);
    } else if (strcmp(op, "attention") == 0) {
        snprintf(words, TAM_DRAWN_WORDS, "attention, %d heads", (int)node->key[TAM_ATTENTION_HEADS]);
    } else {
        snprintf(words, TAM_DRAWN_WORDS, "%s", op);
    }
}

/* Short lines are filled up: "BN \xc2\xb7 prelu". */
tam_drawn_words tam_drawn_box(const tam_net_view *view, const tam_view_box *box) {
    enum { FULL = 18 };
    tam_drawn_words drawn = {.lines = 0};
    for (int id = box->first; id >= 0; id = view->next[id]) {
        char words[TAM_DRAWN_WORDS];
        tam_drawn_node(tam_graph_node(view->graph, id), words);
        char *last = drawn.lines > 0 ? drawn.line[drawn.lines - 1] : NULL;
        if (drawn.lines > 1 && strlen(last) + strlen(words) + 4 <= FULL) {
            strcat(last, " \xc2\xb7 ");
            strcat(last, words);
        } else if (drawn.lines < TAM_DRAWN_LINES) {
            memcpy(drawn.line[drawn.lines++], words, sizeof words);
        }
    }
    return drawn;
}

void tam_drawn_shape(tam_shape shape, char words[TAM_DRAWN_WORDS]) {
    if (shape.flat) {
        snprintf(words, TAM_DRAWN_WORDS, "%d", shape.c);
    } else {
        snprintf(words, TAM_DRAWN_WORDS, "%d \xc3\x97 %d \xc3\x97 %d", shape.c, shape.h, shape.w);
    }
}

void tam_drawn_number(double value, char words[TAM_DRAWN_WORDS]) {
    static const char *const units[] = {"", " k", " M", " G", " T"};
    int unit = 0;
    while (value >= 1000 && unit < 4) {
        value /= 1000;
        unit++;
    }
    char number[32];
    tam_real_words(number, sizeof number, value, 3);
    snprintf(words, TAM_DRAWN_WORDS, "%s%s", number, units[unit]);
}

void tam_drawn_letter(int kind, char words[TAM_DRAWN_WORDS]) {
    if (kind < 26) {
        snprintf(words, TAM_DRAWN_WORDS, "%c", 'A' + kind);
    } else {
        snprintf(words, TAM_DRAWN_WORDS, "%c%d", 'A' + kind % 26, kind / 26);
    }
}

enum { CONVOLUTION, FULL_LAYER, ATTENTION, POOL, JOIN, OTHER, INPUT };
static const struct {
    const char *name;
    int colour;
} kinds[TAM_DRAWN_KINDS] = {[CONVOLUTION] = {"convolution", 0},
                            [FULL_LAYER] = {"full layer", 1},
                            [ATTENTION] = {"attention", 3},
                            [POOL] = {"pool", 2},
                            [JOIN] = {"join of branches", 4},
                            [OTHER] = {"norm, activation, move", 5},
                            [INPUT] = {"input", 9}};

const char *tam_drawn_kind_name(int kind) {
    return kinds[kind].name;
}

int tam_drawn_kind_colour(int kind) {
    return kinds[kind].colour;
}

int tam_drawn_kind(const tam_node *node) {
    static const struct {
        const char *op;
        int kind;
    } ops[] = {{"conv", CONVOLUTION}, {"fc", FULL_LAYER}, {"attention", ATTENTION},
               {"max_pool", POOL},    {"avg_pool", POOL}, {"global_pool", POOL},
               {"add", JOIN},         {"mul", JOIN},      {"concat", JOIN},
               {"input", INPUT}};
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        if (strcmp(node->op->name, ops[i].op) == 0) {
            return ops[i].kind;
        }
    }
    return OTHER;
}

double tam_drawn_width(const char *words, int size) {
    int letters = 0;
    for (; *words != '\0'; words++) {
        letters += ((unsigned char)*words & 0xC0) != 0x80; /* bytes that begin a letter of UTF-8 */
    }
    return 0.58 * size * letters;
}

void tam_drawn_text(tam_text *text, double x, double y, int size, const char *anchor, bool bold, const char *words) {
    tam_svg_words(text, &(tam_svg_label){x, y, size, anchor, "#222222", bold}, words);
}

static void put_places(tam_text *text, int n, const double *places) {
    tam_text_add(text, "<path d=\"");
    for (int i = 0; i < n; i++) {
        tam_text_add(text, i == 0 ? "M" : "L");
        tam_text_real(text, places[2 * i], 1);
        tam_text_add(text, " ");
        tam_text_real(text, places[2 * i + 1], 1);
    }
}

void tam_drawn_polygon(tam_text *text, int colour, double opacity, int n, const double *places) {
    put_places(text, n, places);
    tam_text_format(text, "Z\" fill=\"%s\" fill-opacity=\"", tam_colour(colour));
    tam_text_real(text, opacity, 2);
    tam_text_format(text, "\" stroke=\"%s\" stroke-width=\"0.8\" stroke-linejoin=\"round\"/>\n", tam_colour(colour));
}

void tam_drawn_line(tam_text *text, int n, const double *places, bool arrow) {
    static const double head = 5, half = 2.6;
    const char *colour = tam_colour(9);
    put_places(text, n, places);
    tam_text_format(text, "\" fill=\"none\" stroke=\"%s\" stroke-width=\"1\" stroke-linejoin=\"round\"/>\n", colour);
    if (!arrow) {
        return;
    }
    double x = places[2 * n - 2], y = places[2 * n - 1], dx = x - places[2 * n - 4], dy = y - places[2 * n - 3];
    double length = hypot(dx, dy);
    dx = length > 0 ? dx / length : 0;
    dy = length > 0 ? dy / length : 0;
    const double corners[6] = {x,
                               y,
                               x - head * dx - half * dy,
                               y - head * dy + half * dx,
                               x - head * dx + half * dy,
                               y - head * dy - half * dx};
    put_places(text, 3, corners);
    tam_text_format(text, "Z\" fill=\"%s\"/>\n", colour);
}

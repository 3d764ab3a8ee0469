/* The way through the network: a block for each unit, as high and deep as its map and as wide as the root of its
 * channels, with its words and numbers below. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/net_drawing.h"

enum { SMALL = 10, LINE = 13, GAP = 26, ABOVE = 24 };
static const double side = 104, slant = 0.32, least = 3;

typedef struct drawn_column {
    tam_drawn_words words;
    double width;                     /* of all */
    double block_w, block_h, block_d; /* the block; its depth as it is seen */
    int colour;
    double share; /* of the multiply-adds */
} drawn_column;

static tam_shape shape_of(const tam_net_view *view, int unit) {
    const tam_view_unit *of = &view->units[unit];
    return tam_graph_node(view->graph, view->boxes[of->first + of->boxes - 1].last)->shape;
}

/* The node with the most multiply-adds gives the colour; a unit without any the colour of its first. */
static int colour_of(const tam_net_view *view, const tam_view_unit *unit) {
    const tam_node *most = tam_graph_node(view->graph, view->boxes[unit->first].first);
    int64_t macs = 0;
    for (int b = unit->first; b < unit->first + unit->boxes; b++) {
        for (int id = view->boxes[b].first; id >= 0; id = view->next[id]) {
            if (tam_node_macs(view->graph, id) > macs) {
                macs = tam_node_macs(view->graph, id);
                most = tam_graph_node(view->graph, id);
            }
        }
    }
    return tam_drawn_kind_colour(tam_drawn_kind(most));
}

static void add_line(tam_drawn_words *words, const char *line) {
    if (words->lines < TAM_DRAWN_LINES) {
        snprintf(words->line[words->lines++], TAM_DRAWN_WORDS, "%s", line);
    }
}

static void name_unit(const tam_net_view *view, const tam_view_unit *unit, tam_drawn_words *words) {
    char letter[TAM_DRAWN_WORDS], line[TAM_DRAWN_WORDS];
    if (unit->kind < 0) {
        const tam_view_box *box = &view->boxes[unit->first];
        tam_drawn_words own = tam_drawn_box(view, box);
        for (int i = 0; i < own.lines && i < TAM_DRAWN_LINES - 3; i++) {
            add_line(words, own.line[i]);
        }
        return;
    }
    tam_drawn_letter(unit->kind, letter);
    snprintf(line, sizeof line, "unit %.8s", letter);
    add_line(words, line);
}

static drawn_column look_at(const tam_net_view *view, const tam_view_column *column) {
    char line[TAM_DRAWN_WORDS], number[TAM_DRAWN_WORDS];
    const tam_view_unit *unit = &view->units[column->unit];
    tam_shape shape = shape_of(view, column->last), image = tam_graph_node(view->graph, 0)->shape;
    double largest = image.h > image.w ? image.h : image.w, all = (double)tam_graph_macs(view->graph);
    drawn_column drawn = {.colour = colour_of(view, unit), .share = all > 0 ? (double)column->macs / all : 0};
    drawn.block_h = fmax(least, side * fmin(1.5, shape.h / largest));
    drawn.block_d = fmax(least, side * fmin(1.5, shape.w / largest)) * slant;
    drawn.block_w = 2 + 1.9 * sqrt(fmin(shape.c, 4096));
    tam_drawn_shape(shape, line);
    add_line(&drawn.words, line);
    name_unit(view, unit, &drawn.words);
    if (column->parameters > 0) {
        tam_drawn_number((double)column->parameters, number);
        snprintf(line, sizeof line, "%.20s parameters", number);
        add_line(&drawn.words, line);
    }
    if (column->macs > 0) {
        tam_drawn_number((double)column->macs, number);
        snprintf(line, sizeof line, "%.20s MACs", number);
        add_line(&drawn.words, line);
    }
    drawn.width = drawn.block_w + drawn.block_d;
    for (int i = 0; i < drawn.words.lines; i++) {
        drawn.width = fmax(drawn.width, tam_drawn_width(drawn.words.line[i], SMALL));
    }
    return drawn;
}

static void draw_block(tam_text *text, const drawn_column *drawn, double middle, double centre) {
    double w = drawn->block_w, h = drawn->block_h, d = drawn->block_d;
    double x = middle - (w + d) / 2, y = centre - (h - d) / 2;
    const double front[] = {x, y, x + w, y, x + w, y + h, x, y + h};
    const double top[] = {x, y, x + d, y - d, x + w + d, y - d, x + w, y};
    const double face[] = {x + w, y, x + w + d, y - d, x + w + d, y + h - d, x + w, y + h};
    tam_drawn_polygon(text, -2, 1, 4, front); /* so that the arrow behind it does not shine through */
    tam_drawn_polygon(text, drawn->colour, 0.55, 4, front);
    tam_drawn_polygon(text, drawn->colour, 0.25, 4, top);
    tam_drawn_polygon(text, drawn->colour, 0.8, 4, face);
}

static void draw_share(tam_text *text, const drawn_column *drawn, double left, double y) {
    const double width = 60, height = 4;
    const double track[] = {left, y, left + width, y, left + width, y + height, left, y + height};
    double end = left + width * drawn->share;
    const double part[] = {left, y, end, y, end, y + height, left, y + height};
    tam_drawn_polygon(text, -1, 0.12, 4, track);
    tam_drawn_polygon(text, drawn->colour, 0.8, 4, part);
}

/* A bracket over the columns that are repeated together. */
static void draw_bracket(tam_text *text, const tam_view_column *column, double left, double right, double y) {
    char times[TAM_DRAWN_WORDS];
    const double places[] = {left, y + 6, left, y, right, y, right, y + 6};
    tam_drawn_line(text, 4, places, false);
    snprintf(times, sizeof times, "%d \xc3\x97", column->times);
    tam_drawn_text(text, (left + right) / 2, y - 4, 12, "middle", true, times);
}

/* `height`: of the row's highest block. */
static void draw_column(tam_text *text, const drawn_column *drawn, double left, double top, double height) {
    double middle = left + drawn->width / 2, y = top + ABOVE + height + 18;
    draw_block(text, drawn, middle, top + ABOVE + height / 2);
    for (int i = 0; i < drawn->words.lines; i++, y += LINE) {
        tam_drawn_text(text, middle, y, SMALL, "middle", i == 0, drawn->words.line[i]);
    }
    if (drawn->share > 0) {
        draw_share(text, drawn, middle - 30, y - 6);
    }
}

/* The columns of a row: those that are repeated together stay together where they can. */
static int end_of_row(const tam_net_view *view, int first, double width) {
    double used = 0;
    int end = first;
    while (end < view->column_count) {
        double group = 0;
        int period = view->columns[end].period;
        for (int i = 0; i < period; i++) {
            group += look_at(view, &view->columns[end + i]).width + GAP;
        }
        if (end > first && used + group > width) {
            break;
        }
        used += group;
        end += period;
    }
    return end;
}

static void draw_arrow(tam_text *text, const tam_net_view *view, int c, const drawn_column *drawn, double x,
                       double centre) {
    double middle = x + drawn->width / 2, half = (drawn->block_w + drawn->block_d) / 2;
    const double before[] = {x - GAP / 2.0, centre, middle - half - 2, centre};
    const double behind[] = {middle + half + 1, centre, x + drawn->width + GAP / 2.0, centre};
    if (c > 0) {
        tam_drawn_line(text, 2, before, true);
    }
    if (c + 1 < view->column_count) {
        tam_drawn_line(text, 2, behind, false);
    }
}

static double draw_row(tam_text *text, const tam_net_view *view, int first, int end, double top) {
    double x = GAP, begin = x, height = 0;
    int lines = 0;
    for (int c = first; c < end; c++) {
        drawn_column drawn = look_at(view, &view->columns[c]);
        lines = drawn.words.lines > lines ? drawn.words.lines : lines;
        height = fmax(height, drawn.block_h + drawn.block_d);
    }
    for (int c = first; text != NULL && c < end; c++) {
        const tam_view_column *column = &view->columns[c];
        drawn_column drawn = look_at(view, column);
        begin = column->place == 0 ? x : begin;
        draw_arrow(text, view, c, &drawn, x, top + ABOVE + height / 2);
        draw_column(text, &drawn, x, top, height);
        if (column->times > 1 && column->place + 1 == column->period) {
            draw_bracket(text, column, begin - 6, x + drawn.width + 6, top + ABOVE - 6);
        }
        x += drawn.width + GAP;
    }
    return top + ABOVE + height + 18 + lines * LINE + 22;
}

double tam_draw_columns(tam_text *text, const tam_net_view *view, double width, double top) {
    for (int first = 0; first < view->column_count;) {
        int end = end_of_row(view, first, width - GAP);
        top = draw_row(text, view, first, end, top);
        first = end;
    }
    return top;
}

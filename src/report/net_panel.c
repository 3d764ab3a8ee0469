/* A kind of unit drawn out: boxes in ranks by their longest way from the unit's input, branches in lanes side by side.
 * A line that passes ranks on its way has a lane of its own there, so that it crosses no box. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/net_drawing.h"

enum { SMALL = 10, LINE = 12, GAP = 20, BETWEEN = 12, THIN = 14, HEADER = 22, LANES = 128 };

static const tam_view_unit *unit_of(const tam_panel *panel) {
    return &panel->view->units[panel->view->kinds[panel->kind].unit];
}

static const tam_view_box *box_at(const tam_panel *panel, int i) {
    return &panel->view->boxes[unit_of(panel)->first + i];
}

/* Inside the unit, from 1 on; place 0 is what comes in. */
static int input_at(const tam_panel *panel, int i, int k) {
    int input = box_at(panel, i)->input[k] - unit_of(panel)->first;
    return input < 0 ? 0 : input + 1;
}

static bool is_free(const tam_panel *panel, int lane, int first, int last) {
    for (int r = first; r <= last; r++) {
        if (panel->taken[lane * panel->ranks + r]) {
            return false;
        }
    }
    return true;
}

static void take(tam_panel *panel, int lane, int first, int last) {
    for (int r = first; r <= last; r++) {
        panel->taken[lane * panel->ranks + r] = true;
    }
    panel->lanes = lane >= panel->lanes ? lane + 1 : panel->lanes;
}

static int find_lane(const tam_panel *panel, int wanted, int first, int last) {
    if (wanted >= 0 && is_free(panel, wanted, first, last)) {
        return wanted;
    }
    for (int lane = 0; lane < LANES - 1; lane++) {
        if (is_free(panel, lane, first, last)) {
            return lane;
        }
    }
    return LANES - 1; /* lines may cross boxes in a unit with more branches than anyone can follow */
}

/* The box goes below the first of its inputs whose lane is free down to it. */
static int place_box(tam_panel *panel, int i) {
    const tam_view_box *box = box_at(panel, i);
    int at = i + 1, rank = panel->rank[at];
    for (int k = 0; k < box->inputs; k++) {
        int input = input_at(panel, i, k), lane = panel->lane[input];
        if (is_free(panel, lane, panel->rank[input] + 1, rank)) {
            take(panel, lane, panel->rank[input] + 1, rank);
            panel->lane[at] = lane;
            return k;
        }
    }
    panel->lane[at] = find_lane(panel, -1, rank, rank);
    take(panel, panel->lane[at], rank, rank);
    return -1;
}

static void route(tam_panel *panel, int i, int straight) {
    const tam_view_box *box = box_at(panel, i);
    int at = i + 1, last = panel->rank[at] - 1;
    for (int k = 0; k < box->inputs; k++) {
        int input = input_at(panel, i, k), first = panel->rank[input] + 1;
        int *lane = &panel->edge_lane[at * TAM_NODE_INPUTS + k];
        *lane = -1;
        if (k == straight) {
            *lane = panel->lane[at];
        } else if (first <= last) {
            *lane = find_lane(panel, panel->lane[input], first, last);
            take(panel, *lane, first, last);
        }
    }
}

static void find_ranks(tam_panel *panel) {
    panel->ranks = 1;
    for (int i = 0; i < panel->boxes; i++) {
        const tam_view_box *box = box_at(panel, i);
        panel->rank[i + 1] = 1;
        for (int k = 0; k < box->inputs; k++) {
            int below = panel->rank[input_at(panel, i, k)] + 1;
            panel->rank[i + 1] = below > panel->rank[i + 1] ? below : panel->rank[i + 1];
        }
        panel->ranks = panel->rank[i + 1] + 1 > panel->ranks ? panel->rank[i + 1] + 1 : panel->ranks;
    }
}

static void find_words(tam_panel *panel) {
    const tam_view_unit *unit = unit_of(panel);
    const tam_view_box *before = &panel->view->boxes[unit->first - 1];
    tam_drawn_shape(tam_graph_node(panel->view->graph, before->last)->shape, panel->words[0].line[0]);
    panel->words[0].lines = 1;
    for (int i = 0; i < panel->boxes; i++) {
        const tam_view_box *box = box_at(panel, i);
        const tam_node *first = tam_graph_node(panel->view->graph, box->first);
        tam_drawn_words *words = &panel->words[i + 1];
        *words = tam_drawn_box(panel->view, box);
        if (tam_drawn_kind(first) <= 1) { /* layers with weights say how wide they are */
            char width[TAM_DRAWN_WORDS];
            snprintf(width, sizeof width, " \xe2\x86\x92 %d", first->shape.c);
            if (strlen(words->line[0]) + strlen(width) < TAM_DRAWN_WORDS) {
                strcat(words->line[0], width);
            }
        }
    }
}

/* Lanes that only lines pass are thin. */
static void find_places(tam_panel *panel) {
    for (int i = 0; i <= panel->boxes; i++) {
        double width = 0;
        for (int l = 0; l < panel->words[i].lines; l++) {
            width = fmax(width, tam_drawn_width(panel->words[i].line[l], SMALL));
        }
        double *lane = &panel->lane_width[panel->lane[i]], *rank = &panel->rank_height[panel->rank[i]];
        *lane = fmax(*lane, width + 14);
        *rank = fmax(*rank, panel->words[i].lines * LINE + 7);
    }
    double x = 0, y = HEADER + 6;
    for (int lane = 0; lane < panel->lanes; lane++) {
        panel->lane_width[lane] = fmax(THIN, panel->lane_width[lane]);
        panel->lane_x[lane] = x;
        x += panel->lane_width[lane] + BETWEEN;
    }
    for (int rank = 0; rank < panel->ranks; rank++) {
        panel->rank_y[rank] = y;
        y += panel->rank_height[rank] + GAP;
    }
    panel->width = x;
    panel->height = y;
}

static void name_panel(const tam_panel *panel, char words[TAM_DRAWN_WORDS]) {
    char letter[TAM_DRAWN_WORDS];
    tam_drawn_letter(panel->kind, letter);
    snprintf(words, TAM_DRAWN_WORDS, "unit %.8s, %d in all", letter, panel->view->kinds[panel->kind].count);
}

tam_status tam_panel_create(const tam_net_view *view, int kind, tam_panel *panel) {
    char title[TAM_DRAWN_WORDS];
    *panel = (tam_panel){.view = view, .kind = kind, .lanes = 1};
    panel->boxes = unit_of(panel)->boxes;
    size_t count = (size_t)panel->boxes + 1;
    panel->rank = tam_arena_take(view->arena, count, sizeof *panel->rank);
    panel->lane = tam_arena_take(view->arena, count, sizeof *panel->lane);
    panel->edge_lane = tam_arena_take(view->arena, count * TAM_NODE_INPUTS, sizeof *panel->edge_lane);
    panel->words = tam_arena_take(view->arena, count, sizeof *panel->words);
    panel->taken = tam_arena_take(view->arena, (count + 1) * LANES, sizeof *panel->taken);
    panel->lane_x = tam_arena_take(view->arena, 2 * LANES, sizeof *panel->lane_x);
    panel->rank_y = tam_arena_take(view->arena, 2 * (count + 1), sizeof *panel->rank_y);
    if (panel->rank == NULL || panel->lane == NULL || panel->edge_lane == NULL || panel->words == NULL ||
        panel->taken == NULL || panel->lane_x == NULL || panel->rank_y == NULL) {
        return TAM_RESOURCES;
    }
    panel->lane_width = panel->lane_x + LANES;
    panel->rank_height = panel->rank_y + count + 1;
    find_ranks(panel);
    take(panel, 0, 0, 0);
    for (int i = 0; i < panel->boxes; i++) {
        route(panel, i, place_box(panel, i));
    }
    find_words(panel);
    find_places(panel);
    name_panel(panel, title);
    panel->width = fmax(panel->width, tam_drawn_width(title, 12) + 10);
    return TAM_OK;
}

static double centre_of(const tam_panel *panel, int lane) {
    return panel->lane_x[lane] + panel->lane_width[lane] / 2;
}

static double bottom_of(const tam_panel *panel, int place) {
    int rank = panel->rank[place];
    return panel->rank_y[rank] + panel->words[place].lines * LINE + 7;
}

/* Down from the box, across between the ranks, down its lane, across, and down into the other box. */
static void draw_edge(tam_text *text, const tam_panel *panel, int from, int to, int lane, double x, double y) {
    double places[12], x0 = x + centre_of(panel, panel->lane[from]), x1 = x + centre_of(panel, panel->lane[to]);
    double y0 = y + bottom_of(panel, from), y1 = y + panel->rank_y[panel->rank[to]];
    double middle = lane >= 0 ? x + centre_of(panel, lane) : x1;
    double below = y + panel->rank_y[panel->rank[from] + 1] - GAP + 6, above = y1 - 10;
    int n = 0;
    places[n++] = x0, places[n++] = y0;
    if (fabs(middle - x0) > 0.1) {
        places[n++] = x0, places[n++] = below;
        places[n++] = middle, places[n++] = below;
    }
    if (fabs(x1 - middle) > 0.1) {
        places[n++] = middle, places[n++] = above;
        places[n++] = x1, places[n++] = above;
    }
    places[n++] = x1, places[n++] = y1 - 1;
    tam_drawn_line(text, n / 2, places, true);
}

static void draw_box(tam_text *text, const tam_panel *panel, int place, double x, double y) {
    const tam_drawn_words *words = &panel->words[place];
    int lane = panel->lane[place], colour = -1;
    double left = x + panel->lane_x[lane], top = y + panel->rank_y[panel->rank[place]];
    double right = left + panel->lane_width[lane], bottom = y + bottom_of(panel, place);
    if (place > 0) {
        const tam_node *first = tam_graph_node(panel->view->graph, box_at(panel, place - 1)->first);
        colour = tam_drawn_kind_colour(tam_drawn_kind(first));
    }
    const double corners[] = {left, top, right, top, right, bottom, left, bottom};
    tam_drawn_polygon(text, colour, place > 0 ? 0.3 : 0.08, 4, corners);
    for (int l = 0; l < words->lines; l++) {
        tam_drawn_text(text, (left + right) / 2, top + 13 + l * LINE, SMALL, "middle", false, words->line[l]);
    }
}

void tam_panel_draw(tam_text *text, const tam_panel *panel, double x, double y) {
    char title[TAM_DRAWN_WORDS];
    name_panel(panel, title);
    tam_drawn_text(text, x, y + 13, 12, "start", true, title);
    for (int i = 0; i < panel->boxes; i++) {
        for (int k = 0; k < box_at(panel, i)->inputs; k++) {
            draw_edge(text, panel, input_at(panel, i, k), i + 1, panel->edge_lane[(i + 1) * TAM_NODE_INPUTS + k], x, y);
        }
    }
    for (int place = 0; place <= panel->boxes; place++) {
        draw_box(text, panel, place, x, y);
    }
}

/* A network as a picture: the way from the image to the embedding, and the units of it. */
#include "report/net_drawing.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "tammes/drawing.h"

enum { WIDTH = 1180, MARGIN = 24, LEGEND = 68, FIRST_ROW = 96, BETWEEN = 34 };

static void write_facts(const tam_graph *graph, char *words, size_t room) {
    char parameters[TAM_DRAWN_WORDS], macs[TAM_DRAWN_WORDS], in[TAM_DRAWN_WORDS];
    int64_t count = 0;
    for (int i = 0; i < tam_graph_parameter_count(graph); i++) {
        const tam_parameter *parameter = tam_graph_parameter_at(graph, i);
        count += parameter->trained ? parameter->count : 0;
    }
    tam_drawn_number((double)count, parameters);
    tam_drawn_number((double)tam_graph_macs(graph), macs);
    tam_drawn_shape(tam_graph_node(graph, 0)->shape, in);
    snprintf(words, room,
             "an image of %s becomes an embedding of %d; %d layers, %s parameters, %s multiply-adds (MACs)", in,
             tam_graph_output_shape(graph).c, tam_graph_node_count(graph), parameters, macs);
}

static void draw_legend(tam_text *text, double y) {
    double x = MARGIN;
    for (int kind = 0; kind < TAM_DRAWN_KINDS; kind++) {
        const double corners[] = {x, y - 9, x + 12, y - 9, x + 12, y + 1, x, y + 1};
        tam_drawn_polygon(text, tam_drawn_kind_colour(kind), 0.55, 4, corners);
        tam_drawn_text(text, x + 17, y, 11, "start", false, tam_drawn_kind_name(kind));
        x += 17 + tam_drawn_width(tam_drawn_kind_name(kind), 11) + 18;
    }
    tam_drawn_text(
        text, MARGIN, y + 18, 11, "start", false,
        "Height and depth of a block are its map's, its width goes with the root of the channels; the bar is "
        "its share of the multiply-adds.");
}

/* Side by side in rows; returns where they end. text NULL: measures. */
static double draw_panels(tam_text *text, const tam_panel *panels, int count, double top) {
    double x = MARGIN, highest = 0;
    for (int i = 0; i < count; i++) {
        if (i > 0 && x + panels[i].width > WIDTH - MARGIN) {
            top += highest + BETWEEN / 2.0;
            x = MARGIN;
            highest = 0;
        }
        if (text != NULL) {
            tam_panel_draw(text, &panels[i], x, top);
        }
        x += panels[i].width + BETWEEN;
        highest = fmax(highest, panels[i].height);
    }
    return top + highest;
}

static double widest_of(const tam_panel *panels, int count) {
    double widest = WIDTH;
    for (int i = 0; i < count; i++) {
        widest = fmax(widest, panels[i].width + 2 * MARGIN);
    }
    return widest;
}

static void draw(tam_text *text, const tam_net_view *view, const tam_panel *panels, const char *title) {
    char facts[4 * TAM_DRAWN_WORDS + 128];
    double columns_end = tam_draw_columns(NULL, view, WIDTH, FIRST_ROW);
    int width = (int)widest_of(panels, view->kind_count);
    int height = (int)draw_panels(NULL, panels, view->kind_count, columns_end + 8) + MARGIN;
    tam_text_format(text,
                    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" "
                    "role=\"img\" font-family=\"sans-serif\">\n",
                    width, height, width, height);
    tam_text_format(text, "<path d=\"M0 0H%dV%dH0Z\" fill=\"#ffffff\"/>\n", width, height);
    tam_drawn_text(text, MARGIN, 26, 17, "start", true, title);
    write_facts(view->graph, facts, sizeof facts);
    tam_drawn_text(text, MARGIN, 44, 12, "start", false, facts);
    draw_legend(text, LEGEND);
    (void)tam_draw_columns(text, view, WIDTH, FIRST_ROW);
    (void)draw_panels(text, panels, view->kind_count, columns_end + 8);
    tam_text_add(text, "</svg>\n");
}

static tam_status make_drawing(tam_ctx *ctx, const tam_graph *graph, const char *title, tam_text *text) {
    tam_net_view view;
    TAM_TRY(tam_net_view_create(ctx, graph, &view));
    tam_panel *panels = tam_arena_take(view.arena, (size_t)view.kind_count + 1, sizeof *panels);
    tam_status status = panels != NULL ? TAM_OK : TAM_RESOURCES;
    for (int kind = 0; status == TAM_OK && kind < view.kind_count; kind++) {
        status = tam_panel_create(&view, kind, &panels[kind]);
    }
    if (status == TAM_OK) {
        draw(text, &view, panels, title);
        status = text->failed ? TAM_RESOURCES : TAM_OK;
    }
    tam_net_view_free(&view);
    return status;
}

/* The graph again from the net's text. */
static tam_status read_graph(tam_ctx *ctx, const tam_net *net, tam_graph **graph) {
    size_t room = tam_net_text(net, NULL, 0) + 1;
    char *text = tam_allocate(ctx, room, 1, "a net's text");
    *graph = NULL;
    if (text == NULL) {
        return TAM_RESOURCES;
    }
    (void)tam_net_text(net, text, room);
    tam_status status = tam_graph_parse(ctx, text, graph);
    tam_release(ctx, text);
    return status;
}

tam_status tam_net_draw(tam_ctx *ctx, const tam_net *net, const char *title, const char *path) {
    tam_text text = {.ctx = ctx};
    tam_graph *graph;
    TAM_TRY(read_graph(ctx, net, &graph));
    tam_status status = make_drawing(ctx, graph, title, &text);
    if (status == TAM_OK) {
        const tam_file_piece piece = {text.data, text.size};
        status = tam_file_write(ctx, path, &piece, 1);
    }
    tam_text_free(&text);
    tam_graph_free(graph);
    return status;
}

/* What a drawing of a network shows: its nodes gathered into boxes, the boxes into units between the places where the
 * net is one map wide, and equal units folded. */
#ifndef REPORT_NET_VIEW_H
#define REPORT_NET_VIEW_H

#include "base/memory.h"
#include "graph/graph.h"

/* A node with what is done to its output alone: a convolution, its norm, its activation. */
typedef struct tam_view_box {
    int first, last;                    /* nodes; those between follow by tam_net_view.next */
    int inputs, input[TAM_NODE_INPUTS]; /* boxes */
} tam_view_box;

/* The boxes from behind one place where all passes through one box up to the next such place. */
typedef struct tam_view_unit {
    int first, boxes;  /* boxes[first .. first + boxes) */
    int kind;          /* into tam_net_view.kinds; -1: a single box */
    const char *words; /* units are equal where these are, and the map's sides */
} tam_view_unit;

/* Units with branches that are the same up to numbers of channels. */
typedef struct tam_view_kind {
    const char *words;
    int unit; /* the first of them */
    int count;
} tam_view_kind;

/* A column of the drawing: a unit, or equal ones in turn with those of the columns beside it. */
typedef struct tam_view_column {
    int unit, last; /* the first and the last of those that it stands for */
    int times;
    int period, place; /* it is column `place` of `period` that are repeated together */
    int64_t parameters, macs;
} tam_view_column;

typedef struct tam_net_view {
    tam_ctx *ctx;
    tam_arena *arena;
    const tam_graph *graph;
    int *box_of, *next; /* by node; next: -1 at the end of a box */
    tam_view_box *boxes;
    tam_view_unit *units;
    tam_view_kind *kinds;
    tam_view_column *columns;
    int box_count, unit_count, kind_count, column_count;
} tam_net_view;

/* The graph must outlive the view. Fails with TAM_RESOURCES. */
TAM_MUST_USE tam_status tam_net_view_create(tam_ctx *ctx, const tam_graph *graph, tam_net_view *view);
void tam_net_view_free(tam_net_view *view);

/* The parts of tam_net_view_create. */
TAM_MUST_USE tam_status tam_net_view_find_boxes(tam_net_view *view);
TAM_MUST_USE tam_status tam_net_view_find_units(tam_net_view *view);
TAM_MUST_USE tam_status tam_net_view_fold(tam_net_view *view);

#endif

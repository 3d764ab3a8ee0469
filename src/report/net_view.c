/* Boxes to units, units to columns. */
#include "report/net_view.h"

#include <stdbool.h>
#include <string.h>

#include "plot/text_buffer.h"

enum { LONGEST_PERIOD = 4 };

/* Keys that are numbers of channels. */
static bool counts_channels(const char *key) {
    static const char *const names[] = {"out", "groups", "channels", "first", "count"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(key, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void put_node(const tam_node *node, bool channels, tam_text *words) {
    tam_text_format(words, "%s(", node->op->name);
    for (int k = 0; k < node->op->key_count; k++) {
        if (channels || !counts_channels(node->op->keys[k].name)) {
            tam_text_real(words, node->key[k], 9);
            tam_text_add(words, ",");
        }
    }
    tam_text_add(words, ")");
}

/* The unit's boxes with what they read, counted from the unit's first. */
static const char *write_unit(const tam_net_view *view, const tam_view_unit *unit, bool channels) {
    tam_text words = {.ctx = view->ctx};
    for (int b = unit->first; b < unit->first + unit->boxes; b++) {
        const tam_view_box *box = &view->boxes[b];
        for (int k = 0; k < box->inputs; k++) {
            tam_text_format(&words, "%d ", box->input[k] < unit->first ? -1 : box->input[k] - unit->first);
        }
        for (int node = box->first; node >= 0; node = view->next[node]) {
            put_node(tam_graph_node(view->graph, node), channels, &words);
        }
    }
    if (channels) {
        const tam_node *last = tam_graph_node(view->graph, view->boxes[unit->first + unit->boxes - 1].last);
        tam_text_format(&words, "%d %d", last->shape.h, last->shape.w);
    }
    const char *copy = words.failed ? NULL : tam_arena_string(view->arena, words.data, words.size);
    tam_text_free(&words);
    return copy;
}

static tam_status find_kind(tam_net_view *view, tam_view_unit *unit) {
    unit->kind = -1;
    unit->words = write_unit(view, unit, true);
    if (unit->words == NULL) {
        return TAM_RESOURCES;
    }
    if (unit->boxes == 1) {
        return TAM_OK;
    }
    const char *words = write_unit(view, unit, false);
    if (words == NULL) {
        return TAM_RESOURCES;
    }
    for (int k = 0; k < view->kind_count && unit->kind < 0; k++) {
        unit->kind = strcmp(view->kinds[k].words, words) == 0 ? k : -1;
    }
    if (unit->kind < 0) {
        unit->kind = view->kind_count++;
        view->kinds[unit->kind] = (tam_view_kind){.words = words, .unit = (int)(unit - view->units)};
    }
    view->kinds[unit->kind].count++;
    return TAM_OK;
}

tam_status tam_net_view_find_units(tam_net_view *view) {
    size_t count = (size_t)view->box_count;
    int *last_reader = tam_arena_take(view->arena, count, sizeof *last_reader);
    view->units = tam_arena_take(view->arena, count, sizeof *view->units);
    view->kinds = tam_arena_take(view->arena, count, sizeof *view->kinds);
    if (last_reader == NULL || view->units == NULL || view->kinds == NULL) {
        return TAM_RESOURCES;
    }
    for (int b = 0; b < view->box_count; b++) {
        for (int k = 0; k < view->boxes[b].inputs; k++) {
            last_reader[view->boxes[b].input[k]] = b;
        }
    }
    int first = 0, read_until = 0; /* by the boxes before this one */
    for (int b = 0; b < view->box_count; b++) {
        if (read_until <= b) { /* all that follows goes through this box */
            tam_view_unit *unit = &view->units[view->unit_count++];
            *unit = (tam_view_unit){.first = first, .boxes = b + 1 - first};
            TAM_TRY(find_kind(view, unit));
            first = b + 1;
        }
        read_until = last_reader[b] > read_until ? last_reader[b] : read_until;
    }
    return TAM_OK;
}

/* How often the `period` units from `at` on follow one another. */
static int count_repeats(const tam_net_view *view, int at, int period) {
    int times = 1;
    for (int next = at + period; next + period <= view->unit_count; next += period, times++) {
        for (int i = 0; i < period; i++) {
            if (strcmp(view->units[at + i].words, view->units[next + i].words) != 0) {
                return times;
            }
        }
    }
    return times;
}

static void count_unit(const tam_net_view *view, const tam_view_unit *unit, tam_view_column *column) {
    for (int b = unit->first; b < unit->first + unit->boxes; b++) {
        for (int id = view->boxes[b].first; id >= 0; id = view->next[id]) {
            const tam_node *node = tam_graph_node(view->graph, id);
            column->macs += tam_node_macs(view->graph, id);
            for (int i = 0; i < node->parameter_count; i++) {
                const tam_parameter *of = tam_graph_parameter_at(view->graph, node->first_parameter + i);
                column->parameters += of->trained ? of->count : 0;
            }
        }
    }
}

tam_status tam_net_view_fold(tam_net_view *view) {
    view->columns = tam_arena_take(view->arena, (size_t)view->unit_count, sizeof *view->columns);
    if (view->columns == NULL) {
        return TAM_RESOURCES;
    }
    for (int at = 0; at < view->unit_count;) {
        int best = 1, times = 1;
        for (int period = 1; period <= LONGEST_PERIOD; period++) {
            int repeats = count_repeats(view, at, period);
            if (repeats > 1 && repeats * period > times * best) {
                best = period;
                times = repeats;
            }
        }
        for (int i = 0; i < best; i++) {
            tam_view_column *column = &view->columns[view->column_count++];
            *column = (tam_view_column){
                .unit = at + i, .last = at + i + (times - 1) * best, .times = times, .period = best, .place = i};
            for (int t = 0; t < times; t++) {
                count_unit(view, &view->units[at + i + t * best], column);
            }
        }
        at += best * times;
    }
    return TAM_OK;
}

tam_status tam_net_view_create(tam_ctx *ctx, const tam_graph *graph, tam_net_view *view) {
    *view = (tam_net_view){.ctx = ctx, .graph = graph, .arena = tam_arena_create(ctx, 0)};
    tam_status status = view->arena != NULL ? tam_net_view_find_boxes(view) : TAM_RESOURCES;
    status = status == TAM_OK ? tam_net_view_find_units(view) : status;
    status = status == TAM_OK ? tam_net_view_fold(view) : status;
    if (status != TAM_OK) {
        tam_net_view_free(view);
    }
    return status;
}

void tam_net_view_free(tam_net_view *view) {
    tam_arena_free(view->arena);
    view->arena = NULL;
}

/* Concat, slice and shuffle: one kind of step, which moves channels (cpu_move.h). A chain of them is one step that
 * reads what stands before the chain: less memory than step by step, for what lies between is neither written nor read,
 * and what only such steps read is never made.
 *
 * Channels are moved at most once from each input, so an input's gradient is a move of the output's. */
#include <string.h>

#include "backend/cpu/move/cpu_move.h"
#include "backend/cpu/plan/cpu_plan.h"
#include "base/memory.h"

struct tam_cpu_channels {
    tam_moves *forward, *backward[TAM_NODE_INPUTS];
    const void *x[TAM_NODE_INPUTS]; /* of a call */
};

static bool moves_channels(const tam_node *node) {
    return strcmp(node->op->name, "concat") == 0 || strcmp(node->op->name, "slice") == 0 ||
           strcmp(node->op->name, "shuffle") == 0;
}

/* The node as a step that reads the inputs of those before it, or its own. */
static tam_cpu_chain chain_of(const tam_plan *plan, const tam_node *node, bool through) {
    tam_cpu_chain chain = {.through = through};
    for (int k = 0; k < node->inputs; k++) {
        const tam_cpu_chain *before = &plan->chains[node->input[k]];
        bool joins = through && before->inputs > 0;
        chain.inputs += joins ? before->inputs : 1;
        chain.channels += joins ? before->channels : tam_graph_node(plan->graph, node->input[k])->shape.c;
    }
    return chain;
}

/* A chain goes on as long as a step can have its inputs, and while these are not so much wider than what stands before
 * the node that picking single channels from them costs more than what lies between (as along the units of a
 * ShuffleNetV2, each of which passes half of its channels on to the next). */
int tam_cpu_channels_plan(tam_plan *plan) {
    enum { WIDER = 2 };
    int all = 0;
    for (int i = 0; i < tam_graph_node_count(plan->graph); i++) {
        const tam_node *node = tam_graph_node(plan->graph, i);
        if (!moves_channels(node)) {
            all += node->inputs;
            continue;
        }
        tam_cpu_chain alone = chain_of(plan, node, false), chain = chain_of(plan, node, true);
        bool through = chain.inputs <= TAM_NODE_INPUTS && chain.channels <= WIDER * alone.channels;
        plan->chains[i] = through ? chain : alone;
        all += plan->chains[i].inputs;
    }
    return all;
}

/* Whether somebody reads the node's own value. */
static bool is_needed(const tam_plan *plan, const tam_node *node) {
    const tam_graph *graph = plan->graph;
    bool read = false;
    for (int i = node->id + 1; i < tam_graph_node_count(graph); i++) {
        const tam_node *reader = tam_graph_node(graph, i);
        for (int k = 0; k < reader->inputs; k++) {
            if (reader->input[k] == node->id) {
                read = true;
                if (!plan->chains[i].through) {
                    return true;
                }
            }
        }
    }
    return !read;
}

/* Lists the values that the node's channels come from: its inputs, or theirs. */
static void list_sources(const tam_plan *plan, const tam_node *node, tam_cpu_step *step) {
    for (int k = 0; k < node->inputs; k++) {
        int id = node->input[k];
        if (plan->chains[node->id].through && plan->chains[id].inputs > 0) {
            list_sources(plan, tam_graph_node(plan->graph, id), step);
        } else {
            step->input[step->inputs++] = plan->value_of[id];
        }
    }
}

bool tam_cpu_channels_join(const tam_plan *plan, const tam_node *node, tam_cpu_step *step) {
    step->inputs = 0;
    list_sources(plan, node, step);
    return is_needed(plan, node);
}

/* Which channel of which of the node's inputs is its channel c. */
static tam_channel read_by(const tam_graph *graph, const tam_node *node, int c) {
    if (strcmp(node->op->name, "slice") == 0) {
        return (tam_channel){0, c + (int)node->key[TAM_SLICE_FIRST]};
    }
    if (strcmp(node->op->name, "shuffle") == 0) {
        int groups = (int)node->key[TAM_SHUFFLE_GROUPS], width = node->shape.c / groups;
        return (tam_channel){0, c % groups * width + c / groups};
    }
    int k = 0;
    for (int width; c >= (width = tam_graph_node(graph, node->input[k])->shape.c); k++) {
        c -= width;
    }
    return (tam_channel){k, c};
}

/* The same for the inputs of its step. */
static tam_channel origin_of(const tam_plan *plan, const tam_node *node, int c) {
    tam_channel origin = {0, c};
    for (;;) {
        tam_channel read = read_by(plan->graph, node, origin.channel);
        bool through = plan->chains[node->id].through;
        for (int k = 0; k < read.source; k++) {
            int inputs = plan->chains[node->input[k]].inputs;
            origin.source += through && inputs > 0 ? inputs : 1;
        }
        origin.channel = read.channel;
        const tam_node *input = tam_graph_node(plan->graph, node->input[read.source]);
        if (!through || plan->chains[input->id].inputs == 0) {
            return origin;
        }
        node = input;
    }
}

/* The output lies as the widest input that has lanes, the others are brought to the same. */
static tam_layout layout_like(const tam_plan *plan, const tam_cpu_step *step) {
    enum { BLOCK = 16 };
    const tam_layout *like = &plan->values[step->input[0]].layout;
    for (int k = 1; k < step->inputs; k++) {
        const tam_layout *in = &plan->values[step->input[k]].layout;
        bool lanes = in->lanes > 1 && like->lanes == 1, fewer = in->lanes == 1 && like->lanes > 1;
        like = !fewer && (lanes || in->c > like->c) ? in : like;
    }
    tam_layout layout = *like;
    layout.c = step->node->shape.c;
    /* a map of 16 channels in bf16 is one of all channels a pixel, in f32 one of blocks */
    bool blocks = like->lanes < like->c || (like->lanes == BLOCK && like->dtype == TAM_F32);
    bool whole = step->node->shape.flat || (like->lanes == like->c && like->lanes > 1 && !blocks);
    layout.lanes = whole ? layout.c : like->lanes;
    return layout;
}

/* Inputs of another dtype, and those of one lane among others of many, are converted; else any layout will do. */
static tam_status convert_inputs(tam_plan *plan, tam_cpu_step *step, const tam_layout *like) {
    for (int k = 0; k < step->inputs; k++) {
        tam_layout layout = tam_cpu_in(plan, step, k)->layout;
        bool single = layout.lanes == 1 && layout.c > 1;
        if (single != (like->lanes == 1 && like->c > 1)) {
            layout.lanes = like->lanes == like->c ? layout.c : like->lanes;
        }
        layout.dtype = like->dtype;
        TAM_TRY(tam_cpu_convert(plan, step, k, &layout));
    }
    return TAM_OK;
}

static bool is_identity(const tam_cpu_step *step, const tam_layout *in, const tam_layout *out, const tam_channel *map) {
    bool same = step->inputs == 1 && tam_layout_same(in, out);
    for (int c = 0; c < out->c && same; c++) {
        same = map[c].channel == c;
    }
    return same;
}

/* back [c of input k]: the output's channel that is the input's. */
static void invert(const tam_channel *map, int count, int k, tam_channel *back, int c) {
    for (int i = 0; i < c; i++) {
        back[i] = (tam_channel){.source = TAM_NOWHERE};
    }
    for (int o = 0; o < count; o++) {
        if (map[o].source == k) {
            back[map[o].channel] = (tam_channel){0, o};
        }
    }
}

static tam_status make_moves(tam_plan *plan, tam_cpu_step *step, const tam_channel *map, tam_channel *back) {
    const tam_move_kernels *kernels = tam_move_kernels_at(0);
    const tam_layout *out = &tam_cpu_out(plan, step)->layout;
    tam_layout in[TAM_NODE_INPUTS];
    for (int k = 0; k < step->inputs; k++) {
        in[k] = tam_cpu_in(plan, step, k)->layout;
    }
    step->view = is_identity(step, &in[0], out, map);
    TAM_TRY(tam_moves_create(plan->ctx, kernels, out, step->inputs, in, map, &step->channels->forward));
    for (int k = 0; k < step->inputs && plan->config.training; k++) {
        invert(map, out->c, k, back, in[k].c);
        TAM_TRY(tam_moves_create(plan->ctx, kernels, &in[k], 1, out, back, &step->channels->backward[k]));
    }
    return TAM_OK;
}

static tam_status create(tam_plan *plan, tam_cpu_step *step) {
    int most = step->node->shape.c;
    tam_layout layout = layout_like(plan, step);
    TAM_TRY(convert_inputs(plan, step, &layout));
    tam_cpu_out(plan, step)->layout = layout;
    for (int k = 0; k < step->inputs; k++) {
        int c = tam_cpu_in(plan, step, k)->layout.c;
        most = c > most ? c : most;
    }
    step->channels = tam_allocate(plan->ctx, 1, sizeof *step->channels, "moves of channels");
    tam_channel *map = tam_allocate(plan->ctx, 2 * (size_t)most, sizeof *map, "a map of channels");
    if (step->channels == NULL || map == NULL) {
        tam_release(plan->ctx, map);
        return TAM_RESOURCES;
    }
    for (int c = 0; c < step->node->shape.c; c++) {
        map[c] = origin_of(plan, step->node, c);
    }
    tam_status status = make_moves(plan, step, map, map + most);
    tam_release(plan->ctx, map);
    return status;
}

void tam_cpu_channels_free(tam_ctx *ctx, tam_cpu_channels *channels) {
    if (channels == NULL) {
        return;
    }
    tam_moves_free(channels->forward);
    for (int k = 0; k < TAM_NODE_INPUTS; k++) {
        tam_moves_free(channels->backward[k]);
    }
    tam_release(ctx, channels);
}

static void forward(tam_plan *plan, tam_cpu_step *step, int n) {
    for (int k = 0; k < step->inputs; k++) {
        step->channels->x[k] = tam_cpu_in(plan, step, k)->data;
    }
    tam_moves_run(step->channels->forward, n, step->channels->x, tam_cpu_out(plan, step)->data, false);
}

static void backward(tam_plan *plan, tam_cpu_step *step) {
    const void *dy = tam_cpu_out(plan, step)->gradient;
    for (int k = 0; k < step->inputs; k++) {
        if (step->wanted[k]) {
            tam_moves_run(step->channels->backward[k], plan->config.batch, &dy, step->dx[k], step->add[k]);
        }
    }
}

double tam_cpu_channels_bytes(const tam_plan *plan, const tam_cpu_step *step, bool backward) {
    const tam_layout *out = &plan->values[step->output].layout;
    double map = (double)out->n * (double)tam_layout_pixels(out) * (double)tam_dtype_bytes(out->dtype), maps = 0;
    if (!backward) {
        return 2 * out->c * map;
    }
    for (int k = 0; k < step->inputs; k++) {
        int moved = tam_moves_channels(step->channels->backward[k]);
        maps += !step->wanted[k] ? 0 : step->add[k] ? 3 * moved : moved + plan->values[step->input[k]].layout.c;
    }
    return maps * map;
}

/* One kind under the names of the ops. */
#define CHANNELS(name)                         \
    const tam_cpu_kind tam_cpu_kind_##name = { \
        .op = #name,                           \
        .create = create,                      \
        .forward = forward,                    \
        .backward = backward,                  \
        .adds_gradient = true,                 \
        .made_again = true,                    \
    }

CHANNELS(concat);
CHANNELS(slice);
CHANNELS(shuffle);

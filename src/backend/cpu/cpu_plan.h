/* A plan: the graph's nodes as steps over values whose layouts and places in memory are settled at create.
 *
 * A step is a node, or a batch norm together with the activation and the maximum pool that alone read it, or a change
 * of layout. A kind of step is one file and one line in cpu_steps.def. */
#ifndef BACKEND_CPU_CPU_PLAN_H
#define BACKEND_CPU_CPU_PLAN_H

#include "backend/backend.h"
#include "backend/cpu/cpu_layer.h"
#include "backend/cpu/cpu_layout.h"
#include "backend/cpu/cpu_memory.h"
#include "backend/parameters.h"

typedef struct tam_cpu_step tam_cpu_step;

/* What a step writes. */
typedef struct tam_cpu_value {
    tam_layout layout, gradient_layout; /* the two differ for the net's input at most */
    int producer;                       /* step; -1: the net's input */
    int readers;                        /* inputs of steps that read it */
    int last_reader;                    /* step: the first that writes the gradient */
    bool trained;                       /* a trained parameter lies before it: backward always needs its gradient */
    bool kept;                          /* backward or another reader needs the memory: nobody may write over it */
    bool gradient_shared;               /* another value's gradient is the same memory */
    int buffer, gradient_buffer;
    void *data, *gradient;
} tam_cpu_value;

typedef struct tam_cpu_kind {
    const char *op;
    /* Chooses the output's layout, may convert inputs, and asks for memory of its own. */
    tam_status (*create)(tam_plan *plan, tam_cpu_step *step);
    /* Memory is there now (optional). */
    tam_status (*bind)(tam_plan *plan, tam_cpu_step *step);
    void (*forward)(tam_plan *plan, tam_cpu_step *step, int n);
    /* Writes step->dx[k] for each input with step->wanted[k], and its parameters' gradients. */
    void (*backward)(tam_plan *plan, tam_cpu_step *step);
    bool reads_x, reads_y; /* in backward */
    bool passes_gradient;  /* dx = dy for each input */
    bool in_place;         /* forward may write over an input, backward dx over dy */
} tam_cpu_kind;

struct tam_cpu_step {
    const tam_cpu_kind *kind;
    const tam_node *node;
    const tam_node *activation; /* of a batch norm: the relu or prelu that it applies too, or NULL */
    const tam_node *pool;       /* and the maximum pool behind that, or NULL */
    int number;
    int inputs, input[TAM_NODE_INPUTS], output; /* values */
    bool view;                                  /* the output is the input's memory: nothing to do */
    bool wanted[TAM_NODE_INPUTS];
    int dx_buffer[TAM_NODE_INPUTS]; /* -1: the value's own gradient */
    float *dx[TAM_NODE_INPUTS];
    tam_layer *layer; /* conv, fc */
    int packed;       /* buffer of the layer's weights in inference */
    int own;          /* buffer of the step's own: masks, statistics, places of maxima */
};

struct tam_plan {
    tam_ctx *ctx;
    const tam_graph *graph;
    tam_parameters *parameters;
    tam_plan_config config;
    tam_dnnl *dnnl;
    tam_cpu_memory *memory;
    tam_cpu_value *values;
    tam_cpu_step *steps;
    int *value_of; /* node id -> value; 0: none yet */
    int value_count, step_count, step_limit;
    size_t scratch_bytes, packed_bytes;
    int scratch, packed; /* buffers that all steps share */
    uint64_t step;       /* of the last forward: numbers the dropout masks */
    uint64_t packed_version;
    bool is_packed, pack; /* pack: this forward packs the weights */
    bool ran;             /* a forward has left what backward needs, and backward has not yet used it up */
};

/* For the kinds. */

static inline tam_cpu_value *tam_cpu_in(tam_plan *plan, const tam_cpu_step *step, int k) {
    return &plan->values[step->input[k]];
}
static inline tam_cpu_value *tam_cpu_out(tam_plan *plan, const tam_cpu_step *step) {
    return &plan->values[step->output];
}
static inline float *tam_cpu_own(tam_plan *plan, const tam_cpu_step *step) {
    return tam_cpu_memory_at(plan->memory, step->own);
}
static inline float *tam_cpu_scratch(tam_plan *plan) {
    return tam_cpu_memory_at(plan->memory, plan->scratch);
}
/* Parameter `part` of a node, counted in the order in which its op declares them. */
static inline float *tam_cpu_parameter(tam_plan *plan, const tam_node *node, int part) {
    return tam_parameters_value(plan->parameters, node->first_parameter + part);
}
static inline float *tam_cpu_parameter_gradient(tam_plan *plan, const tam_node *node, int part) {
    return tam_parameters_gradient(plan->parameters, node->first_parameter + part);
}

/* Times of a step. */
static inline int tam_cpu_forward_time(const tam_cpu_step *step) {
    return step->number;
}
static inline int tam_cpu_backward_time(const tam_plan *plan, const tam_cpu_step *step) {
    return 2 * plan->step_limit - 1 - step->number;
}
/* A buffer for the step alone, from its forward to its backward; `always`: for the plan's whole life. */
int tam_cpu_ask(tam_plan *plan, const tam_cpu_step *step, size_t bytes, bool always);
/* Scratch memory shared by all steps, for the time of one call. */
void tam_cpu_ask_scratch(tam_plan *plan, size_t bytes);
/* Puts a change of layout before the step's input k, unless it has that layout. For create, before tam_cpu_ask. */
TAM_MUST_USE tam_status tam_cpu_convert(tam_plan *plan, tam_cpu_step *step, int k, const tam_layout *layout);

/* How per-channel work is cut: a task is one block of `images` samples; task = group * blocks + block. The cut depends
 * on the layout only. */
typedef struct tam_cpu_cut {
    int blocks, images;
    int64_t groups;
} tam_cpu_cut;
tam_cpu_cut tam_cpu_cut_of(const tam_layout *layout, int n);
/* sums[channel] = the sum over groups and over the period of partial[task][period], in f64 and in a fixed order.
 * `stride`: numbers from one task's partial sums to the next's. */
void tam_cpu_fold(const tam_layout *layout, const tam_cpu_cut *cut, const float *partial, int64_t stride, double *sums);

#define X(op) extern const tam_cpu_kind tam_cpu_kind_##op;
#include "backend/cpu/cpu_steps.def"
#undef X
/* The table of kinds; NULL for an op that the backend does not know. */
const tam_cpu_kind *tam_cpu_kind_find(const char *op);

/* Gives values and gradients their buffers, after all steps were created; for tam_cpu_plan_create. */
void tam_cpu_place(tam_plan *plan);

TAM_MUST_USE tam_status tam_cpu_plan_create(tam_ctx *ctx, const tam_graph *graph, tam_parameters *parameters,
                                            const tam_plan_config *config, tam_plan **out);
void tam_cpu_plan_free(tam_plan *plan);
TAM_MUST_USE tam_status tam_cpu_forward(tam_plan *plan, int n, const float *x, uint64_t step, float *y);
TAM_MUST_USE tam_status tam_cpu_backward(tam_plan *plan, const float *dy, float *dx);
size_t tam_cpu_plan_bytes(const tam_plan *plan);

#endif

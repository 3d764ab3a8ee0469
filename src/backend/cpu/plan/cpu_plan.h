/* A plan: the graph's nodes as steps over values whose layouts and places in memory are settled at create.
 *
 * A step is a node, or several nodes that one sweep over memory does together (cpu_join.c), or a change of layout. A
 * kind of step is one file and one line in cpu_steps.def.
 *
 * Time counts forward's steps, then the actions of backward: the steps' gradients and, before them, the values that
 * were not kept and are made again (cpu_schedule.c). */
#ifndef BACKEND_CPU_CPU_PLAN_H
#define BACKEND_CPU_CPU_PLAN_H

#include "backend/backend.h"
#include "backend/cpu/layer/cpu_layer.h"
#include "backend/cpu/plan/cpu_cut.h"
#include "backend/cpu/plan/cpu_memory.h"
#include "backend/cpu/sweep/cpu_sweep.h"
#include "backend/parameters.h"

typedef struct tam_cpu_step tam_cpu_step;
typedef struct tam_cpu_channels tam_cpu_channels;

enum { TAM_NONE = -1 };

/* A batch norm's parameters, as its op declares them. */
enum { TAM_NORM_GAMMA, TAM_NORM_BETA, TAM_NORM_MEAN, TAM_NORM_VARIANCE };

/* What a step writes. */
typedef struct tam_cpu_value {
    tam_layout layout, gradient_layout; /* the two differ for the net's input at most */
    int producer;                       /* step; TAM_NONE: the net's input */
    int root;                           /* whose memory it is: another value's for a view, else its own number */
    int readers;                        /* inputs of steps that read it */
    int first_reader, last_reader;      /* steps; the last one is the first to write the gradient */
    bool trained;                       /* a trained parameter lies before it: backward always needs its gradient */
    bool dropped;                       /* not kept for backward, but made again */
    bool needed;                        /* backward reads it */
    bool present;                       /* while the schedule is made: there is the value made again */
    int buffer, again, gradient_buffer; /* again: of the value made again */
    int statistics;                     /* buffer of partial statistics for the norms that read it, or TAM_NONE */
    int statistics_by;                  /* the step that takes them: the value's producer, or the first norm */
    int sums;                           /* buffer of partial sums of its gradient, for the sweep that made it */
    int sums_by;                        /* the step that takes them: the last to write the gradient, or the producer */
    void *data, *gradient;              /* data: where it is now */
} tam_cpu_value;

typedef struct tam_cpu_kind {
    const char *op;
    /* Chooses the output's layout, may convert inputs, and asks for memory of its own. */
    tam_status (*create)(tam_plan *plan, tam_cpu_step *step);
    /* plan->again: the values are made again, bit for bit, in backward. */
    void (*forward)(tam_plan *plan, tam_cpu_step *step, int n);
    /* Writes step->dx[k] for each input with step->wanted[k], and its parameters' gradients. */
    void (*backward)(tam_plan *plan, tam_cpu_step *step);
    /* Whether backward reads input k (optional: no). */
    bool (*needs)(const tam_plan *plan, const tam_cpu_step *step, int k);
    bool in_place;      /* forward may write over an input, backward dx over dy */
    bool adds_gradient; /* backward adds to dx where step->add[k] says so */
    bool sweeps;        /* it is a sweep (cpu_sweep_step.c) */
    bool made_again;    /* like a sweep, forward costs one pass over memory: the output need not be kept */
} tam_cpu_kind;

/* The parts of a step that are timed. */
typedef enum tam_cpu_part {
    TAM_CPU_FORWARD,
    TAM_CPU_AGAIN, /* forward in backward, for a value that was not kept */
    TAM_CPU_BACKWARD,
    TAM_CPU_BACKWARD_DATA,
    TAM_CPU_BACKWARD_WEIGHTS,
    TAM_CPU_PARTS
} tam_cpu_part;

struct tam_cpu_step {
    const tam_cpu_kind *kind;
    const tam_node *node;                    /* the one whose name it bears; NULL: a change of layout */
    const tam_node *norm[TAM_SWEEP_TERMS];   /* of a sweep: the batch norm of each term, or NULL; norm[0] of a layer */
    const tam_node *scaled[TAM_SWEEP_TERMS]; /* the scale of each term, or NULL; scaled[0] of a layer: behind norm[0] */
    int factor[TAM_SWEEP_TERMS]; /* of a sweep: the input that each term is multiplied by, a vector; 0: none */
    const tam_node *activation;  /* of a sweep or a layer: as in cpu_activation.h, or NULL */
    const tam_node *pool;        /* of a sweep: the maximum pool behind that, or NULL */
    const tam_node *front;       /* of a layer: the batch norm in front that its weights take in, or NULL */
    int number;
    int inputs, input[TAM_NODE_INPUTS], output; /* values; a sweep's terms come first */
    int terms;                                  /* of a sweep */
    bool view;                                  /* the output is the input's memory: nothing to do */
    bool wanted[TAM_NODE_INPUTS];
    bool add[TAM_NODE_INPUTS];      /* dx is added to what others have written */
    bool passed[TAM_NODE_INPUTS];   /* dx is dy's memory: nothing to do */
    int dx_buffer[TAM_NODE_INPUTS]; /* TAM_NONE: the value's own gradient */
    void *dx[TAM_NODE_INPUTS];
    tam_layer *layer;           /* conv, fc */
    tam_cpu_channels *channels; /* concat, slice, shuffle */
    int packed;                 /* buffer of the layer's weights in inference, or TAM_NONE */
    int folded;                 /* buffer of weights on their way into `packed`, or TAM_NONE */
    int own;                    /* buffer of the step's own: masks, statistics, places of maxima; or TAM_NONE */
    int backward_time;
    double seconds[TAM_CPU_PARTS]; /* of the last run */
};

/* What a node that moves channels would be as one step with those before it (cpu_channels.c). */
typedef struct tam_cpu_chain {
    int inputs;   /* of the step; 0: the node does not move channels */
    int channels; /* of all inputs */
    bool through; /* it reads the inputs of those before it */
} tam_cpu_chain;

/* What backward does, in order. */
typedef struct tam_cpu_action {
    int step;
    bool again; /* the step's forward, else its backward */
} tam_cpu_action;

struct tam_plan {
    tam_ctx *ctx;
    const tam_graph *graph;
    tam_parameters *parameters;
    tam_plan_config config;
    const tam_sweep_kernels *kernels;
    tam_dnnl *dnnl;
    tam_cpu_memory *memory;
    tam_cpu_value *values;
    tam_cpu_step *steps;
    tam_cpu_action *actions;
    int *value_of;         /* node id -> value; 0: none yet */
    tam_cpu_chain *chains; /* of each node */
    int value_count, step_count, step_limit, action_count;
    size_t scratch_bytes, packed_bytes;
    int scratch, packed; /* buffers that all steps share */
    uint64_t step;       /* of the last forward: numbers the dropout masks */
    uint64_t packed_version;
    bool is_packed, pack; /* pack: this forward packs the weights */
    bool again;           /* this forward makes a value again */
    bool ran;             /* a forward has left what backward needs, and backward has not yet used it up */
};

/* For the kinds. */

static inline tam_cpu_value *tam_cpu_in(tam_plan *plan, const tam_cpu_step *step, int k) {
    return &plan->values[step->input[k]];
}
static inline tam_cpu_value *tam_cpu_out(tam_plan *plan, const tam_cpu_step *step) {
    return &plan->values[step->output];
}
static inline void *tam_cpu_own(tam_plan *plan, const tam_cpu_step *step) {
    return tam_cpu_memory_at(plan->memory, step->own);
}
static inline void *tam_cpu_scratch(tam_plan *plan) {
    return tam_cpu_memory_at(plan->memory, plan->scratch);
}
/* Parameter `part` of a node, counted in the order in which its op declares them. */
static inline float *tam_cpu_parameter(tam_plan *plan, const tam_node *node, int part) {
    return tam_parameters_value(plan->parameters, node->first_parameter + part);
}
static inline float *tam_cpu_parameter_gradient(tam_plan *plan, const tam_node *node, int part) {
    return tam_parameters_gradient(plan->parameters, node->first_parameter + part);
}

/* A buffer for the step alone, from its forward to its backward; `always`: for the plan's whole life. */
int tam_cpu_ask(tam_plan *plan, const tam_cpu_step *step, size_t bytes, bool always);
/* Scratch memory shared by all steps, for the time of one call. */
void tam_cpu_ask_scratch(tam_plan *plan, size_t bytes);
/* Puts a change of layout before the step's input k, unless it has that layout. For create, before tam_cpu_ask. */
TAM_MUST_USE tam_status tam_cpu_convert(tam_plan *plan, tam_cpu_step *step, int k, const tam_layout *layout);
/* Seconds since some moment, for tam_cpu_step.seconds. */
double tam_cpu_now(void);
/* For tam_cpu_kind.needs: every input. */
bool tam_cpu_needs_input(const tam_plan *plan, const tam_cpu_step *step, int k);

#define X(op) extern const tam_cpu_kind tam_cpu_kind_##op;
#include "backend/cpu/op/cpu_steps.def"
#undef X
/* The table of kinds; NULL for an op that the backend does not know. */
const tam_cpu_kind *tam_cpu_kind_find(const char *op);

/* The stages of tam_cpu_plan_create. */

/* Makes the step that begins or ends at node `id`, with all that it joins; *last is the node whose output it writes.
 * false: the node becomes part of a later step. */
bool tam_cpu_join(const tam_plan *plan, int id, tam_cpu_step *step, int *last);
/* Fills in plan->chains; returns the number of inputs that all steps may have together. */
int tam_cpu_channels_plan(tam_plan *plan);
/* Makes the step of a concat, slice or shuffle, with those before it; false: others take it in. */
bool tam_cpu_channels_join(const tam_plan *plan, const tam_node *node, tam_cpu_step *step);
void tam_cpu_channels_free(tam_ctx *ctx, tam_cpu_channels *channels);
/* Memory that a step which moves channels reads and writes. */
double tam_cpu_channels_bytes(const tam_plan *plan, const tam_cpu_step *step, bool backward);
/* The node that alone reads `node`, once, or NULL. */
const tam_node *tam_cpu_sole_reader(const tam_graph *graph, const tam_node *node);
/* A maximum pool that a sweep does along: windows side by side, without padding, whose places fit in a byte. */
bool tam_cpu_is_plain_pool(const tam_node *node);
/* Whether a sweep's term k is other than the value itself. */
static inline bool tam_cpu_changes_term(const tam_cpu_step *step, int k) {
    return step->norm[k] != NULL || step->scaled[k] != NULL || step->factor[k] > 0;
}
/* Decides what is kept, and puts backward in order. */
void tam_cpu_schedule(tam_plan *plan);
/* Calls `read` with each value (its root) that an action reads. */
void tam_cpu_action_reads(tam_plan *plan, const tam_cpu_action *action, int time,
                          void (*read)(tam_plan *plan, tam_cpu_value *root, int time));
/* Gives values and gradients their buffers. */
void tam_cpu_place(tam_plan *plan);

TAM_MUST_USE tam_status tam_cpu_plan_create(tam_ctx *ctx, const tam_graph *graph, tam_parameters *parameters,
                                            const tam_plan_config *config, tam_plan **out);
void tam_cpu_plan_free(tam_plan *plan);
TAM_MUST_USE tam_status tam_cpu_forward(tam_plan *plan, int n, const float *x, uint64_t step, float *y);
TAM_MUST_USE tam_status tam_cpu_backward(tam_plan *plan, const float *dy, float *dx);
size_t tam_cpu_plan_bytes(const tam_plan *plan);
tam_dtype tam_cpu_plan_dtype(const tam_plan *plan);
bool tam_cpu_plan_cost(const tam_plan *plan, int index, tam_plan_cost *cost);

#endif

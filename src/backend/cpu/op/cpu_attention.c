/* Attention of every pixel to every other, head by head: a task is one head of one sample. */
#include "backend/cpu/op/attention.h"
#include "backend/cpu/plan/cpu_plan.h"
#include "base/team.h"

enum { ALIGNMENT = 64 };

static tam_attention attention_of(const tam_plan *plan, const tam_cpu_step *step) {
    const tam_layout *in = &plan->values[step->input[0]].layout;
    int heads = (int)step->node->key[TAM_ATTENTION_HEADS];
    tam_layout out = *in;
    out.c = in->c / 3;
    out.lanes = in->lanes == in->c ? out.c : in->lanes;
    return (tam_attention){.in = *in,
                           .out = out,
                           .tokens = tam_layout_pixels(in),
                           .heads = heads,
                           .d = out.c / heads,
                           .training = plan->config.training};
}

static const tam_attention_kind *kind_of(const tam_attention *attention) {
    const tam_attention_kind *tiles = attention->in.dtype == TAM_BF16 ? tam_attention_bf16() : NULL;
    return tiles != NULL ? tiles : &tam_attention_f32;
}

static size_t room_of(const tam_attention *attention) {
    return (kind_of(attention)->room_bytes(attention) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static tam_status create(tam_plan *plan, tam_cpu_step *step) {
    tam_attention attention = attention_of(plan, step);
    tam_cpu_out(plan, step)->layout = attention.out;
    size_t rows = (size_t)attention.in.n * (size_t)attention.heads * (size_t)attention.tokens;
    if (plan->config.training) {
        step->own = tam_cpu_ask(plan, step, rows * sizeof(float), false);
    }
    tam_cpu_ask_scratch(plan, (size_t)tam_ctx_threads(plan->ctx) * room_of(&attention));
    return TAM_OK;
}

typedef struct job {
    tam_attention attention;
    const tam_attention_kind *kind;
    tam_attention_call call; /* without sample and head, and with everybody's sums and rooms */
    size_t room_bytes;
    int64_t tasks, threads;
} job;

static void run_task(void *argument, int64_t task, int worker) {
    const job *j = argument;
    tam_attention_call call = j->call;
    call.sample = task / j->attention.heads;
    call.head = (int)(task % j->attention.heads);
    call.log_sums = call.log_sums != NULL ? call.log_sums + task * j->attention.tokens : NULL;
    int64_t next = task + j->threads;
    call.next_sample = next < j->tasks ? next / j->attention.heads : -1;
    call.next_head = (int)(next % j->attention.heads);
    call.room = (char *)call.room + (size_t)worker * j->room_bytes;
    (call.dy != NULL ? j->kind->backward : j->kind->forward)(&j->attention, &call);
}

static job job_of(tam_plan *plan, const tam_cpu_step *step, int n) {
    job j = {.attention = attention_of(plan, step), .threads = tam_ctx_threads(plan->ctx)};
    j.tasks = (int64_t)n * j.attention.heads;
    j.kind = kind_of(&j.attention);
    j.room_bytes = room_of(&j.attention);
    j.call = (tam_attention_call){
        .x = plan->values[step->input[0]].data,
        .log_sums = plan->config.training ? tam_cpu_own(plan, step) : NULL,
        .room = tam_cpu_scratch(plan),
    };
    return j;
}

static void forward(tam_plan *plan, tam_cpu_step *step, int n) {
    job j = job_of(plan, step, n);
    j.call.y = tam_cpu_out(plan, step)->data;
    tam_team_run(plan->ctx, j.tasks, run_task, &j);
}

static void backward(tam_plan *plan, tam_cpu_step *step) {
    job j = job_of(plan, step, plan->config.batch);
    j.call.dy = tam_cpu_out(plan, step)->gradient;
    j.call.dx = step->dx[0];
    if (step->wanted[0]) {
        tam_team_run(plan->ctx, j.tasks, run_task, &j);
    }
}

const tam_cpu_kind tam_cpu_kind_attention = {
    .op = "attention",
    .create = create,
    .forward = forward,
    .backward = backward,
    .needs = tam_cpu_needs_input,
};

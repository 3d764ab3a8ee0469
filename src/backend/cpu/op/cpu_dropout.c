/* Dropout: a value stays with probability 1 - p, times 1 / (1 - p). Backward needs a byte for each: whether it stayed.
 */
#include "backend/cpu/plan/cpu_plan.h"
#include "backend/dropout_mask.h"
#include "base/bf16.h"
#include "base/kernel.h"
#include "base/team.h"

enum { PIECE = 1 << 15 };

typedef struct job {
    tam_dtype dtype;
    int64_t count;
    const void *x; /* dy in backward */
    void *y;
    const float *mask;
    float scale;
    uint8_t *kept;
} job;

TAM_KERNEL static void multiply_f32(int64_t count, const float *x, const float *mask, float *y, uint8_t *kept) {
#pragma omp simd
    for (int64_t i = 0; i < count; i++) {
        float factor = mask[i];
        y[i] = x[i] * factor;
        kept[i] = factor > 0;
    }
}

TAM_KERNEL static void multiply_bf16(int64_t count, const tam_bf16 *x, const float *mask, tam_bf16 *y, uint8_t *kept) {
#pragma omp simd
    for (int64_t i = 0; i < count; i++) {
        float factor = mask[i];
        y[i] = tam_bf16_nearest(tam_bf16_value(x[i]) * factor);
        kept[i] = factor > 0;
    }
}

TAM_KERNEL static void pass_f32(int64_t count, float scale, const float *dy, const uint8_t *kept, float *dx) {
#pragma omp simd
    for (int64_t i = 0; i < count; i++) {
        dx[i] = dy[i] * (scale * (float)kept[i]);
    }
}

TAM_KERNEL static void pass_bf16(int64_t count, float scale, const tam_bf16 *dy, const uint8_t *kept, tam_bf16 *dx) {
#pragma omp simd
    for (int64_t i = 0; i < count; i++) {
        dx[i] = tam_bf16_nearest(tam_bf16_value(dy[i]) * (scale * (float)kept[i]));
    }
}

static void forward_piece(void *argument, int64_t task, int worker) {
    (void)worker;
    const job *j = argument;
    int64_t start = task * PIECE, count = j->count - start < PIECE ? j->count - start : PIECE;
    if (j->dtype == TAM_BF16) {
        multiply_bf16(count, (const tam_bf16 *)j->x + start, j->mask + start, (tam_bf16 *)j->y + start,
                      j->kept + start);
    } else {
        multiply_f32(count, (const float *)j->x + start, j->mask + start, (float *)j->y + start, j->kept + start);
    }
}

static void backward_piece(void *argument, int64_t task, int worker) {
    (void)worker;
    const job *j = argument;
    int64_t start = task * PIECE, count = j->count - start < PIECE ? j->count - start : PIECE;
    if (j->dtype == TAM_BF16) {
        pass_bf16(count, j->scale, (const tam_bf16 *)j->x + start, j->kept + start, (tam_bf16 *)j->y + start);
    } else {
        pass_f32(count, j->scale, (const float *)j->x + start, j->kept + start, (float *)j->y + start);
    }
}

static int64_t numbers_of(const tam_layout *layout) {
    return layout->n * tam_layout_sample(layout);
}

/* The mask in plain order, and laid out as the values are. */
typedef struct masks {
    tam_layout plain, laid_out;
} masks;

static masks masks_of(tam_plan *plan, const tam_cpu_step *step) {
    masks m = {tam_layout_plain(plan->config.batch, step->node->shape), tam_cpu_out(plan, step)->layout};
    m.laid_out.dtype = TAM_F32;
    return m;
}

static tam_status create(tam_plan *plan, tam_cpu_step *step) {
    tam_layout layout = tam_cpu_in(plan, step, 0)->layout;
    tam_cpu_out(plan, step)->layout = layout;
    step->view = !plan->config.training;
    if (plan->config.training) {
        masks m = masks_of(plan, step);
        step->own = tam_cpu_ask(plan, step, (size_t)numbers_of(&layout), false);
        tam_cpu_ask_scratch(plan, tam_layout_bytes(&m.plain) + tam_layout_bytes(&m.laid_out));
    }
    return TAM_OK;
}

typedef struct mask_job {
    const tam_plan *plan;
    const tam_cpu_step *step;
    int64_t sample;
    float *mask;
} mask_job;

static void mask_sample(void *argument, int64_t task, int worker) {
    (void)worker;
    const mask_job *j = argument;
    tam_dropout_mask(j->plan->config.seed, j->plan->step, j->step->node->id, j->step->node->key[TAM_DROPOUT_P],
                     task * j->sample, j->sample, j->mask + task * j->sample);
}

/* The mask is defined in plain order. */
static const float *make_mask(tam_plan *plan, const tam_cpu_step *step) {
    masks m = masks_of(plan, step);
    float *mask = (void *)tam_cpu_scratch(plan), *laid_out = mask + numbers_of(&m.plain);
    mask_job j = {plan, step, tam_layout_sample(&m.plain), mask};
    tam_team_run(plan->ctx, m.plain.n, mask_sample, &j);
    if (tam_layout_is_plain(&m.laid_out)) {
        return mask;
    }
    tam_layout_copy(plan->ctx, m.plain.n, &m.plain, mask, &m.laid_out, laid_out);
    return laid_out;
}

static void forward(tam_plan *plan, tam_cpu_step *step, int n) {
    const tam_cpu_value *in = tam_cpu_in(plan, step, 0), *out = tam_cpu_out(plan, step);
    job j = {.dtype = out->layout.dtype, .count = n * tam_layout_sample(&out->layout), .x = in->data, .y = out->data};
    j.mask = make_mask(plan, step);
    j.kept = (void *)tam_cpu_own(plan, step);
    tam_team_run(plan->ctx, (j.count + PIECE - 1) / PIECE, forward_piece, &j);
}

static void backward(tam_plan *plan, tam_cpu_step *step) {
    const tam_cpu_value *out = tam_cpu_out(plan, step);
    job j = {.dtype = out->layout.dtype, .count = numbers_of(&out->layout), .x = out->gradient, .y = step->dx[0]};
    j.scale = (float)(1 / (1 - step->node->key[TAM_DROPOUT_P])); /* as in the mask */
    j.kept = (void *)tam_cpu_own(plan, step);
    if (step->wanted[0]) {
        tam_team_run(plan->ctx, (j.count + PIECE - 1) / PIECE, backward_piece, &j);
    }
}

const tam_cpu_kind tam_cpu_kind_dropout = {
    .op = "dropout",
    .create = create,
    .forward = forward,
    .backward = backward,
    .in_place = true,
};

/* One step of the head, in the order of docs/head.md. */
#include <math.h>
#include <string.h>

#include "base/random.h"
#include "head/head_inside.h"
#include "head/sampling.h"

static tam_status check_batch(const tam_head *head, int n, const int32_t *y, int *counted) {
    *counted = 0;
    if (n < 1 || n > head->batch) {
        return tam_fail(head->ctx, TAM_CONFIG, "a step of %d samples; this head takes 1 to %d", n, head->batch);
    }
    for (int i = 0; i < n; i++) {
        if (y[i] < -1 || y[i] >= head->classes) {
            return tam_fail(head->ctx, TAM_INPUT, "sample %d has label %d, outside [0, %lld) and not -1", i, (int)y[i],
                            (long long)head->classes);
        }
        *counted += y[i] >= 0;
    }
    return TAM_OK;
}

/* Whether the second pass may run: a step with a NaN or infinite loss must not move anything. */
static bool all_finite(const tam_head_job *job, double loss) {
    bool finite = isfinite(loss);
    for (int k = 0; k < job->head->cut.chunks; k++) {
        finite = finite && job->head->chunk_finite[k];
    }
    for (int i = 0; i < job->n; i++) {
        finite = finite && (job->y[i] < 0 || isfinite(job->head->row[i].target.z));
    }
    return finite;
}

static void report_rows(const tam_head_job *job, float *theta, tam_head_result *result) {
    const tam_head *head = job->head;
    for (int i = 0; i < job->n; i++) {
        const tam_head_row *row = &head->row[i];
        double angle = job->y[i] < 0 ? 0.0 : acos(row->cosine);
        if (theta != NULL) {
            theta[i] = (float)angle;
        }
        if (job->y[i] < 0) {
            continue;
        }
        double top = -INFINITY;
        for (int k = 0; k < head->cut.chunks; k++) {
            const tam_head_partial *partial = &head->partial[(int64_t)k * head->batch + i];
            top = fmax(top, partial->top);
        }
        result->mean_theta += job->weight * angle;
        result->correct += row->plain > top;
    }
}

/* What each sample adds by its length, by its softmax, and by its own class where the loss is given by its gradient. */
static double loss_of_rows(const tam_head_job *job) {
    double loss = 0.0;
    for (int i = 0; i < job->n; i++) {
        if (job->y[i] >= 0) {
            const tam_head_row *row = &job->head->row[i];
            loss += job->weight * row->length.value;
            loss += tam_head_is(job->head, TAM_LOSS_DIRECT) ? job->weight * row->target.z : 0.0;
            loss += tam_head_is(job->head, TAM_LOSS_SOFTMAX) ? job->weight * row->loss : 0.0;
        }
    }
    return loss;
}

/* The part of a loss that is no softmax, from the other classes. */
static double loss_of_others(const tam_head_job *job) {
    double loss = 0.0;
    for (int k = 0; k < job->head->cut.chunks; k++) {
        for (int i = 0; i < job->n; i++) {
            loss += job->y[i] >= 0 || i == 0 ? job->head->partial[(int64_t)k * job->head->batch + i].loss : 0.0;
        }
    }
    return loss;
}

void tam_head_run_rows(tam_head_job *job, tam_task work) {
    int64_t tasks = (job->n + TAM_HEAD_ROWS_PER_TASK - 1) / TAM_HEAD_ROWS_PER_TASK;
    tam_team_run(job->head->ctx, tasks, work, job);
}

static void pack(tam_head_job *job, tam_class_pack packing) {
    const tam_head *head = job->head;
    job->packing = packing;
    tam_team_run(head->ctx, head->products->pack_tasks(packing, job->n, head->dim), tam_head_pack, job);
}

/* Which classes take part, and how rounding falls in this step. */
static void draw(tam_head_job *job) {
    tam_head *head = job->head;
    int64_t done = tam_head_steps_done(head);
    tam_random random =
        tam_random_at(tam_head_part_seed(job), TAM_PURPOSE_ROUNDING, (uint32_t)done, (uint32_t)(done >> 32));
    job->rounding = (uint64_t)tam_random_bits(&random) << 32;
    job->rounding |= tam_random_bits(&random);
    if (head->chosen != NULL) {
        bool together = job->update != NULL && job->update->step_y != NULL;
        tam_sampling_draw(head->seed, done, head->classes, head->taking, together ? job->update->step_n : job->n,
                          together ? job->update->step_y : job->y, head->choosing, head->chosen);
    }
}

static void report_tiles(const tam_head_job *job, tam_head_result *result) {
    const tam_head *head = job->head;
    for (int k = 0; k < head->cut.chunks; k++) {
        result->tiles += tam_head_tiles_of(&head->cut, k);
        result->tiles_left_out += head->chunk_left_out[k];
    }
}

/* The class loss: forward, and, unless something is not finite, backward. Returns whether all was finite. */
static bool run_class_loss(tam_head_job *job, float *theta, tam_head_result *result) {
    tam_head *head = job->head;
    bool proxies = tam_head_is(head, TAM_LOSS_PROXY);
    if (proxies) {
        int classes = tam_head_count_classes(job);
        job->own_weight = classes > 0 ? 1.0 / classes : 0.0;
    }
    draw(job);
    tam_head_run_rows(job, tam_head_prepare_rows);
    pack(job, TAM_PACK_FOR_LOGITS);
    tam_head_observe(job);
    tam_head_run_rows(job, tam_head_own_logits);
    tam_team_run(head->ctx, head->cut.chunks, tam_head_first_pass, job);
    if (tam_head_is(head, TAM_LOSS_SOFTMAX)) {
        tam_head_run_rows(job, tam_head_finish_softmax);
    }
    result->class_loss += loss_of_rows(job) + loss_of_others(job);
    result->classes = head->taking;
    bool finite = all_finite(job, result->class_loss + result->centre_loss);
    if (finite) {
        tam_head_weigh_rows(job);
        tam_head_run_rows(job, tam_head_finish_rows);
        result->filter_bound = tam_head_filter_bound(job);
        if (job->update != NULL || job->dw != NULL || job->dbias != NULL) {
            pack(job, TAM_PACK_FOR_WEIGHTS);
            tam_team_run(head->ctx, head->cut.chunks, tam_head_second_pass, job);
            report_tiles(job, result);
        }
    }
    report_rows(job, theta, result);
    return finite;
}

static tam_status step(tam_head_job *job, float *theta, tam_head_result *result) {
    tam_head *head = job->head;
    int counted;
    TAM_TRY(check_batch(head, job->n, job->y, &counted));
    int64_t numbers = (int64_t)job->n * head->dim;
    job->counted = counted;
    job->weight = 1.0 / (counted > 0 ? counted : 1);
    *result = (tam_head_result){.counted = counted};
    head->state = head->loss.state; /* which a checkpoint may have changed since the last step */
    if (head->loss.terms > 0) {
        memset(job->dx, 0, (size_t)numbers * sizeof(float));
    }
    result->centre_loss = tam_head_terms(job, theta, result);
    bool finite = head->loss.class_loss != NULL ? run_class_loss(job, theta, result) : isfinite(result->centre_loss);
    if (!finite) {
        result->class_loss = NAN;
        for (int64_t k = 0; k < numbers; k++) {
            job->dx[k] = NAN;
        }
    } else if (job->update != NULL && !(head->loss.class_loss == NULL && result->no_pairs)) {
        tam_head_move_centres(job);
        tam_head_commit(job);
    }
    result->loss = result->class_loss + result->centre_loss;
    return TAM_OK;
}

tam_status tam_head_step(tam_head *head, int n, const float *x, const int32_t *y, float *dx, float *theta,
                         const tam_head_update *update, tam_head_result *result) {
    tam_head_job job = {.head = head, .n = n, .x = x, .y = y, .dx = dx, .update = update};
    return step(&job, theta, result);
}

tam_status tam_head_gradient(tam_head *head, int n, const float *x, const int32_t *y, float *dx, float *dw,
                             float *dbias, tam_head_result *result) {
    tam_head_job job = {.head = head, .n = n, .x = x, .y = y, .dx = dx, .dw = dw, .dbias = dbias};
    return step(&job, NULL, result);
}

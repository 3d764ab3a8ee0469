/* What a step changes besides weights: statistics of the batch, which hold from its logits on, and what is learned by
 * gradient at its end. Both are kept in training only; a step without update uses the statistics that it would make. */
#include <math.h>

#include "head/head_inside.h"

/* log sum_{j != y} e^z_ij under the statistics as they were, by a first pass of their own. */
static void sum_others(tam_head_job *job, double *others) {
    tam_head *head = job->head;
    tam_head_run_rows(job, tam_head_own_logits);
    job->sums_only = true;
    tam_team_run(head->ctx, head->cut.chunks, tam_head_first_pass, job);
    job->sums_only = false;
    job->again = true;
    tam_head_run_rows(job, tam_head_finish_softmax);
    for (int i = 0, at = 0; i < job->n; i++) {
        if (job->y[i] >= 0) {
            others[at++] = head->row[i].others;
        }
    }
}

void tam_head_observe(tam_head_job *job) {
    tam_head *head = job->head;
    const tam_class_loss *loss = head->loss.class_loss;
    if (loss->observe == NULL || job->counted == 0) {
        return;
    }
    double *c = head->statistics, *a = c + head->batch, *others = a + head->batch, *room = others + head->batch;
    int n = 0;
    for (int i = 0; i < job->n; i++) {
        if (job->y[i] >= 0) {
            c[n] = head->row[i].own.c;
            a[n++] = head->row[i].own.a;
        }
    }
    bool sees_others = tam_head_has(head, TAM_LOSS_SEES_OTHERS);
    if (sees_others) {
        sum_others(job, others);
    }
    loss->observe(&head->state,
                  &(tam_loss_batch){.n = n, .c = c, .a = a, .others = sees_others ? others : NULL, .room = room});
}

void tam_head_commit(tam_head_job *job) {
    tam_head *head = job->head;
    const tam_class_loss *loss = head->loss.class_loss;
    if (loss != NULL && loss->learn != NULL) {
        double gc = 0.0;
        for (int i = 0; i < job->n; i++) {
            gc += job->y[i] >= 0 ? head->row[i].gc : 0.0;
        }
        double scale = job->update->gradient_scale != 0.0f ? (double)job->update->gradient_scale : 1.0;
        loss->learn(&head->state, scale * gc, (double)job->update->lr, (double)job->update->momentum);
    }
    head->state.running[TAM_RUNNING_STEP] += job->update->more != 0 ? 0.0 : 1.0;
    head->loss.state = head->state;
}

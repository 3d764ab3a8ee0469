/* The terms beside the class loss, or without one: on class centres and on the batch's pairs. */
#include <math.h>

#include "base/finite.h"
#include "head/head_inside.h"
#include "loss/pair_batch.h"

size_t tam_head_terms_room(const tam_head *head) {
    size_t largest = 0;
    for (int k = 0; k < head->loss.terms; k++) {
        const tam_loss_term *mine = &head->loss.term[k];
        size_t room = mine->term->room != NULL ? mine->term->room(mine->key, head->batch, head->dim, head->classes) : 0;
        largest = room > largest ? room : largest;
    }
    return largest;
}

static tam_term_batch batch_of(const tam_head_job *job) {
    const tam_head *head = job->head;
    return (tam_term_batch){
        .n = job->n,
        .dim = head->dim,
        .classes = head->classes,
        .x = job->x,
        .y = job->y,
        .counted = job->counted > 0 ? job->counted : 1,
        .centres = head->centres,
        .in_batch = head->in_batch,
        .room = head->term_room,
        .seed = tam_head_part_seed(job),
        .step = tam_head_steps_done(head),
    };
}

static bool counted_rows_are_finite(const tam_head_job *job) {
    bool finite = true;
    for (int i = 0; i < job->n && finite; i++) {
        size_t dim = (size_t)job->head->dim;
        finite = job->y[i] < 0 || tam_all_finite(job->x + (size_t)i * dim, dim);
    }
    return finite;
}

/* The batch as pairs; what a class loss would report comes from them where there is none. */
static void see_pairs(const tam_head_job *job, float *theta, tam_head_result *result) {
    tam_head *head = job->head;
    bool alone = head->loss.class_loss == NULL;
    double mean_theta;
    tam_pair_space_fill(head->ctx, head->pair_space, job->n, head->dim, job->x, job->y);
    tam_pair_result pairs = tam_pair_space_report(head->pair_space, alone ? theta : NULL, &mean_theta);
    result->no_pairs = !pairs.any_positive;
    if (alone) {
        result->mean_theta = mean_theta;
        result->correct = pairs.correct;
    }
}

double tam_head_terms(const tam_head_job *job, float *theta, tam_head_result *result) {
    const tam_head *head = job->head;
    tam_term_batch batch = batch_of(job);
    double loss = 0.0;
    if (head->loss.terms == 0) {
        return 0.0;
    }
    if (!counted_rows_are_finite(job)) {
        return NAN;
    }
    if (head->pair_space != NULL) {
        see_pairs(job, theta, result);
    }
    for (int k = 0; k < head->loss.terms; k++) {
        const tam_loss_term *mine = &head->loss.term[k];
        if (!tam_batch_term_is_pair(mine->term)) {
            loss += mine->term->loss(mine->key, &batch, job->dx);
        } else if (!result->no_pairs) {
            loss += tam_pair_space_apply(head->ctx, head->pair_space, mine, batch.seed, batch.step, head->term_room,
                                         job->dx);
        }
    }
    return loss;
}

/* All terms share the centres: the first one with a rule moves them. */
void tam_head_move_centres(const tam_head_job *job) {
    const tam_head *head = job->head;
    tam_term_batch batch = batch_of(job);
    for (int k = 0; k < head->loss.terms; k++) {
        if (head->loss.term[k].term->move != NULL) {
            head->loss.term[k].term->move(head->loss.term[k].key, &batch);
            return;
        }
    }
}

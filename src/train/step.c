/* One training step. */
#include <math.h>
#include <stdio.h>

#include "base/finite.h"
#include "head/head_loss.h"
#include "train/run.h"

/* Adds the time since *mark to a share and moves the mark. */
static void lap(tam_run *run, tam_share share, double *mark) {
    double now = tam_seconds();
    run->times.share[share] += now - *mark;
    *mark = now;
}

void tam_sums_add(tam_sums *sums, const tam_head_result *result) {
    sums->steps += 1.0;
    sums->loss += result->loss;
    sums->class_loss += result->class_loss;
    sums->centre_loss += result->centre_loss;
    sums->theta += result->mean_theta;
    sums->correct += (double)result->correct;
    sums->counted += (double)result->counted;
}

static void add_left_out(tam_left_out_sums *sums, const tam_head_result *result) {
    sums->steps += 1.0;
    sums->classes += (double)result->classes;
    sums->tiles += (double)result->tiles;
    sums->tiles_left_out += (double)result->tiles_left_out;
    sums->largest_bound = fmax(sums->largest_bound, result->filter_bound);
}

double tam_mean(double sum, double count) {
    return count > 0.0 ? sum / count : NAN;
}

static void account(tam_run *run, const tam_batch *batch, const tam_head_result *result) {
    tam_sums_add(&run->sums.line, result);
    tam_sums_add(&run->sums.epoch, result);
    tam_sums_add(&run->report, result);
    add_left_out(&run->sums.left_out, result);
    for (int i = 0; i < batch->n; i++) {
        /* Pair losses know no angle of a sample that is the only one of its class. */
        if (batch->labels[i] < 0 || !isfinite(run->theta[i])) {
            continue;
        }
        double bin = floor((double)run->theta[i] * (TAM_THETA_BINS / 3.141592653589793));
        run->sums.histogram[bin < 0.0 ? 0 : bin >= TAM_THETA_BINS ? TAM_THETA_BINS - 1 : (int)bin] += 1.0;
    }
}

typedef enum outcome {
    LEARNED,
    NOT_FINITE,
    NO_PAIRS /* there is a pair loss alone, and the batch has no pair */
} outcome;

static outcome judge(const tam_run *run, const tam_head_result *result) {
    if (result->no_pairs && tam_head_loss(run->head)->class_loss == NULL) {
        return NO_PAIRS;
    }
    return isfinite(result->loss) ? LEARNED : NOT_FINITE;
}

/* Embeddings to gradient and updates, as far as they go. The head is fused: its update comes with its gradient, so that
 * what goes into it is checked before. */
static tam_status learn(tam_run *run, const tam_batch *batch, tam_head_result *result, outcome *end, double *mark) {
    const tam_train_config *config = &run->config;
    float lr = (float)run->rate, momentum = (float)config->momentum, decay = (float)config->weight_decay;
    size_t values = (size_t)config->batch * (size_t)config->dim;
    tam_head_update update = {.lr = lr, .momentum = momentum, .weight_decay = decay, .gradient_scale = 1.0f};
    *end = tam_all_finite(run->x, values) ? LEARNED : NOT_FINITE;
    if (*end == LEARNED) {
        TAM_TRY(tam_head_step(run->head, batch->n, run->x, batch->labels, run->dx, run->theta, &update, result));
        *end = judge(run, result);
    }
    lap(run, TAM_SHARE_HEAD, mark);
    if (*end != LEARNED) {
        return TAM_OK;
    }
    TAM_TRY(tam_net_backward(run->plan, run->dx));
    double norm = tam_net_gradient_norm(run->net);
    lap(run, TAM_SHARE_BACKWARD, mark);
    *end = isfinite(norm) ? LEARNED : NOT_FINITE;
    if (*end == LEARNED) {
        double scale = config->clip > 0.0 && norm > config->clip ? config->clip / norm : 1.0;
        tam_net_update(run->net, lr, momentum, decay, (float)scale);
        lap(run, TAM_SHARE_UPDATE, mark);
    }
    return TAM_OK;
}

tam_status tam_run_diverged(tam_run *run, const char *what) {
    char saved[64] = "there is no checkpoint yet";
    if (run->saved_step >= 0) {
        snprintf(saved, sizeof saved, "last.safetensors is good, from step %lld", (long long)run->saved_step);
    }
    return tam_fail(run->ctx, TAM_NEGATIVE, "%s: %s step %lld (%s); try a lower learning rate than %g", run->config.out,
                    what, (long long)run->counters.step, saved, run->config.lr);
}

static tam_status skip(tam_run *run) {
    char what[96];
    run->counters.skipped++;
    run->counters.skipped_in_row++;
    if (run->counters.skipped_in_row < TAM_SKIPS_ALLOWED) {
        return TAM_OK;
    }
    snprintf(what, sizeof what, "the loss or the gradient was not finite in %d steps in a row, up to",
             TAM_SKIPS_ALLOWED);
    return tam_run_diverged(run, what);
}

static void count_no_pairs(tam_run *run) {
    run->counters.no_pairs++;
    if (!run->no_pairs_told) {
        run->no_pairs_told = true;
        tam_warn(run->ctx,
                 "step %lld: no two images of the batch have the same class, so the pair loss learns nothing from it; "
                 "such batches are counted; --sampler pk:P=16,K=4 makes batches with pairs",
                 (long long)run->counters.step);
    }
}

tam_status tam_run_step(tam_run *run) {
    tam_batch batch;
    tam_head_result result = {0};
    outcome end;
    double began = tam_seconds(), mark = began;
    TAM_TRY(tam_loader_next(run->loader, &batch));
    if (batch.n != run->config.batch || batch.step != run->counters.step) {
        return tam_fail(run->ctx, TAM_INTERNAL, "the loader gave step %lld with %d images instead of step %lld with %d",
                        (long long)batch.step, batch.n, (long long)run->counters.step, run->config.batch);
    }
    lap(run, TAM_SHARE_LOAD, &mark);
    run->rate = tam_schedule_rate(&run->schedule, run->counters.step);
    TAM_TRY(tam_net_forward(run->plan, batch.n, batch.images, (uint64_t)run->counters.step, run->x));
    lap(run, TAM_SHARE_FORWARD, &mark);
    TAM_TRY(learn(run, &batch, &result, &end, &mark));
    run->times.wall += tam_seconds() - began;
    run->times.images += batch.n;
    run->counters.step++;
    run->counters.unreadable += batch.unreadable;
    if (result.no_pairs) {
        count_no_pairs(run);
    }
    if (end == NOT_FINITE) {
        return skip(run);
    }
    if (end == NO_PAIRS) {
        return TAM_OK; /* tells nothing of whether numbers are finite again */
    }
    run->counters.skipped_in_row = 0;
    account(run, &batch, &result);
    return TAM_OK;
}

/* One training step. Its parts gather their gradients in the momenta, so that they take the memory of one: the first
 * begins v = momentum v + (g / K + decay w), the others add v = v + g / K, and the last then moves w = w - lr v. */
#include <math.h>
#include <stdio.h>

#include "base/finite.h"
#include "data/sampler.h"
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

/* What the step in work has done to the momenta of the head and of the net. */
typedef struct gathering {
    int part;
    bool head, net;             /* a part's gradient is in them */
    bool head_moved, net_moved; /* and w has followed */
} gathering;

static bool is_last(const tam_run *run, const gathering *step) {
    return step->part == run->config.accumulate - 1;
}

static float rate_now(const tam_run *run, bool moves) {
    return moves ? (float)run->rate : 0.0f;
}

static tam_head_update head_update(const tam_run *run, const gathering *step, bool moves) {
    const tam_train_config *config = &run->config;
    return (tam_head_update){
        .lr = rate_now(run, moves),
        .momentum = step->head ? 1.0f : (float)config->momentum,
        .weight_decay = step->head ? 0.0f : (float)config->weight_decay,
        .gradient_scale = (float)(1.0 / config->accumulate),
        .part = step->part,
        .more = !moves,
        .step_y = run->step_labels,
        .step_n = run->step_labels != NULL ? config->batch * config->accumulate : 0,
    };
}

static void update_net(tam_run *run, gathering *step, bool moves, double scale) {
    const tam_train_config *config = &run->config;
    tam_net_update(run->net, rate_now(run, moves), step->net ? 1.0f : (float)config->momentum,
                   step->net ? 0.0f : (float)config->weight_decay, (float)scale);
    step->net = true;
    step->net_moved = moves;
}

/* Embeddings to gradient and updates, as far as they go. The head is fused: its update comes with its gradient, so that
 * what goes into it is checked before. */
static tam_status learn(tam_run *run, gathering *step, const tam_batch *batch, tam_head_result *result, outcome *end,
                        double *mark) {
    const tam_train_config *config = &run->config;
    size_t values = (size_t)config->batch * (size_t)config->dim;
    const tam_head_update update = head_update(run, step, is_last(run, step));
    *end = tam_all_finite(run->x, values) ? LEARNED : NOT_FINITE;
    if (*end == LEARNED) {
        TAM_TRY(tam_head_step(run->head, batch->n, run->x, batch->labels, run->dx, run->theta, &update, result));
        *end = judge(run, result);
    }
    lap(run, TAM_SHARE_HEAD, mark);
    if (*end != LEARNED) {
        return TAM_OK;
    }
    step->head = true;
    step->head_moved = is_last(run, step);
    TAM_TRY(tam_net_backward(run->plan, run->dx));
    double norm = tam_net_gradient_norm(run->net);
    lap(run, TAM_SHARE_BACKWARD, mark);
    *end = isfinite(norm) ? LEARNED : NOT_FINITE;
    if (*end == LEARNED) {
        double scale = config->clip > 0.0 && norm > config->clip ? config->clip / norm : 1.0;
        update_net(run, step, is_last(run, step), scale / config->accumulate);
        lap(run, TAM_SHARE_UPDATE, mark);
    }
    return TAM_OK;
}

/* Where the last part added nothing, what the parts before it gathered has not moved w yet. For the head that is a
 * batch without any label. */
static tam_status move_late(tam_run *run, gathering *step, double *mark) {
    if (step->head && !step->head_moved) {
        const int32_t none = -1;
        tam_head_result nothing;
        const tam_head_update update = head_update(run, step, true);
        for (int d = 0; d < run->config.dim; d++) {
            run->x[d] = 0.0f;
        }
        TAM_TRY(tam_head_step(run->head, 1, run->x, &none, run->dx, NULL, &update, &nothing));
        lap(run, TAM_SHARE_HEAD, mark);
    }
    if (step->net && !step->net_moved) {
        update_net(run, step, true, 0.0);
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

/* A part that is not finite adds nothing; with too many in a row, nothing will. */
static tam_status check_skipped(tam_run *run) {
    char what[96];
    bool whole = run->config.accumulate == 1;
    if (run->counters.skipped_in_row < TAM_SKIPS_ALLOWED) {
        return TAM_OK;
    }
    snprintf(what, sizeof what, "the loss or the gradient was not finite in %lld %s in a row, up to",
             (long long)run->counters.skipped_in_row, whole ? "steps" : "parts of steps");
    return tam_run_diverged(run, what);
}

static void count_no_pairs(tam_run *run) {
    run->counters.no_pairs++;
    if (!run->no_pairs_told) {
        run->no_pairs_told = true;
        tam_warn(run->ctx,
                 "step %lld: no two images of the batch have the same class, so the pair loss learns nothing from it; "
                 "such batches are counted; --sampler pk:P=16,K=4 makes batches with pairs",
                 (long long)run->counters.step + 1);
    }
}

static void conclude(tam_run *run, const tam_batch *batch, const tam_head_result *result, outcome end) {
    run->times.images += batch->n;
    run->counters.unreadable += batch->unreadable;
    if (result->no_pairs) {
        count_no_pairs(run);
    }
    if (end == NOT_FINITE) {
        run->counters.skipped++;
        run->counters.skipped_in_row++;
    } else if (end == LEARNED) { /* a batch without pairs tells nothing of whether numbers are finite again */
        run->counters.skipped_in_row = 0;
        account(run, batch, result);
    }
}

static tam_status run_part(tam_run *run, gathering *step, double *mark) {
    int64_t number = run->counters.step * run->config.accumulate + step->part;
    tam_head_result result = {0};
    tam_batch batch;
    outcome end;
    TAM_TRY(tam_loader_next(run->loader, &batch));
    if (batch.n != run->config.batch || batch.step != number) {
        return tam_fail(run->ctx, TAM_INTERNAL, "the loader gave batch %lld with %d images instead of %lld with %d",
                        (long long)batch.step, batch.n, (long long)number, run->config.batch);
    }
    lap(run, TAM_SHARE_LOAD, mark);
    TAM_TRY(tam_net_forward(run->plan, batch.n, batch.images, (uint64_t)number, run->x));
    lap(run, TAM_SHARE_FORWARD, mark);
    TAM_TRY(learn(run, step, &batch, &result, &end, mark));
    conclude(run, &batch, &result, end);
    return TAM_OK;
}

/* The labels of all parts, before the first: classes that are drawn for a step are those of all its parts and others.
 */
static void collect_labels(tam_run *run) {
    int64_t batch = run->config.batch, parts = run->config.accumulate, epoch;
    for (int64_t part = 0; run->step_labels != NULL && part < parts; part++) {
        (void)tam_sampler_batch(run->order, run->counters.step * parts + part, run->step_index, &epoch);
        for (int64_t k = 0; k < batch; k++) {
            run->step_labels[part * batch + k] = tam_dataset_label(run->data, run->step_index[k]);
        }
    }
}

tam_status tam_run_step(tam_run *run) {
    gathering step = {0};
    double began = tam_seconds(), mark = began;
    run->rate = tam_schedule_rate(&run->schedule, run->counters.step);
    collect_labels(run);
    for (; step.part < run->config.accumulate; step.part++) {
        TAM_TRY(run_part(run, &step, &mark));
    }
    TAM_TRY(move_late(run, &step, &mark));
    run->times.wall += tam_seconds() - began;
    run->counters.step++;
    return check_skipped(run);
}

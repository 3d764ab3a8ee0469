/* What the lines of log.jsonl say. */
#include <string.h>

#include "head/head_loss.h"
#include "train/run.h"

static const char *const share_names[TAM_SHARES] = {"load", "forward", "head", "backward", "update"};

void tam_log_start(tam_run *run) {
    tam_log *log = &run->log;
    tam_log_begin(log, "start");
    tam_log_text(log, "net", run->config.net);
    tam_log_text(log, "loss", run->config.loss);
    tam_log_whole(log, "dim", run->config.dim);
    tam_log_whole(log, "classes", run->info.classes);
    tam_log_whole(log, "images", run->info.count);
    tam_log_whole(log, "parameters", tam_net_describe(run->net).parameters);
    tam_log_whole(log, "steps", run->steps);
    tam_log_text(log, "dtype", tam_net_plan_dtype(run->plan));
    tam_log_text(log, "recompute", run->config.recompute);
    tam_log_whole(log, "deterministic", run->config.deterministic);
    tam_log_text(log, "tune", run->config.tune);
    tam_log_whole(log, "accumulate", run->config.accumulate);
    tam_log_text(log, "head_dtype", run->config.head_dtype);
    tam_log_whole(log, "batch", run->config.batch);
    tam_log_text(log, "sampler", run->config.sampler);
    if (run->config.init_from != NULL) {
        tam_log_whole(log, "init_step", run->init_step);
        tam_log_text(log, "class_weights", run->class_weights);
    }
    tam_log_write(log);
}

/* The class loss's own running statistics, if it keeps any. */
static void log_running(tam_run *run) {
    const tam_loss *loss = tam_head_loss(run->head);
    const tam_class_loss *kind = loss->class_loss;
    if (kind == NULL || (kind->start == NULL && kind->observe == NULL && kind->learn == NULL)) {
        return;
    }
    tam_log_raw(&run->log, ",\"running\":[");
    for (int i = TAM_RUNNING_OWN; i < TAM_LOSS_RUNNING; i++) { /* always finite: the head takes nothing else in */
        tam_log_raw(&run->log, "%s%.9g", i > TAM_RUNNING_OWN ? "," : "", loss->state.running[i]);
    }
    tam_log_raw(&run->log, "]");
}

/* Where not every class takes part in every step and every gradient. */
static void log_left_out(tam_run *run) {
    const tam_left_out_sums *sums = &run->sums.left_out;
    if (run->config.sample_rate < 1.0) {
        tam_log_real(&run->log, "classes", tam_mean(sums->classes, sums->steps));
    }
    if (run->config.gradient_filter > 0) {
        tam_log_real(&run->log, "tiles_left_out", tam_mean(sums->tiles_left_out, sums->tiles));
        tam_log_real(&run->log, "filter_bound", sums->largest_bound);
    }
}

void tam_log_step(tam_run *run) {
    tam_log *log = &run->log;
    const tam_sums *sums = &run->sums.line;
    double wall = run->times.wall - run->times_at_line.wall;
    tam_log_begin(log, "step");
    tam_log_whole(log, "step", run->counters.step);
    tam_log_whole(log, "epoch", (run->counters.step - 1) / run->steps_per_epoch + 1);
    tam_log_real(log, "loss", tam_mean(sums->loss, sums->steps));
    tam_log_real(log, "class_loss", tam_mean(sums->class_loss, sums->steps));
    tam_log_real(log, "centre_loss", tam_mean(sums->centre_loss, sums->steps));
    tam_log_real(log, "theta", tam_mean(sums->theta, sums->steps));
    tam_log_real(log, "accuracy", tam_mean(sums->correct, sums->counted));
    tam_log_real(log, "lr", run->rate);
    tam_log_whole(log, "skipped", run->counters.skipped);
    tam_log_whole(log, "unreadable", run->counters.unreadable);
    tam_log_whole(log, "no_pairs", run->counters.no_pairs);
    log_running(run);
    log_left_out(run);
    tam_log_real(log, "images_per_second", tam_mean(run->times.images - run->times_at_line.images, wall));
    for (int i = 0; i < TAM_SHARES; i++) {
        tam_log_real(log, share_names[i], tam_mean(run->times.share[i] - run->times_at_line.share[i], wall));
    }
    tam_log_real(log, "stall_seconds", tam_loader_stall(run->loader));
    tam_log_raw(log, ",\"theta_histogram\":[");
    for (int i = 0; i < TAM_THETA_BINS; i++) {
        tam_log_raw(log, "%s%.0f", i > 0 ? "," : "", run->sums.histogram[i]);
    }
    tam_log_raw(log, "]");
    tam_log_write(log);
    run->sums.line = (tam_sums){0};
    run->sums.left_out = (tam_left_out_sums){0};
    memset(run->sums.histogram, 0, sizeof run->sums.histogram);
    run->times_at_line = run->times;
}

void tam_log_end(tam_run *run) {
    tam_log *log = &run->log;
    tam_log_begin(log, "end");
    tam_log_whole(log, "step", run->counters.step);
    tam_log_whole(log, "skipped", run->counters.skipped);
    tam_log_whole(log, "unreadable", run->counters.unreadable);
    tam_log_whole(log, "no_pairs", run->counters.no_pairs);
    tam_log_real(log, "loss", run->sums.last_loss);
    tam_log_real(log, "accuracy", run->sums.last_accuracy);
    tam_log_real(log, "eer", run->sums.last_eer);
    tam_log_real(log, "seconds", tam_seconds() - run->began);
    tam_log_real(log, "stall_seconds", tam_loader_stall(run->loader));
    tam_log_write(log);
}

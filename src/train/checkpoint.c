/* last.safetensors: all that a run needs to go on as if it had never stopped. */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "train/run.h"

enum { COUNTERS = sizeof(tam_counters) / sizeof(int64_t), SUMS = sizeof(tam_run_sums) / sizeof(double) };
_Static_assert(sizeof(tam_counters) == COUNTERS * sizeof(int64_t), "counters are an array of i64");
_Static_assert(sizeof(tam_run_sums) == SUMS * sizeof(double), "sums are an array of f64");

tam_status tam_checkpoint_save(tam_run *run) {
    const tam_tensor extra[] = {
        {"train.counters", TAM_DTYPE_I64, 1, {COUNTERS}, &run->counters, sizeof run->counters, 0},
        {"train.sums", TAM_DTYPE_F64, 1, {SUMS}, &run->sums, sizeof run->sums, 0},
    };
    double began = tam_seconds();
    tam_status status = tam_snapshot_take(run->snapshot);
    if (status == TAM_OK) {
        status = tam_snapshot_write_checkpoint(run->snapshot, run->directory.last, run->counters.step, extra, 2);
    }
    run->saved = tam_seconds();
    run->save_seconds = run->saved - began;
    if (status == TAM_OK) {
        run->saved_step = run->counters.step;
    }
    return status;
}

bool tam_checkpoint_is_due(const tam_run *run, double now) {
    static const double rest = 9.0; /* times as long as the writing takes: at most a tenth of the time goes into it */
    return now - run->saved >= fmax(run->config.checkpoint_seconds, rest * run->save_seconds);
}

static tam_status same_text(tam_run *run, const char *path, const tam_tensors *tensors, const char *key,
                            const char *own) {
    const char *there = tam_tensors_text(tensors, key);
    if (there == NULL || strcmp(there, own) != 0) {
        return tam_fail(run->ctx, TAM_CONFIG, "%s: the checkpoint has %s '%s', this run '%s'", path, key,
                        there != NULL ? there : "none", own);
    }
    return TAM_OK;
}

static tam_status same_number(tam_run *run, const char *path, const tam_tensors *tensors, const char *key,
                              int64_t own) {
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)own);
    return same_text(run, path, tensors, key, text);
}

static tam_status read_array(tam_run *run, const char *path, const tam_tensors *tensors, const char *name,
                             tam_dtype dtype, void *values, size_t bytes) {
    const tam_tensor *found = tam_tensors_find(tensors, name);
    if (found == NULL || found->dtype != dtype || found->bytes != bytes) {
        return tam_fail(run->ctx, TAM_INPUT, "%s: array '%s' is missing or of another shape", path, name);
    }
    return tam_tensors_read(tensors, found, 0, bytes, values);
}

/* The vector, or its first `older` bytes as it was once written; the rest is then 0. */
static tam_status read_grown(tam_run *run, const char *path, const tam_tensors *tensors, const char *name,
                             tam_dtype dtype, void *values, size_t bytes, size_t older) {
    const tam_tensor *found = tam_tensors_find(tensors, name);
    memset(values, 0, bytes);
    return read_array(run, path, tensors, name, dtype, values, found != NULL && found->bytes == older ? older : bytes);
}

static tam_status load_counters(tam_run *run, const char *path, const tam_tensors *tensors) {
    tam_counters counters;
    TAM_TRY(read_grown(run, path, tensors, "train.counters", TAM_DTYPE_I64, &counters, sizeof counters,
                       offsetof(tam_counters, no_pairs)));
    TAM_TRY(read_grown(run, path, tensors, "train.sums", TAM_DTYPE_F64, &run->sums, sizeof run->sums,
                       offsetof(tam_run_sums, left_out)));
    if (counters.images != run->info.count) {
        return tam_fail(run->ctx, TAM_CONFIG, "%s: the checkpoint's data had %lld images, these have %lld", path,
                        (long long)counters.images, (long long)run->info.count);
    }
    if (counters.step < 0 || counters.step > run->steps || counters.epochs_ended < 0 ||
        counters.epochs_ended > run->epochs) {
        return tam_fail(run->ctx, TAM_INPUT, "%s: step %lld of %lld and epoch %lld of %lld cannot be", path,
                        (long long)counters.step, (long long)run->steps, (long long)counters.epochs_ended,
                        (long long)run->epochs);
    }
    run->counters = counters;
    return TAM_OK;
}

static tam_status same_classes(tam_run *run, const char *path, const tam_tensors *tensors) {
    const tam_tensor *names = tam_tensors_find(tensors, "class_names");
    bool same = names != NULL && names->bytes == run->class_names_bytes;
    tam_status status = TAM_OK;
    if (same) {
        char *there = tam_allocate(run->ctx, names->bytes, 1, "the class names");
        if (there == NULL) {
            return TAM_RESOURCES;
        }
        status = tam_tensors_read(tensors, names, 0, names->bytes, there);
        same = status != TAM_OK || memcmp(there, run->class_names, names->bytes) == 0;
        tam_release(run->ctx, there);
    }
    if (!same) {
        return tam_fail(run->ctx, TAM_CONFIG, "%s: the checkpoint's classes have other names than the data's", path);
    }
    return status;
}

static tam_status load(tam_run *run, const char *path, const tam_tensors *tensors) {
    TAM_TRY(same_text(run, path, tensors, "format", TAM_MODEL_FORMAT));
    TAM_TRY(same_text(run, path, tensors, "kind", "checkpoint"));
    TAM_TRY(same_text(run, path, tensors, "net", run->config.net));
    if (tam_net_is_file(run->config.net)) {
        TAM_TRY(tam_run_net_is_same(run, path, tam_tensors_text(tensors, "graph")));
    }
    TAM_TRY(same_text(run, path, tensors, "loss", run->config.loss));
    TAM_TRY(same_number(run, path, tensors, "dim", run->config.dim));
    TAM_TRY(same_number(run, path, tensors, "classes", run->info.classes));
    TAM_TRY(same_number(run, path, tensors, "channels", run->info.channels));
    TAM_TRY(same_number(run, path, tensors, "height", run->info.height));
    TAM_TRY(same_number(run, path, tensors, "width", run->info.width));
    TAM_TRY(same_classes(run, path, tensors));
    TAM_TRY(load_counters(run, path, tensors));
    return tam_snapshot_restore(run->snapshot, path, tensors);
}

tam_status tam_checkpoint_load(tam_run *run, const char *path) {
    tam_tensors *tensors = NULL;
    TAM_TRY(tam_tensors_open(run->ctx, path, &tensors));
    tam_status status = load(run, path, tensors);
    tam_tensors_free(tensors);
    return status;
}

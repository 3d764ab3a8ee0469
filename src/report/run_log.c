#include "report/run_log.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"

enum { LARGEST_LOG = 1 << 30 };

static double real_of(const json_t *line, const char *key) {
    const json_t *value = json_object_get(line, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static int64_t whole_of(const json_t *line, const char *key) {
    double value = real_of(line, key);
    return value >= 0 && value < 9e15 ? (int64_t)value : 0;
}

static tam_status set_words(tam_ctx *ctx, char **words, const json_t *line, const char *key) {
    const char *value = json_string_value(json_object_get(line, key));
    char *copy = tam_copy_string(ctx, value != NULL ? value : "");
    if (copy == NULL) {
        return TAM_RESOURCES;
    }
    tam_release(ctx, *words);
    *words = copy;
    return TAM_OK;
}

static tam_status read_start(tam_run_log *log, const json_t *line) {
    TAM_TRY(set_words(log->ctx, &log->net, line, "net"));
    TAM_TRY(set_words(log->ctx, &log->loss, line, "loss"));
    log->dim = whole_of(line, "dim");
    log->classes = whole_of(line, "classes");
    log->images = whole_of(line, "images");
    log->parameters = whole_of(line, "parameters");
    log->planned_steps = whole_of(line, "steps");
    log->batch = whole_of(line, "batch");
    return TAM_OK;
}

/* Room for one more item at the end of a growing array. */
static tam_status make_room(tam_ctx *ctx, void **items, int64_t count, size_t size) {
    if (count > 0 && (count & (count - 1)) != 0) {
        return TAM_OK; /* it grows at powers of two only */
    }
    void *larger = tam_reallocate(ctx, *items, (size_t)(count > 0 ? 2 * count : 1), size, "lines of a log");
    if (larger == NULL) {
        return TAM_RESOURCES;
    }
    *items = larger;
    return TAM_OK;
}

static void read_histogram(tam_log_step *step, const json_t *line) {
    const json_t *bins = json_object_get(line, "theta_histogram");
    if (!json_is_array(bins) || json_array_size(bins) != TAM_THETA_BINS) {
        return;
    }
    step->has_histogram = true;
    for (size_t i = 0; i < TAM_THETA_BINS; i++) {
        double value = json_number_value(json_array_get(bins, i));
        step->theta_histogram[i] = value > 0 && value < 1e15 ? value : 0;
    }
}

static double first_running(const json_t *line) {
    const json_t *first = json_array_get(json_object_get(line, "running"), 0);
    return json_is_number(first) ? json_number_value(first) : NAN;
}

static tam_status read_step(tam_run_log *log, const json_t *line) {
    int64_t number = whole_of(line, "step");
    while (log->step_count > 0 && log->steps[log->step_count - 1].step >= number) {
        log->step_count--;
    }
    void *items = log->steps;
    TAM_TRY(make_room(log->ctx, &items, log->step_count, sizeof *log->steps));
    log->steps = items;
    tam_log_step *step = &log->steps[log->step_count++];
    *step = (tam_log_step){.step = number,
                           .loss = real_of(line, "loss"),
                           .theta = real_of(line, "theta"),
                           .accuracy = real_of(line, "accuracy"),
                           .lr = real_of(line, "lr"),
                           .images_per_second = real_of(line, "images_per_second"),
                           .running = first_running(line),
                           .load = real_of(line, "load"),
                           .forward = real_of(line, "forward"),
                           .head = real_of(line, "head"),
                           .backward = real_of(line, "backward"),
                           .update = real_of(line, "update")};
    read_histogram(step, line);
    return TAM_OK;
}

static tam_status read_epoch(tam_run_log *log, const json_t *line) {
    int64_t step = whole_of(line, "step");
    while (log->epoch_count > 0 && log->epochs[log->epoch_count - 1].step >= step) {
        log->epoch_count--;
    }
    void *items = log->epochs;
    TAM_TRY(make_room(log->ctx, &items, log->epoch_count, sizeof *log->epochs));
    log->epochs = items;
    log->epochs[log->epoch_count++] = (tam_log_epoch){.epoch = whole_of(line, "epoch"),
                                                      .step = step,
                                                      .loss = real_of(line, "loss"),
                                                      .accuracy = real_of(line, "accuracy"),
                                                      .eer = real_of(line, "eer")};
    return TAM_OK;
}

static tam_status read_line(tam_run_log *log, const json_t *line) {
    const char *kind = json_string_value(json_object_get(line, "kind"));
    if (kind == NULL) {
        log->bad_lines++;
        return TAM_OK;
    }
    if (strcmp(kind, "start") == 0) {
        return read_start(log, line);
    }
    if (strcmp(kind, "step") == 0) {
        return read_step(log, line);
    }
    if (strcmp(kind, "epoch") == 0) {
        return read_epoch(log, line);
    }
    log->ended = log->ended || strcmp(kind, "end") == 0;
    return TAM_OK;
}

tam_status tam_run_log_parse(tam_ctx *ctx, const char *data, size_t size, tam_run_log *log) {
    tam_status status = TAM_OK;
    *log = (tam_run_log){.ctx = ctx};
    log->net = tam_copy_string(ctx, "");
    log->loss = tam_copy_string(ctx, "");
    if (log->net == NULL || log->loss == NULL) {
        status = TAM_RESOURCES;
    }
    for (size_t at = 0; status == TAM_OK && at < size;) {
        const char *end = memchr(data + at, '\n', size - at);
        size_t length = end != NULL ? (size_t)(end - data) - at : size - at;
        json_t *line = json_loadb(data + at, length, 0, NULL);
        if (line != NULL) {
            status = read_line(log, line);
        } else if (end != NULL && length > 0) {
            log->bad_lines++;
        }
        json_decref(line);
        at += length + 1;
    }
    if (status != TAM_OK) {
        tam_run_log_free(log);
    }
    return status;
}

tam_status tam_run_log_read(tam_ctx *ctx, const char *folder, tam_run_log *log) {
    uint8_t *data = NULL;
    size_t size = 0;
    *log = (tam_run_log){.ctx = ctx};
    char *path = tam_path_join(ctx, folder, "log.jsonl");
    tam_status status = path == NULL ? TAM_RESOURCES : tam_file_read(ctx, path, LARGEST_LOG, &data, &size);
    if (status == TAM_OK) {
        status = tam_run_log_parse(ctx, (const char *)data, size, log);
    }
    if (status == TAM_OK && *log->net == '\0' && log->step_count == 0 && log->epoch_count == 0) {
        tam_run_log_free(log);
        status = tam_fail(ctx, TAM_INPUT, "%s: not one line of it is a training run's", path);
    }
    tam_release(ctx, data);
    tam_release(ctx, path);
    return status;
}

void tam_run_log_free(tam_run_log *log) {
    if (log->ctx == NULL) {
        return;
    }
    tam_release(log->ctx, log->net);
    tam_release(log->ctx, log->loss);
    tam_release(log->ctx, log->steps);
    tam_release(log->ctx, log->epochs);
    *log = (tam_run_log){0};
}

bool tam_run_log_histogram(const tam_run_log *log, double from, double to, double bins[TAM_THETA_BINS]) {
    double sum = 0;
    double last = log->step_count > 0 ? (double)log->steps[log->step_count - 1].step : 0;
    memset(bins, 0, TAM_THETA_BINS * sizeof *bins);
    for (int64_t i = 0; i < log->step_count; i++) {
        const tam_log_step *step = &log->steps[i];
        double place = last > 0 ? (double)step->step / last : 1;
        for (int b = 0; b < TAM_THETA_BINS && step->has_histogram && place >= from && place <= to; b++) {
            bins[b] += step->theta_histogram[b];
            sum += step->theta_histogram[b];
        }
    }
    for (int b = 0; b < TAM_THETA_BINS && sum > 0; b++) {
        bins[b] /= sum;
    }
    return sum > 0;
}

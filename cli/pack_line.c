#include "pack_line.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* Rewritten in place on a terminal, one line every ten seconds elsewhere. */
static void show(void *user, int64_t done, int64_t all) {
    static const double plain_interval = 10.0;
    pack_line *line = user;
    double time = now(), seconds = time - line->began;
    if (line->call->quiet || (!line->terminal && time - line->printed < plain_interval)) {
        return;
    }
    line->printed = time;
    double rate = seconds > 0 ? (double)done / seconds : 0;
    long long left = rate > 0 ? (long long)((double)(all - done) / rate) : 0;
    fprintf(stderr, "%sImage %lld/%lld  Speed %.0f images/s  Required %lld:%02lld:%02lld%s", line->terminal ? "\r" : "",
            (long long)done, (long long)all, rate, left / 3600, left / 60 % 60, left % 60,
            line->terminal ? "\x1b[K" : "\n");
    line->open = line->terminal;
}

void pack_line_start(pack_line *line, cli_call *call, tam_pack_config *config) {
    double time = now();
    *line = (pack_line){.call = call, .terminal = isatty(STDERR_FILENO), .began = time, .printed = time};
    config->stop = cli_catch_signals();
    config->progress = show;
    config->progress_user = line;
}

void pack_line_end(pack_line *line) {
    if (line->open) {
        fputc('\n', stderr);
        line->open = false;
    }
}

static tam_status print_result(cli_call *call, const char *kind, const tam_pack_config *config,
                               const tam_pack_result *result) {
    if (call->json) {
        return cli_print_json(call, json_pack("{s:o, s:s, s:I, s:I, s:I, s:I}", "out", cli_json_text(config->out),
                                              "from", kind, "images", (json_int_t)result->images, "classes",
                                              (json_int_t)result->classes, "files", (json_int_t)result->files, "bytes",
                                              (json_int_t)result->bytes));
    }
    char classes[48] = "without labels";
    if (result->classes > 0) {
        snprintf(classes, sizeof classes, "of %lld classes", (long long)result->classes);
    }
    cli_print_name(config->out);
    printf(": %lld images %s, %.1f MB of images in %lld file%s\n", (long long)result->images, classes,
           (double)result->bytes * 1e-6, (long long)result->files, result->files == 1 ? "" : "s");
    return TAM_OK;
}

tam_status pack_run(cli_call *call, tam_dataset_config *data, tam_pack_config *config) {
    int pixels;
    pack_line line;
    tam_dataset *dataset;
    tam_pack_result result;
    tam_status status = tam_pack_wants_pixels(call->ctx, config, &pixels);
    if (status != TAM_OK) {
        return status;
    }
    data->any_size = !pixels && !config->encode;
    data->unlabelled = 1;
    data->cache_bytes = -1; /* every image is wanted once */
    status = tam_dataset_open(call->ctx, data, &dataset);
    if (status != TAM_OK) {
        return status;
    }
    if (strcmp(tam_dataset_kind(dataset), "image folder") == 0) {
        status = cli_refuse_inside(call, data->path, config->out);
    }
    if (status != TAM_OK) {
        tam_dataset_free(dataset);
        return status;
    }
    pack_line_start(&line, call, config);
    status = tam_pack(call->ctx, dataset, config, &result);
    pack_line_end(&line);
    if (status == TAM_OK) {
        status = print_result(call, tam_dataset_kind(dataset), config, &result);
    }
    tam_dataset_free(dataset);
    return status;
}

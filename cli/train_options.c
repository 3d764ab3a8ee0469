#include "train_options.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

tam_train_config train_defaults(void) {
    return (tam_train_config){
        .momentum = 0.9, .weight_decay = 5e-4, .warmup = 0.02, .clip = 5.0, .stop = cli_catch_signals()};
}

/* The progress line: rewritten in place on a terminal, one line every ten seconds elsewhere. */
typedef struct train_progress {
    const cli_call *call;
    bool terminal, open, begun; /* open: the line on the terminal is not ended yet */
    double printed;             /* when the last one was, in seconds of the run */
    double first_seconds;       /* the first report: what lies before does not tell the speed */
    int64_t first_step;
} train_progress;

static void print_required(const train_progress *line, const tam_train_progress *now) {
    int64_t done = now->step - line->first_step;
    if (done <= 0) {
        fprintf(stderr, "  Required ?");
        return;
    }
    double seconds = (now->seconds - line->first_seconds) / (double)done * (double)(now->steps - now->step);
    long long whole = (long long)seconds;
    fprintf(stderr, "  Required %lld:%02lld:%02lld", whole / 3600, whole / 60 % 60, whole % 60);
}

static void show_progress(void *user, const tam_train_progress *now) {
    static const double plain_interval = 10.0, degrees = 57.29577951308232;
    train_progress *line = user;
    if (!line->begun) {
        line->begun = true;
        line->first_seconds = now->seconds;
        line->first_step = now->step;
        line->printed = -plain_interval;
    }
    if (line->call->quiet || isnan(now->loss) ||
        (!line->terminal && now->step < now->steps && now->seconds - line->printed < plain_interval)) {
        return;
    }
    fprintf(stderr, "%sSpeed %.0f images/s  Loss %.4f  Theta %.1f  Accuracy %.4f  LR %.5f", line->terminal ? "\r" : "",
            now->images_per_second, now->loss, now->mean_theta * degrees, now->accuracy, now->lr);
    if (isfinite(now->validation)) {
        fprintf(stderr, "  EER %.4f", now->validation);
    }
    if (now->unreadable > 0) {
        fprintf(stderr, "  Unreadable %lld", (long long)now->unreadable);
    }
    if (now->no_pairs > 0) {
        fprintf(stderr, "  Without pairs %lld", (long long)now->no_pairs);
    }
    fprintf(stderr, "  Epoch %lld/%lld  Step %lld/%lld", (long long)now->epoch, (long long)now->epochs,
            (long long)now->step, (long long)now->steps);
    print_required(line, now);
    fprintf(stderr, "%s", line->terminal ? "\x1b[K" : "\n");
    line->open = line->terminal;
    line->printed = now->seconds;
}

/* In the library's configuration 0 means default and a negative number 0. */
static void mark_zero(double *value) {
    if (*value == 0.0) {
        *value = -1.0;
    }
}

/* The user's folder for what programs may keep and may lose; NULL: none is known. */
static const char *tuning_cache(void) {
    static char path[4096];
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    bool own = cache != NULL && cache[0] == '/'; /* others are to be ignored: XDG Base Directory Specification */
    const char *folder = own ? cache : home;
    if (folder == NULL || folder[0] != '/') {
        return NULL;
    }
    int length = snprintf(path, sizeof path, "%s%s/tammes/tuning.txt", folder, own ? "" : "/.cache");
    return length < (int)sizeof path ? path : NULL;
}

void train_settle(const cli_call *call, bool deterministic, tam_train_config *config) {
    config->deterministic = deterministic;
    config->tuning_cache = tuning_cache();
    config->seed = call->seed;
    mark_zero(&config->momentum);
    mark_zero(&config->weight_decay);
    mark_zero(&config->warmup);
    mark_zero(&config->clip);
}

tam_status train_run(const cli_call *call, const tam_train_config *settled, tam_train_result *result) {
    train_progress line = {.call = call, .terminal = isatty(STDERR_FILENO)};
    tam_train_config config = *settled;
    config.progress = show_progress;
    config.progress_user = &line;
    tam_status status = tam_train(call->ctx, &config, result);
    if (line.open) {
        fprintf(stderr, "\n");
    }
    return status;
}

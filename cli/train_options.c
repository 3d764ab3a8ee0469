#include "train_options.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
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
    int loader_threads;
    bool hinted;
} train_progress;

/* Once, when the trainer has starved for long enough that it is no beginning: how many threads would feed it, if there
 * are processors for them. */
static void hint_at_threads(train_progress *line, const tam_train_progress *now) {
    static const double least_seconds = 20.0, least_share = 0.1;
    double share = now->seconds > 0.0 ? now->stall / now->seconds : 0.0;
    if (line->hinted || line->call->quiet || now->seconds < least_seconds || share < least_share) {
        return;
    }
    int threads = line->loader_threads > 0 ? line->loader_threads : 1;
    double enough = ceil(threads / fmax(1.0 - share, 0.01));
    line->hinted = true;
    fprintf(stderr, "%s", line->open ? "\n" : "");
    line->open = false;
    cli_note(line->call,
             "training waits for images %.0f%% of its time: --loader-threads %.0f would feed it, given processors\n",
             100.0 * share, fmin(fmax(enough, threads + 1), 256.0));
}

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
    if (isfinite(now->pairs_accuracy)) {
        fprintf(stderr, "  Pairs %.4f", now->pairs_accuracy);
    }
    if (now->unreadable > 0) {
        fprintf(stderr, "  Unreadable %lld", (long long)now->unreadable);
    }
    if (now->no_pairs > 0) {
        fprintf(stderr, "  Without pairs %lld", (long long)now->no_pairs);
    }
    fprintf(stderr, "  Stall %.1f s (%.0f%%)", now->stall, 100.0 * now->load);
    fprintf(stderr, "  Epoch %lld/%lld  Step %lld/%lld", (long long)now->epoch, (long long)now->epochs,
            (long long)now->step, (long long)now->steps);
    print_required(line, now);
    fprintf(stderr, "%s", line->terminal ? "\x1b[K" : "\n");
    line->open = line->terminal;
    line->printed = now->seconds;
    hint_at_threads(line, now);
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

/* Whether the flag is a setting of the recipe, other than which images there are. */
static bool is_setting(const cli_option *option, const tam_train_config *config) {
    const char *value = option->value, *first = (const char *)config;
    bool inside = value >= first && value < first + sizeof *config;
    bool images = value < (const char *)(&config->validation + 1) && value != (const char *)&config->data.size &&
                  value != (const char *)&config->data.channels;
    return inside && !images && strcmp(option->name, "net") != 0 && strcmp(option->name, "loss") != 0;
}

static tam_status refuse_setting(cli_call *call, const cli_option *options, int count, const tam_train_config *config,
                                 const char *name) {
    const char *names[CLI_MOST_OPTIONS];
    int settings = 0;
    for (int i = 0; i < count && settings < CLI_MOST_OPTIONS; i++) {
        if (is_setting(&options[i], config)) {
            names[settings++] = options[i].name;
        }
    }
    const char *nearest = tam_nearest_name(name, names, settings);
    if (nearest == NULL) {
        return cli_fail(call, TAM_CONFIG, "'%s' cannot be swept (what can: net.KEY, loss.KEY, lr, batch, epochs, ...)",
                        name);
    }
    return cli_fail(call, TAM_CONFIG, "'%s' cannot be swept (did you mean '%s'?)", name, nearest);
}

tam_status train_set(cli_call *call, const cli_option *options, int count, tam_train_config *config, const char *name,
                     const char *value, tam_train_config *recipe) {
    for (int i = 0; i < count; i++) {
        if (strcmp(options[i].name, name) != 0 || !is_setting(&options[i], config)) {
            continue;
        }
        const tam_train_config kept = *config;
        *config = *recipe;
        tam_status status = cli_assign(call, &options[i], value, (cli_source){0});
        if (status == TAM_OK && options[i].type == CLI_REAL) {
            mark_zero(options[i].value);
        }
        *recipe = *config;
        *config = kept;
        return status;
    }
    return refuse_setting(call, options, count, config, name);
}

tam_status train_run(const cli_call *call, const tam_train_config *settled, tam_train_result *result) {
    train_progress line = {.call = call, .terminal = isatty(STDERR_FILENO), .loader_threads = settled->loader_threads};
    tam_train_config config = *settled;
    config.progress = show_progress;
    config.progress_user = &line;
    tam_status status = tam_train(call->ctx, &config, result);
    if (line.open) {
        fprintf(stderr, "\n");
    }
    return status;
}

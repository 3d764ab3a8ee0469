/* tammes train. */
#include <math.h>
#include <unistd.h>

#include "cli.h"

/* The progress line: rewritten in place on a terminal, one line every ten seconds elsewhere. */
typedef struct progress_line {
    const cli_call *call;
    bool terminal, open, begun; /* open: the line on the terminal is not ended yet */
    double printed;             /* when the last one was, in seconds of the run */
    double first_seconds;       /* the first report: what lies before does not tell the speed */
    int64_t first_step;
} progress_line;

static void print_required(const progress_line *line, const tam_train_progress *now) {
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
    progress_line *line = user;
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
    fprintf(stderr, "  Epoch %lld/%lld  Step %lld/%lld", (long long)now->epoch, (long long)now->epochs,
            (long long)now->step, (long long)now->steps);
    print_required(line, now);
    fprintf(stderr, "%s", line->terminal ? "\x1b[K" : "\n");
    line->open = line->terminal;
    line->printed = now->seconds;
}

static tam_status print_result(cli_call *call, const tam_train_config *config, const tam_train_result *result) {
    if (call->json) {
        return cli_print_json(call,
                              json_pack("{s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:b}", "out",
                                        cli_json_text(config->out), "step", (json_int_t)result->step, "loss",
                                        cli_json_real(result->loss), "accuracy", cli_json_real(result->accuracy),
                                        "images_per_second", cli_json_real(result->images_per_second), "load",
                                        cli_json_real(result->load), "forward", cli_json_real(result->forward), "head",
                                        cli_json_real(result->head), "backward", cli_json_real(result->backward),
                                        "update", cli_json_real(result->update), "peak_bytes",
                                        (json_int_t)result->peak_bytes, "skipped", (json_int_t)result->skipped,
                                        "unreadable", (json_int_t)result->unreadable, "resumed", result->resumed));
    }
    printf("%s: %lld steps%s, loss %.4f, accuracy %.4f\n", config->out, (long long)result->step,
           result->resumed ? " (resumed)" : "", result->loss, result->accuracy);
    printf("%.0f images/s: load %.1f%%, forward %.1f%%, head %.1f%%, backward %.1f%%, update %.1f%%; memory %.0f MB\n",
           result->images_per_second, 100.0 * result->load, 100.0 * result->forward, 100.0 * result->head,
           100.0 * result->backward, 100.0 * result->update, (double)result->peak_bytes / 1e6);
    if (result->skipped > 0) {
        printf("%lld steps were skipped: their loss or gradient was not finite\n", (long long)result->skipped);
    }
    if (result->unreadable > 0) {
        printf("%lld times an image could not be read and was left out\n", (long long)result->unreadable);
    }
    return TAM_OK;
}

/* In the library's configuration 0 means default and a negative number 0. */
static void mark_zero(double *value) {
    if (*value == 0.0) {
        *value = -1.0;
    }
}

tam_status cli_train(cli_call *call) {
    tam_train_config config = {
        .momentum = 0.9, .weight_decay = 5e-4, .warmup = 0.02, .clip = 5.0, .stop = cli_catch_signals()};
    tam_dataset_config *data = &config.data, *validation = &config.validation;
    int resume = TAM_RESUME_AUTO;
    const cli_option options[] = {
        cli_required(cli_text("data", &data->path, "DIR", "images: a folder per class, or IDX files")),
        cli_required(cli_text("out", &config.out, "RUN", "run directory; a run in it is continued (also -o)")),
        CLI_DATASET_NARROWING("", data),
        cli_int("size", &data->size, 1, 4096, "side of the images in pixels (as in the data)"),
        cli_int("channels", &data->channels, 1, 3, "1 grey, 3 colour (as in the data)"),
        cli_text("val", &validation->path, "DIR", "images to validate on after each epoch, best of other classes"),
        CLI_DATASET_NARROWING("val-", validation),
        cli_text("net", &config.net, "NAME[:k=v]", "backbone (conv4); tammes net lists them"),
        cli_text("loss", &config.loss, "NAME[:k=v]", "loss and terms (arcface), as in arcface:s=16,m=0.3+center"),
        cli_int("dim", &config.dim, 1, 65536, "width of the embedding (512)"),
        cli_int("epochs", &config.epochs, 1, 1000000, "epochs (10)"),
        cli_int64("steps", &config.steps, 1, 1000000000000, "steps, instead of epochs"),
        cli_int("batch", &config.batch, 1, 1 << 20, "images a step (128)"),
        cli_real("lr", &config.lr, 1e-12, 1e12, "learning rate (0.03)"),
        cli_real("momentum", &config.momentum, 0.0, 0.9999, "momentum of SGD (0.9)"),
        cli_real("wd", &config.weight_decay, 0.0, 1.0, "weight decay (0.0005)"),
        cli_text("schedule", &config.schedule, "NAME[:k=v]",
                 "cosine (default), constant, poly, step:at=0.5/0.75,by=0.1"),
        cli_real("warmup", &config.warmup, 0.0, 0.9, "share of the steps with a rising rate (0.02)"),
        cli_real("clip", &config.clip, 0.0, 1e30, "largest length of the net's gradient (5; 0: no clipping)"),
        cli_text("augment", &config.augment, "POLICY", "none (default), flip, affine, or shift=0.1,rotate=15,..."),
        cli_int("loader-threads", &config.loader_threads, 1, 256, "threads that decode and augment (1)"),
        cli_int("checkpoint-seconds", &config.checkpoint_seconds, 1, 1000000000, "seconds between checkpoints (60)"),
        cli_int("log-every", &config.log_every, 1, 1000000000, "steps between lines of log.jsonl (20)"),
        cli_choice("resume", &resume, "auto|no", "auto: continue the run in RUN; no: refuse a folder with a run"),
    };
    const cli_usage usage = {
        .synopsis = "--data DIR --out RUN [options]",
        .example =
            "tammes train --data photos --net ir10 --size 112 --loss arcface:s=30,m=0.4 --dim 256 --out runs/first\n"
            "tammes train --config runs/first/config.yaml --lr 0.05 --out runs/second",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
    };
    if (!cli_parse(call, &usage)) {
        return call->status;
    }
    progress_line line = {.call = call, .terminal = isatty(STDERR_FILENO)};
    tam_train_result result;
    config.seed = call->seed;
    config.resume = (tam_resume)resume;
    config.progress = show_progress;
    config.progress_user = &line;
    mark_zero(&config.momentum);
    mark_zero(&config.weight_decay);
    mark_zero(&config.warmup);
    mark_zero(&config.clip);
    tam_status status = tam_train(call->ctx, &config, &result);
    if (line.open) {
        fprintf(stderr, "\n");
    }
    return status == TAM_OK ? print_result(call, &config, &result) : status;
}

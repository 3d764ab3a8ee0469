/* tammes train. */
#include "train_options.h"

static tam_status print_result(cli_call *call, const tam_train_config *config, const tam_train_result *result) {
    if (call->json) {
        return cli_print_json(
            call,
            json_pack("{s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:I, s:b}", "out",
                      cli_json_text(config->out), "step", (json_int_t)result->step, "loss", cli_json_real(result->loss),
                      "accuracy", cli_json_real(result->accuracy), "images_per_second",
                      cli_json_real(result->images_per_second), "load", cli_json_real(result->load), "forward",
                      cli_json_real(result->forward), "head", cli_json_real(result->head), "backward",
                      cli_json_real(result->backward), "update", cli_json_real(result->update), "stall_seconds",
                      cli_json_real(result->stall), "peak_bytes", (json_int_t)result->peak_bytes, "skipped",
                      (json_int_t)result->skipped, "unreadable", (json_int_t)result->unreadable, "no_pairs",
                      (json_int_t)result->no_pairs, "resumed", result->resumed));
    }
    cli_print_name(config->out);
    printf(": %lld steps%s, loss %.4f, accuracy %.4f\n", (long long)result->step, result->resumed ? " (resumed)" : "",
           result->loss, result->accuracy);
    printf("%.0f images/s: load %.1f%%, forward %.1f%%, head %.1f%%, backward %.1f%%, update %.1f%%; memory %.0f MB\n",
           result->images_per_second, 100.0 * result->load, 100.0 * result->forward, 100.0 * result->head,
           100.0 * result->backward, 100.0 * result->update, (double)result->peak_bytes / 1e6);
    if (result->skipped > 0) {
        printf("%lld batches were skipped: their loss or gradient was not finite\n", (long long)result->skipped);
    }
    if (result->unreadable > 0) {
        printf("%lld times an image could not be read and was left out\n", (long long)result->unreadable);
    }
    if (result->no_pairs > 0) {
        printf("%lld batches had no two images of one class: the pair loss learned nothing from them\n",
               (long long)result->no_pairs);
    }
    return TAM_OK;
}

tam_status cli_train(cli_call *call) {
    tam_train_config config = train_defaults();
    int resume = TAM_RESUME_AUTO;
    bool deterministic = false;
    const cli_option options[] = {
        cli_required(cli_text("data", &config.data.path, "DIR",
                              "images with labels, of any kind: folder, .rec, .tar, .npy, list, IDX (docs/data.md)")),
        cli_required(cli_text("out", &config.out, "RUN", "run directory; a run in it is continued (also -o)")),
        TRAIN_DATA_FLAGS(&config),
        TRAIN_NET_FLAG(&config),
        cli_text("loss", &config.loss, "NAME[:k=v]", "loss and terms (arcface), as in arcface:s=16,m=0.3+center"),
        cli_int("dim", &config.dim, 1, 65536, "width of the embedding (512)"),
        TRAIN_STEP_FLAGS(&config, &deterministic),
        cli_text("init-from", &config.init_from, "RUN|FILE",
                 "begin with this model's net, and class weights where they fit"),
        cli_choice("resume", &resume, "auto|no", "auto: continue the run in RUN; no: refuse a folder with a run"),
    };
    const cli_usage usage = {
        .synopsis = "--data DIR --out RUN [options]",
        .example =
            "tammes train --data photos --net ir10 --size 112 --loss arcface:s=30,m=0.4 --dim 256 --out runs/first\n"
            "tammes train --config runs/first/config.yaml --lr 0.05 --out runs/second\n"
            "tammes train --data photos --net ir10 --size 112 --dim 256 --init-from runs/first --loss triplet "
            "--sampler pk:P=16,K=4 --out runs/tuned",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
    };
    if (!cli_parse(call, &usage)) {
        return call->status;
    }
    tam_train_result result;
    config.resume = (tam_resume)resume;
    train_settle(call, deterministic, &config);
    tam_status status = train_run(call, &config, &result);
    return status == TAM_OK ? print_result(call, &config, &result) : status;
}

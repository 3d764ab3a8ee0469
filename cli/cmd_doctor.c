/* tammes doctor: what this machine and data set will do, before anything is trained. */
#include "doctor.h"

void doctor_add(doctor_checkup *checkup, const char *name, json_t *object) {
    json_object_set_new(checkup->result, name, object);
}

/* What the parts add up to. */
static void report_epoch(doctor_checkup *checkup) {
    double steps = (double)checkup->info.count / checkup->batch;
    double seconds = steps * (checkup->head_seconds + checkup->net_seconds);
    if (checkup->info.count == 0 || checkup->head_seconds <= 0.0 || checkup->net_seconds <= 0.0) {
        return;
    }
    if (checkup->call->json) {
        doctor_add(checkup, "epoch_seconds", cli_json_real(seconds));
    } else {
        printf("epoch           %.1f s: %.0f steps of %.1f ms in the net and %.1f ms in the head\n", seconds, steps,
               1e3 * checkup->net_seconds, 1e3 * checkup->head_seconds);
    }
}

/* A network that is a file has a width and a usual size of its own. */
static tam_status settle(doctor_checkup *checkup) {
    if (checkup->net != NULL && tam_net_is_file(checkup->net)) {
        tam_status status = tam_net_find_usual(checkup->call->ctx, checkup->net, &checkup->usual);
        checkup->dim = checkup->dim == 0 ? checkup->usual.dim : checkup->dim;
        return status;
    }
    checkup->dim = checkup->dim == 0 ? 512 : checkup->dim;
    return TAM_OK;
}

static tam_status check_flags(doctor_checkup *checkup) {
    bool has_size = checkup->data.path != NULL || checkup->data.size > 0;
    if (checkup->net != NULL && !has_size && !tam_net_is_file(checkup->net)) {
        return cli_fail(checkup->call, TAM_CONFIG, "--net needs the size of its images: give --size, or --data");
    }
    if (checkup->classes > 0 && checkup->data.path != NULL) {
        return cli_fail(checkup->call, TAM_CONFIG, "--data tells how many classes there are: give --data or --classes");
    }
    return TAM_OK;
}

static tam_status run(doctor_checkup *checkup) {
    tam_status status = doctor_machine(checkup), verdict = TAM_OK;
    if (status == TAM_OK && checkup->data.path != NULL) {
        status = doctor_data(checkup);
    }
    if (status == TAM_OK && checkup->classes > 0) {
        verdict = doctor_head(checkup);
        status = verdict == TAM_NEGATIVE ? TAM_OK : verdict;
    }
    if (status == TAM_OK && checkup->net != NULL) {
        status = doctor_net(checkup);
    }
    if (status == TAM_OK) {
        report_epoch(checkup);
    }
    return status == TAM_OK ? verdict : status;
}

tam_status cli_doctor(cli_call *call) {
    doctor_checkup checkup = {.call = call, .loss = "arcface", .batch = 128, .sample_rate = 0.1};
    const cli_option options[] = {
        cli_text("data", &checkup.data.path, "DATA", "data to look at, of any kind (docs/data.md)"),
        cli_text("split", &checkup.data.split, "NAME",
                 "of IDX files: train (default) or test; of tables: a word of the column split"),
        cli_int("size", &checkup.data.size, 1, 4096, "side of the images in pixels (as in the data)"),
        cli_int("channels", &checkup.data.channels, 1, 3, "1 grey, 3 colour (as in the data; 3 without --data)"),
        cli_text("net", &checkup.net, "NAME[:k=v]", "backbone to time; tammes net lists them"),
        cli_text("dtype", &checkup.dtype, "f32|bf16|auto", "what the backbone is timed in (f32)"),
        cli_int64("classes", &checkup.classes, 2, INT32_MAX, "C, the classes of a head to plan (those of --data)"),
        cli_int("dim", &checkup.dim, 1, 1 << 20, "D, the width of the embedding (512, or a file's own)"),
        cli_int("batch", &checkup.batch, 1, 1 << 20, "N, the samples of a step (128)"),
        cli_text("loss", &checkup.loss, "SPEC", "loss specification (arcface)"),
        cli_real("sample-rate", &checkup.sample_rate, 1e-6, 1.0, "share of the classes where a part is drawn (0.1)"),
    };
    const cli_usage usage = {
        .synopsis = "[options]",
        .example = "tammes doctor --classes 1000000 --dim 512 --batch 128\n"
                   "tammes doctor --data people --net ir10 --size 112",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
    };
    if (!cli_parse(call, &usage) || check_flags(&checkup) != TAM_OK) {
        return call->status;
    }
    tam_status status = settle(&checkup);
    if (status != TAM_OK) {
        return status;
    }
    checkup.result = json_object();
    status = run(&checkup);
    if (call->json && (status == TAM_OK || status == TAM_NEGATIVE)) {
        tam_status printed = cli_print_json(call, checkup.result);
        return printed == TAM_OK ? status : printed;
    }
    json_decref(checkup.result);
    return status;
}

/* tammes data align: faces turned, scaled and cut so that eyes, nose and mouth lie where the field's nets expect them.
 */
#include <string.h>
#include <time.h>

#include "cli.h"

enum { MOST_TOLD = 20 }; /* of each kind */

typedef struct align_listener {
    cli_call *call;
    json_t *findings; /* NULL without --json */
    int64_t told[TAM_ALIGN_FAULTS];
    time_t noted;
} align_listener;

static void note_progress(void *user, int64_t done, int64_t all) {
    align_listener *listener = user;
    time_t now = time(NULL);
    if (done == all || now - listener->noted >= 5) {
        listener->noted = now;
        cli_note(listener->call, "%lld of %lld images\n", (long long)done, (long long)all);
    }
}

static void note_finding(void *user, const tam_align_finding *finding) {
    align_listener *listener = user;
    if (listener->findings != NULL) {
        (void)json_array_append_new(listener->findings,
                                    json_pack("{s:s, s:o, s:I}", "fault", tam_align_fault_name(finding->fault), "image",
                                              cli_json_text(finding->key), "line", (json_int_t)finding->line));
    }
    if (!listener->call->quiet && listener->told[finding->fault]++ < MOST_TOLD) {
        cli_print_sentence(finding->fault == TAM_ALIGN_REPEATED ? "" : "left out: ", finding->sentence);
    }
}

static void note_untold(const align_listener *listener) {
    for (int i = 0; i < TAM_ALIGN_FAULTS; i++) {
        if (listener->told[i] > MOST_TOLD) {
            cli_note(listener->call, "and %lld more: %s; --json lists all\n",
                     (long long)(listener->told[i] - MOST_TOLD), tam_align_fault_name((tam_align_fault)i));
        }
    }
}

static tam_status print_json(cli_call *call, const char *out, const tam_align_result *result, json_t *findings) {
    json_t *faults = json_object();
    for (int i = 0; i < TAM_ALIGN_FAULTS; i++) {
        (void)json_object_set_new(faults, tam_align_fault_name((tam_align_fault)i),
                                  json_integer((json_int_t)result->faults[i]));
    }
    return cli_print_json(call, json_pack("{s:o, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "out", cli_json_text(out),
                                          "images", (json_int_t)result->images, "written", (json_int_t)result->written,
                                          "left_out", (json_int_t)(result->images - result->written), "lines",
                                          (json_int_t)result->lines, "unused_lines", (json_int_t)result->unused_lines,
                                          "faults", faults, "findings", findings));
}

static tam_status print_text(const char *out, const tam_align_result *result) {
    cli_print_name(out);
    printf(": %lld of %lld images aligned", (long long)result->written, (long long)result->images);
    for (int i = 0; i < TAM_ALIGN_FAULTS; i++) {
        if (result->faults[i] > 0) {
            printf(", %lld %s", (long long)result->faults[i], tam_align_fault_name((tam_align_fault)i));
        }
    }
    if (result->unused_lines > 0) {
        printf("; %lld of %lld lines used by no image", (long long)result->unused_lines, (long long)result->lines);
    }
    printf("\n");
    return TAM_OK;
}

static tam_status align(cli_call *call, const tam_dataset_config *data, tam_align_config *config) {
    align_listener listener = {.call = call, .findings = call->json ? json_array() : NULL, .noted = time(NULL)};
    tam_dataset *dataset;
    tam_align_result result;
    config->found = note_finding;
    config->progress = note_progress;
    config->user = &listener;
    config->stop = cli_catch_signals();
    tam_status status = tam_dataset_open(call->ctx, data, &dataset);
    if (status == TAM_OK) {
        if (strcmp(tam_dataset_kind(dataset), "image folder") == 0) {
            status = cli_refuse_inside(call, data->path, config->out);
        }
        if (status == TAM_OK) {
            status = tam_align_set(call->ctx, dataset, config, &result);
        }
        tam_dataset_free(dataset);
        note_untold(&listener);
    }
    if (status != TAM_OK) {
        json_decref(listener.findings);
        return status;
    }
    return call->json ? print_json(call, config->out, &result, listener.findings) : print_text(config->out, &result);
}

tam_status cli_data_align(cli_call *call) {
    tam_dataset_config data = {.unlabelled = 1, .any_size = 1};
    tam_align_config config = {.quality = 95};
    int format = 0;
    bool strict = false;
    const cli_option options[] = {
        cli_required(cli_text("data", &data.path, "DATA", "images of faces: any kind of data (docs/data.md)")),
        CLI_DATASET_NARROWING("", &data),
        cli_required(cli_text("landmarks", &config.landmarks, "FILE",
                              "list 'path,x1,y1,...,x5,y5', IJB's 'path x1 y1 ... score', or a .lst with landmarks")),
        cli_required(cli_text("out", &config.out, "DIR", "image folder to make; it must be absent or empty (-o)")),
        cli_int("size", &config.size, 16, 4096, "height of the results in pixels (112)"),
        cli_int("width", &config.width, 16, 4096, "width (as the height); 96 of 112: the template's x minus 8"),
        cli_choice("format", &format, "jpg|png", "of the results (jpg)"),
        cli_int("quality", &config.quality, 1, 100, "of JPEG (95)"),
        cli_switch("strict", &strict, "fail if any image cannot be aligned, instead of leaving it out"),
    };
    const cli_usage usage = {
        .synopsis = "--data DATA --landmarks FILE -o DIR [options]",
        .example = "tammes data align --data photos --landmarks photos/landmarks.csv -o faces\n"
                   "tammes data align --data ijbb/loose_crop --landmarks ijbb_name_5pts_score.txt -o ijbb_112",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
    };
    if (!cli_parse(call, &usage)) {
        return call->status;
    }
    config.strict = strict;
    config.quality = format == 1 ? 0 : config.quality;
    return align(call, &data, &config);
}

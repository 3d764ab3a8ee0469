/* tammes analyze loss: what losses do at every angle. */
#include <math.h>
#include <stdlib.h>

#include "loss_list.h"

static tam_status print_json(cli_call *call, const char *folder, const tam_analyze_result *result) {
    json_t *losses = json_array(), *facts = json_array();
    for (int i = 0; i < result->losses; i++) {
        const tam_analyze_loss *of = &result->loss[i];
        json_array_append_new(losses,
                              json_pack("{s:o, s:o, s:o, s:o, s:o}", "loss", cli_json_text(of->loss), "scale",
                                        cli_json_real(of->scale), "margin_share", cli_json_real(of->margin_share),
                                        "overlap_share", cli_json_real(of->overlap_share), "margin_at_45_degrees",
                                        cli_json_real(of->margin_at_45)));
    }
    for (int i = 0; i < result->facts; i++) {
        const tam_analyze_fact *of = &result->fact[i];
        json_array_append_new(facts, json_pack("{s:o, s:s, s:o}", "loss", cli_json_text(of->loss), "fact", of->fact,
                                               "largest_difference", cli_json_real(of->largest_difference)));
    }
    return cli_print_json(call, json_pack("{s:o, s:i, s:o, s:o}", "out", cli_json_text(folder), "figures",
                                          result->figures, "losses", losses, "facts", facts));
}

static void print_text(const char *folder, const tam_analyze_result *result) {
    printf("%-32s %8s %14s %14s\n", "loss", "s", "margin at 45", "share of plane");
    for (int i = 0; i < result->losses; i++) {
        const tam_analyze_loss *of = &result->loss[i];
        if (isfinite(of->margin_share)) {
            printf("%-32s %8.4g %10.2f deg %13.2f%%\n", of->loss, of->scale, of->margin_at_45, 100 * of->margin_share);
        } else {
            printf("%-32s %8.4g %14s %14s\n", of->loss, of->scale, "-", "-");
        }
    }
    printf("\n");
    for (int i = 0; i < result->facts; i++) {
        printf("%-32s %s: within %.1e\n", result->fact[i].loss, result->fact[i].fact,
               result->fact[i].largest_difference);
    }
    printf("\n%s/losses.html: %d figures, each also as .svg; numbers in losses.csv\n", folder, result->figures);
}

static tam_status draw_losses(cli_call *call, const char *words, tam_analyze_config *config) {
    loss_list list = {0};
    tam_analyze_result *result = malloc(sizeof *result);
    tam_status status =
        result == NULL ? cli_fail(call, TAM_RESOURCES, "no memory for the numbers of the losses") : TAM_OK;
    if (status == TAM_OK && words != NULL) {
        status = loss_list_read(call, words, config->classes, &list);
        config->losses = (const char *const *)list.item;
        config->loss_count = list.count;
    }
    if (status == TAM_OK) {
        status = tam_analyze_losses(call->ctx, config, result);
    }
    if (status == TAM_OK && call->json) {
        status = print_json(call, config->out, result);
    } else if (status == TAM_OK) {
        print_text(config->out, result);
    }
    loss_list_free(&list);
    free(result);
    return status;
}

tam_status cli_analyze_loss(cli_call *call) {
    tam_analyze_config config = {.classes = 1000};
    const char *losses = NULL;
    const cli_option options[] = {
        cli_text("losses", &losses, "A,B,...", "losses to draw, or all (those of the papers' figures)"),
        cli_required(
            cli_text("out", &config.out, "DIR", "folder for losses.html, losses.csv and the figures (also -o)")),
        cli_int64("classes", &config.classes, 2, 1000000000, "classes in figures that do not name theirs (1000)"),
        cli_real("norm", &config.norm, 1e-3, 1e6, "length of the embedding, for losses that see it (30)"),
        cli_int64("step", &config.step, 1, 1000000000000, "training step, for schedules (10^9: all have ended)"),
    };
    const cli_usage usage = {
        .synopsis = "-o DIR [options]",
        .example = "tammes analyze loss -o losses\n"
                   "tammes analyze loss --losses arcface:m=0.3,arcface:m=0.5,magface --classes 100000 -o losses",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
    };
    if (!cli_parse(call, &usage)) {
        return call->status;
    }
    return draw_losses(call, losses, &config);
}

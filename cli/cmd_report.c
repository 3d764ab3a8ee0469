/* tammes report: a page of figures from runs. */
#include "cli.h"

tam_status cli_report(cli_call *call) {
    tam_report_config config = {.out = "report.html"};
    tam_dataset_config *validation = &config.validation;
    const cli_option options[] = {
        cli_text("out", &config.out, "PAGE", "the page (report.html; also -o)"),
        cli_text("title", &config.title, "WORDS", "its title (the names of the runs)"),
        cli_text("val", &validation->path, "DIR|FILE.bin|DIR:PAIRS",
                 "for the ROC: images, best of classes never trained on, or listed pairs"),
        CLI_DATASET_NARROWING("val-", validation),
        cli_int("scatter-images", &config.scatter_images, 1, 1000000, "images in a scatter of 2-D features (2000)"),
    };
    const cli_usage usage = {
        .synopsis = "RUN... [options]",
        .example = "tammes report runs/softmax runs/arcface --val unseen -o build/report.html",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
        .least_operands = 1,
        .most_operands = 64,
    };
    if (!cli_parse(call, &usage)) {
        return call->status;
    }
    config.runs = (const char *const *)call->operands;
    config.run_count = call->operand_count;
    tam_status status = tam_report_write(call->ctx, &config);
    if (status != TAM_OK) {
        return status;
    }
    if (call->json) {
        return cli_print_json(call,
                              json_pack("{s:o, s:i}", "page", cli_json_text(config.out), "runs", config.run_count));
    }
    cli_print_name(config.out);
    printf(": %d %s\n", config.run_count, config.run_count == 1 ? "run" : "runs");
    return TAM_OK;
}

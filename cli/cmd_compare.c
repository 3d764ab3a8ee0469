/* tammes compare: one recipe, several losses, one table and one page. */
#include "train_options.h"

/* Trains and evaluates run i; one that diverges is left out, the others go on. */
static tam_status run_one(cli_call *call, tam_comparison *comparison, int i) {
    tam_train_config recipe = tam_compare_recipe(comparison, i);
    tam_train_result result;
    cli_note(call, "Run %d/%d  %s\n", i + 1, tam_compare_runs(comparison), recipe.out);
    tam_status status = train_run(call, &recipe, &result);
    if (status == TAM_NEGATIVE) {
        tam_compare_leave_out(comparison, i, tam_ctx_message(call->ctx));
        return TAM_OK;
    }
    if (status == TAM_OK && *recipe.stop == 0) {
        status = tam_compare_measure(comparison, i);
    }
    if (status == TAM_OK && *recipe.stop != 0) {
        return cli_fail(call, TAM_STOPPED, "stopped after run %d of %d; the same command goes on from there", i + 1,
                        tam_compare_runs(comparison));
    }
    return status;
}

static tam_status print_results(cli_call *call, const tam_comparison *comparison, const char *out) {
    if (call->json) {
        fputs(tam_compare_json(comparison), stdout);
    } else {
        printf("%s%s/compare.html\n", tam_compare_table(comparison), out);
    }
    int left_out = tam_compare_left_out(comparison);
    if (left_out > 0) {
        return cli_fail(call, TAM_NEGATIVE, "%d of %d runs have no numbers", left_out, tam_compare_runs(comparison));
    }
    return TAM_OK;
}

tam_status cli_compare(cli_call *call) {
    const double not_given = -2; /* outside the flag's range */
    tam_compare_config config = {.recipe = train_defaults()};
    tam_train_config *recipe = &config.recipe;
    bool deterministic = false;
    recipe->warmup = not_given;
    const cli_option options[] = {
        cli_required(cli_text("data", &recipe->data.path, "DIR", "images: a folder per class, or IDX files")),
        cli_required(cli_text("losses", &config.losses, "LIST", "losses, as in softmax+center,arcface:s=16,m=0.3")),
        cli_required(cli_text("out", &config.out, "DIR", "folder of the runs, the table and the page (also -o)")),
        cli_text("dims", &config.dims, "LIST",
                 "widths (2); up to 3: conv4:bn=0, batch 32, lr 0.1, warmup 0.3, epochs 3"),
        TRAIN_DATA_FLAGS(recipe),
        TRAIN_NET_FLAG(recipe),
        TRAIN_STEP_FLAGS(recipe, &deterministic),
    };
    const cli_usage usage = {
        .synopsis = "--data DIR --losses LIST --out DIR [options]",
        .example =
            "tammes compare --data mnist --losses softmax,softmax+center,arcface,cosface --dims 2 --out losses\n"
            "tammes compare --data photos --val unseen --losses arcface:s=24,m=0.3,softmax --dims 128 --out wide",
        .options = options,
        .option_count = sizeof options / sizeof options[0],
    };
    if (!cli_parse(call, &usage)) {
        return call->status;
    }
    tam_comparison *comparison = NULL;
    train_settle(call, deterministic, recipe);
    recipe->warmup = recipe->warmup == not_given ? 0 : recipe->warmup;
    tam_status status = tam_compare_open(call->ctx, &config, &comparison);
    for (int i = 0; status == TAM_OK && i < tam_compare_runs(comparison); i++) {
        status = run_one(call, comparison, i);
    }
    if (status == TAM_OK) {
        status = tam_compare_write(comparison);
    }
    if (status == TAM_OK) {
        status = print_results(call, comparison, config.out);
    }
    tam_compare_free(comparison);
    return status;
}

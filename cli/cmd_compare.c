/* tammes compare: one recipe, several losses, nets or settings, one table and one page. */
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

/* What the library asks for a setting's value. */
typedef struct setting_flags {
    cli_call *call;
    const cli_option *options;
    int count;
    tam_train_config *recipe;
} setting_flags;

static tam_status set_flag(void *user, const char *key, const char *value, tam_train_config *recipe) {
    const setting_flags *flags = user;
    return train_set(flags->call, flags->options, flags->count, flags->recipe, key, value, recipe);
}

static tam_status run_all(cli_call *call, const tam_compare_config *config) {
    tam_comparison *comparison = NULL;
    tam_status status = tam_compare_open(call->ctx, config, &comparison);
    for (int i = 0; status == TAM_OK && i < tam_compare_runs(comparison); i++) {
        status = run_one(call, comparison, i);
    }
    if (status == TAM_OK) {
        status = tam_compare_write(comparison);
    }
    if (status == TAM_OK) {
        status = print_results(call, comparison, config->out);
    }
    tam_compare_free(comparison);
    return status;
}

tam_status cli_compare(cli_call *call) {
    const double not_given = -2; /* outside the flag's range */
    tam_compare_config config = {.recipe = train_defaults()};
    tam_train_config *recipe = &config.recipe;
    cli_words sweeps = {.count = 0};
    bool deterministic = false;
    recipe->warmup = not_given;
    const cli_option options[] = {
        cli_required(cli_text("data", &recipe->data.path, "DIR",
                              "images with labels, of any kind: folder, .rec, .tar, .npy, list, IDX (docs/data.md)")),
        cli_text("losses", &config.losses, "LIST", "losses, as in softmax+center,arcface:s=16,m=0.3"),
        cli_text("nets", &config.nets, "LIST", "backbones, as in conv4,ir10:width=16,mobilefacenet"),
        cli_several("sweep", &sweeps, "KEY=V,V,...",
                    "values of one setting: net.KEY, loss.KEY, or a flag (lr, batch, epochs, dtype, size, seed, ...)"),
        cli_required(cli_text("out", &config.out, "DIR", "folder of the runs, the table and the page (also -o)")),
        cli_text("dims", &config.dims, "LIST",
                 "widths (2; 512 with --nets or --sweep); up to 3: conv4:bn=0, batch 32, lr 0.1, warmup 0.3, epochs 3"),
        TRAIN_DATA_FLAGS(recipe),
        TRAIN_NET_FLAG(recipe),
        cli_text("loss", &recipe->loss, "NAME[:k=v]", "loss of every run (arcface), instead of --losses"),
        TRAIN_STEP_FLAGS(recipe, &deterministic),
        cli_uint64("seed", &recipe->seed, ""), /* the last one: the common flag, for sweeps */
    };
    enum { OPTIONS = sizeof options / sizeof options[0] };
    const cli_usage usage = {
        .synopsis = "--data DIR --out DIR [--losses LIST] [--nets LIST] [--sweep KEY=V,V,...] [options]",
        .example =
            "tammes compare --data mnist --losses softmax,softmax+center,arcface,cosface --dims 2 --out losses\n"
            "tammes compare --data photos --val unseen --losses arcface:s=24,m=0.3,softmax --dims 128 --out wide\n"
            "tammes compare --data photos --nets ir10:width=32,mobilefacenet --loss arcface:s=24 --dims 128 --out "
            "nets\n"
            "tammes compare --data photos --net ir10 --sweep net.width=16,32 --sweep lr=0.03,0.1 --out settings",
        .options = options,
        .option_count = OPTIONS - 1,
    };
    if (!cli_parse(call, &usage)) {
        return call->status;
    }
    if (recipe->loss != NULL && config.losses != NULL) {
        return cli_fail(call, TAM_CONFIG, "--loss '%s' and --losses '%s': give one of them", recipe->loss,
                        config.losses);
    }
    train_settle(call, deterministic, recipe);
    recipe->warmup = recipe->warmup == not_given ? 0 : recipe->warmup;
    setting_flags flags = {call, options, OPTIONS, recipe};
    config.sweeps = sweeps.word;
    config.sweep_count = sweeps.count;
    config.set = set_flag;
    config.set_user = &flags;
    return run_all(call, &config);
}

/* The runs of a comparison, from its lists. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/compare.h"

enum { SMALL_DIM = 3, WIDE_DIM = 512, NAME_ROOM = 1024 };

void tam_compare_forget_numbers(tam_compare_entry *entry) {
    for (int c = 0; c < TAM_COMPARE_NUMBERS; c++) {
        entry->number[c] = entry->low[c] = entry->high[c] = NAN;
    }
}

tam_status tam_compare_forget_run(tam_comparison *comparison, int i) {
    tam_report_run *run = &comparison->runs[i];
    tam_report_run_free(comparison->ctx, run);
    *run = (tam_report_run){.name = tam_copy_string(comparison->ctx, comparison->entries[i].name)};
    return run->name != NULL ? TAM_OK : TAM_RESOURCES;
}

bool tam_compare_varies_net(const tam_comparison *comparison) {
    bool varies = comparison->config.nets != NULL;
    for (int s = 0; s < comparison->lists.sweeps; s++) {
        varies = varies || comparison->lists.sweep[s].owner == TAM_SWEEP_NET;
    }
    return varies;
}

const char *tam_compare_default_net(int dim) {
    return dim <= SMALL_DIM ? "conv4:bn=0" : "conv4";
}

static void add_words(char *words, size_t room, const char *first, const char *second, const char *third) {
    size_t used = strlen(words);
    snprintf(words + used, room - used, "%s%s%s%s", used > 0 ? ", " : "", first, second, third);
}

void tam_compare_name(const tam_comparison *comparison, const tam_compare_place *place, bool dim, int without,
                      char *words, size_t room) {
    const tam_compare_lists *lists = &comparison->lists;
    *words = '\0';
    if (lists->nets > 1) {
        add_words(words, room, lists->net[place->net], "", "");
    }
    if (lists->losses > 1) {
        add_words(words, room, lists->loss[place->loss], "", "");
    }
    for (int s = 0; s < lists->sweeps; s++) {
        if (s != without) {
            add_words(words, room, lists->sweep[s].name, "=", lists->sweep[s].value[place->value[s]]);
        }
    }
    if (dim && lists->dims > 1) {
        char number[32];
        snprintf(number, sizeof number, "%d", lists->dim[place->dim]);
        add_words(words, room, number, lists->dim[place->dim] == 1 ? " dimension" : " dimensions", "");
    }
    if (*words == '\0') {
        const char *net =
            lists->net[place->net] != NULL ? lists->net[place->net] : tam_compare_default_net(lists->dim[place->dim]);
        snprintf(words, room, "%s", tam_compare_varies_net(comparison) ? net : lists->loss[place->loss]);
    }
}

static tam_status refuse_twice(tam_ctx *ctx, const char *flag) {
    return tam_fail(ctx, TAM_CONFIG, "the %ss of a comparison are listed by --%ss and by --sweep %s: give one of them",
                    flag, flag, flag);
}

/* A sweep over what has a list of its own; *list receives its words. */
static tam_status take_list(tam_comparison *comparison, const char *sweep, const char *word, const char **list,
                            bool *taken) {
    size_t length = strlen(word);
    if (strncmp(sweep, word, length) != 0 || sweep[length] != '=') {
        return TAM_OK;
    }
    if (*list != NULL) {
        return refuse_twice(comparison->ctx, word);
    }
    *list = sweep + length + 1;
    *taken = true;
    return TAM_OK;
}

static tam_status read_sweeps(tam_comparison *comparison) {
    tam_compare_config *config = &comparison->config;
    tam_compare_lists *lists = &comparison->lists;
    tam_ctx *ctx = comparison->ctx;
    for (int i = 0; i < config->sweep_count; i++) {
        bool taken = false;
        TAM_TRY(take_list(comparison, config->sweeps[i], "net", &config->nets, &taken));
        TAM_TRY(take_list(comparison, config->sweeps[i], "loss", &config->losses, &taken));
        TAM_TRY(take_list(comparison, config->sweeps[i], "dim", &config->dims, &taken));
        if (taken) {
            continue;
        }
        if (lists->sweeps == TAM_COMPARE_SWEEPS) {
            return tam_fail(ctx, TAM_CONFIG, "more than %d sweeps", TAM_COMPARE_SWEEPS);
        }
        tam_compare_sweep *sweep = &lists->sweep[lists->sweeps];
        TAM_TRY(tam_compare_sweep_read(ctx, comparison->arena, config->sweeps[i], sweep));
        for (int s = 0; s < lists->sweeps; s++) {
            if (strcmp(lists->sweep[s].key, sweep->key) == 0) {
                return tam_fail(ctx, TAM_CONFIG, "%s is swept twice", sweep->key);
            }
        }
        lists->sweeps++;
    }
    return TAM_OK;
}

static tam_status refuse_twins(tam_ctx *ctx, const char *what, int count, const char *const *item) {
    for (int i = 0; i < count; i++) {
        for (int before = 0; before < i; before++) {
            if (strcmp(item[before], item[i]) == 0) {
                return tam_fail(ctx, TAM_CONFIG, "the %s '%s' and '%s' are the same", what, item[before], item[i]);
            }
        }
    }
    return TAM_OK;
}

/* Without a list a net that is a file has the width that its text says. */
static tam_status read_dims(tam_comparison *comparison) {
    tam_compare_lists *lists = &comparison->lists;
    const tam_compare_config *config = &comparison->config;
    bool wide = config->nets != NULL || lists->sweeps > 0;
    if (config->dims != NULL) {
        return tam_compare_read_dims(comparison->ctx, config->dims, lists->dim, &lists->dims);
    }
    lists->dims = 1;
    lists->dim[0] = wide ? WIDE_DIM : 2;
    for (int i = 0; i < lists->nets; i++) {
        if (lists->net[i] != NULL && tam_net_is_file(lists->net[i])) {
            tam_net_usual usual;
            TAM_TRY(tam_net_find_usual(comparison->ctx, lists->net[i], &usual));
            lists->dim[0] = usual.dim;
            return TAM_OK;
        }
    }
    return TAM_OK;
}

/* Lists that are not given have one item, the recipe's. */
static tam_status read_lists(tam_comparison *comparison) {
    tam_compare_lists *lists = &comparison->lists;
    const tam_compare_config *config = &comparison->config;
    const tam_train_config *recipe = &config->recipe;
    tam_ctx *ctx = comparison->ctx;
    TAM_TRY(read_sweeps(comparison));
    if (config->nets != NULL && recipe->net != NULL) {
        return tam_fail(ctx, TAM_CONFIG, "the net '%s' and the list of nets '%s': give one of --net and --nets",
                        recipe->net, config->nets);
    }
    lists->losses = lists->nets = 1;
    lists->loss[0] = recipe->loss != NULL ? recipe->loss : "arcface";
    lists->net[0] = recipe->net;
    if (config->losses != NULL) {
        TAM_TRY(tam_compare_split(ctx, comparison->arena, "losses", config->losses, lists->loss, &lists->losses));
        TAM_TRY(refuse_twins(ctx, "losses", lists->losses, lists->loss));
    }
    if (config->nets != NULL) {
        TAM_TRY(tam_compare_split(ctx, comparison->arena, "nets", config->nets, lists->net, &lists->nets));
        TAM_TRY(refuse_twins(ctx, "nets", lists->nets, lists->net));
    }
    return read_dims(comparison);
}

/* The sweep that changes first is the last one. */
static tam_compare_place place_of(const tam_compare_lists *lists, int i) {
    tam_compare_place place = {0};
    for (int s = lists->sweeps - 1; s >= 0; s--) {
        place.value[s] = i % lists->sweep[s].count;
        i /= lists->sweep[s].count;
    }
    place.loss = i % lists->losses;
    i /= lists->losses;
    place.net = i % lists->nets;
    place.dim = i / lists->nets;
    return place;
}

static void settle_small(tam_train_config *recipe) {
    recipe->batch = recipe->batch != 0 || recipe->sampler != NULL ? recipe->batch : 32;
    recipe->lr = recipe->lr != 0 ? recipe->lr : 0.1;
    recipe->warmup = recipe->warmup != 0 ? recipe->warmup : 0.3;
    recipe->epochs = recipe->epochs != 0 || recipe->steps != 0 ? recipe->epochs : 3;
}

static tam_status apply_sweeps(tam_comparison *comparison, tam_compare_entry *entry) {
    const tam_compare_config *config = &comparison->config;
    const tam_compare_lists *lists = &comparison->lists;
    tam_ctx *ctx = comparison->ctx;
    const char *net_given = lists->net[entry->place.net];
    for (int s = 0; s < lists->sweeps; s++) {
        const tam_compare_sweep *sweep = &lists->sweep[s];
        const char *value = sweep->value[entry->place.value[s]];
        if (sweep->owner == TAM_SWEEP_NET) {
            TAM_TRY(tam_compare_sweep_net(ctx, comparison->arena, sweep, value, net_given, &entry->net));
        } else if (sweep->owner == TAM_SWEEP_LOSS) {
            TAM_TRY(tam_compare_sweep_loss(ctx, comparison->arena, sweep, value, entry->given, &entry->loss));
        } else if (config->set == NULL) {
            return tam_fail(ctx, TAM_CONFIG, "the sweep over '%s': only net.KEY and loss.KEY can be swept", sweep->key);
        } else {
            TAM_TRY(config->set(config->set_user, sweep->key, value, &entry->recipe));
        }
    }
    return TAM_OK;
}

static const char *copy(tam_comparison *comparison, const char *words) {
    return tam_arena_string(comparison->arena, words, strlen(words));
}

/* The words of a run's folder: the net, the loss and the swept values, where they vary. */
static const char *make_slug(tam_comparison *comparison, const tam_compare_entry *entry) {
    const tam_compare_lists *lists = &comparison->lists;
    char words[NAME_ROOM] = "";
    if (comparison->config.nets != NULL) {
        add_words(words, sizeof words, lists->net[entry->place.net], "-", "");
    }
    size_t used = strlen(words);
    snprintf(words + used, sizeof words - used, "%s", entry->given);
    for (int s = 0; s < lists->sweeps; s++) {
        used = strlen(words);
        snprintf(words + used, sizeof words - used, "-%s=%s", lists->sweep[s].name,
                 lists->sweep[s].value[entry->place.value[s]]);
    }
    return tam_compare_slug(comparison->arena, words, entry->dim);
}

static tam_status make_entry(tam_comparison *comparison, int i, tam_compare_entry *entry) {
    const tam_compare_lists *lists = &comparison->lists;
    char words[4096];
    *entry = (tam_compare_entry){.place = place_of(lists, i), .left_out = "not trained yet"};
    entry->dim = lists->dim[entry->place.dim];
    entry->given = lists->loss[entry->place.loss];
    entry->net =
        lists->net[entry->place.net] != NULL ? lists->net[entry->place.net] : tam_compare_default_net(entry->dim);
    entry->loss = entry->dim <= SMALL_DIM ? tam_compare_small_loss(comparison->arena, entry->given) : entry->given;
    entry->recipe = comparison->config.recipe;
    tam_compare_forget_numbers(entry);
    if (entry->loss == NULL) {
        return TAM_RESOURCES;
    }
    TAM_TRY(apply_sweeps(comparison, entry));
    if (entry->dim <= SMALL_DIM) {
        settle_small(&entry->recipe);
    }
    tam_compare_name(comparison, &entry->place, false, -1, words, sizeof words);
    entry->name = copy(comparison, words);
    tam_compare_name(comparison, &entry->place, true, -1, words, sizeof words);
    entry->full_name = copy(comparison, words);
    entry->slug = make_slug(comparison, entry);
    if (entry->name == NULL || entry->full_name == NULL || entry->slug == NULL) {
        return TAM_RESOURCES;
    }
    int length = snprintf(words, sizeof words, "%s/%s", comparison->config.out, entry->slug);
    if (length >= (int)sizeof words) {
        return tam_fail(comparison->ctx, TAM_CONFIG, "%.200s...: the path is too long", comparison->config.out);
    }
    bool by_default = entry->recipe.net == NULL && entry->dim > SMALL_DIM && !tam_compare_varies_net(comparison);
    entry->recipe.net = by_default ? NULL : entry->net;
    entry->recipe.loss = entry->loss;
    entry->recipe.dim = entry->dim;
    entry->recipe.out = tam_arena_string(comparison->arena, words, (size_t)length);
    return entry->recipe.out != NULL ? TAM_OK : TAM_RESOURCES;
}

static tam_status count_runs(const tam_comparison *comparison, int *count) {
    const tam_compare_lists *lists = &comparison->lists;
    double runs = (double)lists->dims * lists->nets * lists->losses;
    for (int s = 0; s < lists->sweeps; s++) {
        runs *= lists->sweep[s].count;
    }
    if (runs > TAM_COMPARE_RUNS) {
        return tam_fail(comparison->ctx, TAM_CONFIG, "these lists make %.0f runs, and a comparison has at most %d",
                        runs, TAM_COMPARE_RUNS);
    }
    *count = (int)runs;
    return TAM_OK;
}

tam_status tam_compare_plan(tam_comparison *comparison) {
    tam_ctx *ctx = comparison->ctx;
    int count = 0;
    TAM_TRY(read_lists(comparison));
    TAM_TRY(count_runs(comparison, &count));
    comparison->entries = tam_allocate(ctx, (size_t)count, sizeof *comparison->entries, "runs of a comparison");
    comparison->runs = tam_allocate(ctx, (size_t)count, sizeof *comparison->runs, "runs of a comparison");
    if (comparison->entries == NULL || comparison->runs == NULL) {
        return TAM_RESOURCES;
    }
    for (int i = 0; i < count; i++) {
        tam_compare_entry *entry = &comparison->entries[i];
        TAM_TRY(make_entry(comparison, i, entry));
        TAM_TRY(tam_compare_forget_run(comparison, i));
        comparison->count = i + 1;
        for (int other = 0; other < i; other++) {
            const tam_compare_entry *before = &comparison->entries[other];
            if (strcmp(before->slug, entry->slug) == 0) {
                return tam_fail(ctx, TAM_CONFIG, "the runs '%s' and '%s' would both be in the folder %s", before->name,
                                entry->name, entry->slug);
            }
        }
    }
    return TAM_OK;
}

/* A comparison from its lists to its files. */
#include "report/compare.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "loss/loss.h"
#include "tammes/net.h"

enum { SMALL_DIM = 3 };

static void forget_numbers(tam_compare_entry *entry) {
    for (int c = 0; c < TAM_COMPARE_NUMBERS; c++) {
        entry->number[c] = NAN;
    }
}

static tam_status make_entry(tam_comparison *comparison, const char *loss, int dim, tam_compare_entry *entry) {
    char folder[4096];
    const char *used = dim <= SMALL_DIM ? tam_compare_small_loss(comparison->arena, loss) : loss;
    *entry = (tam_compare_entry){.given = loss, .loss = used, .dim = dim, .left_out = "not trained yet"};
    entry->slug = tam_compare_slug(comparison->arena, loss, dim);
    if (used == NULL || entry->slug == NULL) {
        return TAM_RESOURCES;
    }
    forget_numbers(entry);
    int length = snprintf(folder, sizeof folder, "%s/%s", comparison->config.out, entry->slug);
    if (length >= (int)sizeof folder) {
        return tam_fail(comparison->ctx, TAM_CONFIG, "%.200s...: the path is too long", comparison->config.out);
    }
    entry->folder = tam_arena_string(comparison->arena, folder, (size_t)length);
    return entry->folder != NULL ? TAM_OK : TAM_RESOURCES;
}

tam_status tam_compare_forget_run(tam_comparison *comparison, int i) {
    tam_report_run *run = &comparison->runs[i];
    tam_report_run_free(comparison->ctx, run);
    *run = (tam_report_run){.name = tam_copy_string(comparison->ctx, comparison->entries[i].given)};
    return run->name != NULL ? TAM_OK : TAM_RESOURCES;
}

static tam_status refuse_twins(tam_ctx *ctx, const tam_compare_entry *a, const tam_compare_entry *b) {
    return tam_fail(ctx, TAM_CONFIG, "the losses '%s' and '%s' are the same", a->given, b->given);
}

static tam_status make_entries(tam_comparison *comparison) {
    const char *losses[TAM_COMPARE_LOSSES];
    int dims[TAM_COMPARE_DIMS], loss_count, dim_count;
    tam_ctx *ctx = comparison->ctx;
    const char *dim_words = comparison->config.dims != NULL ? comparison->config.dims : "2";
    char own_dim[32];
    if (comparison->config.dims == NULL && comparison->config.recipe.net != NULL &&
        tam_net_is_file(comparison->config.recipe.net)) { /* its width is its own */
        tam_net_usual usual;
        TAM_TRY(tam_net_find_usual(ctx, comparison->config.recipe.net, &usual));
        snprintf(own_dim, sizeof own_dim, "%d", usual.dim);
        dim_words = own_dim;
    }
    TAM_TRY(tam_compare_split(ctx, comparison->arena, comparison->config.losses, losses, &loss_count));
    TAM_TRY(tam_compare_read_dims(ctx, dim_words, dims, &dim_count));
    int count = loss_count * dim_count;
    comparison->entries = tam_allocate(ctx, (size_t)count, sizeof *comparison->entries, "runs of a comparison");
    comparison->runs = tam_allocate(ctx, (size_t)count, sizeof *comparison->runs, "runs of a comparison");
    if (comparison->entries == NULL || comparison->runs == NULL) {
        return TAM_RESOURCES;
    }
    for (int i = 0; i < count; i++) {
        tam_compare_entry *entry = &comparison->entries[i];
        TAM_TRY(make_entry(comparison, losses[i % loss_count], dims[i / loss_count], entry));
        TAM_TRY(tam_compare_forget_run(comparison, i));
        comparison->count = i + 1;
        for (int other = 0; other < i; other++) {
            const tam_compare_entry *before = &comparison->entries[other];
            if (strcmp(before->slug, entry->slug) == 0) {
                return refuse_twins(ctx, before, entry);
            }
        }
    }
    return TAM_OK;
}

/* Reads every loss. The same one in two spellings would be trained twice. */
static tam_status read_losses(tam_comparison *comparison, int64_t classes, tam_loss *losses) {
    for (int i = 0; i < comparison->count; i++) {
        const tam_compare_entry *entry = &comparison->entries[i];
        char sentence[512];
        tam_status status = tam_loss_read(comparison->ctx, entry->loss, classes, &losses[i]);
        if (status != TAM_OK) {
            snprintf(sentence, sizeof sentence, "%s", tam_ctx_message(comparison->ctx));
            return tam_fail(comparison->ctx, status, "the loss '%s': %s", entry->given, sentence);
        }
        for (int other = 0; other < i; other++) {
            const tam_compare_entry *before = &comparison->entries[other];
            if (before->dim == entry->dim && tam_loss_is_same(&losses[other], &losses[i])) {
                return refuse_twins(comparison->ctx, before, entry);
            }
        }
    }
    return TAM_OK;
}

static tam_status check_losses(tam_comparison *comparison, int64_t classes) {
    tam_loss *losses = tam_allocate(comparison->ctx, (size_t)comparison->count, sizeof *losses, "losses to compare");
    tam_status status = losses != NULL ? read_losses(comparison, classes, losses) : TAM_RESOURCES;
    tam_release(comparison->ctx, losses);
    return status;
}

static tam_status check_recipes(tam_comparison *comparison, const tam_dataset *data) {
    for (int i = 0; i < comparison->count; i++) {
        const tam_train_config recipe = tam_compare_recipe(comparison, i);
        TAM_TRY(tam_train_check(comparison->ctx, &recipe, data));
    }
    return TAM_OK;
}

/* The images to measure on: those given, else the other split, else the training data. */
static tam_status choose_evaluation(tam_comparison *comparison) {
    const tam_train_config *recipe = &comparison->config.recipe;
    tam_dataset *dataset = NULL;
    comparison->evaluation = recipe->data;
    comparison->on = TAM_COMPARE_TRAINING;
    if (recipe->validation.path != NULL) {
        comparison->on = TAM_COMPARE_VALIDATION;
        comparison->evaluation = recipe->validation;
        return TAM_OK;
    }
    if (recipe->data.split != NULL && strcmp(recipe->data.split, "train") != 0) {
        return TAM_OK;
    }
    tam_dataset_config test = recipe->data;
    test.split = "test";
    tam_status status = tam_dataset_open(comparison->ctx, &test, &dataset);
    tam_dataset_free(dataset);
    if (status == TAM_OK) {
        comparison->on = TAM_COMPARE_TEST;
        comparison->evaluation = test;
    } else if (status == TAM_INPUT) { /* folders of images have no such split, which is TAM_CONFIG */
        tam_warn(comparison->ctx, "no test images, the training data is used: %s", tam_ctx_message(comparison->ctx));
    }
    return status == TAM_RESOURCES ? status : TAM_OK;
}

static tam_status open_lists(tam_comparison *comparison) {
    tam_dataset *dataset = NULL;
    TAM_TRY(make_entries(comparison));
    TAM_TRY(tam_dataset_open(comparison->ctx, &comparison->config.recipe.data, &dataset));
    tam_status status = check_losses(comparison, tam_dataset_describe(dataset).classes);
    if (status == TAM_OK) {
        status = check_recipes(comparison, dataset);
    }
    tam_dataset_free(dataset);
    return status == TAM_OK ? choose_evaluation(comparison) : status;
}

tam_status tam_compare_open(tam_ctx *ctx, const tam_compare_config *config, tam_comparison **out) {
    *out = NULL;
    if (config->losses == NULL || config->out == NULL || *config->out == '\0' || config->recipe.data.path == NULL) {
        return tam_fail(ctx, TAM_CONFIG, "a comparison needs losses, data and a folder");
    }
    tam_comparison *comparison = tam_allocate(ctx, 1, sizeof *comparison, "a comparison");
    if (comparison == NULL) {
        return TAM_RESOURCES;
    }
    *comparison = (tam_comparison){.ctx = ctx, .config = *config, .table = {.ctx = ctx}, .json = {.ctx = ctx}};
    comparison->arena = tam_arena_create(ctx, 0);
    tam_status status = comparison->arena != NULL ? open_lists(comparison) : TAM_RESOURCES;
    if (status != TAM_OK) {
        tam_compare_free(comparison);
        return status;
    }
    *out = comparison;
    return TAM_OK;
}

void tam_compare_free(tam_comparison *comparison) {
    if (comparison == NULL) {
        return;
    }
    for (int i = 0; i < comparison->count; i++) {
        tam_report_run_free(comparison->ctx, &comparison->runs[i]);
    }
    tam_text_free(&comparison->table);
    tam_text_free(&comparison->json);
    tam_release(comparison->ctx, comparison->entries);
    tam_release(comparison->ctx, comparison->runs);
    tam_arena_free(comparison->arena);
    tam_release(comparison->ctx, comparison);
}

int tam_compare_runs(const tam_comparison *comparison) {
    return comparison->count;
}

tam_train_config tam_compare_recipe(const tam_comparison *comparison, int i) {
    const tam_compare_entry *entry = &comparison->entries[i];
    tam_train_config recipe = comparison->config.recipe;
    recipe.loss = entry->loss;
    recipe.dim = entry->dim;
    recipe.out = entry->folder;
    if (entry->dim <= SMALL_DIM) {
        recipe.net = recipe.net != NULL ? recipe.net : "conv4:bn=0";
        recipe.batch = recipe.batch != 0 || recipe.sampler != NULL ? recipe.batch : 32;
        recipe.lr = recipe.lr != 0 ? recipe.lr : 0.1;
        recipe.warmup = recipe.warmup != 0 ? recipe.warmup : 0.3;
        recipe.epochs = recipe.epochs != 0 || recipe.steps != 0 ? recipe.epochs : 3;
    }
    return recipe;
}

void tam_compare_leave_out(tam_comparison *comparison, int i, const char *reason) {
    const char *words = tam_arena_string(comparison->arena, reason, strlen(reason));
    forget_numbers(&comparison->entries[i]);
    comparison->entries[i].left_out = words != NULL ? words : "no memory for the reason";
}

int tam_compare_left_out(const tam_comparison *comparison) {
    int count = 0;
    for (int i = 0; i < comparison->count; i++) {
        count += comparison->entries[i].left_out != NULL;
    }
    return count;
}

static tam_status write_file(const tam_comparison *comparison, const char *name, const tam_text *text) {
    tam_ctx *ctx = comparison->ctx;
    if (text->failed) {
        return TAM_RESOURCES;
    }
    char *path = tam_path_join(ctx, comparison->config.out, name);
    const tam_file_piece piece = {text->data, text->size};
    tam_status status = path != NULL ? tam_file_write(ctx, path, &piece, 1) : TAM_RESOURCES;
    tam_release(ctx, path);
    return status;
}

tam_status tam_compare_write(tam_comparison *comparison) {
    tam_text csv = {.ctx = comparison->ctx}, page = {.ctx = comparison->ctx};
    tam_text_free(&comparison->table);
    tam_text_free(&comparison->json);
    comparison->table = comparison->json = (tam_text){.ctx = comparison->ctx};
    tam_compare_write_table(comparison, &comparison->table);
    tam_compare_write_csv(comparison, &csv);
    tam_compare_write_json(comparison, &comparison->json);
    tam_compare_write_page(comparison, &page);
    tam_status status =
        comparison->table.failed ? TAM_RESOURCES : tam_folder_make(comparison->ctx, comparison->config.out);
    if (status == TAM_OK) {
        status = write_file(comparison, "compare.csv", &csv);
    }
    if (status == TAM_OK) {
        status = write_file(comparison, "compare.json", &comparison->json);
    }
    if (status == TAM_OK) {
        status = write_file(comparison, "compare.html", &page);
    }
    tam_text_free(&csv);
    tam_text_free(&page);
    return status;
}

const char *tam_compare_table(const tam_comparison *comparison) {
    return comparison->table.data != NULL ? comparison->table.data : "";
}

const char *tam_compare_json(const tam_comparison *comparison) {
    return comparison->json.data != NULL ? comparison->json.data : "";
}

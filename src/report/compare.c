/* A comparison from its lists to its files. */
#include "report/compare.h"

#include <string.h>

#include "base/file.h"
#include "data/validation_path.h"

/* The images to measure on: those given, else the other split, else the training data. */
static tam_status choose_evaluation(tam_comparison *comparison) {
    const tam_train_config *recipe = &comparison->config.recipe;
    tam_dataset *dataset = NULL;
    comparison->evaluation = recipe->data;
    comparison->on = TAM_COMPARE_TRAINING;
    if (recipe->validation.path != NULL) {
        tam_validation_path path;
        TAM_TRY(tam_validation_path_read(comparison->ctx, comparison->arena, recipe->validation.path, &path));
        if (path.pairs) {
            return tam_fail(comparison->ctx, TAM_CONFIG,
                            "%s: listed pairs: a comparison measures on labelled images, all pairs of which are "
                            "compared",
                            recipe->validation.path);
        }
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
    TAM_TRY(tam_compare_plan(comparison));
    TAM_TRY(tam_compare_check(comparison));
    return choose_evaluation(comparison);
}

tam_status tam_compare_open(tam_ctx *ctx, const tam_compare_config *config, tam_comparison **out) {
    *out = NULL;
    if (config->out == NULL || *config->out == '\0' || config->recipe.data.path == NULL) {
        return tam_fail(ctx, TAM_CONFIG, "a comparison needs data and a folder");
    }
    if (config->losses == NULL && config->nets == NULL && config->dims == NULL && config->sweep_count == 0) {
        return tam_fail(ctx, TAM_CONFIG, "nothing to compare: give losses, nets, dims or a sweep");
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
    return comparison->entries[i].recipe;
}

void tam_compare_leave_out(tam_comparison *comparison, int i, const char *reason) {
    const char *words = tam_arena_string(comparison->arena, reason, strlen(reason));
    tam_compare_forget_numbers(&comparison->entries[i]);
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

/* The data set a run was trained on, from its config.yaml. */
#ifndef REPORT_TRAINING_DATA_H
#define REPORT_TRAINING_DATA_H

#include <stdbool.h>

#include "base/ctx.h"

/* Copies (tam_release) of the values of top-level keys; NULL where a key is absent or null. */
typedef struct tam_training_data {
    char *data, *split, *classes, *exclude_classes, *fixes;
} tam_training_data;

/* Reads folder/config.yaml. TAM_INPUT when it is missing or not YAML. Unknown keys are left alone. */
TAM_MUST_USE tam_status tam_training_data_read(tam_ctx *ctx, const char *folder, tam_training_data *config);
/* The same from bytes; `path` is for the sentences. */
TAM_MUST_USE tam_status tam_training_data_parse(tam_ctx *ctx, const char *path, const uint8_t *data, size_t size,
                                                tam_training_data *config);
void tam_training_data_free(tam_ctx *ctx, tam_training_data *config);

/* One line of a run's config.yaml; `plain`: the words have no quotation marks. */
typedef tam_status (*tam_setting_visit)(void *user, const char *key, const char *words, bool plain);
/* Visits the lines of folder/config.yaml in their order; stops where a visit fails. */
TAM_MUST_USE tam_status tam_run_settings(tam_ctx *ctx, const char *folder, tam_setting_visit visit, void *user);

#endif

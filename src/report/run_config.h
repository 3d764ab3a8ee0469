/* The data set a run was trained on, from its config.yaml. */
#ifndef REPORT_RUN_CONFIG_H
#define REPORT_RUN_CONFIG_H

#include "base/ctx.h"

/* Copies (tam_release) of the values of top-level keys; NULL where a key is absent or null. */
typedef struct tam_run_config {
    char *data, *split, *classes, *exclude_classes;
} tam_run_config;

/* Reads folder/config.yaml. TAM_INPUT when it is missing or not YAML. Unknown keys are left alone. */
TAM_MUST_USE tam_status tam_run_config_read(tam_ctx *ctx, const char *folder, tam_run_config *config);
/* The same from bytes; `path` is for the sentences. */
TAM_MUST_USE tam_status tam_run_config_parse(tam_ctx *ctx, const char *path, const uint8_t *data, size_t size,
                                             tam_run_config *config);
void tam_run_config_free(tam_ctx *ctx, tam_run_config *config);

#endif

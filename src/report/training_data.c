#include "report/training_data.h"

#include <string.h>
#include <yaml.h>

#include "base/file.h"
#include "base/memory.h"

enum { LARGEST_CONFIG = 1 << 20 };

static char **slot_of(tam_training_data *config, const char *key) {
    const struct {
        const char *key;
        char **slot;
    } slots[] = {{"data", &config->data},
                 {"split", &config->split},
                 {"classes", &config->classes},
                 {"exclude-classes", &config->exclude_classes},
                 {"fixes", &config->fixes}};
    for (size_t i = 0; i < sizeof slots / sizeof *slots; i++) {
        if (strcmp(slots[i].key, key) == 0) {
            return slots[i].slot;
        }
    }
    return NULL;
}

typedef struct collecting {
    tam_ctx *ctx;
    tam_training_data *config;
} collecting;

static tam_status set_value(void *user, const char *key, const char *words, bool plain) {
    const collecting *into = user;
    char **slot = slot_of(into->config, key);
    bool null = plain && (*words == '\0' || strcmp(words, "null") == 0 || strcmp(words, "~") == 0);
    if (slot == NULL || *slot != NULL || null) {
        return TAM_OK;
    }
    *slot = tam_copy_string(into->ctx, words);
    return *slot != NULL ? TAM_OK : TAM_RESOURCES;
}

/* Walks the events; at depth 1 scalars alternate between key and value. */
static tam_status walk(tam_ctx *ctx, const char *path, yaml_parser_t *parser, tam_setting_visit visit, void *user) {
    tam_status status = TAM_OK;
    char key[64] = "";
    bool have_key = false, end = false;
    int depth = 0;
    while (status == TAM_OK && !end) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event)) {
            return tam_fail(ctx, TAM_INPUT, "%s:%zu: not YAML: %s", path, parser->problem_mark.line + 1,
                            parser->problem != NULL ? parser->problem : "unknown fault");
        }
        bool opens = event.type == YAML_MAPPING_START_EVENT || event.type == YAML_SEQUENCE_START_EVENT;
        bool closes = event.type == YAML_MAPPING_END_EVENT || event.type == YAML_SEQUENCE_END_EVENT;
        if (event.type == YAML_SCALAR_EVENT && depth == 1) {
            if (have_key) {
                status = visit(user, key, (const char *)event.data.scalar.value,
                               event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE);
            } else {
                strncpy(key, (const char *)event.data.scalar.value, sizeof key - 1);
            }
            have_key = !have_key;
        } else if (event.type == YAML_ALIAS_EVENT && depth == 1) {
            have_key = !have_key;
        }
        depth += opens - closes;
        have_key = closes && depth == 1 ? false : have_key;
        end = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    return status;
}

static tam_status walk_bytes(tam_ctx *ctx, const char *path, const uint8_t *data, size_t size, tam_setting_visit visit,
                             void *user) {
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) {
        return tam_fail(ctx, TAM_RESOURCES, "%s: no memory for the YAML parser", path);
    }
    yaml_parser_set_input_string(&parser, data, size);
    tam_status status = walk(ctx, path, &parser, visit, user);
    yaml_parser_delete(&parser);
    return status;
}

tam_status tam_training_data_parse(tam_ctx *ctx, const char *path, const uint8_t *data, size_t size,
                                   tam_training_data *config) {
    *config = (tam_training_data){0};
    tam_status status = walk_bytes(ctx, path, data, size, set_value, &(collecting){ctx, config});
    if (status != TAM_OK) {
        tam_training_data_free(ctx, config);
    }
    return status;
}

tam_status tam_run_settings(tam_ctx *ctx, const char *folder, tam_setting_visit visit, void *user) {
    uint8_t *data = NULL;
    size_t size = 0;
    char *path = tam_path_join(ctx, folder, "config.yaml");
    tam_status status = path == NULL ? TAM_RESOURCES : tam_file_read(ctx, path, LARGEST_CONFIG, &data, &size);
    if (status == TAM_OK) {
        status = walk_bytes(ctx, path, data, size, visit, user);
    }
    tam_release(ctx, data);
    tam_release(ctx, path);
    return status;
}

tam_status tam_training_data_read(tam_ctx *ctx, const char *folder, tam_training_data *config) {
    *config = (tam_training_data){0};
    tam_status status = tam_run_settings(ctx, folder, set_value, &(collecting){ctx, config});
    if (status != TAM_OK) {
        tam_training_data_free(ctx, config);
    }
    return status;
}

void tam_training_data_free(tam_ctx *ctx, tam_training_data *config) {
    tam_release(ctx, config->data);
    tam_release(ctx, config->split);
    tam_release(ctx, config->classes);
    tam_release(ctx, config->exclude_classes);
    tam_release(ctx, config->fixes);
    *config = (tam_training_data){0};
}

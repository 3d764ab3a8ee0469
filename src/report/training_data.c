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
                 {"exclude-classes", &config->exclude_classes}};
    for (size_t i = 0; i < sizeof slots / sizeof *slots; i++) {
        if (strcmp(slots[i].key, key) == 0) {
            return slots[i].slot;
        }
    }
    return NULL;
}

static tam_status set_value(tam_ctx *ctx, tam_training_data *config, const char *key, const yaml_event_t *value) {
    char **slot = slot_of(config, key);
    const char *words = (const char *)value->data.scalar.value;
    bool null = value->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
                (*words == '\0' || strcmp(words, "null") == 0 || strcmp(words, "~") == 0);
    if (slot == NULL || *slot != NULL || null) {
        return TAM_OK;
    }
    *slot = tam_copy_string(ctx, words);
    return *slot != NULL ? TAM_OK : TAM_RESOURCES;
}

/* Walks the events; at depth 1 scalars alternate between key and value. */
static tam_status walk(tam_ctx *ctx, const char *path, yaml_parser_t *parser, tam_training_data *config) {
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
                status = set_value(ctx, config, key, &event);
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

tam_status tam_training_data_parse(tam_ctx *ctx, const char *path, const uint8_t *data, size_t size,
                                   tam_training_data *config) {
    yaml_parser_t parser;
    *config = (tam_training_data){0};
    if (!yaml_parser_initialize(&parser)) {
        return tam_fail(ctx, TAM_RESOURCES, "%s: no memory for the YAML parser", path);
    }
    yaml_parser_set_input_string(&parser, data, size);
    tam_status status = walk(ctx, path, &parser, config);
    yaml_parser_delete(&parser);
    if (status != TAM_OK) {
        tam_training_data_free(ctx, config);
    }
    return status;
}

tam_status tam_training_data_read(tam_ctx *ctx, const char *folder, tam_training_data *config) {
    uint8_t *data = NULL;
    size_t size = 0;
    *config = (tam_training_data){0};
    char *path = tam_path_join(ctx, folder, "config.yaml");
    tam_status status = path == NULL ? TAM_RESOURCES : tam_file_read(ctx, path, LARGEST_CONFIG, &data, &size);
    if (status == TAM_OK) {
        status = tam_training_data_parse(ctx, path, data, size, config);
    }
    tam_release(ctx, data);
    tam_release(ctx, path);
    return status;
}

void tam_training_data_free(tam_ctx *ctx, tam_training_data *config) {
    tam_release(ctx, config->data);
    tam_release(ctx, config->split);
    tam_release(ctx, config->classes);
    tam_release(ctx, config->exclude_classes);
    *config = (tam_training_data){0};
}

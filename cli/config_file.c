/* The config file: a flat YAML map whose keys are the flags' names. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml.h>

#include "cli.h"

typedef struct config_reader {
    cli_call *call;
    const cli_option *options;
    int count;
    bool *given;
    bool seen[CLI_MOST_OPTIONS];
    yaml_parser_t parser;
} config_reader;

static int find_key(config_reader *reader, const char *key, int line) {
    const char *names[CLI_MOST_OPTIONS];
    for (int i = 0; i < reader->count; i++) {
        names[i] = reader->options[i].name;
        if (strcmp(key, names[i]) == 0 && strcmp(key, "config") != 0) {
            return i;
        }
    }
    const char *nearest = tam_nearest_name(key, names, reader->count);
    (void)cli_fail(reader->call, TAM_CONFIG, "%s:%d: unknown key '%s'%s%s%s", reader->call->config, line, key,
                   nearest != NULL ? " (did you mean '" : "", nearest != NULL ? nearest : "",
                   nearest != NULL ? "'?)" : "");
    return -1;
}

static tam_status read_pair(config_reader *reader, const yaml_event_t *key, const yaml_event_t *value) {
    int line = (int)key->start_mark.line + 1;
    const char *name = (const char *)key->data.scalar.value;
    int index = find_key(reader, name, line);
    if (index < 0) {
        return TAM_CONFIG;
    }
    if (reader->seen[index]) {
        return cli_fail(reader->call, TAM_CONFIG, "%s:%d: %s is given twice", reader->call->config, line, name);
    }
    if (value->type != YAML_SCALAR_EVENT) {
        return cli_fail(reader->call, TAM_CONFIG, "%s:%d: %s is not a single value", reader->call->config, line, name);
    }
    reader->seen[index] = true;
    if (reader->given[index]) {
        return TAM_OK;
    }
    reader->given[index] = true;
    char *word = strdup((const char *)value->data.scalar.value);
    if (word == NULL) {
        return cli_fail(reader->call, TAM_RESOURCES, "%s: out of memory", reader->call->config);
    }
    reader->call->config_words[index] = word; /* options point into it */
    return cli_assign(reader->call, &reader->options[index], word, (cli_source){reader->call->config, line});
}

/* The next event, or TAM_CONFIG with the line of the syntax fault. */
static tam_status next_event(config_reader *reader, yaml_event_t *event) {
    if (yaml_parser_parse(&reader->parser, event)) {
        return TAM_OK;
    }
    return cli_fail(reader->call, TAM_CONFIG, "%s:%zu: not YAML: %s", reader->call->config,
                    reader->parser.problem_mark.line + 1,
                    reader->parser.problem != NULL ? reader->parser.problem : "unknown fault");
}

static tam_status refuse_line(config_reader *reader, size_t line, const char *reason) {
    return cli_fail(reader->call, TAM_CONFIG, "%s:%zu: %s", reader->call->config, line, reason);
}

static tam_status read_map(config_reader *reader) {
    yaml_event_t key, value;
    while (true) {
        if (next_event(reader, &key) != TAM_OK) {
            return reader->call->status;
        }
        if (key.type != YAML_SCALAR_EVENT) {
            bool end = key.type == YAML_MAPPING_END_EVENT;
            size_t line = key.start_mark.line + 1;
            yaml_event_delete(&key);
            return end ? TAM_OK : refuse_line(reader, line, "a key must be a word");
        }
        tam_status status = next_event(reader, &value);
        if (status == TAM_OK) {
            status = read_pair(reader, &key, &value);
            yaml_event_delete(&value);
        }
        yaml_event_delete(&key);
        if (status != TAM_OK) {
            return status;
        }
    }
}

/* The type of the next event that is not merely the start of something. */
static tam_status next_type(config_reader *reader, yaml_event_type_t *type, size_t *line) {
    yaml_event_t event;
    do {
        if (next_event(reader, &event) != TAM_OK) {
            return reader->call->status;
        }
        *type = event.type;
        *line = event.start_mark.line + 1;
        yaml_event_delete(&event);
    } while (*type == YAML_STREAM_START_EVENT || *type == YAML_DOCUMENT_START_EVENT ||
             *type == YAML_DOCUMENT_END_EVENT);
    return TAM_OK;
}

static tam_status read_document(config_reader *reader) {
    yaml_event_type_t type;
    size_t line;
    if (next_type(reader, &type, &line) != TAM_OK || type == YAML_STREAM_END_EVENT) {
        return reader->call->status; /* an empty file sets nothing */
    }
    if (type != YAML_MAPPING_START_EVENT) {
        return refuse_line(reader, line, "not a list of 'name: value' lines");
    }
    if (read_map(reader) != TAM_OK || next_type(reader, &type, &line) != TAM_OK) {
        return reader->call->status;
    }
    return type == YAML_STREAM_END_EVENT ? TAM_OK : refuse_line(reader, line, "a second document begins");
}

/* Opened without waiting: a pipe without a writer would never end. NULL with a sentence when it is no file. */
static FILE *open_file(cli_call *call) {
    struct stat facts;
    int descriptor = open(call->config, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) {
        (void)cli_fail(call, TAM_INPUT, "%s: cannot open the config file: %s", call->config, strerror(errno));
        return NULL;
    }
    bool regular = fstat(descriptor, &facts) == 0 && S_ISREG(facts.st_mode);
    FILE *file = regular ? fdopen(descriptor, "rb") : NULL;
    if (file == NULL) {
        close(descriptor);
        (void)cli_fail(call, regular ? TAM_RESOURCES : TAM_INPUT, "%s: %s", call->config,
                       regular ? "out of memory" : "the config file is not a regular file");
    }
    return file;
}

tam_status cli_read_config(cli_call *call, const cli_option *options, int count, bool *given) {
    config_reader reader = {.call = call, .options = options, .count = count, .given = given};
    FILE *file = open_file(call);
    if (file == NULL) {
        return call->status;
    }
    if (!yaml_parser_initialize(&reader.parser)) {
        fclose(file);
        return cli_fail(call, TAM_RESOURCES, "%s: out of memory", call->config);
    }
    yaml_parser_set_input_file(&reader.parser, file);
    tam_status status = read_document(&reader);
    yaml_parser_delete(&reader.parser);
    fclose(file);
    return status;
}

/* The text form of a graph: one line a node, in the order in which it runs. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/format.h"
#include "base/memory.h"
#include "graph/graph.h"

typedef struct writer {
    char *text;
    size_t room, length; /* length: what it has or would have */
} writer;

static void put(writer *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(writer *out, const char *format, ...) {
    bool fits = out->length < out->room;
    va_list arguments;
    va_start(arguments, format);
    int length =
        tam_format_list(fits ? out->text + out->length : NULL, fits ? out->room - out->length : 0, format, arguments);
    va_end(arguments);
    out->length += length > 0 ? (size_t)length : 0;
}

static void put_number(writer *out, double value) {
    char text[TAM_REAL_ROOM];
    if (value == (double)(int64_t)value) {
        put(out, "%lld", (long long)value);
    } else {
        tam_format_real(text, value);
        put(out, "%s", text);
    }
}

/* A number, or the word at that place. */
static void put_value(writer *out, const tam_key *key, double value) {
    if (key->words == NULL) {
        put_number(out, value);
        return;
    }
    const char *word = key->words;
    for (int place = 0; place < (int)value; place++) {
        word += strcspn(word, "|") + 1;
    }
    put(out, "%.*s", (int)strcspn(word, "|"), word);
}

size_t tam_graph_text(const tam_graph *graph, char *text, size_t room) {
    writer out = {text, room, 0};
    for (int i = 0; i < tam_graph_node_count(graph); i++) {
        const tam_node *node = tam_graph_node(graph, i);
        const char *separator = "";
        put(&out, "%s = %s(", node->name, node->op->name);
        for (int k = 0; k < node->inputs; k++) {
            put(&out, "%s%s", separator, tam_graph_node(graph, node->input[k])->name);
            separator = ", ";
        }
        for (int k = 0; k < node->op->key_count; k++) {
            const tam_key *key = &node->op->keys[k];
            if ((node->op->quiet >> k & 1) != 0 && node->key[k] == key->otherwise) {
                continue;
            }
            put(&out, "%s%s=", separator, key->name);
            put_value(&out, key, node->key[k]);
            separator = ", ";
        }
        put(&out, ")\n");
    }
    return out.length;
}

enum { LINE_LENGTH = 8192 }; /* the most inputs with the longest names */

/* One line taken apart; the strings lie in the line. */
typedef struct statement {
    char *name, *op, *input[TAM_NODE_INPUTS];
    int inputs;
    char keys[LINE_LENGTH];
} statement;

static char *strip(char *text) {
    static const char blank[] = " \t\r";
    text += strspn(text, blank);
    for (size_t length = strlen(text); length > 0 && strchr(blank, text[length - 1]) != NULL; length--) {
        text[length - 1] = '\0';
    }
    return text;
}

static tam_status take_argument(tam_ctx *ctx, char *argument, statement *parts) {
    char *equals = strchr(argument, '=');
    if (equals != NULL) {
        *equals = '\0';
        size_t used = strlen(parts->keys);
        snprintf(parts->keys + used, sizeof parts->keys - used, "%s%s=%s", used > 0 ? "," : "", strip(argument),
                 strip(equals + 1));
        return TAM_OK;
    }
    argument = strip(argument);
    if (*argument == '\0') {
        return tam_fail(ctx, TAM_INPUT, "an input or key is missing beside a comma");
    }
    if (parts->inputs == TAM_NODE_INPUTS) {
        return tam_fail(ctx, TAM_INPUT, "more than %d inputs", TAM_NODE_INPUTS);
    }
    parts->input[parts->inputs++] = argument;
    return TAM_OK;
}

/* NAME = OP(INPUT, ..., KEY=VALUE, ...) */
static tam_status take_apart(tam_ctx *ctx, char *line, statement *parts) {
    char *equals = strchr(line, '='), *open = strchr(line, '('), *close = strrchr(line, ')');
    if (equals == NULL || open == NULL || close == NULL || open < equals || close < open || *strip(close + 1) != '\0') {
        return tam_fail(ctx, TAM_INPUT, "'%.80s' is not of the form NAME = OP(INPUT, ..., KEY=VALUE, ...)", line);
    }
    *equals = *open = *close = '\0';
    parts->name = strip(line);
    parts->op = strip(equals + 1);
    char *argument = strip(open + 1);
    while (argument != NULL && *argument != '\0') {
        char *comma = strchr(argument, ',');
        if (comma != NULL) {
            *comma = '\0';
        }
        TAM_TRY(take_argument(ctx, argument, parts));
        argument = comma == NULL ? NULL : comma + 1;
        if (argument != NULL && *strip(argument) == '\0') {
            return tam_fail(ctx, TAM_INPUT, "an input or key is missing beside a comma");
        }
    }
    return TAM_OK;
}

static tam_status parse_input(tam_ctx *ctx, const statement *parts, tam_graph **out) {
    double key[TAM_OP_KEYS];
    if (strcmp(parts->name, "input") != 0 || strcmp(parts->op, "input") != 0 || parts->inputs != 0) {
        return tam_fail(ctx, TAM_INPUT, "the first node must be input = input(channels=..., height=..., width=...)");
    }
    const tam_op *op = tam_op_find(ctx, "input");
    TAM_TRY(tam_keys_read(ctx, "input", parts->keys, op->keys, op->key_count, key));
    return tam_graph_create(ctx, (int)key[TAM_INPUT_CHANNELS], (int)key[TAM_INPUT_HEIGHT], (int)key[TAM_INPUT_WIDTH],
                            out);
}

static tam_status parse_line(tam_ctx *ctx, char *line, tam_graph **graph) {
    statement parts = {0};
    int inputs[TAM_NODE_INPUTS];
    TAM_TRY(take_apart(ctx, line, &parts));
    if (*graph == NULL) {
        return parse_input(ctx, &parts, graph);
    }
    for (int i = 0; i < parts.inputs; i++) {
        inputs[i] = tam_graph_find(*graph, parts.input[i]);
        if (inputs[i] < 0) {
            return tam_fail(ctx, TAM_INPUT, "%.80s reads '%.80s', which no line before it defines", parts.name,
                            parts.input[i]);
        }
    }
    if (tam_graph_add_named(*graph, parts.name, parts.op, inputs, parts.inputs, parts.keys) < 0) {
        return tam_graph_finish(*graph);
    }
    return TAM_OK;
}

/* A fault of the text is bad input, whatever it would be to a builder; exhausted memory stays what it is. */
static tam_status name_line(tam_ctx *ctx, tam_status status, int number) {
    if (status == TAM_RESOURCES) {
        return status;
    }
    return tam_fail(ctx, TAM_INPUT, "graph, line %d: %s", number, tam_ctx_message(ctx));
}

tam_status tam_graph_parse(tam_ctx *ctx, const char *text, tam_graph **out) {
    tam_graph *graph = NULL;
    tam_status status = TAM_OK;
    int number = 0;
    *out = NULL;
    while (*text != '\0' && status == TAM_OK) {
        size_t length = strcspn(text, "\n");
        size_t used = strcspn(text, "#\n");
        char line[LINE_LENGTH];
        number++;
        if (used >= sizeof line) {
            status = tam_fail(ctx, TAM_INPUT, "longer than %d bytes", LINE_LENGTH - 1);
        } else {
            memcpy(line, text, used);
            line[used] = '\0';
            char *stripped = strip(line);
            status = *stripped == '\0' ? TAM_OK : parse_line(ctx, stripped, &graph);
        }
        text += length + (text[length] == '\n');
    }
    if (status == TAM_OK) {
        status = graph == NULL ? tam_fail(ctx, TAM_INPUT, "the text ends before an input = input(...)")
                               : tam_graph_finish(graph);
    }
    if (status != TAM_OK) {
        tam_graph_free(graph);
        return name_line(ctx, status, number);
    }
    *out = graph;
    return TAM_OK;
}

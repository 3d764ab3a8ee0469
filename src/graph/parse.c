/* The text form of a graph, read. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "graph/graph.h"

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

/* A text that is being read. */
typedef struct reader {
    tam_ctx *ctx;
    const char *text;       /* all of it */
    const tam_shape *input; /* in place of the text's own, or NULL */
    tam_graph *graph;
    int line;
} reader;

static tam_status parse_input(reader *from, const statement *parts) {
    double key[TAM_OP_KEYS];
    if (strcmp(parts->name, "input") != 0 || strcmp(parts->op, "input") != 0 || parts->inputs != 0) {
        return tam_fail(from->ctx, TAM_INPUT,
                        "the first node must be input = input(channels=..., height=..., width=...)");
    }
    const tam_op *op = tam_op_find(from->ctx, "input");
    TAM_TRY(tam_keys_read(from->ctx, "input", parts->keys, op->keys, op->key_count, key));
    tam_shape own = {
        .c = (int)key[TAM_INPUT_CHANNELS], .h = (int)key[TAM_INPUT_HEIGHT], .w = (int)key[TAM_INPUT_WIDTH]};
    const tam_shape *in = from->input != NULL ? from->input : &own;
    if (own.c < 1 || own.h < 1 || own.w < 1) { /* no use to say what is wrong with another */
        in = &own;
    }
    return tam_graph_create(from->ctx, in->c, in->h, in->w, &from->graph);
}

/* The text of the next line without its remark and the blanks around it, in `line`; false where it is too long. */
static bool take_line(const char **text, char line[LINE_LENGTH], char **stripped) {
    size_t length = strcspn(*text, "\n"), used = strcspn(*text, "#\n");
    bool fits = used < LINE_LENGTH;
    used = fits ? used : 0;
    memcpy(line, *text, used);
    line[used] = '\0';
    *stripped = strip(line);
    *text += length + ((*text)[length] == '\n');
    return fits;
}

/* The number of the first line that defines `name`, or 0. */
static int find_definition(const char *text, const char *name) {
    char line[LINE_LENGTH], *stripped;
    for (int number = 1; *text != '\0'; number++) {
        (void)take_line(&text, line, &stripped);
        char *equals = strchr(stripped, '=');
        if (equals != NULL) {
            *equals = '\0';
            if (strcmp(strip(stripped), name) == 0) {
                return number;
            }
        }
    }
    return 0;
}

static tam_status refuse_reader(reader *from, const char *name, const char *read) {
    const char *names[TAM_GRAPH_NODES];
    int count = tam_graph_node_count(from->graph), line = find_definition(from->text, read);
    if (strcmp(name, read) == 0) {
        return tam_fail(from->ctx, TAM_INPUT,
                        "%.80s reads itself: a node reads nodes of lines above it, for a network has no cycles", name);
    }
    if (line > 0) {
        return tam_fail(from->ctx, TAM_INPUT,
                        "%.80s reads '%.80s', which line %d defines: a node reads nodes of lines above it, for a "
                        "network has no cycles",
                        name, read, line);
    }
    for (int i = 0; i < count; i++) {
        names[i] = tam_graph_node(from->graph, i)->name;
    }
    const char *nearest = tam_nearest_name(read, names, count);
    return tam_fail(from->ctx, TAM_INPUT, "%.80s reads '%.80s', which no line defines%s%s%s", name, read,
                    nearest != NULL ? " (did you mean '" : "", nearest != NULL ? nearest : "",
                    nearest != NULL ? "'?)" : "");
}

static tam_status parse_line(reader *from, char *line) {
    statement parts = {0};
    int inputs[TAM_NODE_INPUTS];
    TAM_TRY(take_apart(from->ctx, line, &parts));
    if (from->graph == NULL) {
        return parse_input(from, &parts);
    }
    for (int i = 0; i < parts.inputs; i++) {
        inputs[i] = tam_graph_find(from->graph, parts.input[i]);
        if (inputs[i] < 0) {
            return refuse_reader(from, parts.name, parts.input[i]);
        }
    }
    if (tam_graph_add_named(from->graph, parts.name, parts.op, inputs, parts.inputs, parts.keys) < 0) {
        return tam_graph_finish(from->graph);
    }
    return TAM_OK;
}

/* What is wrong with the whole is a node's fault, too: its line is named. */
static tam_status finish(reader *from) {
    if (from->graph == NULL) {
        return tam_fail(from->ctx, TAM_INPUT, "the text ends before an input = input(...)");
    }
    tam_status status = tam_graph_finish(from->graph);
    int fault = tam_graph_fault(from->graph);
    if (status != TAM_OK && fault >= 0) {
        from->line = find_definition(from->text, tam_graph_node(from->graph, fault)->name);
    }
    return status;
}

/* A fault of the text is bad input, whatever it would be to a builder; exhausted memory stays what it is. */
static tam_status name_line(const reader *from, tam_status status, const char *origin) {
    char instead[96] = "";
    if (status == TAM_RESOURCES) {
        return status;
    }
    if (from->input != NULL && from->graph != NULL) {
        snprintf(instead, sizeof instead, " (for an input of %d x %d x %d)", from->input->c, from->input->h,
                 from->input->w);
    }
    return tam_fail(from->ctx, TAM_INPUT, "%s, line %d%s: %s", origin, from->line, instead, tam_ctx_message(from->ctx));
}

tam_status tam_graph_parse_as(tam_ctx *ctx, const char *origin, const char *text, const tam_shape *input,
                              tam_graph **out) {
    reader from = {.ctx = ctx, .text = text, .input = input};
    tam_status status = TAM_OK;
    *out = NULL;
    while (*text != '\0' && status == TAM_OK) {
        char line[LINE_LENGTH], *stripped;
        from.line++;
        if (!take_line(&text, line, &stripped)) {
            status = tam_fail(ctx, TAM_INPUT, "longer than %d bytes", LINE_LENGTH - 1);
        } else if (*stripped != '\0') {
            status = parse_line(&from, stripped);
        }
    }
    if (status == TAM_OK) {
        status = finish(&from);
    }
    if (status != TAM_OK) {
        status = name_line(&from, status, origin);
        tam_graph_free(from.graph);
        return status;
    }
    *out = from.graph;
    return TAM_OK;
}

tam_status tam_graph_parse(tam_ctx *ctx, const char *text, tam_graph **out) {
    return tam_graph_parse_as(ctx, "graph", text, NULL, out);
}

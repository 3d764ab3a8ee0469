/* The text form of a graph, written: one line a node, in the order in which it runs. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/format.h"
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

/* A node in a few words for people: what its window is, how many heads it has, ... */
#include <stdarg.h>
#include <string.h>

#include "base/format.h"
#include "graph/graph.h"

typedef struct words {
    char *text;
    size_t room;
} words;

static void add(words *to, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(words *to, const char *format, ...) {
    size_t used = strlen(to->text);
    va_list arguments;
    va_start(arguments, format);
    if (used + 2 < to->room) {
        if (used > 0) {
            memcpy(to->text + used, ", ", 3);
            used += 2;
        }
        (void)tam_format_list(to->text + used, to->room - used, format, arguments);
    }
    va_end(arguments);
}

static void add_window(words *to, const tam_window *window) {
    add(to, "%d x %d", window->kernel_h, window->kernel_w);
    if (window->stride != 1) {
        add(to, "stride %d", window->stride);
    }
    if (window->pad_h != window->pad_w) {
        add(to, "pad %d and %d", window->pad_h, window->pad_w);
    } else if (window->pad_h > 0) {
        add(to, "pad %d", window->pad_h);
    }
}

static void add_conv(words *to, const tam_node *node) {
    tam_window window = tam_conv_window(node);
    int groups = (int)node->key[TAM_CONV_GROUPS];
    add_window(to, &window);
    if (groups > 1 && groups == node->shape.c) {
        add(to, "depthwise");
    } else if (groups > 1) {
        add(to, "%d groups", groups);
    }
}

static void add_pool(words *to, const tam_node *node) {
    int kernel = (int)node->key[TAM_POOL_KERNEL], pad = (int)node->key[TAM_POOL_PAD];
    add_window(to, &(tam_window){kernel, kernel, (int)node->key[TAM_POOL_STRIDE], pad, pad});
}

/* Keys that differ from what they are unless given. */
static void add_keys(words *to, const tam_node *node) {
    for (int k = 0; k < node->op->key_count; k++) {
        const tam_key *key = &node->op->keys[k];
        const char *word = key->words;
        if (node->key[k] == key->otherwise) {
            continue;
        }
        for (int place = 0; word != NULL && place < (int)node->key[k]; place++) {
            word += strcspn(word, "|") + 1;
        }
        if (word != NULL) {
            add(to, "%s %.*s", key->name, (int)strcspn(word, "|"), word);
        } else {
            add(to, "%s %g", key->name, node->key[k]);
        }
    }
}

void tam_node_words(const tam_node *node, char *text, size_t room) {
    words to = {text, room};
    const char *op = node->op->name;
    text[0] = '\0';
    if (strcmp(op, "conv") == 0) {
        add_conv(&to, node);
    } else if (strcmp(op, "max_pool") == 0 || strcmp(op, "avg_pool") == 0) {
        add_pool(&to, node);
    } else if (strcmp(op, "fc") != 0 && strcmp(op, "input") != 0 && strcmp(op, "reshape") != 0) { /* the shape tells */
        add_keys(&to, node);
    }
}

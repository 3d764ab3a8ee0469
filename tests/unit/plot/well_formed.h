/* A tiny check that a text is well-formed XML: tags nest, attributes are quoted and unique, & starts an entity. */
#ifndef TESTS_WELL_FORMED_H
#define TESTS_WELL_FORMED_H

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static inline size_t name_length(const char *at) {
    size_t length = 0;
    while (isalnum((unsigned char)at[length]) || at[length] == '-' || at[length] == ':') {
        length++;
    }
    return length;
}

static inline bool entity_at(const char *at) {
    static const char *const known[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strncmp(at, known[i], strlen(known[i])) == 0) {
            return true;
        }
    }
    return false;
}

/* The end of the attributes that start at `at`: on '/' or '>'; NULL if they are wrong. */
static inline const char *skip_attributes(const char *at) {
    while (true) {
        at += strspn(at, " \n");
        if (*at == '/' || *at == '>') {
            return at;
        }
        size_t length = name_length(at);
        if (length == 0 || at[length] != '=' || at[length + 1] != '"') {
            return NULL;
        }
        for (at += length + 2; *at != '"'; at++) {
            if (*at == '\0' || *at == '<' || (*at == '&' && !entity_at(at))) {
                return NULL;
            }
        }
        at++;
    }
}

static inline bool well_formed(const char *text) {
    const char *open[64];
    size_t length[64];
    int depth = 0, elements = 0;
    for (const char *at = text; *at != '\0';) {
        if (*at == '&' && !entity_at(at)) {
            return false;
        }
        if (*at == '>' || ((unsigned char)*at < 0x20 && *at != '\n')) {
            return false;
        }
        if (*at != '<') {
            at++;
        } else if (at[1] == '!') {
            at += strcspn(at, ">") + 1;
        } else if (at[1] == '/') {
            size_t n = name_length(at + 2);
            if (depth == 0 || n != length[depth - 1] || strncmp(open[depth - 1], at + 2, n) != 0 || at[2 + n] != '>') {
                return false;
            }
            depth--;
            at += n + 3;
        } else {
            const char *name = at + 1;
            size_t n = name_length(name);
            const char *end = n > 0 ? skip_attributes(name + n) : NULL;
            if (end == NULL || depth == 64) {
                return false;
            }
            elements++;
            if (*end == '>') {
                open[depth] = name;
                length[depth++] = n;
            } else if (*++end != '>') {
                return false;
            }
            at = end + 1;
        }
    }
    return depth == 0 && elements > 0;
}

#endif

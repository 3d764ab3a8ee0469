#include "report/compare_list.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/spec.h"
#include "tammes/loss.h"

enum { LONGEST = 1024 };

tam_status tam_compare_split(tam_ctx *ctx, tam_arena *arena, const char *what, const char *text,
                             const char *items[TAM_COMPARE_ITEMS], int *count) {
    *count = 0;
    for (const char *from = text, *end; from != NULL; from = *end == ',' ? end + 1 : NULL) {
        end = from + tam_loss_list_first(from);
        if (end == from) {
            return tam_fail(ctx, TAM_CONFIG, "the list of %s '%s' has an empty place", what, text);
        }
        if (*count == TAM_COMPARE_ITEMS) {
            return tam_fail(ctx, TAM_CONFIG, "more than %d %s to compare", TAM_COMPARE_ITEMS, what);
        }
        items[*count] = tam_arena_string(arena, from, (size_t)(end - from));
        if (items[(*count)++] == NULL) {
            return TAM_RESOURCES;
        }
    }
    return TAM_OK;
}

tam_status tam_compare_read_dims(tam_ctx *ctx, const char *text, int dims[TAM_COMPARE_DIMS], int *count) {
    *count = 0;
    for (const char *from = text, *end; from != NULL; from = *end == ',' ? end + 1 : NULL) {
        double value = 0;
        end = from + strcspn(from, ",");
        bool whole = tam_number_read(from, (size_t)(end - from), &value) && value >= 1 && value <= 65536 &&
                     value == (double)(int)value;
        if (!whole) {
            return tam_fail(ctx, TAM_CONFIG, "the list of dimensions '%s': '%.*s' is not a whole number in [1, 65536]",
                            text, (int)(end - from), from);
        }
        for (int i = 0; i < *count; i++) {
            if (dims[i] == (int)value) {
                return tam_fail(ctx, TAM_CONFIG, "the list of dimensions '%s' names %d twice", text, dims[i]);
            }
        }
        if (*count == TAM_COMPARE_DIMS) {
            return tam_fail(ctx, TAM_CONFIG, "more than %d dimensions to compare", TAM_COMPARE_DIMS);
        }
        dims[(*count)++] = (int)value;
    }
    return TAM_OK;
}

const char *tam_compare_slug(tam_arena *arena, const char *loss, int dim) {
    char words[LONGEST];
    size_t length = 0;
    for (const char *at = loss; *at != '\0' && length + 16 < sizeof words; at++) {
        bool plain = isalnum((unsigned char)*at) || strchr(".+-_", *at) != NULL;
        bool before_number = *at == '=' && isdigit((unsigned char)at[1]);
        if (!before_number) {
            words[length++] = plain ? *at : '-';
        }
    }
    length += (size_t)snprintf(words + length, sizeof words - length, "-%dd", dim);
    return tam_arena_string(arena, words, length);
}

/* Published scales and margins are made for hundreds of dimensions. In the plane ten classes have 36 degrees each, and
 * a net that is still to sort them needs logits that are not yet certain. */
static const struct {
    const char *name, *keys;
} small[] = {
    {"center", "lambda=0.1"},           {"normface", "s=4"},
    {"l2-softmax", "alpha=4"},          {"sphereface-norm", "s=4"},
    {"cosface", "s=4,m=0.1"},           {"arcface", "s=4,m=0.1"},
    {"combined", "s=4,m2=0.1,m3=0"},    {"magface", "s=4,la=1,ua=20,lm=0.05,um=0.2,lambda-g=1"},
    {"circle", "gamma=4,m=0.5"},        {"curricularface", "s=4,m=0.1"},
    {"mv-softmax", "s=4,m=0.1"},        {"adaface", "s=4,m=0.1"},
    {"elasticface-arc", "s=4,m=0.1"},   {"elasticface-cos", "s=4,m=0.1"},
    {"subcenter-arcface", "s=4,m=0.1"}, {"proxy-anchor", "alpha=4"},
};

static const char *small_keys(const char *name, size_t length) {
    for (size_t i = 0; i < sizeof small / sizeof *small; i++) {
        if (strlen(small[i].name) == length && memcmp(small[i].name, name, length) == 0) {
            return small[i].keys;
        }
    }
    return NULL;
}

size_t tam_compare_part_length(const char *loss) {
    const char *end = *loss != '\0' ? loss + strcspn(loss + 1, "+") + 1 : loss;
    while (*end == '+' && isdigit((unsigned char)end[1])) { /* of a number: 1e+3 */
        end += strcspn(end + 1, "+") + 1;
    }
    return (size_t)(end - loss);
}

const char *tam_compare_small_loss(tam_arena *arena, const char *loss) {
    char words[2 * LONGEST];
    size_t length = 0;
    for (const char *from = loss, *end; *from != '\0' && length + LONGEST < sizeof words; from = end) {
        end = from + tam_compare_part_length(from);
        const char *name = *from == '+' ? from + 1 : from;
        const char *keys = small_keys(name, (size_t)(end - name));
        length += (size_t)snprintf(words + length, sizeof words - length, "%.*s%s%s", (int)(end - from), from,
                                   keys != NULL ? ":" : "", keys != NULL ? keys : "");
        length = length < sizeof words ? length : sizeof words - 1;
    }
    return tam_arena_string(arena, words, length);
}

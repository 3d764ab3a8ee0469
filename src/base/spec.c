#include "base/spec.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int least(int a, int b) {
    return a < b ? a : b;
}

/* The number of insertions, deletions, changes and swaps of neighbours that lead from a to b. */
static int edit_distance(const char *a, const char *b) {
    enum { LONGEST = 63 };
    int rows[3][LONGEST + 1];
    int length_a = (int)strnlen(a, LONGEST), length_b = (int)strnlen(b, LONGEST);
    for (int j = 0; j <= length_b; j++) {
        rows[0][j] = j;
    }
    for (int i = 1; i <= length_a; i++) {
        int *row = rows[i % 3], *above = rows[(i + 2) % 3], *above_that = rows[(i + 1) % 3];
        row[0] = i;
        for (int j = 1; j <= length_b; j++) {
            int best = least(above[j - 1] + (a[i - 1] != b[j - 1]), least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                best = least(best, above_that[j - 2] + 1);
            }
            row[j] = best;
        }
    }
    return rows[length_a % 3][length_b];
}

const char *tam_nearest_name(const char *word, const char *const *names, int count) {
    int allowed = (int)strlen(word) / 3;
    const char *nearest = NULL;
    int best = (allowed < 1 ? 1 : allowed) + 1;
    for (int i = 0; i < count; i++) {
        int distance = edit_distance(word, names[i]);
        if (distance < best) {
            best = distance;
            nearest = names[i];
        }
    }
    return nearest;
}

int tam_name_find(tam_ctx *ctx, const char *kind, const char *word, const char *const *names, int count) {
    for (int i = 0; i < count; i++) {
        if (strcmp(word, names[i]) == 0) {
            return i;
        }
    }
    const char *nearest = tam_nearest_name(word, names, count);
    if (nearest != NULL) {
        (void)tam_fail(ctx, TAM_CONFIG, "unknown %s '%s' (did you mean '%s'?)", kind, word, nearest);
        return -1;
    }
    char known[512] = "";
    for (int i = 0; i < count; i++) {
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", i > 0 ? ", " : "", names[i]);
    }
    (void)tam_fail(ctx, TAM_CONFIG, "unknown %s '%s' (known: %s)", kind, word, known);
    return -1;
}

bool tam_number_read(const char *text, size_t length, double *value) {
    char copy[64];
    char *end;
    if (length == 0 || length >= sizeof copy || strspn(text, "0123456789+-.eE") < length) {
        return false;
    }
    memcpy(copy, text, length);
    copy[length] = '\0';
    locale_t plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    if (plain == (locale_t)0) {
        return false;
    }
    locale_t before = uselocale(plain);
    *value = strtod(copy, &end);
    uselocale(before);
    freelocale(plain);
    return *end == '\0' && isfinite(*value);
}

/* The place of a word in "linear|none|easy". */
static tam_status read_word(tam_ctx *ctx, const char *owner, const tam_key *key, const char *text, int length,
                            double *value) {
    int place = 0;
    for (const char *word = key->words; *word != '\0'; place++) {
        size_t size = strcspn(word, "|");
        if (size == (size_t)length && memcmp(word, text, size) == 0) {
            *value = place;
            return TAM_OK;
        }
        word += size + (word[size] == '|');
    }
    return tam_fail(ctx, TAM_CONFIG, "%s: %s=%.*s is none of %s", owner, key->name, length, text, key->words);
}

static tam_status read_value(tam_ctx *ctx, const char *owner, const tam_key *key, const char *text, int length,
                             double *value) {
    if (key->words != NULL) {
        return read_word(ctx, owner, key, text, length, value);
    }
    if (!tam_number_read(text, (size_t)length, value)) {
        return tam_fail(ctx, TAM_CONFIG, "%s: %s=%.*s is not a number", owner, key->name, length, text);
    }
    if (!(*value >= key->low && *value <= key->high) || (key->whole && *value != floor(*value))) {
        return tam_fail(ctx, TAM_CONFIG, "%s: %s=%.*s is outside its range [%g, %g]%s", owner, key->name, length, text,
                        key->low, key->high, key->whole ? " of whole numbers" : "");
    }
    return TAM_OK;
}

static tam_status read_one(tam_ctx *ctx, const char *owner, const char *item, size_t length, const tam_key *keys,
                           int count, double *values, bool *seen) {
    enum { MOST_KEYS = 64 };
    const char *names[MOST_KEYS];
    char name[64];
    const char *equals = memchr(item, '=', length);
    size_t name_length = equals == NULL ? length : (size_t)(equals - item);
    if (equals == NULL || name_length == 0 || name_length >= sizeof name) {
        return tam_fail(ctx, TAM_CONFIG, "%s: '%.*s' is not key=value", owner, (int)length, item);
    }
    memcpy(name, item, name_length);
    name[name_length] = '\0';
    for (int i = 0; i < count && i < MOST_KEYS; i++) {
        names[i] = keys[i].name;
    }
    char kind[96];
    snprintf(kind, sizeof kind, "key of %s", owner);
    if (count == 0) {
        return tam_fail(ctx, TAM_CONFIG, "%s takes no keys, but '%s' was given", owner, name);
    }
    int which = tam_name_find(ctx, kind, name, names, count);
    if (which < 0) {
        return TAM_CONFIG;
    }
    if (seen[which]) {
        return tam_fail(ctx, TAM_CONFIG, "%s: %s is given twice", owner, name);
    }
    TAM_TRY(read_value(ctx, owner, &keys[which], equals + 1, (int)(length - name_length - 1), &values[which]));
    seen[which] = true;
    return TAM_OK;
}

tam_status tam_keys_read(tam_ctx *ctx, const char *owner, const char *text, const tam_key *keys, int count,
                         double *values) {
    bool seen[64] = {false};
    for (int i = 0; i < count; i++) {
        values[i] = keys[i].otherwise;
    }
    while (text != NULL && *text != '\0') {
        size_t length = strcspn(text, ",");
        TAM_TRY(read_one(ctx, owner, text, length, keys, count, values, seen));
        text += length;
        if (*text == ',') {
            text++;
            if (*text == '\0') {
                return tam_fail(ctx, TAM_CONFIG, "%s: a comma ends the list of keys", owner);
            }
        }
    }
    return TAM_OK;
}

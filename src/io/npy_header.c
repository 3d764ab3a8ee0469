#include "io/npy_header.h"

#include <string.h>

enum { LONGEST_WORD = 64 };

typedef struct parser {
    tam_npy *npy;
    const char *text;
    size_t size, at, offset;
} parser;

static const struct {
    const char *word;
    tam_npy_type type;
} types[] = {
    {"b1", TAM_NPY_B1}, {"u1", TAM_NPY_U1}, {"u2", TAM_NPY_U2}, {"u4", TAM_NPY_U4},
    {"u8", TAM_NPY_U8}, {"i1", TAM_NPY_I1}, {"i2", TAM_NPY_I2}, {"i4", TAM_NPY_I4},
    {"i8", TAM_NPY_I8}, {"f2", TAM_NPY_F2}, {"f4", TAM_NPY_F4}, {"f8", TAM_NPY_F8},
};

static tam_status refuse(const parser *p, const char *reason) {
    return tam_fail(p->npy->ctx, TAM_INPUT, "%s: its header, at byte %zu: %s", p->npy->name, p->offset + p->at, reason);
}

static char look(parser *p) {
    while (p->at < p->size && (p->text[p->at] == ' ' || p->text[p->at] == '\n' || p->text[p->at] == '\t')) {
        p->at++;
    }
    return p->at < p->size ? p->text[p->at] : '\0';
}

static bool take(parser *p, char c) {
    bool found = look(p) == c && c != '\0';
    p->at += found;
    return found;
}

/* 'text' or "text", without escapes. */
static tam_status take_string(parser *p, char word[LONGEST_WORD]) {
    char quote = look(p);
    if (quote != '\'' && quote != '"') {
        return refuse(p, "a text in quotes is expected here");
    }
    size_t begin = p->at + 1, end = begin;
    while (end < p->size && p->text[end] != quote && p->text[end] != '\\') {
        end++;
    }
    if (end == p->size || p->text[end] != quote || end - begin >= LONGEST_WORD) {
        return refuse(p, "a text that does not end or is too long");
    }
    memcpy(word, p->text + begin, end - begin);
    word[end - begin] = '\0';
    p->at = end + 1;
    return TAM_OK;
}

static bool take_word(parser *p, const char *word) {
    size_t length = strlen(word);
    (void)look(p);
    bool found = p->size - p->at >= length && memcmp(p->text + p->at, word, length) == 0;
    p->at += found ? length : 0;
    return found;
}

static tam_status take_type(parser *p) {
    char word[LONGEST_WORD];
    tam_npy *npy = p->npy;
    if (look(p) == '[') {
        return refuse(p, "an array of structures, which is not read: save its fields as arrays of their own");
    }
    TAM_TRY(take_string(p, word));
    if (strchr(word, 'O') != NULL) {
        return refuse(p, "an array of Python objects, which only unpickling could read: save it as numbers");
    }
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strlen(word) == 3 && strchr("<>=|", word[0]) != NULL && strcmp(word + 1, types[i].word) == 0) {
            npy->type = types[i].type;
            npy->swapped = word[0] == '>';
            return TAM_OK;
        }
    }
    return tam_fail(npy->ctx, TAM_INPUT,
                    "%s: its header: values of type '%s' are not read (b1, u1 to u8, i1 to i8, f2, f4, f8 are)",
                    npy->name, word);
}

static tam_status take_order(parser *p) {
    if (take_word(p, "False")) {
        return TAM_OK;
    }
    if (!take_word(p, "True")) {
        return refuse(p, "fortran_order is neither True nor False");
    }
    return refuse(p, "an array in Fortran's order: save numpy.ascontiguousarray of it");
}

/* (3, 4), (3,) or (); a number may end with Python 2's L. */
static tam_status take_shape(parser *p) {
    tam_npy *npy = p->npy;
    if (!take(p, '(')) {
        return refuse(p, "a shape in parentheses is expected here");
    }
    for (npy->dims = 0; !take(p, ')'); npy->dims++) {
        int64_t side = 0;
        size_t begin = (look(p), p->at);
        for (; p->at < p->size && p->text[p->at] >= '0' && p->text[p->at] <= '9'; p->at++) {
            if (__builtin_mul_overflow(side, 10, &side) || __builtin_add_overflow(side, p->text[p->at] - '0', &side)) {
                return refuse(p, "a side of the shape is too large");
            }
        }
        if (p->at == begin || npy->dims == TAM_NPY_MOST_DIMS) {
            return refuse(p, p->at == begin ? "a side of the shape is no number" : "more than 8 dimensions");
        }
        npy->shape[npy->dims] = side;
        p->at += p->at < p->size && p->text[p->at] == 'L';
        if (!take(p, ',') && look(p) != ')') {
            return refuse(p, "a shape that does not end");
        }
    }
    return TAM_OK;
}

tam_status tam_npy_parse_header(tam_npy *npy, const char *text, size_t size, size_t offset) {
    static const char *const keys[3] = {"descr", "fortran_order", "shape"};
    tam_status (*const takers[3])(parser *) = {take_type, take_order, take_shape};
    bool seen[3] = {false};
    parser p = {npy, text, size, 0, offset};
    if (!take(&p, '{')) {
        return refuse(&p, "no dictionary");
    }
    while (!take(&p, '}')) {
        char word[LONGEST_WORD];
        int k = 0;
        TAM_TRY(take_string(&p, word));
        while (k < 3 && strcmp(word, keys[k]) != 0) {
            k++;
        }
        if (k == 3 || seen[k] || !take(&p, ':')) {
            return refuse(&p, "not the dictionary of descr, fortran_order and shape");
        }
        seen[k] = true;
        TAM_TRY(takers[k](&p));
        if (!take(&p, ',') && look(&p) != '}') {
            return refuse(&p, "a dictionary that does not end");
        }
    }
    if (!seen[0] || !seen[1] || !seen[2]) {
        return refuse(&p, "descr, fortran_order or shape is missing");
    }
    if (look(&p) != '\0' || p.at < p.size) {
        return refuse(&p, "something stands behind the dictionary");
    }
    return TAM_OK;
}

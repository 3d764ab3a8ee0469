/* Specifications as a person types them: `arcface:s=16,m=0.3`, `conv(x, out=32, kernel=5)`'s options, ... A table says
 * which keys there are; whatever it does not list is refused with the nearest key that it does. */
#ifndef BASE_SPEC_H
#define BASE_SPEC_H

#include <stdbool.h>

#include "base/ctx.h"

/* One key. A number must satisfy low <= value <= high, and be whole where `whole` is set; a key with `words` takes one
 * of them, and its value is the word's place, from 0. */
typedef struct tam_key {
    const char *name;
    double otherwise; /* the default */
    double low, high;
    bool whole;
    const char *about; /* one line for people */
    const char *words; /* "linear|none|easy"; NULL: a number */
} tam_key;

#define TAM_NUMBER(name, otherwise, low, high, about) \
    { name, otherwise, low, high, false, about, NULL }
#define TAM_WHOLE(name, otherwise, low, high, about) \
    { name, otherwise, low, high, true, about, NULL }
/* `last` is the place of the last word; the first one is the default. */
#define TAM_WORDS(name, words, last, about) \
    { name, 0.0, 0.0, last, true, about, words }

/* The index of `word` in names, or -1 with a sentence that suggests the nearest: "unknown KIND 'word' (did you mean
 * 'x'?)". */
int tam_name_find(tam_ctx *ctx, const char *kind, const char *word, const char *const *names, int count);

/* Reads `text` (NULL, "" or "key=value,key=value") into values[0..count), which first receive the defaults. `owner`
 * names the loss or net in the sentences. Unknown, repeated, malformed and out-of-range keys fail with TAM_CONFIG. */
TAM_MUST_USE tam_status tam_keys_read(tam_ctx *ctx, const char *owner, const char *text, const tam_key *keys, int count,
                                      double *values);

/* Parses one whole number or real with nothing after it, independent of the locale; false if it is not one or not
 * finite. */
bool tam_number_read(const char *text, size_t length, double *value);

#endif

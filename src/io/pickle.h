/* Python pickles (protocols 0 to 5) as a description of what is in them. Nothing of a pickle is executed: of the
 * functions that it may call, those below are known by name, and what they would make is noted down; every other one is
 * refused by its name. The format: Python's Lib/pickletools.py, PEP 3154, PEP 574.
 *
 *   numpy  ndarray, dtype, bool_, and _reconstruct, scalar, _frombuffer of numpy.core.* or numpy._core.*
 *   Python _codecs.encode, by which bytes are written in protocols 0 to 2
 *
 * Bytes and text stay in the file: a value says where. What is shared in the pickle is shared here, so a description is
 * never larger than some 70 times the instructions that make it, and is refused where it would outgrow the file by more
 * than 32 MB. */
#ifndef IO_PICKLE_H
#define IO_PICKLE_H

#include <stdbool.h>

#include "io/pickle_input.h"

typedef enum tam_pickle_kind {
    TAM_PICKLE_UNSET,
    TAM_PICKLE_NONE,
    TAM_PICKLE_WHOLE, /* a whole number, or a boolean as 0 or 1; numpy's too */
    TAM_PICKLE_BYTES, /* also Python 2's str */
    TAM_PICKLE_TEXT,
    TAM_PICKLE_LIST,
    TAM_PICKLE_TUPLE,
    TAM_PICKLE_GLOBAL, /* one of the names above */
    TAM_PICKLE_ARRAY,
    TAM_PICKLE_DTYPE
} tam_pickle_kind;

/* How bytes and text lie in the file. */
typedef enum tam_pickle_form {
    TAM_PICKLE_RAW,
    TAM_PICKLE_UTF8,        /* each byte a letter of Latin-1 */
    TAM_PICKLE_RAW_UNICODE, /* likewise, some as \uXXXX */
    TAM_PICKLE_ESCAPED      /* \xHH, \n, ... between quotes that are not counted here */
} tam_pickle_form;

typedef struct tam_pickle_value {
    uint8_t kind, form;
    uint64_t at;   /* bytes and text: where; WHOLE: the number as an int64_t; else a number of the machine's */
    uint64_t size; /* bytes and text: bytes in the file */
} tam_pickle_value;

/* An array of numpy's. */
typedef struct tam_pickle_array {
    char kind; /* of an element: 'u', 'i', 'b' (boolean), 'O' (any value), ... */
    int size;  /* of an element in bytes */
    bool big_endian;
    uint64_t count;        /* elements */
    tam_pickle_value data; /* bytes; of 'O' a list */
} tam_pickle_array;

typedef struct tam_pickle tam_pickle;

/* Runs the pickle from input->at to its end. *out is the caller's (tam_pickle_free). Fails with TAM_INPUT (cut short,
 * no pickle, another function than those above: its name is in the sentence) or TAM_RESOURCES. */
TAM_MUST_USE tam_status tam_pickle_run(tam_pickle_input *input, tam_pickle **out);
void tam_pickle_free(tam_pickle *pickle);

/* What the pickle is. */
tam_pickle_value tam_pickle_result(const tam_pickle *pickle);
/* The items of a list or tuple: how many, the first one's place, and the item at a place, which moves on to the next
 * one's. */
uint64_t tam_pickle_count(const tam_pickle *pickle, tam_pickle_value value);
uint64_t tam_pickle_first(const tam_pickle *pickle, tam_pickle_value value);
tam_pickle_value tam_pickle_item(const tam_pickle *pickle, uint64_t *place);
/* Of an ARRAY; kind 0: one that was never filled. */
tam_pickle_array tam_pickle_array_of(const tam_pickle *pickle, tam_pickle_value value);
/* For sentences: "a list"; static. */
const char *tam_pickle_kind_words(int kind);

/* The bytes that [bytes, bytes + size) of a file mean, in place; *size becomes their number, which is never larger.
 * False: they are not in that form, or hold letters beyond Latin-1. */
bool tam_pickle_decode(tam_pickle_form form, uint8_t *bytes, size_t *size);

#endif

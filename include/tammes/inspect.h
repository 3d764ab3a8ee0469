/* What a file or folder is, said without loading it all. */
#ifndef TAMMES_INSPECT_H
#define TAMMES_INSPECT_H

#include <stdint.h>

#include "tammes/ctx.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tam_inspection tam_inspection;

/* One thing that is known: a number or a text. */
typedef struct tam_fact {
    const char *key;  /* one word, "images", "identity_records" */
    const char *text; /* NULL: the number */
    int64_t number;
    int listed; /* 1: one of several with this key, which follow one another ("tensor") */
} tam_fact;

typedef struct tam_inspection_info {
    const char *kind;   /* "RecordIO", "image folder", "PyTorch checkpoint", ...; "unknown" */
    int64_t bytes;      /* of a file; -1: a folder */
    int partly;         /* 1: not all was read, and what the facts say of the rest is estimated, as their words say */
    int known;          /* 1: tammes reads it; 0: it does not, and the advice says what to do */
    const char *advice; /* what to do with it, a sentence; NULL: none */
    const tam_fact *facts; /* [fact_count] in the order in which to show them */
    int fact_count;
} tam_inspection_info;

/* Reads as little of it as will do: headers, and of large packed files the first records. *out is the caller's
 * (tam_inspection_free) and owns all strings. A file of no known kind is no failure. Fails with TAM_INPUT when it is
 * missing, cannot be read, or is of a known kind and corrupt; the sentence names the file and the place. */
TAM_API TAM_MUST_USE tam_status tam_inspect(tam_ctx *ctx, const char *path, tam_inspection **out);
TAM_API void tam_inspection_free(tam_inspection *inspection);
TAM_API tam_inspection_info tam_inspection_describe(const tam_inspection *inspection);

#ifdef __cplusplus
}
#endif
#endif

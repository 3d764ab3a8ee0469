/* Labels as they stand in files, numbers or names, made into class ids. If all are numbers, classes come in the order
 * of the numbers and are named by their decimals; else in the byte order of the names. */
#ifndef DATA_CLASS_LABELS_H
#define DATA_CLASS_LABELS_H

#include <stdbool.h>

#include "base/memory.h"

enum { TAM_LABEL_ROOM = 32, TAM_LABEL_PLACE_ROOM = 4352 };

/* Where the labels come from. */
typedef struct tam_label_texts {
    int64_t count;
    const void *user;
    /* Label i; `room` may be used to write it to. */
    const char *(*text)(const void *user, int64_t i, char room[TAM_LABEL_ROOM]);
    /* Where label i stands, for a sentence: "list.txt:3". */
    void (*place)(const void *user, int64_t i, char place[TAM_LABEL_PLACE_ROOM]);
    bool names; /* labels are names, also where all are numbers */
} tam_label_texts;

typedef struct tam_class_labels {
    tam_ctx *ctx;
    int32_t *labels; /* [count] class ids */
    int32_t classes;
    const char **names; /* [classes] */
    int64_t *numbers;   /* [classes]; NULL: labels are names */
    char *store;        /* holds the names */
} tam_class_labels;

/* Fails with TAM_INPUT for a number that is negative, not whole, not finite or not below 2^53 among labels that are all
 * numbers; the sentence says where it stands. Time is linear in the labels. */
TAM_MUST_USE tam_status tam_class_labels_make(tam_ctx *ctx, const tam_label_texts *texts, tam_class_labels *out);

/* Gives the classes the names of a text, one on each line and escaped (base/escape.h): number k's is on line k, from 0.
 * Fails with TAM_INPUT where the labels are no numbers, a number has no line, its line is empty or holds a zero byte,
 * or two of them get one name; `name` is for the sentence. */
TAM_MUST_USE tam_status tam_class_labels_name(tam_class_labels *labels, const char *name, const void *text,
                                              size_t size);

void tam_class_labels_free(tam_class_labels *labels);

#endif

/* The first lines of a text, cut into fields, for whoever recognises the kinds of lists. */
#ifndef CHECK_INSPECT_TEXT_H
#define CHECK_INSPECT_TEXT_H

#include "check/inspect.h"

enum { TAM_TEXT_LINES = 8, TAM_TEXT_FIELDS = 20, TAM_TEXT_ROOM = 1024 };

typedef struct tam_text_line {
    char text[TAM_TEXT_ROOM]; /* cut short when longer */
    size_t length;
    char cut[TAM_TEXT_ROOM]; /* the same, with zeros where fields end */
    char separator;          /* a tab if there is one, else a comma if there is one, else a space */
    char *field[TAM_TEXT_FIELDS];
    int fields;
} tam_text_line;

typedef struct tam_text_start {
    tam_text_line line[TAM_TEXT_LINES]; /* neither empty nor comments */
    int count;
    const char *text; /* [size] the first bytes of the file */
    size_t size;
} tam_text_start;

/* Sets the kind, what to do with it, and states what only that kind has. */
TAM_MUST_USE tam_status tam_text_judge(tam_inspection *inspection, const char *path, const tam_text_start *start,
                                       int64_t lines);

#endif

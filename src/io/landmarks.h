/* Lists of five landmarks of faces, as detectors and data sets write them. */
#ifndef IO_LANDMARKS_H
#define IO_LANDMARKS_H

#include <stdbool.h>

#include "base/ctx.h"

typedef struct tam_landmark {
    const char *name; /* of the image, as the list has it, without a leading "./" */
    int64_t line;     /* from 1 */
    float point[10];  /* x, y of left eye, right eye, nose, left and right corner of the mouth; NaN where the list has
                         "nan" or nothing */
    float score;      /* of the detector; NaN: none */
} tam_landmark;

typedef struct tam_landmarks {
    int64_t count;
    tam_landmark *rows; /* [count], in the order of the list */
    int64_t without;    /* lines of a .lst that name an image without landmarks */
    char *text;         /* the names lie in it; owned where the list was read from a file */
} tam_landmarks;

/* Reads a list. Its first line with coordinates decides between
 *   CSV            path,x1,y1,x2,y2,x3,y3,x4,y4,x5,y5   more columns are passed over
 *   blanks, tabs   path x1 y1 ... x5 y5 [score]         as IJB's and CelebA's lists
 *   .lst           aligned<TAB>path<TAB>label[<TAB>4 numbers of a box[, x1 ... x5, y1 ... y5]]   as InsightFace's
 *                  lists, where the five x come first
 * Up to two lines before it may be names of columns or a count. A path in quotes may hold the separator; escapes of
 * base/escape.h are read back. Fails with TAM_INPUT and the line. */
TAM_MUST_USE tam_status tam_landmarks_read(tam_ctx *ctx, const char *path, tam_landmarks *landmarks);
/* The same of text[size + 1] in memory, where text[size] is the caller's to lose: the names are cut out in place, so
 * the text must outlive *landmarks. `path` is for sentences. */
TAM_MUST_USE tam_status tam_landmarks_parse(tam_ctx *ctx, const char *path, char *text, size_t size,
                                            tam_landmarks *landmarks);
void tam_landmarks_free(tam_ctx *ctx, tam_landmarks *landmarks);

/* Whether a text that begins so is such a list. */
bool tam_landmarks_recognise(const char *start, size_t size);

#endif

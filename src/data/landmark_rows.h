/* Which line of a list of landmarks means which image. */
#ifndef DATA_LANDMARK_ROWS_H
#define DATA_LANDMARK_ROWS_H

#include "io/landmarks.h"

typedef struct tam_landmark_rows tam_landmark_rows;

/* What was found for an image. */
typedef struct tam_landmark_match {
    int64_t row;      /* in the list; -1: none */
    int64_t repeated; /* another row of the same name; -1: none */
    int64_t rival;    /* a row of another name that means the image just as well; -1: none */
} tam_landmark_match;

/* The list must outlive the rows. NULL with a sentence where memory runs out. */
tam_landmark_rows *tam_landmark_rows_create(tam_ctx *ctx, const tam_landmarks *list);
void tam_landmark_rows_free(tam_landmark_rows *rows);

/* The row whose name is the key, or else ends with "/KEY", or else is the longest end of the key from a '/' on. */
tam_landmark_match tam_landmark_rows_find(const tam_landmark_rows *rows, const char *key);

#endif

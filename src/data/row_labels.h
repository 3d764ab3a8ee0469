/* Labels of the rows of an array: in NAME.labels.npy beside NAME.npy (with names in NAME.classes.txt), or in the file
 * that was named, an .npy of whole numbers or a text with one label on each line. */
#ifndef DATA_ROW_LABELS_H
#define DATA_ROW_LABELS_H

#include "data/class_labels.h"

/* `rows` says what the array holds, for sentences ("images"). *found: whether there is such a file; without one there
 * are no labels and *classes stays {0}. Then tam_class_labels_free. */
TAM_MUST_USE tam_status tam_row_labels_read(tam_ctx *ctx, const char *array, int64_t count, const char *rows,
                                            const char *named, tam_class_labels *classes, bool *found);

#endif

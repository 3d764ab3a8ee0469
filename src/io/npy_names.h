/* What lies beside an array NAME.npy: labels, the names of their classes, the keys of rows, qualities. */
#ifndef IO_NPY_NAMES_H
#define IO_NPY_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#define TAM_NPY_LABELS ".labels.npy"
#define TAM_NPY_CLASSES ".classes.txt"
#define TAM_NPY_PATHS ".paths.txt"
#define TAM_NPY_QUALITY ".quality.npy"

/* `path` with `ending` in the place of its own `old` (any case); false where it does not end so, or does not fit. */
bool tam_npy_beside(const char *path, const char *old, const char *ending, char *beside, size_t room);

#endif

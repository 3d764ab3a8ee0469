/* What lies beside an array NAME.npy: NAME.labels.npy and NAME.classes.txt. */
#ifndef DATA_NPY_NAMES_H
#define DATA_NPY_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#define TAM_NPY_LABELS ".labels.npy"
#define TAM_NPY_CLASSES ".classes.txt"

/* `path` with `ending` in the place of its own `old` (any case); false where it does not end so, or does not fit. */
bool tam_npy_beside(const char *path, const char *old, const char *ending, char *beside, size_t room);

#endif

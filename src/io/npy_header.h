/* The header of an .npy: a Python dictionary, read by a parser that knows this one dictionary only. */
#ifndef IO_NPY_HEADER_H
#define IO_NPY_HEADER_H

#include "io/npy.h"

/* Reads the text's descr, fortran_order and shape into type, swapped, dims and shape; `offset` is where the text begins
 * in the file, for sentences. */
TAM_MUST_USE tam_status tam_npy_parse_header(tam_npy *npy, const char *text, size_t size, size_t offset);

#endif

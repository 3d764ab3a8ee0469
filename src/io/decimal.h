/* Numbers in long lists, read many times faster than by the C library and independent of the locale. */
#ifndef IO_DECIMAL_H
#define IO_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A whole number of 64 bits with an optional sign and nothing else; false: it is none, or too large. */
bool tam_integer_read(const char *text, size_t length, int64_t *value);

/* A finite real with nothing else: the nearest double, as tam_number_read, to which unusual ones are left. */
bool tam_decimal_read(const char *text, size_t length, double *value);

#endif

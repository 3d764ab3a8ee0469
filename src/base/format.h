/* Printing of numbers for files: always with a decimal point, whatever locale the host program has chosen. */
#ifndef BASE_FORMAT_H
#define BASE_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/* As snprintf, in the C locale. */
int tam_format(char *text, size_t room, const char *format, ...) __attribute__((format(printf, 3, 4)));
int tam_format_list(char *text, size_t room, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

/* A finite number with the fewest digits that read back as the same one: 0.1 stays 0.1. */
enum { TAM_REAL_ROOM = 32 };
void tam_format_real(char text[TAM_REAL_ROOM], double value);

#endif

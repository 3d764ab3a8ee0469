/* Printing of numbers for files: always with a decimal point, whatever locale the host program has chosen. */
#ifndef BASE_FORMAT_H
#define BASE_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

/* As snprintf, in the C locale. */
int tam_format(char *text, size_t room, const char *format, ...) __attribute__((format(printf, 3, 4)));
int tam_format_list(char *text, size_t room, const char *format, va_list arguments)
    __attribute__((format(printf, 3, 0)));

#endif

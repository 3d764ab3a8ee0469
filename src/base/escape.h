/* Names in lists of one line each: what would break a line is written as an escape and read back as it was. */
#ifndef BASE_ESCAPE_H
#define BASE_ESCAPE_H

#include <stddef.h>

/* Writes `name` to text[room] (cut short where it does not fit; 4 strlen(name) + 1 always do) and returns the length
 * that the whole has. Tab, newline, return and backslash become \t \n \r \\; other control bytes, and a space or '#'
 * or '"' at the beginning or a space at the end, become \xHH. All else stays as it is, also bytes that are not UTF-8.
 */
size_t tam_escape(const char *name, char *text, size_t room);

/* Undoes it, in place, in the first `length` bytes of `text`; returns the new length. A backslash before anything else
 * is a backslash; \x00 stays as it is, for no name holds a zero byte. */
size_t tam_unescape(char *text, size_t length);

#endif

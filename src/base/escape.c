#include "base/escape.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* The letter behind the backslash; 0: none. */
static char letter_of(char byte) {
    switch (byte) {
    case '\t':
        return 't';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\\':
        return '\\';
    default:
        return 0;
    }
}

static bool needs_number(const char *name, size_t at) {
    unsigned char byte = (unsigned char)name[at];
    bool first = at == 0, last = name[at + 1] == '\0';
    return byte < ' ' || byte == 0x7F || (byte == ' ' && (first || last)) || (first && (byte == '#' || byte == '"'));
}

size_t tam_escape(const char *name, char *text, size_t room) {
    size_t used = 0;
    for (size_t at = 0; name[at] != '\0'; at++) {
        char piece[5] = {name[at]};
        if (letter_of(name[at]) != 0) {
            piece[0] = '\\';
            piece[1] = letter_of(name[at]);
        } else if (needs_number(name, at)) {
            snprintf(piece, sizeof piece, "\\x%02x", (unsigned)(unsigned char)name[at]);
        }
        for (const char *p = piece; *p != '\0'; p++, used++) {
            if (used + 1 < room) {
                text[used] = *p;
            }
        }
    }
    if (room > 0) {
        text[used < room ? used : room - 1] = '\0';
    }
    return used;
}

static int digit_of(char c) {
    const char *digits = "0123456789abcdef";
    const char *found = c == '\0' ? NULL : strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
    return found == NULL ? -1 : (int)(found - digits);
}

/* The byte that the escape at `text` stands for, and its length; a length of 1: it is none. */
static char read_escape(const char *text, size_t left, size_t *length) {
    *length = 2;
    switch (left > 1 ? text[1] : '\0') {
    case 't':
        return '\t';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case '\\':
        return '\\';
    default:
        break;
    }
    if (left >= 4 && text[1] == 'x') {
        int high = digit_of(text[2]), low = digit_of(text[3]);
        if (high >= 0 && low >= 0 && high + low > 0) {
            *length = 4;
            return (char)(16 * high + low);
        }
    }
    *length = 1;
    return text[0];
}

size_t tam_unescape(char *text, size_t length) {
    size_t used = 0;
    for (size_t at = 0, taken = 1; at < length; at += taken) {
        taken = 1;
        text[used++] = text[at] == '\\' ? read_escape(text + at, length - at, &taken) : text[at];
    }
    return used;
}

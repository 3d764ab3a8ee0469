/* Bytes as the older protocols write them: as text. */
#include <string.h>

#include "io/pickle.h"

static int hex_digit(uint8_t c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The number of `count` digits at `digits`; -1: others are among them. */
static long read_hex(const uint8_t *digits, size_t left, size_t count) {
    long value = 0;
    if (left < count) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        int digit = hex_digit(digits[i]);
        if (digit < 0) {
            return -1;
        }
        value = value * 16 + digit;
    }
    return value;
}

static bool decode_utf8(uint8_t *bytes, size_t *size) {
    size_t out = 0;
    for (size_t i = 0; i < *size; i++) {
        uint8_t c = bytes[i];
        if (c >= 0x80) {
            if ((c != 0xC2 && c != 0xC3) || i + 1 == *size || (bytes[i + 1] & 0xC0) != 0x80) {
                return false;
            }
            c = (uint8_t)((c & 3) << 6 | (bytes[++i] & 0x3F));
        }
        bytes[out++] = c;
    }
    *size = out;
    return true;
}

static bool decode_raw_unicode(uint8_t *bytes, size_t *size) {
    size_t out = 0;
    for (size_t i = 0; i < *size; i++) {
        uint8_t c = bytes[i];
        if (c == '\\' && i + 1 < *size && (bytes[i + 1] == 'u' || bytes[i + 1] == 'U')) {
            size_t digits = bytes[i + 1] == 'u' ? 4 : 8;
            long value = read_hex(bytes + i + 2, *size - i - 2, digits);
            if (value < 0 || value > 0xFF) {
                return false;
            }
            c = (uint8_t)value;
            i += 1 + digits;
        }
        bytes[out++] = c;
    }
    *size = out;
    return true;
}

/* One escape at bytes[0], behind its backslash: its byte (-1: none), and how many bytes it took. */
static int read_escape(const uint8_t *bytes, size_t left, size_t *taken) {
    static const char letters[] = "\\'\"abfnrtv", values[] = "\\'\"\a\b\f\n\r\t\v";
    const char *found = bytes[0] != '\0' ? strchr(letters, bytes[0]) : NULL;
    *taken = 1;
    if (found != NULL) {
        return (uint8_t)values[found - letters];
    }
    if (bytes[0] == 'x') {
        *taken = 3;
        return (int)read_hex(bytes + 1, left - 1, 2);
    }
    int value = 0;
    for (*taken = 0; *taken < 3 && *taken < left && bytes[*taken] >= '0' && bytes[*taken] <= '7'; ++*taken) {
        value = value * 8 + (bytes[*taken] - '0');
    }
    return *taken > 0 && value <= 0xFF ? value : -1;
}

static bool decode_escapes(uint8_t *bytes, size_t *size) {
    size_t out = 0;
    for (size_t i = 0; i < *size; i++) {
        int c = bytes[i];
        if (c == '\\') {
            size_t taken = 0;
            c = i + 1 < *size ? read_escape(bytes + i + 1, *size - i - 1, &taken) : -1;
            if (c < 0) {
                return false;
            }
            i += taken;
        }
        bytes[out++] = (uint8_t)c;
    }
    *size = out;
    return true;
}

bool tam_pickle_decode(tam_pickle_form form, uint8_t *bytes, size_t *size) {
    switch (form) {
    case TAM_PICKLE_UTF8:
        return decode_utf8(bytes, size);
    case TAM_PICKLE_RAW_UNICODE:
        return decode_raw_unicode(bytes, size);
    case TAM_PICKLE_ESCAPED:
        return decode_escapes(bytes, size);
    case TAM_PICKLE_RAW:
        break;
    }
    return true;
}

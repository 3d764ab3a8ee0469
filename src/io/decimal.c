#include "io/decimal.h"

#include <string.h>

#include "base/spec.h"

bool tam_integer_read(const char *text, size_t length, int64_t *value) {
    bool negative = length > 0 && text[0] == '-';
    size_t at = negative || (length > 0 && text[0] == '+') ? 1 : 0;
    uint64_t most = negative ? (uint64_t)INT64_MAX + 1 : INT64_MAX, sum = 0;
    if (at == length) {
        return false;
    }
    for (; at < length; at++) {
        unsigned digit = (unsigned)(text[at] - '0');
        if (digit > 9 || sum > (most - digit) / 10) {
            return false;
        }
        sum = 10 * sum + digit;
    }
    *value = negative ? (int64_t)(0 - sum) : (int64_t)sum;
    return true;
}

/* From a copy, for what follows the text may be no end to it. */
static bool read_unusual(const char *text, size_t length, double *value) {
    char copy[64];
    if (length >= sizeof copy) {
        return false;
    }
    memcpy(copy, text, length);
    copy[length] = '\0';
    return tam_number_read(copy, length, value);
}

/* Up to 15 digits are exact in a double, as is the power of ten, so that one division rounds once. */
bool tam_decimal_read(const char *text, size_t length, double *value) {
    static const double powers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    size_t at = length > 0 && (text[0] == '-' || text[0] == '+') ? 1 : 0;
    uint64_t digits = 0;
    int count = 0, behind = 0;
    bool point = false;
    for (; at < length && count <= 15; at++) {
        unsigned digit = (unsigned)(text[at] - '0');
        if (digit <= 9) {
            digits = 10 * digits + digit;
            count++;
            behind += point;
        } else if (text[at] == '.' && !point) {
            point = true;
        } else {
            break;
        }
    }
    if (at < length || count == 0 || count > 15) {
        return read_unusual(text, length, value);
    }
    *value = (double)digits / powers[behind];
    *value = text[0] == '-' ? -*value : *value;
    return true;
}

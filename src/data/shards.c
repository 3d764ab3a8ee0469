#include "data/shards.h"

#include <stdio.h>
#include <string.h>

enum { MOST_DIGITS = 9 };

/* Digits at `text`, and how many; false where there are none or too many. */
static bool read_digits(const char *text, int64_t *value, int *digits) {
    *digits = (int)strspn(text, "0123456789");
    *value = 0;
    for (int i = 0; i < *digits && i < MOST_DIGITS; i++) {
        *value = *value * 10 + (text[i] - '0');
    }
    return *digits > 0 && *digits <= MOST_DIGITS;
}

bool tam_shards_parse(const char *pattern, tam_shards *shards) {
    const char *open = strchr(pattern, '{'), *close = open != NULL ? strchr(open, '}') : NULL;
    int64_t first, last;
    int digits, last_digits;
    if (close == NULL || strpbrk(close + 1, "{}") != NULL || !read_digits(open + 1, &first, &digits) ||
        strncmp(open + 1 + digits, "..", 2) != 0 || !read_digits(open + 3 + digits, &last, &last_digits) ||
        open + 3 + digits + last_digits != close || last < first || last - first >= TAM_MOST_SHARDS) {
        return false;
    }
    bool zeros = (digits > 1 && open[1] == '0') || (last_digits > 1 && open[3 + digits] == '0');
    *shards = (tam_shards){.pattern = pattern,
                           .open = (size_t)(open - pattern),
                           .close = (size_t)(close - pattern),
                           .first = first,
                           .count = last - first + 1,
                           .width = !zeros                 ? 0
                                    : digits > last_digits ? digits
                                                           : last_digits};
    return true;
}

bool tam_shards_name(const tam_shards *shards, int64_t k, char *path, size_t room) {
    int length = snprintf(path, room, "%.*s%0*lld%s", (int)shards->open, shards->pattern, shards->width,
                          (long long)(shards->first + k), shards->pattern + shards->close + 1);
    return length >= 0 && (size_t)length < room;
}

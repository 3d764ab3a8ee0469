#include "plot/text_buffer.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

void tam_text_free(tam_text *text) {
    tam_release(text->ctx, text->data);
    text->data = NULL;
    text->size = text->room = 0;
}

/* Room for `count` more bytes and the closing zero. */
static bool make_room(tam_text *text, size_t count) {
    if (text->failed) {
        return false;
    }
    if (text->size + count + 1 > text->room) {
        size_t room = 2 * (text->size + count) + 4096;
        char *larger = tam_reallocate(text->ctx, text->data, room, 1, "a text");
        if (larger == NULL) {
            text->failed = true;
            return false;
        }
        text->data = larger;
        text->room = room;
    }
    return true;
}

void tam_text_bytes(tam_text *text, const char *bytes, size_t count) {
    if (make_room(text, count)) {
        memcpy(text->data + text->size, bytes, count);
        text->size += count;
        text->data[text->size] = '\0';
    }
}

void tam_text_add(tam_text *text, const char *words) {
    tam_text_bytes(text, words, strlen(words));
}

void tam_text_format(tam_text *text, const char *format, ...) {
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    if (length < 0) {
        text->failed = true;
    } else if (make_room(text, (size_t)length)) {
        vsnprintf(text->data + text->size, (size_t)length + 1, format, again);
        text->size += (size_t)length;
    }
    va_end(again);
    va_end(arguments);
}

/* Bytes of the UTF-8 character at `at`, 0 if there is none (overlong, surrogate, beyond U+10FFFF, cut short). */
static size_t character_length(const unsigned char *at) {
    static const struct {
        unsigned char first_low, first_high, second_low, second_high, length;
    } forms[] = {
        {0x20, 0x7e, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (at[0] < forms[i].first_low || at[0] > forms[i].first_high) {
            continue;
        }
        if (forms[i].length > 1 && (at[1] < forms[i].second_low || at[1] > forms[i].second_high)) {
            return 0;
        }
        for (size_t k = 2; k < forms[i].length; k++) {
            if ((at[k] & 0xc0) != 0x80) {
                return 0;
            }
        }
        return forms[i].length;
    }
    return *at == '\n' || *at == '\t';
}

void tam_text_escape(tam_text *text, const char *words) {
    static const char special[] = "&<>\"'";
    static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    for (const char *at = words; *at != '\0';) {
        const char *found = strchr(special, *at);
        size_t length = character_length((const unsigned char *)at);
        if (found != NULL) {
            tam_text_add(text, entities[found - special]);
        } else if (length == 0) {
            tam_text_add(text, "\xef\xbf\xbd");
        } else {
            tam_text_bytes(text, at, length);
        }
        at += length > 0 ? length : 1;
    }
}

/* Writes value rounded to `decimals` digits, |value| * 10^decimals below 2^63; `cut` drops trailing zeros. */
static void write_fixed(char *words, size_t room, double value, int decimals, bool cut) {
    long long scale = 1;
    for (int i = 0; i < decimals; i++) {
        scale *= 10;
    }
    long long whole = llround(fabs(value) * (double)scale), fraction = whole % scale;
    while (cut && decimals > 0 && fraction % 10 == 0) {
        fraction /= 10;
        decimals--;
    }
    const char *sign = value < 0 && whole > 0 ? "-" : "";
    char digits[20] = "";
    for (int i = decimals - 1; i >= 0; i--) {
        digits[i] = (char)('0' + fraction % 10);
        fraction /= 10;
    }
    snprintf(words, room, "%s%lld%s%s", sign, whole / scale, decimals > 0 ? "." : "", digits);
}

void tam_fixed_words(char *words, size_t room, double value, int decimals) {
    if (fabs(value) < 1e9) {
        write_fixed(words, room, value, decimals, false);
    } else {
        tam_real_words(words, room, value, decimals + 1);
    }
}

void tam_text_real(tam_text *text, double value, int decimals) {
    char words[64];
    if (fabs(value) < 1e9 && decimals <= 9) {
        write_fixed(words, sizeof words, value, decimals, true);
    } else {
        tam_real_words(words, sizeof words, value, decimals > 0 ? decimals : 1);
    }
    tam_text_add(text, words);
}

void tam_real_words(char *words, size_t room, double value, int digits) {
    if (!isfinite(value)) {
        snprintf(words, room, "-");
        return;
    }
    int power = value != 0 ? (int)floor(log10(fabs(value))) : 0;
    if (power >= -4 && power < 9) {
        int decimals = digits - 1 - power;
        write_fixed(words, room, value, decimals < 0 ? 0 : decimals, true);
        return;
    }
    char mantissa[32];
    double shifted = value / pow(10, power);
    if (fabs(shifted) + 0.5 * pow(10, 1 - digits) >= 10) {
        shifted /= 10;
        power++;
    }
    write_fixed(mantissa, sizeof mantissa, shifted, digits - 1, true);
    snprintf(words, room, "%se%d", mantissa, power);
}

/* Texts of the user's, which may hold any byte, for a terminal and for JSON. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* Length of the UTF-8 sequence at `at`, 0 if there is none (RFC 3629: shortest form, no surrogates, to U+10FFFF). */
static size_t sequence_length(const unsigned char *at) {
    static const unsigned char least_second[] = {0xE0, 0xA0, 0xF0, 0x90}, most_second[] = {0xED, 0x9F, 0xF4, 0x8F};
    if (at[0] < 0x80) {
        return 1;
    }
    size_t length = at[0] >= 0xC2 && at[0] <= 0xDF ? 2 : (at[0] & 0xF0) == 0xE0 ? 3 : 4;
    if (at[0] < 0xC2 || at[0] > 0xF4) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    for (size_t i = 0; i < sizeof least_second; i += 2) {
        if ((at[0] == least_second[i] && at[1] < least_second[i + 1]) ||
            (at[0] == most_second[i] && at[1] > most_second[i + 1])) {
            return 0;
        }
    }
    return length;
}

/* Control characters: below U+0020, U+007F, and U+0080 to U+009F. */
static bool is_control(const unsigned char *at, size_t length) {
    return length == 1 ? at[0] < 0x20 || at[0] == 0x7F : length == 2 && at[0] == 0xC2 && at[1] < 0xA0;
}

static void print_escaped(FILE *file, const char *words) {
    for (const unsigned char *at = (const unsigned char *)words; *at != '\0';) {
        size_t length = sequence_length(at);
        if (length > 0 && !is_control(at, length)) {
            fwrite(at, 1, length, file);
            at += length;
        } else {
            fprintf(file, "\\x%02x", *at);
            at++;
        }
    }
}

void cli_print_sentence(const char *opening, const char *sentence) {
    fputs(opening, stderr);
    print_escaped(stderr, sentence);
    fputc('\n', stderr);
}

void cli_print_name(const char *name) {
    print_escaped(stdout, name);
}

json_t *cli_json_text(const char *text) {
    char *copy = malloc(2 * strlen(text) + 1), *to = copy;
    if (copy == NULL) {
        return NULL;
    }
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0';) {
        size_t length = sequence_length(at);
        if (length > 0) {
            memcpy(to, at, length);
            to += length;
            at += length;
        } else {
            *to++ = (char)(0xC0 | *at >> 6);
            *to++ = (char)(0x80 | (*at++ & 0x3F));
        }
    }
    *to = '\0';
    json_t *string = json_string(copy);
    free(copy);
    return string;
}

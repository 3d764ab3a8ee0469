/* A growing text. Failure is sticky: after memory ran out everything is dropped, and the end tells. */
#ifndef PLOT_TEXT_BUFFER_H
#define PLOT_TEXT_BUFFER_H

#include <stdbool.h>

#include "base/ctx.h"

typedef struct tam_text {
    tam_ctx *ctx;
    char *data; /* always ends in a zero once something was added */
    size_t size, room;
    bool failed;
} tam_text;

void tam_text_free(tam_text *text);

void tam_text_add(tam_text *text, const char *words);
void tam_text_bytes(tam_text *text, const char *bytes, size_t count);

/* printf for whole numbers and words; not for reals, whose form depends on the locale. */
void tam_text_format(tam_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The words as XML or HTML content or attribute: & < > " ' become entities, control characters and bytes that are not
 * UTF-8 become U+FFFD. */
void tam_text_escape(tam_text *text, const char *words);

/* A real number with `decimals` digits after the point, trailing zeros cut, in every locale; "-" when it is not finite.
 */
void tam_text_real(tam_text *text, double value, int decimals);

/* The same to `digits` significant digits; very small and large ones as 1.2e-7. At least 32 bytes of room. */
void tam_real_words(char *words, size_t room, double value, int digits);

/* The same with exactly `decimals` (at most 9) digits after the point, for columns of numbers. */
void tam_fixed_words(char *words, size_t room, double value, int decimals);

#endif

#include "base/format.h"

#include <locale.h>
#include <pthread.h>
#include <stdio.h>

#include "base/spec.h"

/* Made once and kept: lines are written in the middle of training, where nothing may allocate. */
static locale_t plain;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_plain(void) {
    plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

int tam_format_list(char *text, size_t room, const char *format, va_list arguments) {
    pthread_once(&once, make_plain);
    locale_t before = plain != (locale_t)0 ? uselocale(plain) : (locale_t)0;
    int length = vsnprintf(text, room, format, arguments);
    if (before != (locale_t)0) {
        uselocale(before);
    }
    return length;
}

int tam_format(char *text, size_t room, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int length = tam_format_list(text, room, format, arguments);
    va_end(arguments);
    return length;
}

void tam_format_real(char text[TAM_REAL_ROOM], double value) {
    for (int digits = 6; digits <= 17; digits++) {
        double back = 0.0;
        int length = tam_format(text, TAM_REAL_ROOM, "%.*g", digits, value);
        if (tam_number_read(text, (size_t)length, &back) && back == value) {
            break;
        }
    }
}

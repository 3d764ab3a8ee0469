/* What the program prints: notes on stderr, JSON results on stdout. */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>

#include "cli.h"

void cli_note(const cli_call *call, const char *format, ...) {
    if (call->quiet) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
}

tam_status cli_print_json(cli_call *call, json_t *object) {
    if (call->collected != NULL && object != NULL) {
        return json_array_append_new(call->collected, object) == 0
                   ? TAM_OK
                   : cli_fail(call, TAM_RESOURCES, "cannot allocate memory for the results");
    }
    /* 12 digits: more than any of our measures carries, and 0.1 stays 0.1. */
    char *text = object == NULL ? NULL : json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(12));
    json_decref(object);
    if (text == NULL) {
        return cli_fail(call, TAM_RESOURCES, "cannot allocate memory for the JSON result");
    }
    printf("%s\n", text);
    free(text);
    return TAM_OK;
}

json_t *cli_json_real(double value) {
    return isfinite(value) ? json_real(value) : json_null();
}

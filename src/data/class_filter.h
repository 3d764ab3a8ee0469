/* Class filters: "Greek*,Latin/character0?", or @FILE with one name or glob per line. `*` crosses "/". What is itself
 * the name of a class means that class only, whatever signs it contains. */
#ifndef DATA_CLASS_FILTER_H
#define DATA_CLASS_FILTER_H

#include <stdbool.h>

#include "base/ctx.h"

/* Sets keep[c] = value for every class that the filter names. Fails with TAM_CONFIG when a part of it names none, or
 * TAM_INPUT when its file cannot be read. */
TAM_MUST_USE tam_status tam_class_filter(tam_ctx *ctx, const char *filter, const char *const *names, int32_t classes,
                                         bool value, bool *keep);

#endif

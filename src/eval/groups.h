/* Rows in the order of their labels. */
#ifndef EVAL_GROUPS_H
#define EVAL_GROUPS_H

#include "base/ctx.h"

typedef struct tam_groups {
    int64_t count;
    uint32_t *order; /* [count] row numbers, by label, then by number */
    uint32_t *end;   /* [count] end[i]: where the class of row order[i] ends; the next class starts there */
} tam_groups;

/* count is at most UINT32_MAX. */
TAM_MUST_USE tam_status tam_groups_make(tam_ctx *ctx, int64_t count, const int32_t *labels, tam_groups *groups);
void tam_groups_free(tam_ctx *ctx, tam_groups *groups);

#endif

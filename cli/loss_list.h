/* Lists of loss specifications, as the flag --losses takes them. */
#ifndef LOSS_LIST_H
#define LOSS_LIST_H

#include "cli.h"

typedef struct loss_list {
    char **item; /* specifications */
    int count;
    char *text; /* what the items point into */
} loss_list;

/* Cuts `words` by tam_loss_list_first: "arcface:s=16,m=0.3,softmax+center" has two items. "all" stands for every class
 * loss. Checks each one for `classes` classes. `out` is the caller's (loss_list_free), also after a failure. Fails with
 * TAM_CONFIG or TAM_RESOURCES. */
TAM_MUST_USE tam_status loss_list_read(cli_call *call, const char *words, int64_t classes, loss_list *out);
void loss_list_free(loss_list *list);

#endif

#include "loss_list.h"

#include <stdlib.h>
#include <string.h>

static tam_status all_class_losses(cli_call *call, loss_list *out) {
    out->item = calloc((size_t)tam_loss_count(), sizeof *out->item);
    if (out->item == NULL) {
        return cli_fail(call, TAM_RESOURCES, "no memory for a list of losses");
    }
    for (int k = 0; k < tam_loss_count(); k++) {
        out->item[out->count++] = (char *)tam_loss_describe(k).name;
    }
    return TAM_OK;
}

tam_status loss_list_read(cli_call *call, const char *words, int64_t classes, loss_list *out) {
    *out = (loss_list){0};
    if (strcmp(words, "all") == 0) {
        return all_class_losses(call, out);
    }
    size_t most = 1;
    for (const char *at = words; *at != '\0'; at++) {
        most += *at == ',';
    }
    out->text = strdup(words);
    out->item = calloc(most, sizeof *out->item);
    if (out->text == NULL || out->item == NULL) {
        return cli_fail(call, TAM_RESOURCES, "no memory for a list of losses");
    }
    for (char *at = out->text, *end; at != NULL; at = end) {
        end = at + tam_loss_list_first(at);
        if (*end == ',') {
            *end++ = '\0';
        } else {
            end = NULL;
        }
        tam_status status = tam_loss_check(call->ctx, at, classes);
        if (status != TAM_OK) {
            return status;
        }
        out->item[out->count++] = at;
    }
    return TAM_OK;
}

void loss_list_free(loss_list *list) {
    free(list->item);
    free(list->text);
}

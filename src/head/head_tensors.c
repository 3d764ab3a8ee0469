/* What a checkpoint holds of a head. */
#include <string.h>

#include "head/head_inside.h"

enum { MOST_TENSORS = 6 };

/* All tensors of this head, in a fixed order; returns how many. */
static int list(tam_head *head, tam_head_tensor *out) {
    int64_t c = head->classes, rows = c * head->subs, d = head->dim;
    const char *numbers = head->dtype == TAM_CLASS_BF16_LEAN ? "BF16" : "F32";
    const tam_head_tensor all[MOST_TENSORS] = {
        {.name = "head.weight", .dtype = numbers, .data = head->w, .dims = 2, .size = {rows, d}},
        {.name = "head.momentum", .dtype = numbers, .data = head->momentum, .dims = 2, .size = {rows, d}},
        {.name = "head.bias", .dtype = "F32", .data = head->bias, .dims = 1, .size = {c}},
        {.name = "head.bias_momentum", .dtype = "F32", .data = head->bias_momentum, .dims = 1, .size = {c}},
        {.name = "head.centres", .dtype = "F32", .data = head->centres, .dims = 2, .size = {c, d}},
        {.name = "head.running",
         .data = head->loss.state.running,
         .dtype = "F64",
         .dims = 1,
         .size = {TAM_LOSS_RUNNING}},
    };
    int count = 0;
    for (int i = 0; i < MOST_TENSORS; i++) {
        if (all[i].data != NULL) {
            out[count] = all[i];
            out[count].bytes = (size_t)all[i].size[0] * (all[i].dims == 2 ? (size_t)all[i].size[1] : 1) *
                               (strcmp(all[i].dtype, "F64") == 0   ? 8
                                : strcmp(all[i].dtype, "F32") == 0 ? 4
                                                                   : 2);
            count++;
        }
    }
    return count;
}

int tam_head_tensor_count(const tam_head *head) {
    tam_head_tensor tensors[MOST_TENSORS];
    return list((tam_head *)head, tensors);
}

tam_head_tensor tam_head_tensor_at(tam_head *head, int index) {
    tam_head_tensor tensors[MOST_TENSORS];
    int count = list(head, tensors);
    return index >= 0 && index < count ? tensors[index] : (tam_head_tensor){0};
}

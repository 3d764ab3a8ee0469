/* What a checkpoint holds of a head. */
#include <string.h>

#include "head/head_inside.h"

enum { MOST_TENSORS = 6 };

static size_t number_bytes(const char *dtype) {
    return strcmp(dtype, "F64") == 0 ? 8 : strcmp(dtype, "F32") == 0 ? 4 : 2;
}

/* All tensors of this head, in a fixed order; returns how many. */
static int list(tam_head *head, tam_head_tensor *out) {
    int64_t c = head->classes, rows = c * head->subs, d = head->dim;
    const char *of_rows = head->dtype == TAM_CLASS_BF16_LEAN ? "BF16" : "F32";
    const tam_head_tensor all[MOST_TENSORS] = {
        {.name = "head.weight", .dtype = of_rows, .data = head->w, .dims = 2, .size = {rows, d}},
        {.name = "head.momentum", .dtype = of_rows, .data = head->momentum, .dims = 2, .size = {rows, d}},
        {.name = "head.bias", .dtype = "F32", .data = head->bias, .dims = 1, .size = {c}},
        {.name = "head.bias_momentum", .dtype = "F32", .data = head->bias_momentum, .dims = 1, .size = {c}},
        {.name = "head.centres", .dtype = "F32", .data = head->centres, .dims = 2, .size = {c, d}},
        {.name = "head.running",
         .dtype = "F64",
         .data = head->loss.state.running,
         .dims = 1,
         .size = {TAM_LOSS_RUNNING}},
    };
    int count = 0;
    for (int i = 0; i < MOST_TENSORS; i++) {
        if (all[i].data != NULL) {
            out[count] = all[i];
            size_t numbers = (size_t)all[i].size[0] * (all[i].dims == 2 ? (size_t)all[i].size[1] : 1);
            out[count++].bytes = numbers * number_bytes(all[i].dtype);
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

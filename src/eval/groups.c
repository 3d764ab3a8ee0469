#include "eval/groups.h"

#include <stdbool.h>

#include "base/memory.h"
#include "eval/radix.h"

tam_status tam_groups_make(tam_ctx *ctx, int64_t count, const int32_t *labels, tam_groups *groups) {
    *groups = (tam_groups){.count = count};
    groups->order = tam_allocate(ctx, (size_t)count, 2 * sizeof *groups->order, "an order by label");
    uint32_t *keys = tam_allocate(ctx, (size_t)count, 2 * sizeof *keys, "an order by label");
    if (groups->order == NULL || keys == NULL) {
        tam_release(ctx, keys);
        tam_groups_free(ctx, groups);
        return TAM_RESOURCES;
    }
    uint32_t *order = groups->order;
    groups->end = order + count;
    for (int64_t i = 0; i < count; i++) {
        order[i] = (uint32_t)i;
        keys[i] = tam_key_of_label(labels[i]);
    }
    tam_radix_sort(keys, keys + count, order, groups->end, count);
    for (int64_t i = count - 1; i >= 0; i--) {
        bool same = i + 1 < count && keys[i + 1] == keys[i];
        groups->end[i] = same ? groups->end[i + 1] : (uint32_t)(i + 1);
    }
    tam_release(ctx, keys);
    return TAM_OK;
}

void tam_groups_free(tam_ctx *ctx, tam_groups *groups) {
    tam_release(ctx, groups->order);
    *groups = (tam_groups){0};
}

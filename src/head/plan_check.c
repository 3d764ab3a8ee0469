/* Whether a head fits in memory, and what would where it does not. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/ctx.h"
#include "base/free_memory.h"
#include "head/plan.h"

const char *const tam_head_dtype_names[TAM_HEAD_DTYPES] = {"f32", "bf16", "bf16-lean"};

int tam_head_dtype_number(const char *name) {
    for (int k = 0; name != NULL && k < TAM_HEAD_DTYPES; k++) {
        if (strcmp(name, tam_head_dtype_names[k]) == 0) {
            return k;
        }
    }
    return 0;
}

size_t tam_head_memory_left(const char *root) {
    size_t left = tam_free_memory(root);
    return left == SIZE_MAX ? SIZE_MAX : left / 16 * 15;
}

size_t tam_head_need(const tam_head_config *config, const tam_head_bytes *bytes) {
    size_t sum;
    bool overflow =
        __builtin_add_overflow(bytes->weights, config->workspace == 0 ? bytes->least : bytes->workspace, &sum);
    return overflow ? SIZE_MAX : sum;
}

/* SIZE_MAX for a head that cannot be. */
static size_t need_of(tam_ctx *ctx, const tam_head_config *config) {
    tam_head_bytes bytes;
    return tam_head_count_bytes(ctx, config, &bytes) == TAM_OK ? tam_head_need(config, &bytes) : SIZE_MAX;
}

/* The first configuration from *config on that fits; *need receives its bytes. */
static bool find_fitting(tam_ctx *ctx, tam_head_config *config, size_t left, size_t *need) {
    config->workspace = 0;
    for (int dtype = tam_head_dtype_number(config->dtype); dtype < TAM_HEAD_DTYPES; dtype++) {
        config->dtype = tam_head_dtype_names[dtype];
        *need = need_of(ctx, config);
        if (*need <= left) {
            return true;
        }
    }
    return false;
}

static void set_size(tam_head_config *config, bool width, int64_t size) {
    if (width) {
        config->dim = (int)size;
    } else {
        config->classes = size;
    }
}

/* The largest C, or D, with which the configuration fits; 0: none. */
static int64_t largest_size(tam_ctx *ctx, tam_head_config config, bool width, size_t left) {
    int64_t low = width ? 1 : 2, high = width ? config.dim : config.classes;
    set_size(&config, width, low);
    if (need_of(ctx, &config) > left) {
        return 0;
    }
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        set_size(&config, width, middle);
        if (need_of(ctx, &config) <= left) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

/* What would fit instead, as the end of a sentence. */
static void describe_fitting(tam_ctx *ctx, tam_head_config config, size_t left, char *text, size_t room) {
    int dtype = tam_head_dtype_number(config.dtype);
    size_t need;
    if (find_fitting(ctx, &config, left, &need)) {
        bool same = dtype == tam_head_dtype_number(config.dtype);
        snprintf(text, room, "with %s%s it needs %.3f GB", same ? "the default workspace" : "dtype ",
                 same ? "" : config.dtype, (double)need / 1e9);
        return;
    }
    for (int width = 0; width < 2; width++) {
        int64_t most = largest_size(ctx, config, width != 0, left);
        if (most > 0) {
            snprintf(text, room, "with dtype %s at most %s %lld would fit", config.dtype,
                     width ? "a width of" : "this many classes:", (long long)most);
            return;
        }
    }
    snprintf(text, room, "nor would the smallest head for batches of %d fit", config.batch);
}

tam_status tam_head_plan_check_left(tam_ctx *ctx, const tam_head_config *config, size_t left) {
    tam_head_bytes bytes;
    char instead[256];
    TAM_TRY(tam_head_count_bytes(ctx, config, &bytes));
    size_t need = tam_head_need(config, &bytes);
    if (need <= left) {
        return TAM_OK;
    }
    describe_fitting(ctx, *config, left, instead, sizeof instead);
    return tam_fail(
        ctx, TAM_RESOURCES,
        "a head of %lld classes and width %d for batches of %d needs %.3f GB with dtype %s, and %.3f GB can "
        "be had now; %s",
        (long long)config->classes, config->dim, config->batch, (double)need / 1e9,
        tam_head_dtype_names[tam_head_dtype_number(config->dtype)], (double)left / 1e9, instead);
}

tam_status tam_head_plan_check(tam_ctx *ctx, const tam_head_config *config) {
    return tam_head_plan_check_left(ctx, config, tam_head_memory_left(""));
}

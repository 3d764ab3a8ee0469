#include "backend/cpu/layer/dnnl_matmul.h"

#include <math.h>

#include "backend/cpu/layer/dnnl_call.h"
#include "base/bf16.h"
#include "base/memory.h"
#include "base/team.h"

struct tam_dnnl_matmul {
    tam_ctx *ctx;
    tam_dnnl *dnnl;
    tam_dnnl_call pack, multiply;
    size_t packed_bytes;
    void *room[ROLES]; /* X and WEIGHT: the factors; Y: the product */
};

static dnnl_status_t describe(tam_dnnl_matmul *made, int side, bool packed) {
    const dnnl_dims_t size = {side, side};
    dnnl_memory_desc_t a, b, c, any;
    dnnl_matmul_desc_t operation;
    dnnl_primitive_desc_t description;
    DNNL_TRY(dnnl_memory_desc_init_by_tag(&a, 2, size, dnnl_bf16, dnnl_ab));
    DNNL_TRY(dnnl_memory_desc_init_by_tag(&b, 2, size, dnnl_bf16, dnnl_ab));
    DNNL_TRY(dnnl_memory_desc_init_by_tag(&any, 2, size, dnnl_bf16, packed ? dnnl_format_tag_any : dnnl_ab));
    DNNL_TRY(dnnl_memory_desc_init_by_tag(&c, 2, size, dnnl_f32, dnnl_ab));
    DNNL_TRY(dnnl_matmul_desc_init(&operation, &a, &any, NULL, &c));
    DNNL_TRY(dnnl_primitive_desc_create(&description, &operation, made->dnnl->attributes, made->dnnl->engine, NULL));
    const dnnl_memory_desc_t chosen = *dnnl_primitive_desc_query_md(description, dnnl_query_weights_md, 0);
    DNNL_TRY(tam_dnnl_call_make(made->dnnl, description, &made->multiply));
    DNNL_TRY(tam_dnnl_call_argument(made->dnnl, &made->multiply, DNNL_ARG_SRC, X, &a));
    DNNL_TRY(tam_dnnl_call_argument(made->dnnl, &made->multiply, DNNL_ARG_WEIGHTS, PACKED, &chosen));
    DNNL_TRY(tam_dnnl_call_argument(made->dnnl, &made->multiply, DNNL_ARG_DST, Y, &c));
    made->packed_bytes = dnnl_memory_desc_get_size(&chosen);
    return tam_dnnl_call_reorder(made->dnnl, &b, WEIGHT, &chosen, PACKED, &made->pack);
}

/* Numbers of both signs around 1: a processor may be quicker with zeros. */
static void fill(int64_t count, tam_bf16 *a, uint32_t number) {
    for (int64_t k = 0; k < count; k++) {
        number = number * 1664525u + 1013904223u;
        a[k] = (tam_bf16)(0x3f00u | (number >> 16 & 0x80ffu));
    }
}

static tam_status take_room(tam_ctx *ctx, tam_dnnl_matmul *made, int side) {
    size_t numbers = (size_t)side * (size_t)side;
    size_t pack = made->pack.scratch_bytes, multiply = made->multiply.scratch_bytes;
    const size_t bytes[ROLES] = {[X] = numbers * sizeof(tam_bf16),
                                 [WEIGHT] = numbers * sizeof(tam_bf16),
                                 [Y] = numbers * sizeof(float),
                                 [PACKED] = made->packed_bytes,
                                 [SCRATCH] = pack > multiply ? pack : multiply};
    for (int role = 0; role < ROLES; role++) {
        made->room[role] = bytes[role] > 0 ? tam_allocate(ctx, bytes[role], 1, "a product to measure") : NULL;
        if (bytes[role] > 0 && made->room[role] == NULL) {
            return TAM_RESOURCES;
        }
    }
    fill((int64_t)numbers, made->room[X], 1);
    fill((int64_t)numbers, made->room[WEIGHT], 2);
    return TAM_OK;
}

/* A fast wrong product is worth nothing: the first and the last number of it. */
static bool is_right(const tam_dnnl_matmul *made, int64_t side) {
    const tam_bf16 *a = made->room[X], *b = made->room[WEIGHT];
    const float *c = made->room[Y];
    for (int64_t at = 0; at < side; at += side - 1) {
        double sum = 0.0;
        for (int64_t k = 0; k < side; k++) {
            sum += (double)tam_bf16_value(a[at * side + k]) * (double)tam_bf16_value(b[k * side + at]);
        }
        if (!(fabs(sum - (double)c[at * side + at]) < 1e-4 * (double)side)) {
            return false;
        }
    }
    return true;
}

static tam_status make(tam_ctx *ctx, tam_dnnl_matmul *made, int side, bool packed, bool *known) {
    TAM_TRY(tam_dnnl_create(ctx, &made->dnnl));
    dnnl_status_t status = describe(made, side, packed);
    *known = status != dnnl_unimplemented;
    if (status != dnnl_success) {
        return *known ? tam_dnnl_translate(ctx, "a bf16 product", status) : TAM_OK;
    }
    TAM_TRY(take_room(ctx, made, side));
    tam_dnnl_call_run(made->dnnl, &made->pack, made->room);
    tam_dnnl_call_run(made->dnnl, &made->multiply, made->room);
    return is_right(made, side) ? TAM_OK
                                : tam_fail(ctx, TAM_INTERNAL, "oneDNN's bf16 product of side %d is wrong", side);
}

tam_status tam_dnnl_matmul_create(tam_ctx *ctx, int side, bool packed, tam_dnnl_matmul **out) {
    bool known = false;
    *out = NULL;
#if defined(__x86_64__)
    if (!__builtin_cpu_supports("avx512bf16")) {
        return TAM_OK; /* the library would multiply in f32 */
    }
#endif
    tam_dnnl_matmul *made = tam_allocate(ctx, 1, sizeof *made, "a product to measure");
    if (made == NULL) {
        return TAM_RESOURCES;
    }
    made->ctx = ctx;
    int threads = tam_team_confine(); /* the library cuts the product for as many threads as there are now */
    tam_status status = make(ctx, made, side, packed, &known);
    tam_team_spread(threads);
    if (status != TAM_OK || !known) {
        tam_dnnl_matmul_free(made);
        return status;
    }
    *out = made;
    return TAM_OK;
}

void tam_dnnl_matmul_free(tam_dnnl_matmul *matmul) {
    if (matmul == NULL) {
        return;
    }
    tam_dnnl_call_free(&matmul->pack);
    tam_dnnl_call_free(&matmul->multiply);
    for (int role = 0; role < ROLES; role++) {
        tam_release(matmul->ctx, matmul->room[role]);
    }
    tam_dnnl_free(matmul->dnnl);
    tam_release(matmul->ctx, matmul);
}

void tam_dnnl_matmul_run(const tam_dnnl_matmul *matmul) {
    int threads = tam_team_confine();
    tam_dnnl_call_run(matmul->dnnl, &matmul->multiply, matmul->room);
    tam_team_spread(threads);
}

#include "backend/cpu/layer/dnnl_call.h"
#include "backend/cpu/layer/dnnl_product.h"

#include "base/memory.h"
#include "base/team.h"

tam_status tam_dnnl_translate(tam_ctx *ctx, const char *name, dnnl_status_t status) {
    if (status == dnnl_success) {
        return TAM_OK;
    }
    return tam_fail(ctx, status == dnnl_out_of_memory ? TAM_RESOURCES : TAM_INTERNAL,
                    "%s: oneDNN %d.%d cannot make this layer (status %d)", name, dnnl_version()->major,
                    dnnl_version()->minor, (int)status);
}

static bool library_uses(dnnl_cpu_isa_t isa) {
    return ((unsigned)dnnl_get_effective_cpu_isa() & (unsigned)isa) == (unsigned)isa;
}

bool tam_layer_has_bf16(void) {
    return library_uses(dnnl_cpu_isa_avx512_core_bf16);
}

bool tam_layer_suits_bf16(void) {
    return library_uses(dnnl_cpu_isa_avx512_core_amx);
}

tam_status tam_dnnl_create(tam_ctx *ctx, tam_dnnl **out) {
    *out = NULL;
    tam_dnnl *dnnl = tam_allocate(ctx, 1, sizeof *dnnl, "oneDNN's engine");
    if (dnnl == NULL) {
        return TAM_RESOURCES;
    }
    dnnl->ctx = ctx;
    dnnl_status_t status = dnnl_engine_create(&dnnl->engine, dnnl_cpu, 0);
    if (status == dnnl_success) {
        status = dnnl_stream_create(&dnnl->stream, dnnl->engine, dnnl_stream_in_order);
    }
    if (status == dnnl_success) {
        status = dnnl_primitive_attr_create(&dnnl->attributes);
    }
    if (status == dnnl_success) {
        status = dnnl_primitive_attr_set_scratchpad_mode(dnnl->attributes, dnnl_scratchpad_mode_user);
    }
    if (status != dnnl_success) {
        tam_dnnl_free(dnnl);
        return tam_dnnl_translate(ctx, "the engine", status);
    }
    *out = dnnl;
    return TAM_OK;
}

void tam_dnnl_free(tam_dnnl *dnnl) {
    if (dnnl == NULL) {
        return;
    }
    (void)dnnl_primitive_attr_destroy(dnnl->attributes);
    (void)dnnl_stream_destroy(dnnl->stream);
    (void)dnnl_engine_destroy(dnnl->engine);
    tam_release(dnnl->ctx, dnnl);
}

dnnl_status_t tam_dnnl_call_argument(const tam_dnnl *dnnl, tam_dnnl_call *made, int kind, int role,
                                     const dnnl_memory_desc_t *memory) {
    int at = made->count++;
    made->role[at] = role;
    made->argument[at].arg = kind;
    return dnnl_memory_create(&made->argument[at].memory, memory, dnnl->engine, DNNL_MEMORY_NONE);
}

dnnl_status_t tam_dnnl_call_make(const tam_dnnl *dnnl, dnnl_primitive_desc_t description, tam_dnnl_call *made) {
    const dnnl_memory_desc_t *scratch = dnnl_primitive_desc_query_md(description, dnnl_query_scratchpad_md, 0);
    dnnl_status_t status = dnnl_primitive_create(&made->primitive, description);
    made->scratch_bytes = dnnl_memory_desc_get_size(scratch);
    if (status == dnnl_success && made->scratch_bytes > 0) {
        status = tam_dnnl_call_argument(dnnl, made, DNNL_ARG_SCRATCHPAD, SCRATCH, scratch);
    }
    (void)dnnl_primitive_desc_destroy(description);
    return status;
}

dnnl_status_t tam_dnnl_call_reorder(const tam_dnnl *dnnl, const dnnl_memory_desc_t *from, int from_role,
                                    const dnnl_memory_desc_t *to, int to_role, tam_dnnl_call *made) {
    dnnl_primitive_desc_t description;
    DNNL_TRY(dnnl_reorder_primitive_desc_create(&description, from, dnnl->engine, to, dnnl->engine, dnnl->attributes));
    DNNL_TRY(tam_dnnl_call_make(dnnl, description, made));
    DNNL_TRY(tam_dnnl_call_argument(dnnl, made, DNNL_ARG_FROM, from_role, from));
    return tam_dnnl_call_argument(dnnl, made, DNNL_ARG_TO, to_role, to);
}

/* Fails only for arguments of other kinds than make was told of: our own fault. */
void tam_dnnl_call_run(const tam_dnnl *dnnl, const tam_dnnl_call *call, void *const address[ROLES]) {
    if (call->primitive == NULL) {
        return;
    }
    for (int k = 0; k < call->count; k++) {
        (void)dnnl_memory_set_data_handle(call->argument[k].memory, address[call->role[k]]);
    }
    (void)dnnl_primitive_execute(call->primitive, dnnl->stream, call->count, call->argument);
}

void tam_dnnl_call_free(tam_dnnl_call *call) {
    for (int k = 0; k < call->count; k++) {
        (void)dnnl_memory_destroy(call->argument[k].memory);
    }
    if (call->primitive != NULL) {
        (void)dnnl_primitive_destroy(call->primitive);
    }
    *call = (tam_dnnl_call){0};
}

void tam_dnnl_product(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, float alpha, const float *a,
                      int64_t lda, const float *b, int64_t ldb, float beta, float *c, int64_t ldc) {
    int threads = tam_team_confine();
    (void)dnnl_sgemm(transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
    tam_team_spread(threads);
}

/* The inside of the files that call oneDNN: its engine, and a primitive with its arguments. */
#ifndef BACKEND_CPU_DNNL_CALL_H
#define BACKEND_CPU_DNNL_CALL_H

#include <dnnl.h>

#include "backend/cpu/layer/cpu_layer.h"

struct tam_dnnl {
    tam_ctx *ctx;
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    dnnl_primitive_attr_t attributes; /* scratch memory comes from us */
};

/* What an argument of a call stands for; run gives each its address. */
enum { X, Y, DX, DY, WEIGHT, BIAS, DWEIGHT, DBIAS, PACKED, SCRATCH, ROUNDED, ADDED, SLOPE, ROLES };
enum { CALL_ARGUMENTS = 7 };

/* All zero: a call that is not needed. */
typedef struct tam_dnnl_call {
    dnnl_primitive_t primitive;
    int count;
    int role[CALL_ARGUMENTS];
    dnnl_exec_arg_t argument[CALL_ARGUMENTS];
    size_t scratch_bytes;
} tam_dnnl_call;

#define DNNL_TRY(expression)                       \
    do {                                           \
        dnnl_status_t dnnl_status_ = (expression); \
        if (dnnl_status_ != dnnl_success) {        \
            return dnnl_status_;                   \
        }                                          \
    } while (0)

/* The library's status as ours, with a sentence about `name`. */
TAM_MUST_USE tam_status tam_dnnl_translate(tam_ctx *ctx, const char *name, dnnl_status_t status);

/* Makes the primitive of a description, which it destroys, and the scratch argument. */
dnnl_status_t tam_dnnl_call_make(const tam_dnnl *dnnl, dnnl_primitive_desc_t description, tam_dnnl_call *made);
/* A change of layout from one role to another. */
dnnl_status_t tam_dnnl_call_reorder(const tam_dnnl *dnnl, const dnnl_memory_desc_t *from, int from_role,
                                    const dnnl_memory_desc_t *to, int to_role, tam_dnnl_call *made);
dnnl_status_t tam_dnnl_call_argument(const tam_dnnl *dnnl, tam_dnnl_call *made, int kind, int role,
                                     const dnnl_memory_desc_t *memory);
/* With the memory named by `address`. A call that is not needed does nothing. */
void tam_dnnl_call_run(const tam_dnnl *dnnl, const tam_dnnl_call *call, void *const address[ROLES]);
void tam_dnnl_call_free(tam_dnnl_call *call);

#endif

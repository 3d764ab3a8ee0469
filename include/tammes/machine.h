/* The machine that this process runs on, as far as the system tells. */
#ifndef TAMMES_MACHINE_H
#define TAMMES_MACHINE_H

#include "tammes/ctx.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What is unknown is "" or 0, but memory_free and disk_free: SIZE_MAX. */
typedef struct tam_machine {
    char processor[128];     /* "Intel(R) Xeon(R) ..." */
    int processors, threads; /* that the process may use; that compute */
    char kernels_f32[32];    /* the vector instructions of the head's f32 products: "avx512", ... */
    char kernels_bf16[32];   /* and of its bf16 products */
    size_t memory_total;     /* bytes of the machine */
    size_t memory_limit;     /* the least limit of the process's control groups; 0: there is none */
    size_t memory_free;      /* bytes that this process may still take, within its control groups' limits */
    char huge_pages[32];     /* transparent ones: "always", "madvise", "never" */
    size_t disk_free;        /* bytes that may still be written below the folder */
} tam_machine;

/* Fills the whole of *machine; nothing that the system does not tell is an error. folder: NULL means where the process
 * stands. */
TAM_API void tam_machine_describe(const tam_ctx *ctx, const char *folder, tam_machine *machine);

#ifdef __cplusplus
}
#endif
#endif

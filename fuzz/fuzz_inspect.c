/* Any bytes as a file that is inspected: every kind of file begins its reading here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tammes/inspect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    tam_ctx *ctx = NULL;
    tam_inspection *inspection;
    char path[64];
    int file = memfd_create("inspected", MFD_CLOEXEC);
    if (file < 0 || tam_ctx_create(&(tam_ctx_config){.threads = 1}, &ctx) != TAM_OK ||
        write(file, data, size) != (ssize_t)size) {
        abort();
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    volatile size_t sum = 0;
    tam_status status = tam_inspect(ctx, path, &inspection);
    if (status != TAM_OK && (inspection != NULL || *tam_ctx_message(ctx) == '\0')) {
        abort();
    }
    if (inspection != NULL) {
        tam_inspection_info info = tam_inspection_describe(inspection);
        sum = strlen(info.kind) + (info.advice != NULL ? strlen(info.advice) : 0);
        for (int i = 0; i < info.fact_count; i++) {
            sum = sum + strlen(info.facts[i].key) + (info.facts[i].text != NULL ? strlen(info.facts[i].text) : 0);
        }
    }
    tam_inspection_free(inspection);
    if (tam_ctx_memory(ctx).bytes != 0) {
        abort();
    }
    tam_ctx_free(ctx);
    close(file);
    return 0;
}

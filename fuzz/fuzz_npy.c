/* Arrays: headers, and their values as f32 and as whole numbers. */
#include <stdlib.h>

#include "io/npy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    tam_ctx *ctx = NULL;
    tam_npy npy;
    if (tam_ctx_create(&(tam_ctx_config){.threads = 1}, &ctx) != TAM_OK) {
        abort();
    }
    tam_status status = tam_npy_view(ctx, "fuzz", data, size, &npy);
    if (status != TAM_OK && *tam_ctx_message(ctx) == '\0') {
        abort();
    }
    for (int64_t i = 0; status == TAM_OK && i < npy.count; i += 3) {
        int64_t count = npy.count - i < 3 ? npy.count - i : 3, wholes[3];
        float reals[3];
        tam_status whole = tam_npy_read_i64(&npy, i, count, wholes);
        if (tam_npy_read_f32(&npy, i, count, reals) != TAM_OK || (whole != TAM_OK && whole != TAM_INPUT)) {
            abort();
        }
    }
    tam_npy_close(&npy);
    if (tam_ctx_memory(ctx).bytes != 0) {
        abort();
    }
    tam_ctx_free(ctx);
    return 0;
}

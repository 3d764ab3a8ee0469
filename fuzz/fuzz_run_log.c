#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "report/run_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    tam_ctx *ctx = NULL;
    tam_run_log log;
    double bins[TAM_THETA_BINS];
    if (tam_ctx_create(NULL, &ctx) != TAM_OK) {
        return 0;
    }
    if (tam_run_log_parse(ctx, (const char *)data, size, &log) == TAM_OK) {
        (void)tam_run_log_histogram(&log, 0, 1, bins);
        for (int64_t i = 1; i < log.step_count; i++) {
            if (log.steps[i].step <= log.steps[i - 1].step) {
                abort();
            }
        }
        tam_run_log_free(&log);
    }
    if (tam_ctx_memory(ctx).bytes != 0) {
        abort();
    }
    tam_ctx_free(ctx);
    return 0;
}

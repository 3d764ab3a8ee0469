#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "optim/schedule.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    tam_ctx *ctx;
    tam_schedule schedule;
    tam_ctx_config config = {.threads = 1};
    char *text = malloc(size + 1);
    if (text == NULL || tam_ctx_create(&config, &ctx) != TAM_OK) {
        abort();
    }
    memcpy(text, data, size);
    text[size] = '\0';
    if (tam_schedule_read(ctx, text, 0.1, 50, 0.1, &schedule) == TAM_OK) {
        for (int64_t step = 0; step < 50; step++) {
            double rate = tam_schedule_rate(&schedule, step);
            if (!(rate >= 0.0 && rate <= 0.1 + 1e-12)) {
                abort();
            }
        }
    }
    tam_ctx_free(ctx);
    free(text);
    return 0;
}

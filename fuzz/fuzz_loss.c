/* Loss specifications: whatever is accepted must give a loss whose scalar functions are finite. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tammes/loss.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    tam_ctx *ctx = NULL;
    tam_ctx_config config = {.threads = 1};
    char *text = malloc(size + 1);
    if (text == NULL || tam_ctx_create(&config, &ctx) != TAM_OK) {
        abort();
    }
    memcpy(text, data, size);
    text[size] = '\0';
    tam_loss_point point;
    if (tam_loss_curve(ctx, text, 10, &(tam_loss_query){0.7, 1.2, 3.0, 5}, &point) == TAM_OK) {
        if (!isfinite(point.target_z) || !isfinite(point.target_slope) || !isfinite(point.other_z) ||
            !isfinite(point.other_slope)) {
            abort();
        }
    } else if (tam_ctx_message(ctx)[0] == '\0') {
        abort();
    }
    tam_ctx_free(ctx);
    free(text);
    return 0;
}

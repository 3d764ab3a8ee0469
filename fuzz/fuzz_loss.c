/* Loss specifications: whatever is accepted must give a loss whose scalar functions are finite, and a head whose steps
 * are. */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tammes/head.h"
#include "tammes/loss.h"

enum { N = 6, CLASSES = 5, DIM = 3 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds) {
    if (!holds) {
        abort();
    }
}

/* The ends, the middle, and an embedding without length. Losses on pairs have no curve. */
static void look_at_curves(tam_ctx *ctx, const char *text) {
    static const tam_loss_query queries[] = {
        {0.7, 1.2, 3.0, 5}, {0.0, 0.0, 1.0, 0}, {M_PI, M_PI, 100.0, 1000}, {1.6, 0.0, 0.0, 5}};
    for (size_t k = 0; k < sizeof queries / sizeof queries[0]; k++) {
        tam_loss_point point;
        if (tam_loss_curve(ctx, text, CLASSES, &queries[k], &point) != TAM_OK) {
            expect(strstr(tam_ctx_message(ctx), "has no curve") != NULL);
            return;
        }
        expect(isfinite(point.target_z) && isfinite(point.target_slope) && isfinite(point.other_z) &&
               isfinite(point.other_slope));
    }
}

static void take_steps(tam_ctx *ctx, const char *text) {
    static const float x[N * DIM] = {1.0f, 2.0f,  -3.0f, 0.5f, 0.5f, 0.5f,   0.0f,  0.0f, 0.0f,
                                     9.0f, -7.0f, 2.0f,  1.0f, 2.1f, -3.05f, -1.0f, 4.0f, 20.0f};
    static const int32_t y[N] = {0, 1, 1, -1, 0, 4};
    const tam_head_config config = {.loss = text, .classes = CLASSES, .dim = DIM, .batch = N};
    const tam_head_update update = {.lr = 0.01f, .momentum = 0.9f};
    tam_head *head = NULL;
    expect(tam_head_create(ctx, &config, &head) == TAM_OK);
    for (int step = 0; step < 2; step++) {
        tam_head_result result;
        float dx[N * DIM];
        expect(tam_head_step(head, N, x, y, dx, NULL, &update, &result) == TAM_OK && isfinite(result.loss));
        for (int k = 0; k < N * DIM; k++) {
            expect(isfinite(dx[k]));
        }
    }
    tam_head_free(head);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    tam_ctx *ctx = NULL;
    tam_ctx_config config = {.threads = 1};
    char *text = malloc(size + 1);
    expect(text != NULL && tam_ctx_create(&config, &ctx) == TAM_OK);
    memcpy(text, data, size);
    text[size] = '\0';
    if (tam_loss_check(ctx, text, CLASSES) == TAM_OK) {
        look_at_curves(ctx, text);
        take_steps(ctx, text);
    } else {
        expect(tam_ctx_message(ctx)[0] != '\0');
    }
    tam_ctx_free(ctx);
    free(text);
    return 0;
}

#include "bench_head.h"

#include <math.h>
#include <stdlib.h>

enum { CHECK_CLASSES = 300, CHECK_BATCH = 40 };
const tam_head_update bench_head_update = {.lr = 0.01f, .momentum = 0.9f, .weight_decay = 5e-4f};

void bench_head_fill(uint64_t seed, const head_size *size, float *x, int32_t *y) {
    uint64_t number = seed * 2 + 1;
    for (int64_t k = 0; k < (int64_t)size->batch * size->dim; k++) {
        number = number * 6364136223846793005u + 1442695040888963407u;
        x[k] = (float)(number >> 40) * 0x1p-23f - 1.0f;
    }
    for (int i = 0; i < size->batch; i++) {
        number = number * 6364136223846793005u + 1442695040888963407u;
        y[i] = (int32_t)((number >> 33) % (uint64_t)size->classes);
    }
}

static double distance(size_t count, const float *a, const float *b) {
    double worst = 0.0, largest = 1e-30;
    for (size_t k = 0; k < count; k++) {
        double apart = fabs((double)a[k] - (double)b[k]);
        worst = apart <= worst ? worst : apart; /* a NaN becomes the worst */
        largest = fmax(largest, fabs((double)b[k]));
    }
    return worst / largest;
}

/* The gradients of both heads, first dx then dw. */
static tam_status compare(cli_call *call, tam_head *const head[2], const head_size *size, double *error) {
    size_t numbers = (size_t)size->batch * (size_t)size->dim;
    size_t weights = (size_t)size->classes * (size_t)size->dim * (size_t)tam_head_sub_centres(head[0]);
    float *x = malloc(numbers * sizeof *x), *gradients = calloc(2 * (numbers + weights), sizeof *gradients);
    int32_t *y = malloc((size_t)size->batch * sizeof *y);
    tam_status status = TAM_OK;
    if (x == NULL || gradients == NULL || y == NULL) {
        status = cli_fail(call, TAM_RESOURCES, "no memory for the check");
        goto done;
    }
    float *of_head[2] = {gradients, gradients + numbers + weights};
    bench_head_fill(call->seed, size, x, y);
    for (int k = 0; k < 2 && status == TAM_OK; k++) {
        tam_head_result result;
        float *dw = tam_head_weights(head[k]) != NULL ? of_head[k] + numbers : NULL;
        status = tam_head_gradient(head[k], size->batch, x, y, of_head[k], dw, NULL, &result);
    }
    if (status == TAM_OK) {
        double dx = distance(numbers, of_head[0], of_head[1]);
        double dw = distance(weights, of_head[0] + numbers, of_head[1] + numbers);
        *error = dx > dw || isnan(dx) ? dx : dw;
        if (!(*error < 1e-4)) {
            status = cli_fail(call, TAM_INTERNAL, "the head differs from the reference by %.2g", *error);
        }
    }
done:
    free(x);
    free(gradients);
    free(y);
    return status;
}

tam_status bench_head_check(cli_call *call, const head_size *size, const char *loss, double *error) {
    tam_head *head[2] = {NULL, NULL};
    head_size small = *size;
    small.classes = size->classes < CHECK_CLASSES ? size->classes : CHECK_CLASSES;
    small.batch = size->batch < CHECK_BATCH ? size->batch : CHECK_BATCH;
    tam_status status = TAM_OK;
    for (int k = 0; k < 2 && status == TAM_OK; k++) {
        tam_head_config config = {
            .loss = loss, .classes = small.classes, .dim = small.dim, .batch = small.batch, .seed = call->seed};
        config.backend = k == 0 ? NULL : "ref";
        status = tam_head_create(call->ctx, &config, &head[k]);
    }
    if (status == TAM_OK) {
        status = compare(call, head, &small, error);
    }
    tam_head_free(head[0]);
    tam_head_free(head[1]);
    return status;
}

/* The class of an embedding, by the class weights that the model was trained with. */
#include <string.h>

#include "base/ctx.h"
#include "tammes/head.h"
#include "tammes/model.h"

enum { BATCH = 256 };

/* Puts the model's class weights into a head that was made by its loss, with what weighs them: biases and a scale. */
static tam_status fill_head(tam_ctx *ctx, const tam_model *model, tam_head *head) {
    const tam_model_info info = tam_model_describe(model);
    const float *weights = tam_model_class_weights(model), *bias = tam_model_class_bias(model);
    int64_t rows = info.classes * info.sub_centres, wanted = info.classes * tam_head_sub_centres(head);
    int numbers;
    const double *running = tam_model_running(model, &numbers);
    if (tam_head_weights(head) == NULL || rows != wanted) {
        return tam_fail(ctx, TAM_INPUT, "the model file holds %lld class weights, its loss '%s' asks for %lld",
                        (long long)rows, info.loss, (long long)(tam_head_weights(head) == NULL ? 0 : wanted));
    }
    memcpy(tam_head_weights(head), weights, (size_t)rows * (size_t)info.dim * sizeof *weights);
    for (int i = 0; i < tam_head_tensor_count(head); i++) {
        tam_head_tensor tensor = tam_head_tensor_at(head, i);
        if (bias != NULL && strcmp(tensor.name, "head.bias") == 0) {
            memcpy(tensor.data, bias, (size_t)info.classes * sizeof *bias);
        } else if (running != NULL && strcmp(tensor.name, "head.running") == 0 && tensor.size[0] == numbers) {
            memcpy(tensor.data, running, (size_t)numbers * sizeof *running);
        }
    }
    return TAM_OK;
}

/* The head as it was trained: it knows whether norms, biases and a scale count. */
tam_status tam_model_classify(tam_ctx *ctx, const tam_model *model, int64_t n, const float *x, int32_t *best) {
    const tam_model_info info = tam_model_describe(model);
    const tam_head_config config = {.loss = info.loss, .classes = info.classes, .dim = info.dim, .batch = BATCH};
    tam_head *head;
    if (tam_model_class_weights(model) == NULL) {
        return tam_fail(ctx, TAM_INPUT, "the model file holds no class weights");
    }
    TAM_TRY(tam_head_create(ctx, &config, &head));
    tam_status status = fill_head(ctx, model, head);
    if (status == TAM_OK) {
        status = tam_head_classify(head, n, x, best);
    }
    tam_head_free(head);
    return status;
}

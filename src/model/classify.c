/* The class of an embedding, by the class weights that the model was trained with. */
#include <string.h>

#include "base/ctx.h"
#include "tammes/head.h"
#include "tammes/model.h"

enum { BATCH = 256 };

/* A head with the model's class weights, as it was trained: it knows whether norms and biases count. */
static tam_status restore_head(tam_ctx *ctx, const tam_model *model, tam_head **head) {
    const tam_model_info info = tam_model_describe(model);
    const float *weights = tam_model_class_weights(model), *bias = tam_model_class_bias(model);
    size_t classes = (size_t)info.classes;
    *head = NULL;
    if (weights == NULL) {
        return tam_fail(ctx, TAM_INPUT, "the model file holds no class weights");
    }
    const tam_head_config config = {.loss = info.loss, .classes = info.classes, .dim = info.dim, .batch = BATCH};
    TAM_TRY(tam_head_create(ctx, &config, head));
    memcpy(tam_head_weights(*head), weights, classes * (size_t)info.dim * sizeof *weights);
    for (int i = 0; bias != NULL && i < tam_head_tensor_count(*head); i++) {
        tam_head_tensor tensor = tam_head_tensor_at(*head, i);
        if (strcmp(tensor.name, "head.bias") == 0) {
            memcpy(tensor.data, bias, classes * sizeof *bias);
        }
    }
    return TAM_OK;
}

tam_status tam_model_classify(tam_ctx *ctx, const tam_model *model, int64_t n, const float *x, int32_t *best) {
    tam_head *head;
    TAM_TRY(restore_head(ctx, model, &head));
    tam_status status = tam_head_classify(head, n, x, best);
    tam_head_free(head);
    return status;
}

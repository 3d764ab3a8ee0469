/* The head's arrays of a model file. */
#include <string.h>

#include "base/bf16.h"
#include "model/model_inside.h"

enum { MOST_SUB_CENTRES = 1 << 16 };

/* A vector of `size` numbers, or of any where that is 0; *values stays NULL where the file has none. */
static tam_status read_vector(tam_model *model, const char *path, const char *name, tam_dtype dtype, int64_t size,
                              void **values, int64_t *found_size) {
    const tam_tensor *found = tam_tensors_find(model->tensors, name);
    *values = NULL;
    if (found == NULL) {
        return TAM_OK;
    }
    if (found->dtype != dtype || found->dims != 1 || (size > 0 && found->size[0] != size)) {
        const char *type = dtype == TAM_DTYPE_F64 ? "F64" : "F32";
        return size > 0 ? tam_fail(model->ctx, TAM_INPUT, "%s: array '%s' is not %s [%lld]", path, name, type,
                                   (long long)size)
                        : tam_fail(model->ctx, TAM_INPUT, "%s: array '%s' is not a vector of %s", path, name, type);
    }
    void *copy = tam_arena_take(model->arena, 1, found->bytes);
    if (copy == NULL) {
        return TAM_RESOURCES;
    }
    TAM_TRY(tam_tensors_read(model->tensors, found, 0, found->bytes, copy));
    *values = copy;
    *found_size = found->size[0];
    return TAM_OK;
}

static tam_status find_weights(tam_model *model, const char *path) {
    const tam_tensor *weights = tam_tensors_find(model->tensors, "head.weight");
    int64_t classes = model->info.classes, dim = model->info.dim;
    if (weights == NULL) {
        return TAM_OK;
    }
    bool rows = (weights->dtype == TAM_DTYPE_F32 || weights->dtype == TAM_DTYPE_BF16) && weights->dims == 2 &&
                weights->size[1] == dim;
    int64_t each = rows && classes > 0 ? weights->size[0] / classes : 0;
    if (each < 1 || each > MOST_SUB_CENTRES || each * classes != weights->size[0]) {
        return tam_fail(model->ctx, TAM_INPUT,
                        "%s: array 'head.weight' is not F32 or BF16 [%lld, %lld] or [%lld K, %lld]", path,
                        (long long)classes, (long long)dim, (long long)classes, (long long)dim);
    }
    model->info.sub_centres = (int)each;
    model->weights = weights;
    return TAM_OK;
}

/* bf16 numbers in the upper half of the memory become f32 in all of it. */
static void widen(float *values, size_t count) {
    const char *from = (const char *)values + count * sizeof(tam_bf16);
    for (size_t i = 0; i < count; i++) {
        tam_bf16 x;
        memcpy(&x, from + i * sizeof x, sizeof x);
        values[i] = tam_bf16_value(x);
    }
}

tam_status tam_model_read_weights(const tam_model *model, int64_t first, int64_t count, float *values) {
    size_t dim = (size_t)model->info.dim, numbers = (size_t)count * dim, before = (size_t)first * dim;
    if (model->weights->dtype == TAM_DTYPE_F32) {
        return tam_tensors_read(model->tensors, model->weights, before * sizeof *values, numbers * sizeof *values,
                                values);
    }
    size_t bytes = numbers * sizeof(tam_bf16);
    TAM_TRY(tam_tensors_read(model->tensors, model->weights, before * sizeof(tam_bf16), bytes, (char *)values + bytes));
    widen(values, numbers);
    return TAM_OK;
}

tam_status tam_model_read_head(tam_model *model, const char *path, bool with_weights) {
    int64_t size = 0;
    void *bias, *running;
    TAM_TRY(find_weights(model, path));
    if (with_weights && model->weights != NULL) {
        size_t rows = (size_t)model->weights->size[0];
        model->class_weights = tam_arena_take(model->arena, rows * (size_t)model->info.dim, sizeof(float));
        if (model->class_weights == NULL) {
            return TAM_RESOURCES;
        }
        TAM_TRY(tam_model_read_weights(model, 0, (int64_t)rows, model->class_weights));
    }
    TAM_TRY(read_vector(model, path, "head.bias", TAM_DTYPE_F32, model->info.classes, &bias, &size));
    model->class_bias = bias;
    TAM_TRY(read_vector(model, path, "head.running", TAM_DTYPE_F64, 0, &running, &size));
    model->running = running;
    model->running_count = running != NULL ? (int)size : 0;
    return TAM_OK;
}

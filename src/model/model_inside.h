/* The inside of a model that was opened. */
#ifndef MODEL_MODEL_INSIDE_H
#define MODEL_MODEL_INSIDE_H

#include "base/memory.h"
#include "io/safetensors.h"
#include "model/embedder.h"
#include "model/model_weights.h"

struct tam_model {
    tam_ctx *ctx;
    tam_arena *arena; /* strings, class weights */
    tam_model_info info;
    tam_net *net;
    tam_embedder *embedder; /* made by the first embedding */
    const char **class_names;
    float *class_weights, *class_bias;
    double *running; /* [running_count], or NULL */
    int running_count;
    bool calibrated;
    tam_calibration calibration;
    tam_tensors *tensors;      /* the file, until it is open; kept where class weights stay in it */
    const tam_tensor *weights; /* head.weight in it, or NULL */
};

/* The file that `path` stands for (tam_release): itself, or the best or last one of a run directory. */
TAM_MUST_USE tam_status tam_model_find_file(tam_ctx *ctx, const char *path, char **file);

/* Reads the calibration of the file that is being opened, if it has one. */
TAM_MUST_USE tam_status tam_model_read_calibration(tam_model *model, const char *path);

/* Reads the head's arrays of the file that is being opened; left NULL where it has none. */
TAM_MUST_USE tam_status tam_model_read_head(tam_model *model, const char *path, bool with_weights);
/* Makes model->embedder if it is not there. */
TAM_MUST_USE tam_status tam_model_need_embedder(tam_model *model);

#endif

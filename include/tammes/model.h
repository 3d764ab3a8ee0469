/* A trained model: net, parameters and the contract of its input, in one safetensors file (docs/model.md). */
#ifndef TAMMES_MODEL_H
#define TAMMES_MODEL_H

#include "tammes/calibration.h"
#include "tammes/data.h"
#include "tammes/net.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tam_model tam_model;

/* What the model expects and where it comes from; strings are owned by the model. */
typedef struct tam_model_info {
    int channels, height, width, dim;
    float mean, scale;      /* input = (byte - mean) / scale */
    const char *net, *loss; /* specifications */
    int64_t classes;        /* of the training set */
    int sub_centres;        /* K: rows of class weights for each class; 0 when the file has no class weights */
    int64_t step;           /* training steps behind it */
    const char *dtype;      /* that it embeds in: tam_model_set_dtype */
    /* How images must come to it (docs/model.md). */
    const char *channel_order; /* that the net takes: "rgb", "bgr", "grey"; "other" of 2, or 4 and more channels */
    int flip;                  /* 1: trained on mirror images too: two photos are compared with theirs */
    const char *alignment;     /* of the images that it was trained on: "arcface112" (tam_face_template) or "none" */
    const char *class_digest;  /* 8 hexadecimal digits of the training classes' names, whatever their order */
} tam_model_info;

/* Opens a model file, or the best.safetensors (else last.safetensors) of a run directory. *out is the caller's
 * (tam_model_free). Fails with TAM_INPUT when it is missing, corrupt or not a model. */
TAM_API TAM_MUST_USE tam_status tam_model_open(tam_ctx *ctx, const char *path, tam_model **out);
TAM_API void tam_model_free(tam_model *model);
TAM_API tam_model_info tam_model_describe(const tam_model *model);
TAM_API tam_net *tam_model_net(tam_model *model);
/* Name of training class c; NULL outside [0, classes). */
TAM_API const char *tam_model_class_name(const tam_model *model, int64_t c);
/* Class weights [classes K, dim] of the head it was trained with, as f32 whatever its dtype was, in plain rows: K =
 * sub_centres of class 0, then those of class 1, ... NULL when the file has none (a pair loss alone has no classes to
 * learn). */
TAM_API const float *tam_model_class_weights(const tam_model *model);
/* Their biases [classes]; NULL when the file has none (only plain softmax does). */
TAM_API const float *tam_model_class_bias(const tam_model *model);
/* The running numbers of its class loss, such as a learned scale, after the number of steps (docs/training.md); *count
 * receives how many. NULL when the file has none. */
TAM_API const double *tam_model_running(const tam_model *model, int *count);

/* The thresholds and the confidence that the file carries, one of them chosen; NULL: it was not calibrated. Owned by
 * the model. */
TAM_API const tam_calibration *tam_model_calibration(const tam_model *model);
/* Writes the model file `path` (or that of a run directory, as tam_model_open) again with this calibration, in which a
 * level with a threshold must be chosen: to `out`, which must not be there, or, where that is NULL, in the file's own
 * place, as a whole or not at all. The arrays keep their bytes. Fails with TAM_CONFIG, TAM_INPUT or TAM_RESOURCES. */
TAM_API TAM_MUST_USE tam_status tam_model_write_calibration(tam_ctx *ctx, const char *path,
                                                            const tam_calibration *calibration, const char *out);

/* What it computes in from now on when it embeds: NULL or "f32" (as it is opened), "bf16", "auto" as in
 * tam_net_plan_config. Fails with TAM_CONFIG. */
TAM_API TAM_MUST_USE tam_status tam_model_set_dtype(tam_model *model, const char *dtype);

/* Puts other assumptions in the place of the file's, to see which images fit: "rgb" or "bgr" (of no effect but with 3
 * channels), input = (byte - mean) / scale. Bytes stay RGB: "bgr" hands them to the net the other way round. Fails with
 * TAM_CONFIG. */
TAM_API TAM_MUST_USE tam_status tam_model_set_input(tam_model *model, const char *channel_order, float mean,
                                                    float scale);

/* Embeds images [n, H, W, C] of bytes: x [n, dim], not normalised. flip = 1 adds the mirror image's embedding. */
TAM_API TAM_MUST_USE tam_status tam_model_embed(tam_model *model, int64_t n, const uint8_t *images, int flip, float *x);

/* Opens a data set as the model wants its images: a `size` or `channels` of 0 becomes the model's (a model of images
 * that are not square takes the data's own size). *out is the caller's (tam_dataset_free). Fails as tam_dataset_open,
 * and with TAM_CONFIG when the images then do not have the model's size and channels. */
TAM_API TAM_MUST_USE tam_status tam_model_open_dataset(const tam_model *model, const tam_dataset_config *config,
                                                       tam_dataset **out);

/* Embeds a whole dataset in its order: x [count, dim]. The dataset must deliver the model's size and channels
 * (TAM_CONFIG with both otherwise). */
TAM_API TAM_MUST_USE tam_status tam_model_embed_dataset(tam_model *model, tam_dataset *dataset, int flip, float *x);

/* Embeds the images with the numbers image [count], in that order: x [count, dim]. Fails as the function above. */
TAM_API TAM_MUST_USE tam_status tam_model_embed_listed(tam_model *model, tam_dataset *dataset, int64_t count,
                                                       const int64_t *image, int flip, float *x);

/* The training class of each embedding x [n, dim] by the class weights (largest logit without margin, the lowest among
 * equals): best [n]. Fails with TAM_INPUT when the model has no class weights. */
TAM_API TAM_MUST_USE tam_status tam_model_classify(tam_ctx *ctx, const tam_model *model, int64_t n, const float *x,
                                                   int32_t *best);

#ifdef __cplusplus
}
#endif
#endif

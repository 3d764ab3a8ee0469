/* A snapshot: the arrays of a net and its head, laid out for a safetensors file. A model file holds those that
 * embedding needs; a checkpoint holds all, and is a model file too. The format is in docs/model.md. */
#ifndef MODEL_SNAPSHOT_H
#define MODEL_SNAPSHOT_H

#include <stdbool.h>

#include "io/safetensors.h"
#include "tammes/head.h"
#include "tammes/net.h"

#define TAM_MODEL_FORMAT "tammes-model-1"

typedef struct tam_snapshot tam_snapshot;

/* What a snapshot describes; everything must outlive it. */
typedef struct tam_snapshot_config {
    tam_net *net;
    tam_head *head;                   /* NULL: none */
    const char *specification, *loss; /* as in tam_model_info */
    float mean, scale;                /* input = (byte - mean) / scale */
    int64_t classes;
    const char *class_names; /* one after another, each with its closing zero */
    size_t class_names_bytes;
    bool flip;             /* mirror images were trained on: two photos are compared with theirs */
    const char *alignment; /* how the images were aligned: NULL none */
} tam_snapshot_config;

/* Takes all memory that the functions below need for the arrays. */
TAM_MUST_USE tam_status tam_snapshot_create(tam_ctx *ctx, const tam_snapshot_config *config, tam_snapshot **out);
void tam_snapshot_free(tam_snapshot *snapshot);

/* Copies the net's values and momenta out of the backend. Fails with TAM_NEGATIVE when a number of the net or the head
 * is NaN or infinite; the sentence names the array. */
TAM_MUST_USE tam_status tam_snapshot_take(tam_snapshot *snapshot);

/* Write what was taken last. Same content, same bytes. */
TAM_MUST_USE tam_status tam_snapshot_write_model(tam_snapshot *snapshot, const char *path, int64_t step);
TAM_MUST_USE tam_status tam_snapshot_write_checkpoint(tam_snapshot *snapshot, const char *path, int64_t step,
                                                      const tam_tensor *extra, int extra_count);

/* Puts a checkpoint's arrays back into the net and the head. Fails with TAM_INPUT, naming the array that is missing,
 * has another shape or a number that is not finite; the net and the head are then of no use. */
TAM_MUST_USE tam_status tam_snapshot_restore(tam_snapshot *snapshot, const char *path, const tam_tensors *tensors);

#endif

/* Runs a net in inference: an inference plan with its buffers, over single batches and whole data sets. */
#ifndef MODEL_EMBEDDER_H
#define MODEL_EMBEDDER_H

#include <signal.h>
#include <stdbool.h>

#include "tammes/data.h"
#include "tammes/net.h"

/* Rows that the net embeds at a time. */
enum { TAM_EMBED_BATCH = 64 };

typedef struct tam_embedder tam_embedder;

/* The net must outlive the embedder. Input of the net = (byte - mean) / scale. Of `how`, dtype and deterministic count;
 * the word must outlive the embedder.
 * at_once: the plan of a batch is made now; else each plan when it is first needed. */
TAM_MUST_USE tam_status tam_embedder_create(tam_ctx *ctx, tam_net *net, float mean, float scale,
                                            const tam_net_plan_config *how, bool at_once, tam_embedder **out);
void tam_embedder_free(tam_embedder *embedder);

/* From now on: input of the net = (byte - mean) / scale; bgr: it takes the three channels the other way round. */
void tam_embedder_set_input(tam_embedder *embedder, float mean, float scale, bool bgr);

/* Bytes [n, H, W, C] -> x [n, D]. flip: the mirror images' embeddings are added. */
TAM_MUST_USE tam_status tam_embedder_bytes(tam_embedder *embedder, int64_t n, const uint8_t *images, bool flip,
                                           float *x);
/* TAM_CONFIG, with both sizes, when the data set's images are not what the net takes. */
TAM_MUST_USE tam_status tam_embedder_check(tam_ctx *ctx, const tam_net *net, const tam_dataset *dataset);
/* A data set in its order -> x [count, D]. stop: non-zero ends with TAM_STOPPED; may be NULL. */
TAM_MUST_USE tam_status tam_embedder_dataset(tam_embedder *embedder, tam_dataset *dataset, bool flip,
                                             const volatile sig_atomic_t *stop, float *x);
/* A data set in its order, batch by batch: what takes x [n, D] of every batch may end it by a failure. */
typedef tam_status (*tam_embed_sink)(void *user, int n, const float *x);
TAM_MUST_USE tam_status tam_embedder_stream(tam_embedder *embedder, tam_dataset *dataset, bool flip,
                                            const volatile sig_atomic_t *stop, tam_embed_sink sink, void *user);
/* Images image [count] of a data set, in that order -> x [count, D]. stop as above. */
TAM_MUST_USE tam_status tam_embedder_listed(tam_embedder *embedder, tam_dataset *dataset, int64_t count,
                                            const int64_t *image, bool flip, const volatile sig_atomic_t *stop,
                                            float *x);

#endif

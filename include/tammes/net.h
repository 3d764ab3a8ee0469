/* Networks: a backbone with its parameters, and plans that run it. */
#ifndef TAMMES_NET_H
#define TAMMES_NET_H

#include <stdint.h>

#include "tammes/loss.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tam_net tam_net;
typedef struct tam_net_plan tam_net_plan;

/* Zero means default. */
typedef struct tam_net_config {
    const char *net; /* "conv4", "ir10:width=32", ... (tam_net_name), or a file (tam_net_is_file); no default */
    int channels, height, width; /* of the input; no default */
    int dim;                     /* D of the embedding; 0: 512, or what a file's network has */
    uint64_t seed;
    const char *backend; /* NULL: "cpu"; "ref" is the plain reference */
    const char *text;    /* what the file holds, where it is not to be read again; NULL: it is read */
} tam_net_config;

/* Whether `net` is a file in the text form that tam_net_text gives: it ends in ".net" or has a '/'. A file takes no
 * keys. What is wrong with it fails with TAM_INPUT and "FILE, line N: ...". */
TAM_API int tam_net_is_file(const char *net);

/* The registered backbones; index in [0, tam_net_count()). */
TAM_API int tam_net_count(void);
TAM_API const char *tam_net_name(int index);
TAM_API const char *tam_net_source(int index);
/* Its keys ("width" of "ir10:width=32"); key in [0, tam_net_key_count(index)). */
TAM_API int tam_net_key_count(int index);
TAM_API tam_key_info tam_net_key(int index, int key);

/* The net's usual input and embedding: 112 x 112 x 3 and 512 for the nets of faces, for a file what its text says.
 * Fails with TAM_CONFIG for a name that is not registered, with TAM_INPUT for a file that is at fault. */
typedef struct tam_net_usual {
    int channels, height, width, dim;
} tam_net_usual;
TAM_API TAM_MUST_USE tam_status tam_net_find_usual(tam_ctx *ctx, const char *net, tam_net_usual *out);

/* Builds a net and initialises its parameters from the seed; *out is the caller's (tam_net_free). */
TAM_API TAM_MUST_USE tam_status tam_net_create(tam_ctx *ctx, const tam_net_config *config, tam_net **out);
/* Builds a net from the text form of a graph, as tam_net_text gives it. */
TAM_API TAM_MUST_USE tam_status tam_net_parse(tam_ctx *ctx, const char *text, const char *backend, uint64_t seed,
                                              tam_net **out);
TAM_API void tam_net_free(tam_net *net);

typedef struct tam_net_info {
    int channels, height, width, dim;
    int layers;
    int64_t parameters; /* trained numbers */
    int64_t macs;       /* multiply-adds for one sample */
} tam_net_info;
TAM_API tam_net_info tam_net_describe(const tam_net *net);

/* The text form, one line a layer; writes at most `room` bytes with the closing zero, returns its whole length. */
TAM_API size_t tam_net_text(const tam_net *net, char *text, size_t room);

/* The same of a net that is not made: no memory for parameters is taken. */
TAM_API TAM_MUST_USE tam_status tam_net_outline(tam_ctx *ctx, const tam_net_config *config, tam_net_info *info);

/* A layer for people: its text, output shape (c, h, w), parameters and multiply-adds. */
enum { TAM_LAYER_WORDS = 64 };
typedef struct tam_net_layer {
    const char *name, *op;
    int c, h, w;
    int64_t parameters, macs;
    char words[TAM_LAYER_WORDS]; /* what its keys say beyond the shape: "3 x 3, stride 2, pad 1" */
} tam_net_layer;
TAM_API tam_net_layer tam_net_layer_at(const tam_net *net, int index);

/* Parameters by number, in the graph's order: plain row-major f32. */
typedef struct tam_net_tensor {
    const char *name; /* "conv1.weight" */
    int dims;
    int64_t size[4];
    int64_t count;
    int trained; /* 0: a running statistic */
} tam_net_tensor;
typedef enum tam_net_part { TAM_NET_VALUE, TAM_NET_GRADIENT, TAM_NET_MOMENTUM } tam_net_part;
TAM_API int tam_net_tensor_count(const tam_net *net);
TAM_API tam_net_tensor tam_net_tensor_at(const tam_net *net, int index);
TAM_API TAM_MUST_USE tam_status tam_net_read(tam_net *net, int index, tam_net_part part, float *values);
TAM_API TAM_MUST_USE tam_status tam_net_write(tam_net *net, int index, tam_net_part part, const float *values);

/* How a net runs. Zero means default. */
typedef struct tam_net_plan_config {
    int batch;         /* rows of every forward in training, at most in inference; no default */
    int training;      /* 1: batch statistics, dropout, backward; 0: running statistics and forward only */
    const char *dtype; /* NULL or "f32"; "bf16": maps and factors of products in bf16, sums, statistics and parameters
                          in f32; "auto": bf16 where the processor has matrix units for it, else f32. bf16 is
                          computed in f32 where the processor has none */
    const char *recompute; /* training: what is made again in backward instead of kept. NULL or "sweeps": normalised and
                             activated maps; "none"; "units": all between the places where the net is one map wide,
                             a third more products for the least memory */
    int deterministic;     /* 1: the same bits on any number of threads */
    const char *tune;      /* which algorithm each layer uses. NULL or "off": by rule; "fast", "full": measured */
    const char *tuning_file; /* choices that were measured before, and where new ones are put; NULL: none */
} tam_net_plan_config;

/* A plan holds all memory that running takes. The net must outlive it. Fails with TAM_CONFIG (unknown words) or
 * TAM_RESOURCES, whose sentence says what the plan needs, and what would need less. */
TAM_API TAM_MUST_USE tam_status tam_net_plan_create(tam_net *net, const tam_net_plan_config *config,
                                                    tam_net_plan **out);
/* What the dtype "auto" means on this processor, for a backend as in tam_net_config: "f32" or "bf16". */
TAM_API const char *tam_net_suited_dtype(const char *backend);
/* "f32" or "bf16": what it computes in. */
TAM_API const char *tam_net_plan_dtype(const tam_net_plan *plan);
TAM_API void tam_net_plan_free(tam_net_plan *plan);
TAM_API size_t tam_net_plan_bytes(const tam_net_plan *plan);
/* images [n, C, H, W] -> x [n, D]; step numbers the dropout masks (training only). */
TAM_API TAM_MUST_USE tam_status tam_net_forward(tam_net_plan *plan, int n, const float *images, uint64_t step,
                                                float *x);
/* dx [batch, D]: gradient by the embeddings; fills every parameter's gradient. */
TAM_API TAM_MUST_USE tam_status tam_net_backward(tam_net_plan *plan, const float *dx);
/* What one part of a step costs: time of the last forward or backward, and the work and memory traffic that it needs.
 */
typedef struct tam_net_cost {
    const char *layer, *part, *algorithm; /* "conv3", "backward weights", "winograd" */
    double seconds, flops, bytes;
} tam_net_cost;
/* Fills at most `room` and returns how many there are; 0 for a backend that does not measure. */
TAM_API int tam_net_plan_costs(const tam_net_plan *plan, tam_net_cost *costs, int room);
/* Length of all gradients together. */
TAM_API double tam_net_gradient_norm(tam_net *net);
/* v = momentum v + (scale dw + weight_decay w); w = w - lr v. A scale of 0 leaves dw out, also where it is not finite.
 */
TAM_API void tam_net_update(tam_net *net, float lr, float momentum, float weight_decay, float gradient_scale);

#ifdef __cplusplus
}
#endif
#endif

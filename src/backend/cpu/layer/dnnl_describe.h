/* What a layer computes, in oneDNN's words: memory, operations, and how good the library's answer is. */
#ifndef BACKEND_CPU_DNNL_DESCRIBE_H
#define BACKEND_CPU_DNNL_DESCRIBE_H

#include "backend/cpu/layer/dnnl_call.h"

typedef enum tam_dnnl_direction { FORWARD, BACKWARD_DATA, BACKWARD_WEIGHTS, DIRECTIONS } tam_dnnl_direction;

/* One way to compute a layer. Lanes of 0: as the library likes. */
typedef struct tam_dnnl_choice {
    int x_lanes, y_lanes, dx_lanes;
    dnnl_alg_kind_t algorithm[DIRECTIONS]; /* of a convolution */
} tam_dnnl_choice;

/* The description of one direction. Maps lie as `choice` says; their dtypes are the shape's, dy's that of the factors.
 * Backward needs the description of forward as `hint`. */
dnnl_status_t tam_dnnl_describe(const tam_dnnl *dnnl, const tam_layer_shape *shape, const tam_dnnl_choice *choice,
                                tam_dnnl_direction direction, const_dnnl_primitive_desc_t hint,
                                dnnl_primitive_desc_t *made);

/* Forward with what the shape asks for behind the products (add, prelu, relu, relu6). The choice's lanes must be
 * settled. */
dnnl_status_t tam_dnnl_describe_fused(const tam_dnnl *dnnl, const tam_layer_shape *shape, const tam_dnnl_choice *choice,
                                      dnnl_primitive_desc_t *made);

/* The memory of a batch of maps, or of vectors; lanes of 0: as the library likes. */
dnnl_status_t tam_dnnl_describe_layout(const tam_layer_shape *shape, const tam_layout *layout,
                                       dnnl_memory_desc_t *memory);
/* Finds the lanes that make *layout describe `memory`; false if no layout of ours does. */
bool tam_dnnl_recognise(const tam_layer_shape *shape, const dnnl_memory_desc_t *memory, tam_layout *layout);

/* Weights and their gradient as graph.h has them, and the bias: f32, row-major. */
dnnl_status_t tam_dnnl_describe_plain_weight(const tam_layer_shape *shape, dnnl_memory_desc_t *memory);
dnnl_status_t tam_dnnl_describe_bias(const tam_layer_shape *shape, dnnl_memory_desc_t *memory);

/* The library falls back to loops without vector code, or to products behind a copy of each map's patches: ten to a
 * thousand times slower than its other kernels. */
bool tam_dnnl_is_slow(const tam_layer_shape *shape, const_dnnl_primitive_desc_t description);
/* A word for what the library does; static. */
const char *tam_dnnl_algorithm_name(const_dnnl_primitive_desc_t description);

#endif

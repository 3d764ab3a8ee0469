/* Fully connected: a product over plain rows; a map is flattened first. */
#include "backend/cpu/layer/cpu_weighted.h"

static tam_status create(tam_plan *plan, tam_cpu_step *step) {
    const tam_layout *in = &tam_cpu_in(plan, step, 0)->layout;
    int width = (int)(in->c * tam_layout_pixels(in));
    tam_layout flat = {in->n, width, 1, 1, width, in->dtype};
    tam_layer_shape shape = {
        .op = TAM_LAYER_FULL,
        .in = flat, /* a map is flattened on its way to the layer */
        .out_dtype = TAM_F32,
        .out = step->node->shape.c,
        .out_h = 1,
        .out_w = 1,
    };
    return tam_cpu_weighted_create(plan, step, &shape);
}

const tam_cpu_kind tam_cpu_kind_fc = {
    .op = "fc",
    .create = create,
    .forward = tam_cpu_weighted_forward,
    .backward = tam_cpu_weighted_backward,
    .needs = tam_cpu_needs_input,
};

/* The table of the reference backend. */
#include "backend/ref/ref.h"

#include <stddef.h>

#include "backend/parameters.h"

/* The graph's list of ops is also this list: an op without a reference does not link. */
#define X(name) extern const tam_ref_op tam_ref_##name;
#include "graph/ops/ops.def"
#undef X

static const tam_ref_op *const ops[] = {
#define X(name) &tam_ref_##name,
#include "graph/ops/ops.def"
#undef X
};

/* The plan copies the input itself. */
const tam_ref_op tam_ref_input = {0};

const tam_ref_op *tam_ref_op_of(const tam_op *op) {
    for (int i = 0; i < tam_op_count(); i++) {
        if (tam_op_at(i) == op) {
            return ops[i];
        }
    }
    return NULL;
}

const tam_backend tam_backend_ref = {
    .name = "ref",
    .parameters_create = tam_parameters_create,
    .parameters_free = tam_parameters_free,
    .parameter_read = tam_parameters_read,
    .parameter_write = tam_parameters_write,
    .gradient_norm = tam_parameters_gradient_norm,
    .update = tam_parameters_update,
    .plan_create = tam_ref_plan_create,
    .plan_free = tam_ref_plan_free,
    .forward = tam_ref_forward,
    .backward = tam_ref_backward,
    .plan_bytes = tam_ref_plan_bytes,
    .product = tam_ref_product,
    .class_products = tam_ref_class_products,
};

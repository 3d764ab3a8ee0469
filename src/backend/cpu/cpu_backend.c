/* The table of the cpu backend: oneDNN for what has weights, our kernels for the rest. */
#include "backend/cpu/class/cpu_class_products.h"
#include "backend/cpu/layer/dnnl_product.h"
#include "backend/cpu/plan/cpu_plan.h"

const tam_backend tam_backend_cpu = {
    .name = "cpu",
    .parameters_create = tam_parameters_create,
    .parameters_free = tam_parameters_free,
    .parameter_read = tam_parameters_read,
    .parameter_write = tam_parameters_write,
    .gradient_norm = tam_parameters_gradient_norm,
    .update = tam_parameters_update,
    .plan_create = tam_cpu_plan_create,
    .plan_free = tam_cpu_plan_free,
    .forward = tam_cpu_forward,
    .backward = tam_cpu_backward,
    .plan_bytes = tam_cpu_plan_bytes,
    .plan_dtype = tam_cpu_plan_dtype,
    .suits_bf16 = tam_layer_suits_bf16,
    .plan_cost = tam_cpu_plan_cost,
    .product = tam_dnnl_product,
    .class_products = tam_cpu_class_products,
};

#include "backend/cpu/sweep/cpu_activation.h"

#include <string.h>

const tam_cpu_activation *tam_cpu_activation_of(const tam_node *node) {
    static const tam_cpu_activation all[] = {
        {"prelu", TAM_CURVE_NONE, 0},      {"relu", TAM_CURVE_NONE, 0},         {"relu6", TAM_CURVE_NONE, 6},
        {"sigmoid", TAM_CURVE_SIGMOID, 0}, {"hsigmoid", TAM_CURVE_HSIGMOID, 0}, {"swish", TAM_CURVE_SWISH, 0},
        {"hswish", TAM_CURVE_HSWISH, 0},   {"gelu", TAM_CURVE_GELU, 0},         {"tanh", TAM_CURVE_TANH, 0},
    };
    for (size_t i = 0; node != NULL && i < sizeof all / sizeof all[0]; i++) {
        if (strcmp(node->op->name, all[i].op) == 0) {
            return &all[i];
        }
    }
    return NULL;
}

void tam_cpu_activation_spread(const tam_layout *layout, const tam_node *node, const float *learned, float *slope) {
    bool curved = tam_cpu_activation_of(node)->curve != TAM_CURVE_NONE;
    tam_layout_spread(layout, learned, curved ? 1 : 0, slope);
}

void tam_cpu_activation_set(const tam_node *node, tam_sweep *sweep) {
    const tam_cpu_activation *activation = tam_cpu_activation_of(node);
    if (activation != NULL) {
        sweep->curve = activation->curve;
        sweep->top = activation->top;
    }
}

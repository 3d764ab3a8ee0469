/* y = x where x > 0, else slope[c] x. */
#include "backend/ref/ref.h"

static void forward(const tam_ref_node *at) {
    int64_t map = (int64_t)at->out.h * at->out.w;
    for (int64_t i = 0; i < at->n * tam_shape_count(at->out); i++) {
        float x = at->x[0][i], slope = at->value[0][i / map % at->out.c];
        at->y[i] = x > 0 ? x : slope * x;
    }
}

/* dx = dy where x > 0, else slope[c] dy;  dslope[c] = sum of dy x where x <= 0 */
static void backward(const tam_ref_node *at) {
    int64_t map = (int64_t)at->out.h * at->out.w;
    for (int c = 0; c < at->out.c; c++) {
        double dslope = 0;
        float slope = at->value[0][c];
        for (int n = 0; n < at->n; n++) {
            int64_t start = ((int64_t)n * at->out.c + c) * map;
            for (int64_t i = start; i < start + map; i++) {
                float x = at->x[0][i], dy = at->dy[i];
                at->dx[0][i] += x > 0 ? dy : slope * dy;
                dslope += x > 0 ? 0 : (double)dy * x;
            }
        }
        at->gradient[0][c] += (float)dslope;
    }
}

const tam_ref_op tam_ref_prelu = {.forward = forward, .backward = backward};

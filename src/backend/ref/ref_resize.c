/* Each pixel of y is a mean of at most four of x, by the distance of their centres; beyond the border the map goes on
 * as it is there. */
#include <math.h>

#include "backend/ref/ref.h"

/* In one direction: the two pixels of x, and the share of the second. */
typedef struct place {
    int first, second;
    double share;
} place;

static place place_of(int i, int from, int to, bool nearest) {
    double centre = (i + 0.5) * from / to;
    if (nearest) {
        int one = (int)centre < from - 1 ? (int)centre : from - 1;
        return (place){one, one, 0};
    }
    double at = fmax(centre - 0.5, 0);
    int first = (int)at < from - 1 ? (int)at : from - 1;
    return (place){first, first + 1 < from ? first + 1 : first, at - first};
}

typedef struct corner {
    int64_t index; /* in the plane of x */
    double weight;
} corner;

static void corners_of(const tam_ref_node *at, int h, int w, corner corners[4]) {
    bool nearest = at->node->key[TAM_RESIZE_MODE] == TAM_RESIZE_NEAREST;
    place row = place_of(h, at->in[0].h, at->out.h, nearest), column = place_of(w, at->in[0].w, at->out.w, nearest);
    for (int k = 0; k < 4; k++) {
        int64_t y = k < 2 ? row.first : row.second, x = k % 2 == 0 ? column.first : column.second;
        corners[k].index = y * at->in[0].w + x;
        corners[k].weight = (k < 2 ? 1 - row.share : row.share) * (k % 2 == 0 ? 1 - column.share : column.share);
    }
}

static void forward(const tam_ref_node *at) {
    int64_t map = (int64_t)at->in[0].h * at->in[0].w;
    corner corners[4];
    for (int64_t i = 0; i < at->n * tam_shape_count(at->out); i++) {
        int64_t plane = i / ((int64_t)at->out.h * at->out.w);
        corners_of(at, (int)(i / at->out.w % at->out.h), (int)(i % at->out.w), corners);
        double sum = 0;
        for (int k = 0; k < 4; k++) {
            sum += corners[k].weight * (double)at->x[0][plane * map + corners[k].index];
        }
        at->y[i] = (float)sum;
    }
}

static void backward(const tam_ref_node *at) {
    int64_t map = (int64_t)at->in[0].h * at->in[0].w;
    corner corners[4];
    for (int64_t i = 0; i < at->n * tam_shape_count(at->out); i++) {
        int64_t plane = i / ((int64_t)at->out.h * at->out.w);
        corners_of(at, (int)(i / at->out.w % at->out.h), (int)(i % at->out.w), corners);
        for (int k = 0; k < 4; k++) {
            at->dx[0][plane * map + corners[k].index] += (float)(corners[k].weight * (double)at->dy[i]);
        }
    }
}

const tam_ref_op tam_ref_resize = {.forward = forward, .backward = backward};

/* y = mean of the window's part that lies on the map. */
#include "backend/ref/ref.h"
#include "backend/ref/ref_window.h"

static int area(tam_ref_window window) {
    return (window.bottom - window.top) * (window.right - window.left);
}

static void forward(const tam_ref_node *at) {
    int64_t map = (int64_t)at->out.h * at->out.w, read = (int64_t)at->in[0].h * at->in[0].w;
    for (int64_t plane = 0; plane < (int64_t)at->n * at->out.c; plane++) {
        for (int i = 0; i < map; i++) {
            tam_ref_window window = tam_ref_window_at(at, i / at->out.w, i % at->out.w);
            double sum = 0;
            for (int h = window.top; h < window.bottom; h++) {
                for (int w = window.left; w < window.right; w++) {
                    sum += at->x[0][plane * read + h * at->in[0].w + w];
                }
            }
            at->y[plane * map + i] = (float)(sum / area(window));
        }
    }
}

/* dx of every value in the window += dy / area */
static void backward(const tam_ref_node *at) {
    int64_t map = (int64_t)at->out.h * at->out.w, read = (int64_t)at->in[0].h * at->in[0].w;
    for (int64_t plane = 0; plane < (int64_t)at->n * at->out.c; plane++) {
        for (int i = 0; i < map; i++) {
            tam_ref_window window = tam_ref_window_at(at, i / at->out.w, i % at->out.w);
            float share = at->dy[plane * map + i] / (float)area(window);
            for (int h = window.top; h < window.bottom; h++) {
                for (int w = window.left; w < window.right; w++) {
                    at->dx[0][plane * read + h * at->in[0].w + w] += share;
                }
            }
        }
    }
}

const tam_ref_op tam_ref_avg_pool = {.forward = forward, .backward = backward};

/* The part of a pool's window that lies on the map. */
#ifndef BACKEND_REF_WINDOW_H
#define BACKEND_REF_WINDOW_H

#include "backend/ref/ref.h"

typedef struct tam_ref_window {
    int top, bottom, left, right; /* bottom and right: one past the end */
} tam_ref_window;

static inline tam_ref_window tam_ref_window_at(const tam_ref_node *at, int h, int w) {
    int kernel = (int)at->node->key[TAM_POOL_KERNEL];
    int top = h * (int)at->node->key[TAM_POOL_STRIDE] - (int)at->node->key[TAM_POOL_PAD];
    int left = w * (int)at->node->key[TAM_POOL_STRIDE] - (int)at->node->key[TAM_POOL_PAD];
    int bottom = top + kernel, right = left + kernel;
    return (tam_ref_window){
        .top = top < 0 ? 0 : top,
        .bottom = bottom > at->in[0].h ? at->in[0].h : bottom,
        .left = left < 0 ? 0 : left,
        .right = right > at->in[0].w ? at->in[0].w : right,
    };
}

#endif

#include "backend/cpu/layer/dnnl_choose.h"

#include <string.h>

enum { WISHES = 8 };

typedef struct wishes {
    int count;
    tam_dnnl_choice wish[WISHES];
} wishes;

static dnnl_status_t ask_forward(const tam_dnnl *dnnl, const tam_layer_shape *s, tam_dnnl_answer *made) {
    tam_layout x = s->in, y = {s->in.n, s->out, s->out_h, s->out_w, 0, s->out_dtype};
    dnnl_primitive_desc_t *description = &made->description[FORWARD];
    x.dtype = s->dtype;
    x.lanes = made->choice.x_lanes > 0 ? made->choice.x_lanes : s->in.lanes;
    y.lanes = made->choice.y_lanes;
    DNNL_TRY(tam_dnnl_describe(dnnl, s, &made->choice, FORWARD, NULL, description));
    if (!tam_dnnl_recognise(s, dnnl_primitive_desc_query_md(*description, dnnl_query_src_md, 0), &x) ||
        !tam_dnnl_recognise(s, dnnl_primitive_desc_query_md(*description, dnnl_query_dst_md, 0), &y)) {
        return dnnl_unimplemented;
    }
    made->choice.x_lanes = x.lanes;
    made->choice.y_lanes = y.lanes;
    made->slow = tam_dnnl_is_slow(s, *description);
    return dnnl_success;
}

static dnnl_status_t ask_backward(const tam_dnnl *dnnl, const tam_layer_shape *s, tam_dnnl_answer *made) {
    const_dnnl_primitive_desc_t hint = made->description[FORWARD];
    dnnl_primitive_desc_t *description = made->description;
    tam_layout dx = s->in;
    dx.dtype = s->dtype;
    if (made->choice.dx_lanes == 0 && !s->free_gradient) {
        made->choice.dx_lanes = made->choice.x_lanes;
    }
    DNNL_TRY(tam_dnnl_describe(dnnl, s, &made->choice, BACKWARD_DATA, hint, &description[BACKWARD_DATA]));
    const dnnl_memory_desc_t *memory =
        dnnl_primitive_desc_query_md(description[BACKWARD_DATA], dnnl_query_diff_src_md, 0);
    dx.lanes = made->choice.x_lanes;
    if (!tam_dnnl_recognise(s, memory, &dx)) {
        return dnnl_unimplemented;
    }
    made->choice.dx_lanes = dx.lanes;
    DNNL_TRY(tam_dnnl_describe(dnnl, s, &made->choice, BACKWARD_WEIGHTS, hint, &description[BACKWARD_WEIGHTS]));
    made->slow += tam_dnnl_is_slow(s, description[BACKWARD_WEIGHTS]);
    /* The gradient of the net's input is hardly ever asked for. */
    made->slow += !s->free_gradient && tam_dnnl_is_slow(s, description[BACKWARD_DATA]);
    return dnnl_success;
}

dnnl_status_t tam_dnnl_ask(const tam_dnnl *dnnl, const tam_layer_shape *shape, const tam_dnnl_choice *wish,
                           tam_dnnl_answer *made) {
    *made = (tam_dnnl_answer){.choice = *wish};
    dnnl_status_t status = ask_forward(dnnl, shape, made);
    if (status == dnnl_success && shape->training) {
        status = ask_backward(dnnl, shape, made);
    }
    if (status != dnnl_success) {
        tam_dnnl_answer_free(made);
    }
    return status;
}

void tam_dnnl_fuse(const tam_dnnl *dnnl, const tam_layer_shape *shape, tam_dnnl_answer *answer) {
    dnnl_primitive_desc_t *description = &answer->description[FORWARD], fused;
    if (shape->training || !(shape->add || shape->prelu || shape->relu || shape->relu6) ||
        tam_dnnl_describe_fused(dnnl, shape, &answer->choice, &fused) != dnnl_success) {
        return;
    }
    answer->fused = tam_dnnl_is_slow(shape, fused) <= tam_dnnl_is_slow(shape, *description) &&
                    strcmp(tam_dnnl_algorithm_name(fused), tam_dnnl_algorithm_name(*description)) == 0;
    dnnl_primitive_desc_t left = answer->fused ? *description : fused;
    *description = answer->fused ? fused : *description;
    (void)dnnl_primitive_desc_destroy(left);
}

void tam_dnnl_answer_free(tam_dnnl_answer *answer) {
    for (int i = 0; i < DIRECTIONS; i++) {
        if (answer->description[i] != NULL) {
            (void)dnnl_primitive_desc_destroy(answer->description[i]);
        }
    }
    *answer = (tam_dnnl_answer){0};
}

static void add_wish(wishes *list, int x_lanes, int y_lanes, dnnl_alg_kind_t algorithm) {
    list->wish[list->count++] =
        (tam_dnnl_choice){.x_lanes = x_lanes, .y_lanes = y_lanes, .algorithm = {algorithm, algorithm, algorithm}};
}

/* Winograd's F(4x4, 3x3) takes 1.4 to 2.5 times less time than the direct convolution from about 32 channels on, with
 * errors of the same size; with fewer it is slower. It multiplies 36 numbers a weight instead of 9: with few pixels to
 * use them on, reading (and in training: transforming) the weights takes longer than the products that are saved. The
 * library has it for AVX-512 and f32 only. */
bool tam_dnnl_suits_winograd(const tam_layer_shape *s) {
    enum { LEAST_CHANNELS = 32, LEAST_PIXELS = 192, LEAST_PIXELS_IN_TRAINING = 640 };
    const int64_t pixels = (int64_t)s->in.n * s->out_h * s->out_w;
    return tam_dnnl_allows_winograd(s) && s->in.c >= LEAST_CHANNELS && s->out >= LEAST_CHANNELS &&
           pixels >= (s->training ? LEAST_PIXELS_IN_TRAINING : LEAST_PIXELS);
}

bool tam_dnnl_allows_winograd(const tam_layer_shape *s) {
    return s->op == TAM_LAYER_CONVOLUTION && s->dtype == TAM_F32 && s->window.kernel_h == 3 &&
           s->window.kernel_w == 3 && s->window.stride == 1 && s->groups == 1;
}

/* From a pixel to a pixel all layouts are the same numbers. The library's cache of what it has made takes them for one,
 * and would answer as it did to whoever asked before. */
static bool is_pixel_to_pixel(const tam_layer_shape *s) {
    return s->op == TAM_LAYER_CONVOLUTION && tam_layout_pixels(&s->in) == 1 && s->out_h == 1 && s->out_w == 1;
}

/* What the library likes best comes first; the layouts behind it are for layers where that is slow. */
static void list_wishes(const tam_layer_shape *s, wishes *list) {
    if (is_pixel_to_pixel(s)) {
        add_wish(list, s->in.c, s->out, dnnl_convolution_direct);
        return;
    }
    if (tam_dnnl_suits_winograd(s)) {
        add_wish(list, 0, 0, dnnl_convolution_winograd);
    }
    add_wish(list, 0, 0, dnnl_convolution_direct);
    if (s->op == TAM_LAYER_FULL) {
        return;
    }
    add_wish(list, s->in.c, s->out, dnnl_convolution_direct);
    add_wish(list, 16, 16, dnnl_convolution_direct);
    add_wish(list, 8, 8, dnnl_convolution_direct);
    add_wish(list, 1, 16, dnnl_convolution_direct);
    add_wish(list, 1, 8, dnnl_convolution_direct);
    add_wish(list, 1, 1, dnnl_convolution_direct);
}

dnnl_status_t tam_dnnl_choose(const tam_dnnl *dnnl, const tam_layer_shape *shape, tam_dnnl_answer *made) {
    wishes list = {0};
    bool found = false;
    list_wishes(shape, &list);
    for (int i = 0; i < list.count && !(found && made->slow == 0); i++) {
        tam_dnnl_answer answer;
        dnnl_status_t status = tam_dnnl_ask(dnnl, shape, &list.wish[i], &answer);
        if (status == dnnl_out_of_memory) {
            return status;
        }
        if (status == dnnl_success && found && answer.slow >= made->slow) {
            tam_dnnl_answer_free(&answer);
        } else if (status == dnnl_success) {
            if (found) {
                tam_dnnl_answer_free(made);
            }
            *made = answer;
            found = true;
        }
    }
    return found ? dnnl_success : dnnl_unimplemented;
}

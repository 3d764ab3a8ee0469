/* Which of the ways that oneDNN knows computes a layer. */
#ifndef BACKEND_CPU_DNNL_CHOOSE_H
#define BACKEND_CPU_DNNL_CHOOSE_H

#include "backend/cpu/layer/dnnl_describe.h"

/* A choice with what the library answered to it. */
typedef struct tam_dnnl_answer {
    tam_dnnl_choice choice;                        /* no lanes are 0 */
    dnnl_primitive_desc_t description[DIRECTIONS]; /* backward: NULL in inference */
    bool fused;                                    /* forward does what the shape asks for behind the products */
    int slow;                                      /* directions that tam_dnnl_is_slow */
} tam_dnnl_answer;

/* dnnl_unimplemented where the library has nothing, or a layout that is not ours. */
dnnl_status_t tam_dnnl_ask(const tam_dnnl *dnnl, const tam_layer_shape *shape, const tam_dnnl_choice *wish,
                           tam_dnnl_answer *made);
/* Lets forward do what stands behind the products, if the library does that as fast. */
void tam_dnnl_fuse(const tam_dnnl *dnnl, const tam_layer_shape *shape, tam_dnnl_answer *answer);
void tam_dnnl_answer_free(tam_dnnl_answer *answer);

/* What Winograd's algorithm can compute at all, and where the rule takes it. */
bool tam_dnnl_allows_winograd(const tam_layer_shape *shape);
bool tam_dnnl_suits_winograd(const tam_layer_shape *shape);

/* The first answer, in the order of a rule, in which no direction is slow; if there is none, that with the fewest. */
dnnl_status_t tam_dnnl_choose(const tam_dnnl *dnnl, const tam_layer_shape *shape, tam_dnnl_answer *made);

#endif

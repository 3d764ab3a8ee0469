/* Measures which of oneDNN's ways computes a layer fastest here, and remembers it. */
#ifndef BACKEND_CPU_DNNL_TUNE_H
#define BACKEND_CPU_DNNL_TUNE_H

#include "backend/cpu/layer/dnnl_choose.h"

/* Leaves *made empty where the rule of tam_dnnl_choose counts: without tuning, in a deterministic layer (a measured
 * choice may differ with the number of threads), and where nothing is in doubt. */
TAM_MUST_USE tam_status tam_dnnl_tune(tam_ctx *ctx, tam_dnnl *dnnl, tam_tuning *tuning, const char *name,
                                      const tam_layer_shape *shape, tam_dnnl_answer *made);

/* A choice as one word, "16-16-wdw": lanes of x and y, and each direction's algorithm; and back. */
enum { TAM_DNNL_WORD = 48 };
void tam_dnnl_choice_write(const tam_layer_shape *shape, const tam_dnnl_choice *choice, char word[TAM_DNNL_WORD]);
bool tam_dnnl_choice_read(const tam_layer_shape *shape, const char *word, tam_dnnl_choice *choice);

#endif

/* Weights that are not made twice: nets to be filled, class weights that are too many for another copy of them. */
#ifndef MODEL_MODEL_WEIGHTS_H
#define MODEL_MODEL_WEIGHTS_H

#include "tammes/model.h"

/* A net whose parameters are all zero, for those that are about to be written: drawing them takes longer than reading.
 */
TAM_MUST_USE tam_status tam_net_parse_blank(tam_ctx *ctx, const char *text, tam_net **out);

/* As tam_model_open, but the class weights stay in the file: tam_model_class_weights is NULL. */
TAM_MUST_USE tam_status tam_model_open_without_weights(tam_ctx *ctx, const char *path, tam_model **out);

/* Rows [first, first + count) of the class weights of such a model, which must be there, as f32. Fails with TAM_INPUT
 * when the file cannot be read any more. */
TAM_MUST_USE tam_status tam_model_read_weights(const tam_model *model, int64_t first, int64_t count, float *values);

#endif

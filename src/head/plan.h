/* What the head and the two halves of its planner, memory and time, share. */
#ifndef HEAD_PLAN_H
#define HEAD_PLAN_H

#include "tammes/plan.h"

/* In the order of tam_class_dtype. */
extern const char *const tam_head_dtype_names[TAM_HEAD_DTYPES];
/* A workspace for all that there is to keep. */
#define TAM_HEAD_KEEP_ALL (SIZE_MAX / 2)

/* 0, f32, for NULL. */
int tam_head_dtype_number(const char *name);

/* Of the free memory, what the context's allocator gives out; SIZE_MAX when the system does not tell. `root` as in
 * tam_free_memory. */
size_t tam_head_memory_left(const char *root);

/* What must be free for such a head: the default workspace gives way to the least. SIZE_MAX on overflow. */
size_t tam_head_need(const tam_head_config *config, const tam_head_bytes *bytes);

/* tam_head_plan_check where so many bytes can be had. */
TAM_MUST_USE tam_status tam_head_plan_check_left(tam_ctx *ctx, const tam_head_config *config, size_t left);

#endif

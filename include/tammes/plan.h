/* The planner: what a class head takes and how long its steps are, before it is made. Memory is counted, to the byte;
 * time is measured on small heads of the same loss, D and N, and carried over to C, for a step is linear in C. */
#ifndef TAMMES_PLAN_H
#define TAMMES_PLAN_H

#include "tammes/head.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Whether memory for such a head is free now, by the rule of the context's own allocator: a sixteenth is left to
 * spare. TAM_OK also where the system does not tell. Fails with TAM_RESOURCES; the sentence says what it needs, what
 * is free, and the first of these that would fit: a smaller workspace, then dtype bf16, then bf16-lean; or else the
 * most classes, or the greatest width, that would. Fails as tam_head_create does for a wrong configuration. */
TAM_API TAM_MUST_USE tam_status tam_head_plan_check(tam_ctx *ctx, const tam_head_config *config);

/* Seconds of a step: fixed + each times the number of classes that take part. */
typedef struct tam_head_speed {
    double fixed, each;
} tam_head_speed;

enum { TAM_HEAD_DTYPES = 3 }; /* f32, bf16, bf16-lean */

/* What a calibration has measured, for the loss, D and N that it was made with. */
typedef struct tam_head_speeds {
    tam_head_speed kept[TAM_HEAD_DTYPES];  /* the first pass's numbers are kept for the second */
    tam_head_speed again[TAM_HEAD_DTYPES]; /* they are made again; the same where there is nothing to keep */
    double drawn[TAM_HEAD_DTYPES]; /* seconds more for each class that takes part where classes are drawn: to draw it,
                                      and to find its row, far from the last one */
} tam_head_speeds;

/* Takes about `seconds` (0: 1) and some 100 MB; config->classes bounds the heads that are tried, its dtype, workspace
 * and sample_rate do not matter. Fails as tam_head_create does. */
TAM_API TAM_MUST_USE tam_status tam_head_plan_calibrate(tam_ctx *ctx, const tam_head_config *config, double seconds,
                                                        tam_head_speeds *speeds);

/* One way to run a head. */
typedef struct tam_head_option {
    const char *dtype; /* static */
    size_t workspace;  /* as in tam_head_config */
    double sample_rate;
    tam_head_bytes bytes; /* as tam_head_count_bytes counts them */
    double kept;          /* share of the classes whose numbers are kept from one pass to the next */
    int fits;             /* in the memory that is free now, as in tam_head_plan_check */
    double seconds;       /* of a step; 0 without speeds */
} tam_head_option;

enum { TAM_HEAD_OPTIONS = 4 * TAM_HEAD_DTYPES };

/* The option that the configuration itself is. speeds may be NULL. Fails as tam_head_count_bytes does. */
TAM_API TAM_MUST_USE tam_status tam_head_plan_predict(tam_ctx *ctx, const tam_head_config *config,
                                                      const tam_head_speeds *speeds, tam_head_option *option);

/* All options for a head of this loss, C, D and N, in this order: each dtype with the default workspace and with the
 * least, and the same again with sample_rate `rate`. options [TAM_HEAD_OPTIONS]; speeds may be NULL. Fails as
 * tam_head_count_bytes does. */
TAM_API TAM_MUST_USE tam_status tam_head_plan_options(tam_ctx *ctx, const tam_head_config *config,
                                                      const tam_head_speeds *speeds, double rate,
                                                      tam_head_option *options);

/* The number of the option to take, of `count`, or -1 when none fits. Of those with all classes the fastest, but what
 * comes later in the list must win a tenth of the time to be worth it, and bf16-lean is for where nothing else fits. */
TAM_API int tam_head_plan_choose(const tam_head_option *options, int count);

#ifdef __cplusplus
}
#endif
#endif

/* Class losses: what there is, their keys, and their scalar curves. Mathematics: docs/losses.md.
 *
 * A loss specification is `NAME[:key=value,...][+TERM[:key=value,...]]...`: a class loss and centre terms beside it,
 * for example `arcface:s=16,m=0.3`, `softmax+center:lambda=0.01`. `center` alone means `softmax+center`. */
#ifndef TAMMES_LOSS_H
#define TAMMES_LOSS_H

#include <stdint.h>

#include "tammes/ctx.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One key of a loss, a term or a net. */
typedef struct tam_key_info {
    const char *name, *about;
    double otherwise, low, high; /* default and allowed range, ends included */
} tam_key_info;

typedef struct tam_loss_info {
    const char *name;
    const char *formula; /* the target logit, in plain text */
    const char *source;  /* paper and equation */
    int keys;            /* number of keys, see tam_loss_key */
} tam_loss_info;

/* The registered class losses, in a fixed order; index in [0, tam_loss_count()). */
TAM_API int tam_loss_count(void);
TAM_API tam_loss_info tam_loss_describe(int index);
TAM_API tam_key_info tam_loss_key(int index, int key);

/* TAM_OK if the specification is valid for `classes` classes, else TAM_CONFIG with a sentence. */
TAM_API TAM_MUST_USE tam_status tam_loss_check(tam_ctx *ctx, const char *specification, int64_t classes);

/* The loss's scalar functions at one angle: logit z and dz/dcos(theta), of the target class and of any other class, at
 * feature norm `norm` and training step `step`. For a loss given by its gradient (p2sgrad) z is the surrogate
 * (cos - 1[target])^2 / 2 whose derivative is the published gradient. theta in radians, [0, pi]. */
typedef struct tam_loss_point {
    double target_z, target_slope;
    double other_z, other_slope;
} tam_loss_point;
TAM_API TAM_MUST_USE tam_status tam_loss_curve(tam_ctx *ctx, const char *specification, int64_t classes, double theta,
                                               double norm, int64_t step, tam_loss_point *point);

#ifdef __cplusplus
}
#endif
#endif

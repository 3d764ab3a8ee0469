/* Losses: what there is, their keys, and their scalar curves. Mathematics: docs/losses.md.
 *
 * A loss specification is `NAME[:key=value,...][+TERM[:key=value,...]]...`: a class loss and terms on the batch beside
 * it, for example `arcface:s=16,m=0.3`, `softmax+center:lambda=0.01`, `arcface+triplet:lambda=0.1`. A term on class
 * centres alone means softmax with it (`center` is `softmax+center`); a pair loss alone (`triplet`) has no classes to
 * learn. */
#ifndef TAMMES_LOSS_H
#define TAMMES_LOSS_H

#include <stddef.h>
#include <stdint.h>

#include "tammes/ctx.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One key of a loss, a term or a net. */
typedef struct tam_key_info {
    const char *name, *about;
    double otherwise, low, high; /* default and allowed range, ends included */
    const char *words;           /* "a|b|c": the value is one of these, `otherwise` its place from 0; NULL: a number */
} tam_key_info;

typedef struct tam_loss_info {
    const char *name;
    const char *formula; /* the target's logit, or the term, in plain text */
    const char *source;  /* paper and equation */
    int keys;            /* number of keys, see tam_loss_key */
} tam_loss_info;

/* The registered class losses, in a fixed order; index in [0, tam_loss_count()). */
TAM_API int tam_loss_count(void);
TAM_API tam_loss_info tam_loss_describe(int index);
TAM_API tam_key_info tam_loss_key(int index, int key);

/* The registered terms: those on class centres, then the pair losses; index in [0, tam_loss_term_count()). */
TAM_API int tam_loss_term_count(void);
TAM_API tam_loss_info tam_loss_term_describe(int index);
TAM_API tam_key_info tam_loss_term_key(int index, int key);

/* TAM_OK if the specification is valid for `classes` classes, else TAM_CONFIG with a sentence. */
TAM_API TAM_MUST_USE tam_status tam_loss_check(tam_ctx *ctx, const char *specification, int64_t classes);

/* How many characters of a list of specifications separated by commas belong to its first one, which may be none. A
 * comma before `word=` separates keys of one specification: "arcface:s=16,m=0.3,cosface" begins with 18 characters of
 * ArcFace. What follows them is a comma or the end. */
TAM_API size_t tam_loss_list_first(const char *list);

/* Where to look at a loss: the angle to the own class and to another one in radians, [0, pi]; the embedding's length
 * (class weights have length 1); the training step. Running statistics have their first values. */
typedef struct tam_loss_query {
    double theta, other_theta;
    double norm;
    int64_t step;
} tam_loss_query;

/* The loss's scalar functions there: logit z and dz/dcos(theta), of the own class and of the other one. For a loss
 * given by its gradient (`direct`: p2sgrad) z is the surrogate (cos - 1[own])^2 / 2, and the slope is the published
 * gradient dL/dcos itself. */
typedef struct tam_loss_point {
    double target_z, target_slope;
    double other_z, other_slope;
    int direct;
} tam_loss_point;

/* Fails with TAM_CONFIG: a bad specification, a query outside its ranges, a pair loss. */
TAM_API TAM_MUST_USE tam_status tam_loss_curve(tam_ctx *ctx, const char *specification, int64_t classes,
                                               const tam_loss_query *query, tam_loss_point *point);

#ifdef __cplusplus
}
#endif
#endif

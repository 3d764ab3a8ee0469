/* What a class loss is: a few scalar functions. The head does all the rest (docs/losses.md, "The one idea").
 * Adding one: a file in src/loss/class/ and a line in src/loss/class/losses.def. */
#ifndef LOSS_CLASS_LOSS_H
#define LOSS_CLASS_LOSS_H

#include "base/spec.h"
#include "tammes/loss.h"

enum { TAM_LOSS_KEYS = 12, TAM_LOSS_RUNNING = 4 };

typedef enum tam_loss_kind {
    TAM_LOSS_SOFTMAX, /* gives logits z(c): G_ij = (P_ij - 1[j = y]) dz_ij/dc */
    TAM_LOSS_DIRECT   /* gives the gradient lengths G_ij themselves; no softmax, one pass */
} tam_loss_kind;

enum {
    TAM_LOSS_UNIT_X = 1,   /* c uses x / |x|; else the raw x */
    TAM_LOSS_UNIT_W = 2,   /* c uses w / |w|; else the raw w */
    TAM_LOSS_BIAS = 4,     /* z gets + b_j */
    TAM_LOSS_LIVE_NORM = 8 /* z depends on a = |x|: there is a radial term r_i = dL_i/da_i */
};

/* The values of one loss in use: its keys, and what a step may change. */
typedef struct tam_loss_state {
    double key[TAM_LOSS_KEYS];        /* as read from the specification, in the order of the loss's table */
    double running[TAM_LOSS_RUNNING]; /* running statistics: part of the checkpoint, moved in training only */
    int64_t classes;
    int64_t step; /* training steps done; part of the checkpoint */
} tam_loss_state;

/* A scalar function's value and slopes at (c, a). For TAM_LOSS_DIRECT z is the loss's own share and slope_c is G. */
typedef struct tam_logit {
    double z, slope_c, slope_a;
} tam_logit;

typedef struct tam_class_loss {
    const char *name, *formula, *source;
    tam_loss_kind kind;
    int traits;
    const tam_key *keys;
    int key_count;
    /* NULL or a sentence why these keys do not fit together (optional). */
    const char *(*check)(const tam_loss_state *state);
    /* Called once when a loss is made: derived starting values of `running` (optional). */
    void (*start)(tam_loss_state *state);
    /* Called once per training step, before it (optional). */
    void (*advance)(tam_loss_state *state);
    /* The target's logit. */
    tam_logit (*target)(const tam_loss_state *state, double c, double a);
    /* Every other class's logit. Most losses have z = scale(a) c: they give `scale` and leave `other` NULL. */
    double (*scale)(const tam_loss_state *state, double a);
    tam_logit (*other)(const tam_loss_state *state, double c, double a);
    /* The same as `other` for a row of n classes of one sample, in f32, written so that the compiler makes vector code
     * of it; required where `other` is given. */
    void (*other_row)(const tam_loss_state *state, double a, int64_t n, const float *c, float *z, float *slope_c);
} tam_class_loss;

int tam_class_loss_count(void);
const tam_class_loss *tam_class_loss_at(int index);
/* NULL with a sentence that suggests the nearest name. */
const tam_class_loss *tam_class_loss_find(tam_ctx *ctx, const char *name);

#endif

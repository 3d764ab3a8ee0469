/* What a class loss is: a few scalar functions. The head does all the rest (docs/losses.md, "One direction, many
 * lengths"). Adding one: a file in src/loss/class/ and a line in src/loss/class/losses.def. */
#ifndef LOSS_CLASS_LOSS_H
#define LOSS_CLASS_LOSS_H

#include "base/spec.h"
#include "tammes/loss.h"

enum { TAM_LOSS_KEYS = 12, TAM_LOSS_RUNNING = 4 };

/* Running statistics: part of the checkpoint, moved in training only. The first is kept by the head, the others are the
 * loss's own. */
enum { TAM_RUNNING_STEP /* training steps done */, TAM_RUNNING_OWN };

typedef enum tam_loss_kind {
    TAM_LOSS_SOFTMAX, /* gives logits z(c): G_ij = (P_ij - 1[j = y]) dz_ij/dc */
    TAM_LOSS_DIRECT   /* gives the gradient lengths G_ij themselves; no softmax */
} tam_loss_kind;

enum {
    TAM_LOSS_UNIT_X = 1, /* c uses x / |x|; else the raw x */
    TAM_LOSS_UNIT_W = 2, /* c uses w / |w|; else the raw w */
    TAM_LOSS_BIAS = 4    /* z gets + b_j */
};

/* The values of one loss in use: its keys, and what a step may change. */
typedef struct tam_loss_state {
    double key[TAM_LOSS_KEYS]; /* as read from the specification, in the order of the loss's table */
    double running[TAM_LOSS_RUNNING];
    int64_t classes;
} tam_loss_state;

/* A scalar function's value and slopes at (c, a), a = |x|. For TAM_LOSS_DIRECT z is the loss's own share and slope_c
 * is G. */
typedef struct tam_logit {
    double z, slope_c, slope_a;
} tam_logit;

/* scale(a) and its slope; a slope that is not 0 makes the radial term r_i = dL_i/da_i. */
typedef struct tam_scale {
    double value, slope_a;
} tam_scale;

typedef struct tam_class_loss {
    const char *name, *formula, *source;
    tam_loss_kind kind;
    int traits;
    const tam_key *keys;
    int key_count;
    /* The target's logit. */
    tam_logit (*target)(const tam_loss_state *state, double c, double a);
    /* Every other class's logit: most losses have z = scale(a) c and give `scale`; the rest give `other` and
     * `other_row`, and `scale` is NULL. */
    tam_scale (*scale)(const tam_loss_state *state, double a);
    tam_logit (*other)(const tam_loss_state *state, double c, double a);
    /* `other` for n classes of one sample in f32, written so that the compiler makes vector code of it; such logits may
     * depend on a but have no slope by it. */
    void (*other_row)(const tam_loss_state *state, double a, int64_t n, const float *c, float *z, float *slope_c);
} tam_class_loss;

int tam_class_loss_count(void);
const tam_class_loss *tam_class_loss_at(int index);

/* The logit of a class that is not the target's, by `scale` or by `other`. */
tam_logit tam_class_loss_other(const tam_class_loss *loss, const tam_loss_state *state, double c, double a);

#endif

/* What a class loss is: a few scalar functions. The head does all the rest (docs/losses.md, "One direction, many
 * lengths"). Adding one: a file in src/loss/class/ and a line in src/loss/class/losses.def (docs/adding-a-loss.md). */
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
    TAM_LOSS_DIRECT,  /* gives the gradient lengths G_ij themselves; no softmax */
    TAM_LOSS_PROXY    /* gives logits of samples beside a proxy: the mean over classes of log(1 + sum_{i: y_i != j}
                         e^z_ij) plus the mean over classes in the batch of log(1 + sum_{i: y_i = j} e^z_ij) */
} tam_loss_kind;

enum {
    TAM_LOSS_UNIT_X = 1,      /* c uses x / |x|; else the raw x */
    TAM_LOSS_UNIT_W = 2,      /* c uses w / |w|; else the raw w */
    TAM_LOSS_BIAS = 4,        /* z gets + b_j; only where w is free in its length, beside a `scale` that does not depend
                                 on a, and without sub-centres */
    TAM_LOSS_MARGIN = 8,      /* the target has a margin: takes the options beyond-pi, grad and margin-warmup */
    TAM_LOSS_SEES_OTHERS = 16 /* `observe` wants log sum_{j != y} e^z_j; costs another first pass, for the sums alone */
};

/* What happens to a margin on the angle where theta + m > pi, where the cosine would rise again and reward a worse
 * angle. */
typedef enum tam_beyond_pi {
    TAM_BEYOND_PI_LINEAR, /* the line c - m sin(m) */
    TAM_BEYOND_PI_NONE,   /* nothing: cos(theta + m) as it is */
    TAM_BEYOND_PI_EASY,   /* the margin holds only where c > 0 */
    TAM_BEYOND_PI_SMOOTH  /* -2 - cos(theta + m): goes on falling, with the same value and slope at pi */
} tam_beyond_pi;

typedef enum tam_margin_slope {
    TAM_SLOPE_EXACT,   /* dz/dc as the logit's derivative */
    TAM_SLOPE_DETACHED /* dz/dc of the plain logit: the margin moves the value only, as in the most used code */
} tam_margin_slope;

/* Options beside a loss's own keys. */
typedef struct tam_loss_options {
    tam_beyond_pi beyond_pi;
    tam_margin_slope slope;
    double margin_warmup;     /* steps in which the margin grows from 0; 0: none */
    double interclass_filter; /* other classes with c above it are left out; 2: none */
} tam_loss_options;

/* The values of one loss in use: its keys, and what a step may change. */
typedef struct tam_loss_state {
    double key[TAM_LOSS_KEYS]; /* as read from the specification, in the order of the loss's table */
    double running[TAM_LOSS_RUNNING];
    tam_loss_options options;
    int64_t classes;
} tam_loss_state;

/* A sample beside its own class. */
typedef struct tam_sample {
    double c;      /* cos(theta_y), or the product where the loss does not normalise */
    double held;   /* the same number where the paper takes it as a constant: no slope goes through it */
    double a, b;   /* |x|, |w_y| */
    double normal; /* a standard normal number, drawn for this sample and step */
    double z;      /* the own class's logit: for `other` and `other_row`, which take it as a constant */
} tam_sample;

/* A scalar function's value and slopes at (c, a = |x|, b = |w_y|). For TAM_LOSS_DIRECT z is the loss's own share and
 * slope_c is G. slope_a and slope_b are 0 for other classes and wherever x or w is free of its length. */
typedef struct tam_logit {
    double z, slope_c, slope_a, slope_b;
} tam_logit;

/* f(a) and its slope. */
typedef struct tam_scale {
    double value, slope_a;
} tam_scale;

/* The batch as statistics see it: the samples that count, before their logits. */
typedef struct tam_loss_batch {
    int n;                /* may be 0 */
    const double *c, *a;  /* [n] */
    const double *others; /* [n] log sum_{j != y} e^z_j at the statistics as they were (TAM_LOSS_SEES_OTHERS) or NULL */
    double *room;         /* [n], to sort in */
} tam_loss_batch;

typedef struct tam_class_loss {
    const char *name, *formula, *source;
    tam_loss_kind kind;
    int traits;
    const tam_key *keys;
    int key_count;
    /* The target's logit. Called through tam_class_loss_target, which applies the margin's options. */
    tam_logit (*target)(const tam_loss_state *state, const tam_sample *own);
    /* Every other class's logit: most losses have z = scale(a) c and give `scale`; the rest give `other` and
     * `other_row`, and `scale` is NULL. `held` is c where the paper takes it as a constant. */
    tam_scale (*scale)(const tam_loss_state *state, double a);
    tam_logit (*other)(const tam_loss_state *state, const tam_sample *own, double c, double held);
    /* `other` for n classes of one sample in f32, written so that the compiler makes vector code of it; such logits may
     * depend on a but have no slope by it. */
    void (*other_row)(const tam_loss_state *state, const tam_sample *own, int64_t n, const float *c, float *z,
                      float *slope_c);
    /* All below may be NULL. */
    /* What the length alone costs, beside the logits. */
    tam_scale (*length)(const tam_loss_state *state, double a);
    /* The running statistics' first values; 0 without it. */
    void (*start)(tam_loss_state *state);
    /* Moves the running statistics by a batch, before its logits are made. */
    void (*observe)(tam_loss_state *state, const tam_loss_batch *batch);
    /* Moves what is learned by gradient, at a step's end, by SGD with momentum: gc = sum_ij G_ij c_ij of the mean loss,
     * whose gradient by a scale s in z = s c is gc / s. */
    void (*learn)(tam_loss_state *state, double gc, double lr, double momentum);
    /* Sub-centres of a class, of which the nearest stands for it; 1 without it. */
    int (*sub_centres)(const tam_loss_state *state);
    /* Refuses keys that do not fit one another (TAM_CONFIG), and warns of such as are allowed but not wise. */
    tam_status (*check)(tam_ctx *ctx, const tam_loss_state *state);
} tam_class_loss;

int tam_class_loss_count(void);
const tam_class_loss *tam_class_loss_at(int index);

/* The target's logit with the options beyond-pi=easy and grad=detached applied. */
tam_logit tam_class_loss_target(const tam_class_loss *loss, const tam_loss_state *state, const tam_sample *own);

/* The logit of a class that is not the target's, by `scale` or by `other`, without the interclass filter. */
tam_logit tam_class_loss_other(const tam_class_loss *loss, const tam_loss_state *state, const tam_sample *own, double c,
                               double held);

int tam_class_loss_sub_centres(const tam_class_loss *loss, const tam_loss_state *state);

/* How much of the margin holds at this step, in [0, 1]: option margin-warmup. */
static inline double tam_margin_share(const tam_loss_state *state) {
    double steps = state->options.margin_warmup, done = state->running[TAM_RUNNING_STEP];
    return done < steps ? done / steps : 1.0;
}

#endif

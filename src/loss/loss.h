/* A loss specification, read: the class loss with its keys, and the terms beside it. */
#ifndef LOSS_LOSS_H
#define LOSS_LOSS_H

#include "loss/batch_term.h"
#include "loss/class_loss.h"

enum { TAM_LOSS_TERMS = 4 };

typedef struct tam_loss_term {
    const tam_batch_term *term;
    double key[TAM_TERM_KEYS];
    double weight; /* of a pair loss; 1 for a term on centres, which weighs itself */
} tam_loss_term;

typedef struct tam_loss {
    const tam_class_loss *class_loss; /* NULL: only terms, of which at least one is a pair loss */
    tam_loss_state state;
    tam_loss_term term[TAM_LOSS_TERMS];
    int terms;
} tam_loss;

/* Reads a specification as in tammes/loss.h; NULL: "arcface". The running statistics get their first values. Fails with
 * TAM_CONFIG. */
TAM_MUST_USE tam_status tam_loss_read(tam_ctx *ctx, const char *specification, int64_t classes, tam_loss *out);

/* Whether two specifications, of the same number of classes, train the same: their keys have the same values, in
 * whatever order and spelling. Terms count in their order, in which they are added up. */
bool tam_loss_is_same(const tam_loss *a, const tam_loss *b);

/* The scalar functions of a specification's class loss, at the running statistics as they are: tam_loss_curve for those
 * who look often. Angles in radians. */
tam_loss_point tam_loss_look(const tam_loss *loss, double norm, double theta, double other_theta);

#endif

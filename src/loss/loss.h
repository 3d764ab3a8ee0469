/* A loss specification, read: the class loss with its keys, and the centre terms beside it. */
#ifndef LOSS_LOSS_H
#define LOSS_LOSS_H

#include "loss/centre_term.h"
#include "loss/class_loss.h"

enum { TAM_LOSS_TERMS = 4 };

typedef struct tam_loss_term {
    const tam_centre_term *term;
    double key[TAM_CENTRE_KEYS];
} tam_loss_term;

typedef struct tam_loss {
    const tam_class_loss *class_loss;
    tam_loss_state state;
    tam_loss_term term[TAM_LOSS_TERMS];
    int terms;
} tam_loss;

/* Reads a specification as in tammes/loss.h; NULL: "arcface". Fails with TAM_CONFIG. */
TAM_MUST_USE tam_status tam_loss_read(tam_ctx *ctx, const char *specification, int64_t classes, tam_loss *out);

#endif

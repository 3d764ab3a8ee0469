/* What the tests of class losses share: every registered loss and its unusual keys, read and with statistics that have
 * seen something. */
#ifndef TESTS_CLASS_LOSS_SUPPORT_H
#define TESTS_CLASS_LOSS_SUPPORT_H

#include "support.h"

#include <math.h>

#include "loss/loss.h"

/* Keys that lead elsewhere than the defaults: odd and even factors of the angle (their slopes alternate in sign), no
 * margin and large ones, words. */
static const char *const unusual_losses[] = {
    "sphereface:m=1,lambda-min=0,lambda-base=0",
    "sphereface:m=2,lambda-min=0,lambda-base=0",
    "sphereface:m=3,lambda-min=0,lambda-base=0",
    "sphereface:m=8,lambda-min=0,lambda-base=0",
    "sphereface-norm:m=3,lambda-min=0,lambda-base=0",
    "l-softmax:m=2,lambda-base=0",
    "l-softmax:m=3,lambda-base=0",
    "arcface:m=0",
    "arcface:m=1.5,s=1",
    "cosface:m=1",
    "combined:m1=1.35,m2=0.5,m3=0.35",
    "combined:m1=4,m2=0,m3=0",
    "combined:m1=8,m2=1.5,m3=1",
    "normface:learn=yes",
    "l2-softmax:learn=yes",
    "magface:lm=0,um=1.5,lambda-g=200",
    "circle:m=0",
    "mv-softmax:margin=am",
    "mv-softmax:w=1.5,m=0.5,s=64",
    "adaface:h=5",
    "adaface:h=5,m=1",
    "elasticface-arc:sigma=0.2",
    "elasticface-cos:sigma=0.2",
    "proxy-anchor:alpha=8,delta=0",
};

/* The specification number `index`: all registered losses, then the unusual ones; NULL at the end. */
static inline const char *test_specification(int index) {
    const int unusual = (int)(sizeof unusual_losses / sizeof unusual_losses[0]);
    if (index < tam_class_loss_count()) {
        return tam_class_loss_at(index)->name;
    }
    return index - tam_class_loss_count() < unusual ? unusual_losses[index - tam_class_loss_count()] : NULL;
}

/* Reads it for 100 classes and lets its statistics see fifty batches. */
static inline tam_loss test_read(tam_ctx *ctx, const char *specification) {
    static const double c[] = {0.9, 0.1, 0.5}, a[] = {5.0, 30.0, 80.0}, others[] = {5.0, 6.0, 5.5};
    double room[3];
    tam_loss_batch batch = {.n = 3, .c = c, .a = a, .others = others, .room = room};
    tam_loss loss;
    test_ok(ctx, tam_loss_read(ctx, specification, 100, &loss));
    for (int i = 0; i < 50 && loss.class_loss->observe != NULL; i++) {
        loss.class_loss->observe(&loss.state, &batch);
    }
    return loss;
}

/* What a loss takes for a cosine is the product of whatever it does not normalise. */
static inline double test_product(const tam_class_loss *loss, double cosine, double a, double b) {
    return cosine * ((loss->traits & TAM_LOSS_UNIT_X) != 0 ? 1.0 : a) *
           ((loss->traits & TAM_LOSS_UNIT_W) != 0 ? 1.0 : b);
}

#endif

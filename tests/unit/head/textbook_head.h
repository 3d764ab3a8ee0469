/* The class head as a textbook writes it: f64, all N x C logits, nothing fused. What the fused head is held against. */
#ifndef TESTS_TEXTBOOK_HEAD_H
#define TESTS_TEXTBOOK_HEAD_H

#include "loss/loss.h"
#include "tammes/head.h"

typedef struct textbook_head {
    tam_loss loss;
    int64_t classes, dim;
    int subs;                     /* K sub-centres of each class */
    double *w, *momentum;         /* [C K, D] */
    double *bias, *bias_momentum; /* [C]; zero and unused without a bias */
    double *centres;              /* [C, D] */
} textbook_head;

/* Starts from the fused head's weights. */
void textbook_create(tam_ctx *ctx, const char *loss, tam_head *like, int64_t classes, int dim, textbook_head *out);
void textbook_free(textbook_head *head);

/* The mean loss, centre terms included, under the statistics that this batch makes. dx [n, D], dw [C K, D], dbias [C]
 * are overwritten; all three may be NULL. */
double textbook_gradient(const textbook_head *head, int n, const double *x, const int32_t *y, double *dx, double *dw,
                         double *dbias);

/* One step of SGD with momentum, centres and running statistics included; returns the loss before it. */
double textbook_step(textbook_head *head, int n, const double *x, const int32_t *y, double *dx,
                     const tam_head_update *update);

#endif

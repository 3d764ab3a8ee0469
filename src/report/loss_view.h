/* A loss looked at from one angle after another. All functions take angles in radians. */
#ifndef REPORT_LOSS_VIEW_H
#define REPORT_LOSS_VIEW_H

#include "loss/loss.h"

typedef struct tam_loss_view {
    const char *name; /* the specification */
    tam_loss loss;
    double norm;  /* |x| */
    double scale; /* the largest slope of another class's logit by its cosine: s where there is one */
} tam_loss_view;

/* Fails with TAM_CONFIG for a bad specification and for a pair loss, which has no curve. */
TAM_MUST_USE tam_status tam_loss_view_open(tam_ctx *ctx, const char *specification, int64_t classes, double norm,
                                           int64_t step, tam_loss_view *view);

/* The same loss with so many classes. */
tam_loss_view tam_loss_view_classes(const tam_loss_view *view, int64_t classes);

/* The value of the loss's own key, NaN if there is none of that name. */
double tam_loss_view_key(const tam_loss_view *view, const char *name);

/* True if it has logits that compare one class with another: kind SOFTMAX. */
bool tam_loss_view_compares(const tam_loss_view *view);

/* z_y / s; for proxies, whose z falls with the cosine, its negative; NaN for a DIRECT loss. */
double tam_loss_view_logit(const tam_loss_view *view, double theta);
/* dz_y/dcos / s, for a DIRECT loss |G_y|. */
double tam_loss_view_slope(const tam_loss_view *view, double theta);
/* P_y with the C - 1 other classes at 90 degrees; NaN unless the loss compares classes. */
double tam_loss_view_probability(const tam_loss_view *view, double theta);
/* |dL/dcos(theta_y)| / s with the C - 1 other classes at 90 degrees. */
double tam_loss_view_gradient(const tam_loss_view *view, double theta);

/* The angles of another class at which its logit is smaller than the own one at theta: disjoint intervals in [0, pi],
 * from the smallest on. Returns how many. */
enum { TAM_LOSS_INTERVALS = 4 };
typedef struct tam_loss_interval {
    double from, to;
} tam_loss_interval;
int tam_loss_view_wins(const tam_loss_view *view, double theta, tam_loss_interval intervals[TAM_LOSS_INTERVALS]);

/* By how much the own angle is made larger: the angle at which another class would have the own logit, minus theta. NaN
 * where no angle has it. */
double tam_loss_view_margin(const tam_loss_view *view, double theta);

/* The shares of the square [0, pi]^2 of the angles to two classes that neither of them takes, and that both do. */
void tam_loss_view_shares(const tam_loss_view *view, double *neither, double *both);

#endif

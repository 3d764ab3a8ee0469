/* The scalar functions of a loss, for pictures and for people. */
#include <math.h>

#include "loss/loss.h"

static bool angle_is_valid(double theta) {
    return theta >= 0.0 && theta <= M_PI;
}

tam_loss_point tam_loss_look(const tam_loss *loss, double norm, double theta, double other_theta) {
    const tam_class_loss *class_loss = loss->class_loss;
    /* A loss on raw products (softmax) sees norm * cos(theta), with class weights of length 1. */
    double raw = (class_loss->traits & TAM_LOSS_UNIT_X) != 0 ? 1.0 : norm;
    double c = raw * cos(theta), other_c = raw * cos(other_theta);
    tam_sample own = {.c = c, .held = c, .a = norm, .b = 1.0};
    tam_logit target = tam_class_loss_target(class_loss, &loss->state, &own);
    own.z = target.z;
    tam_logit other = tam_class_loss_other(class_loss, &loss->state, &own, other_c, other_c);
    return (tam_loss_point){target.z, raw * target.slope_c, other.z, raw * other.slope_c,
                            class_loss->kind == TAM_LOSS_DIRECT};
}

tam_status tam_loss_curve(tam_ctx *ctx, const char *specification, int64_t classes, const tam_loss_query *query,
                          tam_loss_point *point) {
    tam_loss loss;
    TAM_TRY(tam_loss_read(ctx, specification, classes, &loss));
    if (!angle_is_valid(query->theta) || !angle_is_valid(query->other_theta) || !(query->norm >= 0.0) ||
        !isfinite(query->norm) || query->step < 0) {
        return tam_fail(ctx, TAM_CONFIG, "no loss curve at theta %g and %g, norm %g, step %lld", query->theta,
                        query->other_theta, query->norm, (long long)query->step);
    }
    if (loss.class_loss == NULL) {
        return tam_fail(ctx, TAM_CONFIG, "%s is a loss on pairs: it has no curve by the angle to a class",
                        specification);
    }
    loss.state.running[TAM_RUNNING_STEP] = (double)query->step;
    *point = tam_loss_look(&loss, query->norm, query->theta, query->other_theta);
    return TAM_OK;
}

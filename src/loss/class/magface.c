/* MagFace: a margin that grows with the embedding's length, and a price on short embeddings: the length becomes the
 * sample's quality. */
#include "loss/angular.h"
#include "loss/scaled.h"

enum { S, LA, UA, LM, UM, LAMBDA_G };
static const tam_key keys[] = {
    TAM_KEY_S(64.0),
    TAM_NUMBER("la", 10.0, 1e-3, 1e4, "length from which the margin grows"),
    TAM_NUMBER("ua", 110.0, 1e-3, 1e4, "length up to which it grows"),
    TAM_NUMBER("lm", 0.45, 0.0, 1.5, "margin at la, radians"),
    TAM_NUMBER("um", 0.8, 0.0, 1.5, "margin at ua, radians"),
    TAM_NUMBER("lambda-g", 35.0, 0.0, 1e6, "price of short embeddings"),
};

/* m(a), linear between (la, lm) and (ua, um) and constant outside. */
static tam_scale margin(const tam_loss_state *state, double a) {
    const double *key = state->key;
    double share = tam_margin_share(state), steep = share * (key[UM] - key[LM]) / (key[UA] - key[LA]);
    if (a < key[LA] || a > key[UA]) {
        return (tam_scale){.value = share * (a < key[LA] ? key[LM] : key[UM])};
    }
    return (tam_scale){.value = share * key[LM] + steep * (a - key[LA]), .slope_a = steep};
}

static tam_logit target(const tam_loss_state *state, const tam_sample *own) {
    double s = state->key[S];
    tam_scale m = margin(state, own->a);
    tam_angular shifted = tam_angular_margin(state, own->c, 1.0, m.value);
    return (tam_logit){.z = s * shifted.z, .slope_c = s * shifted.slope_c, .slope_a = s * shifted.slope_m2 * m.slope_a};
}

/* lambda-g g(a), g(a) = 1/a + a/ua^2: falls up to ua. As published, lengths outside [la, ua] feel nothing of it. */
static tam_scale length(const tam_loss_state *state, double a) {
    double la = state->key[LA], ua = state->key[UA], price = state->key[LAMBDA_G];
    double inside = fmin(ua, fmax(la, a));
    double slope = a < la || a > ua ? 0.0 : 1.0 / (ua * ua) - 1.0 / (a * a);
    return (tam_scale){.value = price * (1.0 / inside + inside / (ua * ua)), .slope_a = price * slope};
}

static tam_status check(tam_ctx *ctx, const tam_loss_state *state) {
    const double *key = state->key;
    if (key[LA] >= key[UA]) {
        return tam_fail(ctx, TAM_CONFIG, "magface: la=%g is not below ua=%g", key[LA], key[UA]);
    }
    if (key[LM] > key[UM]) {
        return tam_fail(ctx, TAM_CONFIG, "magface: lm=%g is above um=%g", key[LM], key[UM]);
    }
    /* Only with lambda-g >= s K ua^2 la^2 / (ua^2 - la^2), K = dm/da, has each sample one best length. */
    double la_2 = key[LA] * key[LA], ua_2 = key[UA] * key[UA];
    double bound = key[S] * (key[UM] - key[LM]) / (key[UA] - key[LA]) * ua_2 * la_2 / (ua_2 - la_2);
    if (key[LAMBDA_G] < bound) {
        tam_warn_once(ctx, "magface: lambda-g=%g is below %.4g, the least with which the paper proves convergence",
                      key[LAMBDA_G], bound);
    }
    return TAM_OK;
}

const tam_class_loss tam_class_loss_magface = {
    .name = "magface",
    .formula = "s cos(theta_y + m(a)), plus lambda-g (1/a + a/ua^2), a = |x|",
    .source = "Meng et al., MagFace, CVPR 2021, arXiv 2103.06627",
    .kind = TAM_LOSS_SOFTMAX,
    .traits = TAM_LOSS_UNIT_X | TAM_LOSS_UNIT_W | TAM_LOSS_MARGIN,
    .keys = keys,
    .key_count = sizeof keys / sizeof keys[0],
    .target = target,
    .scale = tam_scale_s,
    .length = length,
    .check = check,
};

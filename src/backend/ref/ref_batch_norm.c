/* Batch norm. For channel c over the m = n h w values of the batch:
 *     mean = sum x / m;  variance = sum (x - mean)^2 / m;  z = (x - mean) / sqrt(variance + eps);  y = gamma z + beta
 * The running statistics become (1 - momentum) old + momentum new, with the unbiased variance (over m - 1). */
#include <math.h>

#include "backend/ref/ref.h"
#include "backend/running.h"

enum { GAMMA, BETA, MEAN, VARIANCE };

/* What backward needs of a channel. */
typedef struct channel {
    double mean, inverse; /* inverse: 1 / sqrt(variance + eps) */
} channel;

static size_t kept_bytes(const tam_node *node, tam_shape in, int batch) {
    (void)node;
    (void)batch;
    return (size_t)in.c * sizeof(channel);
}

/* Calls `statement` with `i` running over the values of channel c. */
#define EACH_VALUE(at, c, statement)                                               \
    do {                                                                           \
        int64_t each_map = (int64_t)(at)->out.h * (at)->out.w;                     \
        for (int each_n = 0; each_n < (at)->n; each_n++) {                         \
            int64_t each_start = ((int64_t)each_n * (at)->out.c + (c)) * each_map; \
            for (int64_t i = each_start; i < each_start + each_map; i++) {         \
                statement;                                                         \
            }                                                                      \
        }                                                                          \
    } while (0)

static double values_of_channel(const tam_ref_node *at) {
    return (double)at->n * at->out.h * at->out.w;
}

static channel batch_statistics(const tam_ref_node *at, int c) {
    const float *x = at->x[0];
    double m = values_of_channel(at), momentum = at->node->key[TAM_BATCH_NORM_MOMENTUM];
    double mean = 0, variance = 0;
    EACH_VALUE(at, c, mean += x[i]);
    mean /= m;
    EACH_VALUE(at, c, variance += (x[i] - mean) * (x[i] - mean));
    variance /= m;
    at->value[MEAN][c] = tam_running_next(at->value[MEAN][c], momentum, mean);
    at->value[VARIANCE][c] = tam_running_next(at->value[VARIANCE][c], momentum, variance * m / (m - 1));
    return (channel){.mean = mean, .inverse = 1 / sqrt(variance + at->node->key[TAM_BATCH_NORM_EPS])};
}

static channel running_statistics(const tam_ref_node *at, int c) {
    return (channel){
        .mean = at->value[MEAN][c],
        .inverse = 1 / sqrt(at->value[VARIANCE][c] + at->node->key[TAM_BATCH_NORM_EPS]),
    };
}

static void forward(const tam_ref_node *at) {
    channel *kept = at->kept;
    for (int c = 0; c < at->out.c; c++) {
        channel k = at->training ? batch_statistics(at, c) : running_statistics(at, c);
        double gamma = at->value[GAMMA][c], beta = at->value[BETA][c];
        EACH_VALUE(at, c, at->y[i] = (float)(gamma * (at->x[0][i] - k.mean) * k.inverse + beta));
        kept[c] = k;
    }
}

/* dbeta = sum dy;  dgamma = sum dy z;  dx = gamma inverse (dy - dbeta / m - z dgamma / m) */
static void backward(const tam_ref_node *at) {
    const channel *kept = at->kept;
    const float *x = at->x[0], *dy = at->dy;
    double m = values_of_channel(at);
    for (int c = 0; c < at->out.c; c++) {
        channel k = kept[c];
        double factor = at->value[GAMMA][c] * k.inverse, dbeta = 0, dgamma = 0;
        EACH_VALUE(at, c, dbeta += dy[i]);
        EACH_VALUE(at, c, dgamma += dy[i] * (x[i] - k.mean) * k.inverse);
        EACH_VALUE(at, c,
                   at->dx[0][i] += (float)(factor * (dy[i] - dbeta / m - (x[i] - k.mean) * k.inverse * dgamma / m)));
        at->gradient[BETA][c] += (float)dbeta;
        if (at->node->key[TAM_BATCH_NORM_SCALE] != 0) {
            at->gradient[GAMMA][c] += (float)dgamma;
        }
    }
}

const tam_ref_op tam_ref_batch_norm = {.forward = forward, .backward = backward, .kept_bytes = kept_bytes};

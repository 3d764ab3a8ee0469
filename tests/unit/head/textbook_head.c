#include "textbook_head.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static double *numbers(int64_t count) {
    double *block = calloc((size_t)count, sizeof *block);
    if (block == NULL) {
        abort();
    }
    return block;
}

static double length(int64_t dim, const double *v) {
    double square = 0.0;
    for (int64_t d = 0; d < dim; d++) {
        square += v[d] * v[d];
    }
    return sqrt(square);
}

static double product(int64_t dim, const double *u, const double *v) {
    double sum = 0.0;
    for (int64_t d = 0; d < dim; d++) {
        sum += u[d] * v[d];
    }
    return sum;
}

void textbook_create(tam_ctx *ctx, const char *loss, tam_head *like, int64_t classes, int dim, textbook_head *out) {
    *out = (textbook_head){.classes = classes, .dim = dim};
    if (tam_loss_read(ctx, loss, classes, &out->loss) != TAM_OK) {
        abort();
    }
    out->w = numbers(classes * dim);
    out->momentum = numbers(classes * dim);
    out->bias = numbers(classes);
    out->bias_momentum = numbers(classes);
    out->centres = numbers(classes * dim);
    for (int64_t k = 0; k < classes * dim; k++) {
        out->w[k] = (double)tam_head_weights(like)[k];
    }
}

void textbook_free(textbook_head *head) {
    free(head->w);
    free(head->momentum);
    free(head->bias);
    free(head->bias_momentum);
    free(head->centres);
}

/* One sample: its loss, and G_j = dL/dc_j [C], dL/dz_j [C], dL/da for all classes, from its cosines c [C]. */
static double differentiate(const textbook_head *head, const double *c, double a, double b, int32_t y, double *g,
                            double *dz, double *radial) {
    const tam_class_loss *loss = head->loss.class_loss;
    int64_t classes = head->classes;
    double max = -INFINITY, sum = 0.0, direct = 0.0;
    double *z = numbers(classes), *slope_a = numbers(classes);
    tam_sample own = {.c = c[y], .held = c[y], .a = a, .b = b};
    tam_logit target = tam_class_loss_target(loss, &head->loss.state, &own);
    own.z = target.z;
    for (int64_t j = 0; j < classes; j++) {
        tam_logit logit = j == y ? target : tam_class_loss_other(loss, &head->loss.state, &own, c[j], c[j]);
        z[j] = logit.z + head->bias[j];
        g[j] = logit.slope_c;
        slope_a[j] = logit.slope_a;
        direct += logit.z;
        max = fmax(max, z[j]);
    }
    for (int64_t j = 0; j < classes; j++) {
        sum += exp(z[j] - max);
    }
    double result = max + log(sum) - z[y];
    *radial = 0.0;
    for (int64_t j = 0; j < classes; j++) {
        dz[j] = loss->kind == TAM_LOSS_DIRECT ? 1.0 : exp(z[j] - max) / sum - (j == y ? 1.0 : 0.0);
        g[j] *= dz[j];
        *radial += dz[j] * slope_a[j];
    }
    free(z);
    free(slope_a);
    return loss->kind == TAM_LOSS_DIRECT ? direct : result;
}

/* Adds weight * G * dc/du to du, where c = u^ . v (unit) or c = u . v (raw); v and c as the loss sees them. */
static void add_cosine_gradient(int64_t dim, bool unit, double g, double c, const double *u, double u_length,
                                const double *v, double *du) {
    for (int64_t d = 0; d < dim; d++) {
        du[d] += unit ? g * (v[d] - c * u[d] / u_length) / u_length : g * v[d];
    }
}

static void add_center(const textbook_head *head, const double *key, int n, int counted, const double *x,
                       const int32_t *y, double *loss, double *dx) {
    for (int i = 0; i < n; i++) {
        for (int64_t d = 0; y[i] >= 0 && d < head->dim; d++) {
            double apart = x[i * head->dim + d] - head->centres[y[i] * head->dim + d];
            *loss += 0.5 * key[0] * apart * apart / counted;
            dx[i * head->dim + d] += key[0] * apart / counted;
        }
    }
}

double textbook_gradient(const textbook_head *head, int n, const double *x, const int32_t *y, double *dx, double *dw,
                         double *dbias) {
    int64_t classes = head->classes, dim = head->dim;
    bool unit_x = head->loss.class_loss->traits & TAM_LOSS_UNIT_X,
         unit_w = head->loss.class_loss->traits & TAM_LOSS_UNIT_W;
    double *own_dx = numbers(n * dim), *own_dw = numbers(classes * dim), *own_dbias = numbers(classes);
    double *c = numbers(classes), *g = numbers(classes), *dz = numbers(classes);
    double *x_seen = numbers(dim), *w_seen = numbers(classes * dim), *w_length = numbers(classes);
    double total = 0.0;
    int counted = 0;
    for (int64_t j = 0; j < classes; j++) {
        w_length[j] = length(dim, head->w + j * dim);
        for (int64_t d = 0; d < dim; d++) {
            w_seen[j * dim + d] = head->w[j * dim + d] / (unit_w ? w_length[j] : 1.0);
        }
    }
    for (int i = 0; i < n; i++) {
        counted += y[i] >= 0;
    }
    for (int i = 0; i < n; i++) {
        if (y[i] < 0) {
            continue;
        }
        double a = length(dim, x + i * dim), radial;
        for (int64_t d = 0; d < dim; d++) {
            x_seen[d] = x[i * dim + d] / (unit_x ? a : 1.0);
        }
        for (int64_t j = 0; j < classes; j++) {
            c[j] = product(dim, x_seen, w_seen + j * dim);
        }
        total += differentiate(head, c, a, w_length[y[i]], y[i], g, dz, &radial) / counted;
        for (int64_t j = 0; j < classes; j++) {
            double length_j = g[j] / counted;
            add_cosine_gradient(dim, unit_x, length_j, c[j], x + i * dim, a, w_seen + j * dim, own_dx + i * dim);
            add_cosine_gradient(dim, unit_w, length_j, c[j], head->w + j * dim, w_length[j], x_seen, own_dw + j * dim);
            own_dbias[j] += dz[j] / counted;
        }
        for (int64_t d = 0; d < dim; d++) {
            own_dx[i * dim + d] += radial * x[i * dim + d] / a / counted;
        }
    }
    for (int k = 0; k < head->loss.terms; k++) {
        add_center(head, head->loss.term[k].key, n, counted, x, y, &total, own_dx);
    }
    if (dx != NULL) {
        memcpy(dx, own_dx, (size_t)(n * dim) * sizeof(double));
    }
    if (dw != NULL) {
        memcpy(dw, own_dw, (size_t)(classes * dim) * sizeof(double));
    }
    if (dbias != NULL) {
        memcpy(dbias, own_dbias, (size_t)classes * sizeof(double));
    }
    double *blocks[] = {own_dx, own_dw, own_dbias, c, g, dz, x_seen, w_seen, w_length};
    for (size_t b = 0; b < sizeof blocks / sizeof blocks[0]; b++) {
        free(blocks[b]);
    }
    return total;
}

static void sgd(int64_t count, double *w, double *v, const double *dw, const tam_head_update *u, double decay) {
    double scale = u->gradient_scale != 0.0f ? (double)u->gradient_scale : 1.0;
    for (int64_t k = 0; k < count; k++) {
        v[k] = (double)u->momentum * v[k] + scale * dw[k] + decay * w[k];
        w[k] -= (double)u->lr * v[k];
    }
}

static void move_centres(textbook_head *head, double alpha, int n, const double *x, const int32_t *y) {
    for (int64_t j = 0; j < head->classes; j++) {
        for (int64_t d = 0; d < head->dim; d++) {
            double difference = 0.0, count = 0.0;
            for (int i = 0; i < n; i++) {
                difference += y[i] == j ? head->centres[j * head->dim + d] - x[i * head->dim + d] : 0.0;
                count += y[i] == j;
            }
            head->centres[j * head->dim + d] -= alpha * difference / (1.0 + count);
        }
    }
}

double textbook_step(textbook_head *head, int n, const double *x, const int32_t *y, double *dx,
                     const tam_head_update *update) {
    double *dw = numbers(head->classes * head->dim), *dbias = numbers(head->classes);
    double loss = textbook_gradient(head, n, x, y, dx, dw, dbias);
    sgd(head->classes * head->dim, head->w, head->momentum, dw, update, (double)update->weight_decay);
    if (head->loss.class_loss->traits & TAM_LOSS_BIAS) {
        sgd(head->classes, head->bias, head->bias_momentum, dbias, update, 0.0);
    }
    for (int k = 0; k < head->loss.terms; k++) {
        move_centres(head, head->loss.term[k].key[1], n, x, y);
    }
    head->loss.state.running[TAM_RUNNING_STEP] += 1.0;
    free(dw);
    free(dbias);
    return loss;
}

#include "textbook_head.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"

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
    out->subs = tam_class_loss_sub_centres(out->loss.class_loss, &out->loss.state);
    out->w = numbers(classes * out->subs * dim);
    out->momentum = numbers(classes * out->subs * dim);
    out->bias = numbers(classes);
    out->bias_momentum = numbers(classes);
    out->centres = numbers(classes * dim);
    for (int64_t k = 0; k < classes * out->subs * dim; k++) {
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

/* Everything that one batch is, materialised: [n, C] arrays of cosines, logits and their slopes. */
typedef struct page {
    tam_loss_state state;
    int n, counted;
    const int32_t *y;
    double *a;                  /* [n] */
    double *b;                  /* [C K] lengths of w */
    double *x_seen, *w_seen;    /* [n, D], [C K, D]: normalised or as they are */
    double *c;                  /* [n, C] */
    int *nearest;               /* [n, C]: the row of w that stands for the class */
    double *z, *dz_dc;          /* [n, C] */
    double *dz_da, *dz_db;      /* [n, C], [n] of the own class */
    double *dl_dz;              /* [n, C] */
    double *length, *length_da; /* [n] */
} page;

static void close_page(page *p) {
    double *blocks[] = {p->a,     p->b,     p->x_seen, p->w_seen, p->c,      p->z,
                        p->dz_dc, p->dz_da, p->dz_db,  p->dl_dz,  p->length, p->length_da};
    for (size_t k = 0; k < sizeof blocks / sizeof blocks[0]; k++) {
        free(blocks[k]);
    }
    free(p->nearest);
}

static void measure(const textbook_head *head, const double *x, page *p) {
    int64_t dim = head->dim, rows = head->classes * head->subs;
    bool unit_x = head->loss.class_loss->traits & TAM_LOSS_UNIT_X,
         unit_w = head->loss.class_loss->traits & TAM_LOSS_UNIT_W;
    for (int64_t j = 0; j < rows; j++) {
        p->b[j] = length(dim, head->w + j * dim);
        for (int64_t d = 0; d < dim; d++) {
            p->w_seen[j * dim + d] = head->w[j * dim + d] / (unit_w ? p->b[j] : 1.0);
        }
    }
    for (int i = 0; i < p->n; i++) {
        p->a[i] = length(dim, x + i * dim);
        for (int64_t d = 0; d < dim; d++) {
            p->x_seen[i * dim + d] = x[i * dim + d] / (unit_x ? p->a[i] : 1.0);
        }
        for (int64_t row = 0; row < rows; row++) {
            int64_t at = i * head->classes + row / head->subs;
            double c = product(dim, p->x_seen + i * dim, p->w_seen + row * dim);
            if (row % head->subs == 0 || c > p->c[at]) {
                p->c[at] = c;
                p->nearest[at] = (int)row;
            }
        }
    }
}

/* All logits of one sample with their slopes. */
static void logits_of(const textbook_head *head, page *p, int i) {
    const tam_class_loss *loss = head->loss.class_loss;
    int64_t base = i * head->classes, y = p->y[i];
    tam_random random = tam_random_at(3, TAM_PURPOSE_MARGIN, (uint32_t)p->state.running[0], (uint32_t)i);
    tam_sample own = {.c = p->c[base + y], .a = p->a[i], .b = p->b[p->nearest[base + y]]};
    own.held = own.c;
    own.normal = (double)tam_random_normal(&random); /* test_head's seed is 3 */
    tam_logit target = tam_class_loss_target(loss, &p->state, &own);
    own.z = target.z;
    for (int64_t j = 0; j < head->classes; j++) {
        double c = p->c[base + j];
        tam_logit logit = j == y ? target : tam_class_loss_other(loss, &p->state, &own, c, c);
        if (j != y && c > p->state.options.interclass_filter) {
            logit = (tam_logit){.z = loss->kind == TAM_LOSS_DIRECT ? 0.0 : -INFINITY};
        }
        p->z[base + j] = logit.z + head->bias[j];
        p->dz_dc[base + j] = logit.slope_c;
        p->dz_da[base + j] = logit.slope_a;
    }
    p->dz_db[i] = target.slope_b;
    tam_scale price = loss->length != NULL ? loss->length(&p->state, p->a[i]) : (tam_scale){0};
    p->length[i] = price.value;
    p->length_da[i] = price.slope_a;
}

/* One sample's cross-entropy, or the loss's own; dL_i/dz_ij. */
static double differentiate_sample(const textbook_head *head, page *p, int i) {
    int64_t base = i * head->classes;
    const double *z = p->z + base;
    double max = -INFINITY, sum = 0.0, direct = 0.0;
    bool is_direct = head->loss.class_loss->kind == TAM_LOSS_DIRECT;
    for (int64_t j = 0; j < head->classes; j++) {
        max = fmax(max, z[j]);
        direct += z[j];
    }
    for (int64_t j = 0; j < head->classes; j++) {
        sum += exp(z[j] - max);
    }
    for (int64_t j = 0; j < head->classes; j++) {
        p->dl_dz[base + j] = (is_direct ? 1.0 : exp(z[j] - max) / sum - (j == p->y[i] ? 1.0 : 0.0)) / p->counted;
    }
    return (is_direct ? direct : max + log(sum) - z[p->y[i]]) / p->counted;
}

/* Proxies: sums over the samples of each class. */
static double differentiate_columns(const textbook_head *head, page *p) {
    double total = 0.0, present = 0.0;
    for (int64_t j = 0; j < head->classes; j++) {
        for (int i = 0; i < p->n; i++) {
            if (p->y[i] == j) {
                present += 1.0;
                break;
            }
        }
    }
    for (int64_t j = 0; j < head->classes; j++) {
        double sum[2] = {1.0, 1.0}; /* of the others and of the own samples */
        const double share[2] = {1.0 / (double)head->classes, present > 0.0 ? 1.0 / present : 0.0};
        for (int i = 0; i < p->n; i++) {
            sum[p->y[i] == j] += p->y[i] >= 0 ? exp(p->z[i * head->classes + j]) : 0.0;
        }
        for (int i = 0; i < p->n; i++) {
            int64_t at = i * head->classes + j;
            p->dl_dz[at] = p->y[i] >= 0 ? share[p->y[i] == j] * exp(p->z[at]) / sum[p->y[i] == j] : 0.0;
        }
        total += share[0] * log(sum[0]) + share[1] * log(sum[1]);
    }
    return p->counted > 0 ? total : 0.0;
}

/* The statistics that this batch makes. */
static void observe(const textbook_head *head, page *p) {
    const tam_class_loss *loss = head->loss.class_loss;
    if (loss->observe == NULL || p->counted == 0) {
        return;
    }
    double *c = numbers(p->n), *a = numbers(p->n), *others = numbers(p->n), *room = numbers(p->n);
    int n = 0;
    for (int i = 0; i < p->n; i++) {
        if (p->y[i] < 0) {
            continue;
        }
        double sum = 0.0;
        logits_of(head, p, i);
        for (int64_t j = 0; j < head->classes; j++) {
            sum += j != p->y[i] ? exp(p->z[i * head->classes + j]) : 0.0;
        }
        c[n] = p->c[i * head->classes + p->y[i]];
        a[n] = p->a[i];
        others[n++] = log(sum);
    }
    loss->observe(&p->state, &(tam_loss_batch){.n = n, .c = c, .a = a, .others = others, .room = room});
    free(c);
    free(a);
    free(others);
    free(room);
}

static void open_page(const textbook_head *head, int n, const double *x, const int32_t *y, page *p) {
    int64_t rows = head->classes * head->subs, all = n * head->classes;
    *p = (page){.state = head->loss.state, .n = n, .y = y};
    double **by_sample[] = {&p->a, &p->dz_db, &p->length, &p->length_da};
    double **by_logit[] = {&p->c, &p->z, &p->dz_dc, &p->dz_da, &p->dl_dz};
    for (int k = 0; k < 4; k++) {
        *by_sample[k] = numbers(n);
    }
    for (int k = 0; k < 5; k++) {
        *by_logit[k] = numbers(all);
    }
    p->b = numbers(rows);
    p->x_seen = numbers(n * head->dim);
    p->w_seen = numbers(rows * head->dim);
    p->nearest = calloc((size_t)all, sizeof *p->nearest);
    for (int i = 0; i < n; i++) {
        p->counted += y[i] >= 0;
    }
    measure(head, x, p);
    observe(head, p);
}

static double differentiate(const textbook_head *head, page *p) {
    double total = 0.0;
    for (int i = 0; i < p->n; i++) {
        if (p->y[i] >= 0) {
            logits_of(head, p, i);
            total += p->length[i] / p->counted;
        }
    }
    if (head->loss.class_loss->kind == TAM_LOSS_PROXY) {
        return total + differentiate_columns(head, p);
    }
    for (int i = 0; i < p->n; i++) {
        total += p->y[i] >= 0 ? differentiate_sample(head, p, i) : 0.0;
    }
    return total;
}

/* Adds G * dc/du to du, where c = u^ . v (unit) or c = u . v (raw); v and c as the loss sees them. */
static void add_cosine_gradient(int64_t dim, bool unit, double g, double c, const double *u, double u_length,
                                const double *v, double *du) {
    for (int64_t d = 0; d < dim; d++) {
        du[d] += unit ? g * (v[d] - c * u[d] / u_length) / u_length : g * v[d];
    }
}

/* One sample's part of dx, dw and the bias' gradient. */
static void spread_sample(const textbook_head *head, const page *p, int i, const double *x, double *dx, double *dw,
                          double *dbias) {
    int64_t dim = head->dim, base = i * head->classes;
    bool unit_x = head->loss.class_loss->traits & TAM_LOSS_UNIT_X,
         unit_w = head->loss.class_loss->traits & TAM_LOSS_UNIT_W;
    double radial = p->length_da[i] / p->counted;
    for (int64_t j = 0; j < head->classes; j++) {
        int64_t at = base + j, row = p->nearest[at];
        double g = p->dl_dz[at] * p->dz_dc[at];
        add_cosine_gradient(dim, unit_x, g, p->c[at], x + i * dim, p->a[i], p->w_seen + row * dim, dx + i * dim);
        add_cosine_gradient(dim, unit_w, g, p->c[at], head->w + row * dim, p->b[row], p->x_seen + i * dim,
                            dw + row * dim);
        dbias[j] += p->dl_dz[at];
        radial += p->dl_dz[at] * p->dz_da[at];
        for (int64_t d = 0; j == p->y[i] && d < dim; d++) {
            dw[row * dim + d] += p->dl_dz[at] * p->dz_db[i] * head->w[row * dim + d] / p->b[row];
        }
    }
    for (int64_t d = 0; d < dim; d++) {
        dx[i * dim + d] += radial * x[i * dim + d] / p->a[i];
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

static double gradient(const textbook_head *head, int n, const double *x, const int32_t *y, double *dx, double *dw,
                       double *dbias, page *p) {
    double *own_dx = numbers(n * head->dim), *own_dw = numbers(head->classes * head->subs * head->dim);
    double *own_dbias = numbers(head->classes);
    open_page(head, n, x, y, p);
    double total = differentiate(head, p);
    for (int i = 0; i < n; i++) {
        if (y[i] >= 0) {
            spread_sample(head, p, i, x, own_dx, own_dw, own_dbias);
        }
    }
    for (int k = 0; k < head->loss.terms; k++) {
        add_center(head, head->loss.term[k].key, n, p->counted, x, y, &total, own_dx);
    }
    const struct {
        double *to, *from;
        int64_t count;
    } out[] = {{dx, own_dx, n * head->dim},
               {dw, own_dw, head->classes * head->subs * head->dim},
               {dbias, own_dbias, head->classes}};
    for (int k = 0; k < 3; k++) {
        if (out[k].to != NULL) {
            memcpy(out[k].to, out[k].from, (size_t)out[k].count * sizeof(double));
        }
        free(out[k].from);
    }
    return total;
}

double textbook_gradient(const textbook_head *head, int n, const double *x, const int32_t *y, double *dx, double *dw,
                         double *dbias) {
    page p;
    double total = gradient(head, n, x, y, dx, dw, dbias, &p);
    close_page(&p);
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

/* What the loss learns by gradient: sum_ij dL/dz_ij dz_ij/dc c_ij. */
static void learn(textbook_head *head, const page *p, const tam_head_update *update) {
    double gc = 0.0;
    for (int64_t at = 0; at < p->n * head->classes; at++) {
        gc += p->y[at / head->classes] >= 0 ? p->dl_dz[at] * p->dz_dc[at] * p->c[at] : 0.0;
    }
    double scale = update->gradient_scale != 0.0f ? (double)update->gradient_scale : 1.0;
    head->loss.class_loss->learn(&head->loss.state, scale * gc, (double)update->lr, (double)update->momentum);
}

double textbook_step(textbook_head *head, int n, const double *x, const int32_t *y, double *dx,
                     const tam_head_update *update) {
    int64_t weights = head->classes * head->subs * head->dim;
    double *dw = numbers(weights), *dbias = numbers(head->classes);
    page p;
    double loss = gradient(head, n, x, y, dx, dw, dbias, &p);
    sgd(weights, head->w, head->momentum, dw, update, (double)update->weight_decay);
    if (head->loss.class_loss->traits & TAM_LOSS_BIAS) {
        sgd(head->classes, head->bias, head->bias_momentum, dbias, update, 0.0);
    }
    for (int k = 0; k < head->loss.terms; k++) {
        move_centres(head, head->loss.term[k].key[1], n, x, y);
    }
    head->loss.state = p.state;
    if (head->loss.class_loss->learn != NULL) {
        learn(head, &p, update);
    }
    head->loss.state.running[TAM_RUNNING_STEP] += 1.0;
    close_page(&p);
    free(dw);
    free(dbias);
    return loss;
}

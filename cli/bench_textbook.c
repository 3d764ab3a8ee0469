/* Symbols as in docs/head.md: G_ij = f_i t_ij for other classes. With dtype bf16 what is rounded is x^ and w in the
 * logits, t and w^ in dx, t and f x^ in dw; a power of two in t and f changes no rounded digit. */
#include "bench_textbook.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool bench_textbook_knows(const char *loss) {
    static const char *const known[] = {"normface", "cosface",      "arcface", "combined",  "sphereface-norm",
                                        "circle",   "adacos-fixed", "p2sgrad", "mv-softmax"};
    size_t length = strcspn(loss, ":+");
    if (strchr(loss, '+') != NULL || strstr(loss, "interclass-filter") != NULL) {
        return false;
    }
    for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
        if (strlen(known[k]) == length && strncmp(known[k], loss, length) == 0) {
            return true;
        }
    }
    return false;
}

typedef struct page {
    bench_textbook *book;
    double *a, *b;     /* [n], [rows] lengths */
    double *x, *w;     /* [n, dim], [rows, dim] unit vectors */
    double *c, *z, *t; /* [n, rows]; t: slopes, then t_ij, but G_iy for the own class */
    double *f;         /* [n] */
    /* As factors of products: x^, w, w^ [rows, dim], and x^ times f [dim]. */
    double *x_seen, *w_seen, *w_unit_seen, *fx_seen;
    bool direct;
} page;

static double to_bf16(double value) {
    float number = (float)value;
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    bits = (bits + 0x7fffu + (bits >> 16 & 1u)) & 0xffff0000u; /* nearest, ties to even */
    memcpy(&number, &bits, sizeof number);
    return (double)number;
}

static double rounded(const page *p, double value) {
    return p->book->bf16 ? to_bf16(value) : value;
}

/* The lengths of the vectors, and the vectors at length 1. */
static void normalise(int64_t count, int64_t dim, const float *from, double *length, double *unit) {
    for (int64_t k = 0; k < count; k++) {
        double square = 0.0;
        for (int64_t d = k * dim; d < (k + 1) * dim; d++) {
            square += (double)from[d] * (double)from[d];
        }
        length[k] = sqrt(square);
        for (int64_t d = k * dim; d < (k + 1) * dim; d++) {
            unit[d] = square > 0.0 ? (double)from[d] / length[k] : 0.0;
        }
    }
}

static void prepare(page *p) {
    const bench_textbook *book = p->book;
    normalise(book->n, book->dim, book->x, p->a, p->x);
    normalise(book->rows, book->dim, book->w, p->b, p->w);
    for (int64_t k = 0; k < (int64_t)book->n * book->dim; k++) {
        p->x_seen[k] = rounded(p, p->x[k]);
    }
    for (int64_t k = 0; k < book->rows * book->dim; k++) {
        p->w_seen[k] = rounded(p, (double)book->w[k]);
        p->w_unit_seen[k] = rounded(p, p->w[k]);
    }
}

static double product(int64_t dim, const double *u, const double *v) {
    double sum = 0.0;
    for (int64_t d = 0; d < dim; d++) {
        sum += u[d] * v[d];
    }
    return sum;
}

/* The own class's cosine is a product of its own in the head, of numbers that are not rounded. */
static void find_cosines(page *p, int64_t i) {
    const bench_textbook *book = p->book;
    int64_t dim = book->dim;
    for (int64_t j = 0; j < book->rows; j++) {
        double c = j == book->y[i]  ? product(dim, p->x + i * dim, p->w + j * dim)
                   : p->b[j] == 0.0 ? 0.0
                                    : product(dim, p->x_seen + i * dim, p->w_seen + j * dim) / p->b[j];
        p->c[i * book->rows + j] = fmin(fmax(c, -1.0), 1.0);
    }
}

static tam_status find_logits(cli_call *call, page *p, int64_t i) {
    bench_textbook *book = p->book;
    int64_t base = i * book->rows, own = base + book->y[i];
    tam_loss_query query = {.theta = acos(p->c[own]), .norm = p->a[i]};
    for (int64_t at = base; at < base + book->rows; at++) {
        tam_loss_point point;
        query.other_theta = acos(p->c[at]);
        tam_status status = tam_loss_curve(call->ctx, book->loss, book->classes, &query, &point);
        if (status != TAM_OK) {
            return status;
        }
        p->direct = point.direct != 0;
        p->z[at] = at == own ? point.target_z : point.other_z;
        p->t[at] = at == own ? point.target_slope : point.other_slope;
        book->slope = fmax(book->slope, fabs(point.other_slope));
    }
    return TAM_OK;
}

/* L_i, f_i and t_ij of a loss that gives its gradient itself. */
static double take_slopes(page *p, int64_t i) {
    const bench_textbook *book = p->book;
    double loss = 0.0;
    p->f[i] = 1.0 / book->n;
    for (int64_t j = 0; j < book->rows; j++) {
        double *t = &p->t[i * book->rows + j];
        *t = j == book->y[i] ? *t / book->n : rounded(p, *t);
        loss += p->z[i * book->rows + j];
    }
    return loss / book->n;
}

/* L_i, f_i and t_ij of a softmax, relative to a whole power of two. */
static double differentiate(page *p, int64_t i) {
    const bench_textbook *book = p->book;
    const double *z = p->z + i * book->rows;
    double *t = p->t + i * book->rows, most = -INFINITY, sum = 0.0;
    int64_t own = book->y[i];
    for (int64_t j = 0; j < book->rows; j++) {
        most = j != own ? fmax(most, z[j]) : most;
    }
    double m = floor(most / M_LN2);
    for (int64_t j = 0; j < book->rows; j++) {
        if (j != own) {
            double power = exp2(z[j] / M_LN2 - m);
            sum += power;
            t[j] = rounded(p, t[j] * power);
        }
    }
    double apart = log(sum) + m * M_LN2 - z[own], wrong = 1.0 / (1.0 + exp(-apart));
    p->f[i] = wrong / sum / book->n;
    t[own] *= -wrong / book->n;
    return (apart > 0.0 ? apart + log1p(exp(-apart)) : log1p(exp(apart))) / book->n;
}

/* to = (sum - (sum . unit) unit) / length, in place. */
static void project(int64_t dim, const double *unit, double length, double *sum) {
    double along = 0.0;
    for (int64_t d = 0; d < dim; d++) {
        along += sum[d] * unit[d];
    }
    for (int64_t d = 0; d < dim; d++) {
        sum[d] = length > 0.0 ? (sum[d] - along * unit[d]) / length : 0.0;
    }
}

static void add(int64_t dim, double factor, const double *v, double *sum) {
    for (int64_t d = 0; d < dim; d++) {
        sum[d] += factor * v[d];
    }
}

static void find_dx(const page *p, int64_t i) {
    const bench_textbook *book = p->book;
    int64_t dim = book->dim, own = book->y[i];
    double *dx = book->dx + i * dim;
    memset(dx, 0, (size_t)dim * sizeof *dx);
    for (int64_t j = 0; j < book->rows; j++) {
        double t = p->t[i * book->rows + j];
        add(dim, j == own ? t : p->f[i] * t, (j == own ? p->w : p->w_unit_seen) + j * dim, dx);
    }
    project(dim, p->x + i * dim, p->a[i], dx);
}

static void find_dw(const page *p) {
    const bench_textbook *book = p->book;
    int64_t dim = book->dim;
    memset(book->dw, 0, (size_t)(book->rows * dim) * sizeof *book->dw);
    for (int64_t i = 0; i < book->n; i++) {
        const double *x = p->x + i * dim;
        for (int64_t d = 0; d < dim; d++) {
            p->fx_seen[d] = rounded(p, p->f[i] * x[d]);
        }
        for (int64_t j = 0; j < book->rows; j++) {
            add(dim, p->t[i * book->rows + j], j == book->y[i] ? x : p->fx_seen, book->dw + j * dim);
        }
    }
    for (int64_t j = 0; j < book->rows; j++) {
        project(dim, p->w + j * dim, p->b[j], book->dw + j * dim);
    }
}

tam_status bench_textbook_gradient(cli_call *call, bench_textbook *book) {
    size_t n = (size_t)book->n, rows = (size_t)book->rows, dim = (size_t)book->dim;
    page p = {.book = book};
    const size_t counts[] = {n,        rows,    n * dim,    rows * dim, n * rows, n * rows,
                             n * rows, n * dim, rows * dim, rows * dim, n,        dim};
    double **const arrays[] = {&p.a, &p.b,      &p.x,      &p.w,           &p.c, &p.z,
                               &p.t, &p.x_seen, &p.w_seen, &p.w_unit_seen, &p.f, &p.fx_seen};
    enum { ARRAYS = sizeof arrays / sizeof arrays[0] };
    tam_status status = TAM_OK;
    for (int k = 0; k < ARRAYS && status == TAM_OK; k++) {
        *arrays[k] = malloc((counts[k] + 1) * sizeof **arrays[k]);
        if (*arrays[k] == NULL) {
            status = cli_fail(call, TAM_RESOURCES, "no memory for a check on %d samples and %lld classes", book->n,
                              (long long)book->rows);
        }
    }
    book->loss_value = book->slope = 0.0;
    if (status == TAM_OK) {
        prepare(&p);
    }
    for (int64_t i = 0; i < book->n && status == TAM_OK; i++) {
        find_cosines(&p, i);
        status = find_logits(call, &p, i);
        if (status == TAM_OK) {
            book->loss_value += p.direct ? take_slopes(&p, i) : differentiate(&p, i);
            find_dx(&p, i);
        }
    }
    if (status == TAM_OK && book->dw != NULL) {
        find_dw(&p);
    }
    for (int k = 0; k < ARRAYS; k++) {
        free(*arrays[k]);
    }
    return status;
}

/* The head's work on single samples: before the passes what they need of x and of the own class, after the first dx. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "backend/class_rows.h"
#include "base/random.h"
#include "head/head_inside.h"
#include "head/row_kernels.h"
#include "head/sampling.h"

/* The largest cosine to another class that is likely: exponentials begin relative to its logit. */
#define LIKELY_TOP 0.35
/* A factor below it would make denormal products, which the processor handles a hundred times slower. */
#define LEAST_FACTOR 1e-30

/* Keeps a NaN, which fmin and fmax would not. */
static double clamp_cosine(double c) {
    return c > 1.0 ? 1.0 : c < -1.0 ? -1.0 : c;
}

/* The own class's rows of w: the nearest one, as the loss sees it, into own_w. */
static void measure_own(const tam_head *head, const float *x, int64_t y, float *own_w, tam_head_row *row) {
    int64_t dim = head->dim;
    double a = sqrt(tam_dot(dim, x, x)), inverse_x = tam_head_inverse(a);
    bool unit_x = tam_head_has(head, TAM_LOSS_UNIT_X), unit_w = tam_head_has(head, TAM_LOSS_UNIT_W);
    row->inverse = unit_x ? inverse_x : 1.0;
    for (int k = 0; k < head->subs; k++) {
        tam_class_row_read(head->dtype, head->w, y * head->subs + k, head->dim, own_w);
        double b = sqrt(tam_dot(dim, own_w, own_w)), inverse_w = tam_head_inverse(b);
        double product = tam_dot(dim, x, own_w), cosine = clamp_cosine(product * inverse_x * inverse_w);
        if (k > 0 && !(cosine > row->cosine)) {
            continue;
        }
        double c = unit_x && unit_w ? cosine : product * row->inverse * (unit_w ? inverse_w : 1.0);
        row->cosine = cosine;
        row->sub = k;
        row->own = (tam_sample){.c = c, .held = c, .a = a, .b = b};
    }
    if (row->sub != head->subs - 1) {
        tam_class_row_read(head->dtype, head->w, y * head->subs + row->sub, head->dim, own_w);
    }
}

static void prepare_row(const tam_head_job *job, int i) {
    tam_head *head = job->head;
    int64_t dim = head->dim, y = job->y[i];
    float *x_unit = head->x_unit + i * dim;
    tam_head_row *row = &head->row[i];
    *row = (tam_head_row){.place = -1};
    if (y < 0) {
        memset(x_unit, 0, (size_t)dim * sizeof(float));
        return;
    }
    row->place = head->chosen != NULL ? tam_sampling_place(head->chosen, head->taking, (int32_t)y) : y;
    measure_own(head, job->x + i * dim, y, head->own_w + i * dim, row);
    tam_scale_row(dim, row->inverse, job->x + i * dim, x_unit);
}

/* The own class's logit, and what the other ones share, under the state of this step. */
static void own_logit(const tam_head_job *job, int i) {
    tam_head *head = job->head;
    const tam_class_loss *loss = head->loss.class_loss;
    const tam_loss_state *state = &head->state;
    tam_head_row *row = &head->row[i];
    if (job->y[i] < 0) {
        return;
    }
    double bias = head->bias != NULL ? (double)head->bias[job->y[i]] : 0.0;
    uint32_t step = (uint32_t)tam_head_steps_done(head);
    tam_random random = tam_random_at(tam_head_part_seed(job), TAM_PURPOSE_MARGIN, step, (uint32_t)i);
    row->own.normal = (double)tam_random_normal(&random);
    row->target = tam_class_loss_target(loss, state, &row->own);
    row->own.z = row->target.z;
    row->target.z += bias;
    row->scale = loss->scale != NULL ? loss->scale(state, row->own.a) : (tam_scale){.value = 1.0};
    row->length = loss->length != NULL ? loss->length(state, row->own.a) : (tam_scale){0};
    row->plain = row->scale.value * row->own.c + bias;
    row->target_g = loss->kind == TAM_LOSS_DIRECT ? job->weight * row->target.slope_c : 0.0;
    row->start = 0.0f;
    row->above = tam_head_has(head, TAM_LOSS_UNIT_W) || row->own.b < TAM_HEAD_LONG ? TAM_HEAD_ABOVE : 0.0f;
    if (tam_head_has(head, TAM_LOSS_UNIT_X) && tam_head_has(head, TAM_LOSS_UNIT_W)) {
        row->start = rintf((float)(LIKELY_TOP * row->scale.value / TAM_HEAD_LN_2));
    }
}

/* 2^shift; almost always of 0. */
static double power_of_two(double shift) {
    return shift == 0.0 ? 1.0 : exp2(shift);
}

/* The chunks' sums as one, 2^m sum. */
static void add_chunks(const tam_head *head, int i, tam_head_row *row) {
    row->m = -INFINITY;
    for (int k = 0; k < head->cut.chunks; k++) {
        const tam_head_partial *partial = &head->partial[(int64_t)k * head->batch + i];
        row->m = partial->started ? fmax(row->m, (double)partial->m) : row->m;
    }
    row->sum = 0.0;
    for (int k = 0; k < head->cut.chunks; k++) {
        const tam_head_partial *partial = &head->partial[(int64_t)k * head->batch + i];
        row->sum += partial->started ? partial->sum * power_of_two((double)partial->m - row->m) : partial->sum;
    }
    row->m = row->m == -INFINITY ? 0.0 : row->m; /* no other class where all are filtered */
}

/* With d = log sum_{j != y} e^z_j - z_y: L = log(1 + e^d), 1 - P_y = 1 / (1 + e^-d), free of cancellation. */
static void finish_softmax(const tam_head_job *job, int i) {
    tam_head_row *row = &job->head->row[i];
    if (job->y[i] < 0) {
        return;
    }
    add_chunks(job->head, i, row);
    row->others = row->m * TAM_HEAD_LN_2 + log(row->sum);
    double d = row->others - row->target.z;
    row->loss = d > 0.0 ? d + log1p(exp(-d)) : log1p(exp(d));
    row->wrong = 1.0 / (1.0 + exp(-d));
    row->target_slope = -row->wrong * job->weight;
    row->target_g = row->target_slope * row->target.slope_c;
}

static int compare_owns(const void *a, const void *b) {
    const tam_head_own *left = a, *right = b;
    int by_place = (left->place > right->place) - (left->place < right->place);
    int by_sub = left->sub - right->sub;
    return by_place != 0 ? by_place : by_sub != 0 ? by_sub : left->i - right->i;
}

void tam_head_weigh_rows(tam_head_job *job) {
    tam_head *head = job->head;
    job->owns = 0;
    for (int i = 0; i < job->n; i++) {
        const tam_head_row *row = &head->row[i];
        head->factor[i] = 0.0f;
        if (head->bias_factor != NULL) {
            head->bias_factor[i] = 0.0f;
        }
        if (job->y[i] < 0) {
            continue;
        }
        double factor = tam_head_is(head, TAM_LOSS_PROXY) ? 1.0 / (double)head->taking : job->weight;
        if (tam_head_is(head, TAM_LOSS_SOFTMAX)) {
            factor = row->sum > 0.0 ? job->weight * row->wrong / row->sum : 0.0;
        }
        head->factor[i] = factor < LEAST_FACTOR ? 0.0f : (float)factor;
        if (head->bias_factor != NULL) {
            double scale = row->scale.value;
            head->bias_factor[i] = scale != 0.0 ? (float)((double)head->factor[i] / scale) : 0.0f;
        }
        head->own[job->owns++] = (tam_head_own){.place = row->place, .sub = row->sub, .i = i};
    }
    qsort(head->own, (size_t)job->owns, sizeof *head->own, compare_owns);
}

/* dx_i += (G_iy / |x_i|) w^_y. Where both lengths are tiny, or huge, their product would leave the range of f32 and the
 * sum would not: one of them goes into the row first. */
static void add_own_class(const tam_head *head, const tam_head_row *row, float *own_w, float *dx) {
    double to_unit = tam_head_has(head, TAM_LOSS_UNIT_W) ? tam_head_inverse(row->own.b) : 1.0;
    double length = row->inverse * row->target_g;
    if (!(fabs(length * to_unit) > LEAST_FACTOR && fabs(length * to_unit) < 1.0 / LEAST_FACTOR)) {
        tam_scale_row(head->dim, to_unit, own_w, own_w);
        to_unit = 1.0;
    }
    tam_add_scaled_row(head->dim, (float)(length * to_unit), own_w, dx);
}

/* dx_i = (sum_j G_ij w^_j - (sum_j G_ij c_ij) x^_i) / |x_i| + r_i x^_i, added to what the terms left there; the own
 * class apart from the others, whose sum_j G_j c_j is x^ . sum_j G_j w^_j. */
static void finish_row(const tam_head_job *job, int i) {
    const tam_head *head = job->head;
    tam_head_row *row = &head->row[i];
    int64_t dim = head->dim, stride = head->batch * dim;
    const float *x_unit = head->x_unit + i * dim;
    float *sum = head->dx_chunk + i * dim, *dx = job->dx + i * dim;
    bool unit_x = tam_head_has(head, TAM_LOSS_UNIT_X);
    if (head->loss.terms == 0) {
        memset(dx, 0, (size_t)dim * sizeof *dx);
    }
    if (job->y[i] < 0) {
        return;
    }
    for (int k = 0; k < head->cut.chunks; k++) {
        double shift = (double)head->partial[(int64_t)k * head->batch + i].m - row->m;
        float share = tam_head_is(head, TAM_LOSS_SOFTMAX) ? (float)power_of_two(shift) : 1.0f;
        if (k == 0) {
            tam_scale_row(dim, (double)(share * head->factor[i]), sum, sum);
        } else {
            tam_add_scaled_row(dim, share * head->factor[i], sum + k * stride, sum);
        }
    }
    double others_gc = tam_dot(dim, x_unit, sum);
    row->gc = others_gc + row->target_g * row->own.c;
    /* G = P s and dz/da = s' c: the others' radial term is sum_j G_j c_j s'/s; with s = 0 there is no x^ either. */
    double relative = row->scale.value != 0.0 ? row->scale.slope_a / row->scale.value : 0.0;
    double radial = relative * others_gc + row->target_slope * row->target.slope_a + job->weight * row->length.slope_a;
    double along =
        unit_x ? (row->own.a > 0.0 ? radial : 0.0) - row->inverse * row->gc : radial * tam_head_inverse(row->own.a);
    tam_add_two_rows(dim, (float)row->inverse, sum, (float)along, x_unit, dx);
    add_own_class(head, row, head->own_w + i * dim, dx);
}

/* Runs one function over the samples of a task. */
static void over_rows(void *argument, int64_t task, void (*work)(const tam_head_job *job, int i)) {
    const tam_head_job *job = argument;
    int begin = (int)task * TAM_HEAD_ROWS_PER_TASK, end = begin + TAM_HEAD_ROWS_PER_TASK;
    for (int i = begin; i < job->n && i < end; i++) {
        work(job, i);
    }
}

void tam_head_prepare_rows(void *argument, int64_t task, int worker) {
    (void)worker;
    over_rows(argument, task, prepare_row);
}

void tam_head_own_logits(void *argument, int64_t task, int worker) {
    (void)worker;
    over_rows(argument, task, own_logit);
}

void tam_head_finish_rows(void *argument, int64_t task, int worker) {
    (void)worker;
    over_rows(argument, task, finish_row);
}

void tam_head_finish_softmax(void *argument, int64_t task, int worker) {
    (void)worker;
    over_rows(argument, task, finish_softmax);
}

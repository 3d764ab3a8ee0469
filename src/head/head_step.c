/* One step of the head, in the order of docs/head.md. */
#include <math.h>
#include <string.h>

#include "head/head_inside.h"
#include "head/row_kernels.h"

enum { ROWS_PER_TASK = 8 };

static tam_status check_batch(const tam_head *head, int n, const int32_t *y, int *counted) {
    *counted = 0;
    if (n < 1 || n > head->batch) {
        return tam_fail(head->ctx, TAM_CONFIG, "a step of %d samples; this head takes 1 to %d", n, head->batch);
    }
    for (int i = 0; i < n; i++) {
        if (y[i] < -1 || y[i] >= head->classes) {
            return tam_fail(head->ctx, TAM_INPUT, "row %d has label %d, outside [0, %lld) and not -1", i, (int)y[i],
                            (long long)head->classes);
        }
        *counted += y[i] >= 0;
    }
    return TAM_OK;
}

/* Keeps a NaN, which fmin and fmax would not. */
static double clamp_cosine(double c) {
    return c > 1.0 ? 1.0 : c < -1.0 ? -1.0 : c;
}

/* Everything about a sample and its own class. */
static void prepare_row(const tam_head_job *job, int i) {
    tam_head *head = job->head;
    const tam_class_loss *loss = head->loss.class_loss;
    int64_t dim = head->dim, y = job->y[i];
    const float *x = job->x + i * dim;
    float *x_unit = head->x_unit + i * dim;
    tam_head_row *row = &head->row[i];
    if (y < 0) {
        memset(x_unit, 0, (size_t)dim * sizeof(float));
        return;
    }
    const float *w = head->w + y * dim;
    double a = sqrt(tam_dot(dim, x, x)), b = sqrt(tam_dot(dim, w, w));
    double inverse_x = tam_head_inverse(a), inverse_w = tam_head_inverse(b);
    double product = tam_dot(dim, x, w);
    row->cosine = clamp_cosine(product * inverse_x * inverse_w);
    row->inverse = tam_head_has(head, TAM_LOSS_UNIT_X) ? inverse_x : 1.0;
    double c = product * row->inverse * (tam_head_has(head, TAM_LOSS_UNIT_W) ? inverse_w : 1.0);
    if (tam_head_has(head, TAM_LOSS_UNIT_X) && tam_head_has(head, TAM_LOSS_UNIT_W)) {
        c = row->cosine;
    }
    row->own = (tam_sample){.c = c, .held = c, .a = a, .b = b};
    double bias = head->bias != NULL ? (double)head->bias[y] : 0.0;
    row->target = tam_class_loss_target(loss, &head->loss.state, &row->own);
    row->own.z = row->target.z;
    row->target.z += bias;
    row->scale = (tam_scale){.value = 1.0};
    if (loss->scale != NULL) {
        row->scale = loss->scale(&head->loss.state, a);
    }
    row->plain = row->scale.value * c + bias;
    row->lse = 0.0;
    row->wrong = 0.0;
    row->target_g = job->weight * row->target.slope_c; /* of a direct loss */
    row->target_slope = 0.0;
    tam_scale_row(dim, row->inverse, x, x_unit);
}

static void prepare_rows(void *argument, int64_t task, int worker) {
    const tam_head_job *job = argument;
    (void)worker;
    for (int i = (int)task * ROWS_PER_TASK; i < job->n && i < (int)(task + 1) * ROWS_PER_TASK; i++) {
        prepare_row(job, i);
    }
}

/* With d = log sum_{j != y} e^z_j - z_y: L = log(1 + e^d), 1 - P_y = 1 / (1 + e^-d), free of cancellation. Returns L.
 */
static double finish_softmax(const tam_head_job *job, int i) {
    tam_head *head = job->head;
    tam_head_row *row = &head->row[i];
    double max = -INFINITY, sum = 0.0;
    for (int k = 0; k < head->chunks; k++) {
        max = fmax(max, head->partial[(int64_t)k * head->batch + i].max);
    }
    for (int k = 0; k < head->chunks; k++) {
        const tam_head_partial *partial = &head->partial[(int64_t)k * head->batch + i];
        sum += partial->sum * exp(partial->max - max);
    }
    double d = max + log(sum) - row->target.z;
    double loss = d > 0.0 ? d + log1p(exp(-d)) : log1p(exp(d));
    row->lse = row->target.z + loss;
    row->wrong = 1.0 / (1.0 + exp(-d));
    row->target_slope = -row->wrong * job->weight;
    row->target_g = row->target_slope * row->target.slope_c;
    return loss;
}

/* dx_i = (sum_j G_ij w^_j - (sum_j G_ij c_ij) x^_i) / |x_i| + r_i x^_i, added to what the centre terms left there. */
static void finish_row(const tam_head_job *job, int i) {
    const tam_head *head = job->head;
    const tam_head_row *row = &head->row[i];
    int64_t dim = head->dim, stride = head->batch * dim;
    float *sum = head->dx_chunk + i * dim;
    double others_gc = head->partial[i].gc;
    if (job->y[i] < 0) {
        return;
    }
    for (int k = 1; k < head->chunks; k++) {
        tam_add_row(dim, sum + k * stride, sum);
        others_gc += head->partial[(int64_t)k * head->batch + i].gc;
    }
    double along = 0.0;
    if (tam_head_has(head, TAM_LOSS_UNIT_X)) {
        double gc = others_gc + row->target_g * row->own.c;
        /* G = P s and dz/da = s' c: the others' radial term is sum_j G_j c_j s'/s; with s = 0 there is no x^ either. */
        double relative = row->scale.value != 0.0 ? row->scale.slope_a / row->scale.value : 0.0;
        double radial = relative * others_gc + row->target_slope * row->target.slope_a;
        along = radial - row->inverse * gc;
    }
    tam_add_two_rows(dim, (float)row->inverse, sum, (float)along, head->x_unit + i * dim, job->dx + i * dim);
}

static void finish_rows(void *argument, int64_t task, int worker) {
    const tam_head_job *job = argument;
    (void)worker;
    for (int i = (int)task * ROWS_PER_TASK; i < job->n && i < (int)(task + 1) * ROWS_PER_TASK; i++) {
        finish_row(job, i);
    }
}

/* The mean class loss of a softmax, which is known before any gradient. */
static double softmax_loss(const tam_head_job *job) {
    double loss = 0.0;
    for (int i = 0; i < job->n; i++) {
        if (job->y[i] >= 0) {
            loss += job->weight * finish_softmax(job, i);
        }
    }
    return loss;
}

/* Whether the second pass may run: a step with a NaN or infinite loss must not move anything. */
static bool all_finite(const tam_head_job *job, double loss) {
    bool finite = isfinite(loss);
    for (int k = 0; k < job->head->chunks; k++) {
        finite = finite && job->head->chunk_finite[k];
    }
    for (int i = 0; i < job->n; i++) {
        finite = finite && (job->y[i] < 0 || isfinite(job->head->row[i].target.z));
    }
    return finite;
}

static void report_rows(const tam_head_job *job, float *theta, tam_head_result *result) {
    const tam_head *head = job->head;
    bool direct = head->loss.class_loss->kind == TAM_LOSS_DIRECT;
    for (int i = 0; i < job->n; i++) {
        const tam_head_row *row = &head->row[i];
        double angle = job->y[i] < 0 ? 0.0 : acos(row->cosine);
        if (theta != NULL) {
            theta[i] = (float)angle;
        }
        if (job->y[i] < 0) {
            continue;
        }
        double top = -INFINITY;
        for (int k = 0; k < head->chunks; k++) {
            const tam_head_partial *partial = &head->partial[(int64_t)k * head->batch + i];
            top = fmax(top, partial->top);
            result->class_loss += direct ? job->weight * partial->loss : 0.0;
        }
        result->class_loss += direct ? job->weight * row->target.z : 0.0;
        result->mean_theta += job->weight * angle;
        result->correct += row->plain > top;
    }
}

static tam_term_batch centre_batch(const tam_head_job *job, int counted) {
    return (tam_term_batch){
        .n = job->n,
        .dim = job->head->dim,
        .classes = job->head->classes,
        .x = job->x,
        .y = job->y,
        .counted = counted > 0 ? counted : 1,
        .centres = job->head->centres,
        .in_batch = job->head->in_batch,
    };
}

static void move_running(tam_head *head, const tam_term_batch *centres) {
    for (int k = 0; k < head->loss.terms; k++) {
        head->loss.term[k].term->move(head->loss.term[k].key, centres);
    }
    head->loss.state.running[TAM_RUNNING_STEP] += 1.0;
}

static tam_status step(tam_head_job *job, float *theta, tam_head_result *result) {
    tam_head *head = job->head;
    int counted;
    TAM_TRY(check_batch(head, job->n, job->y, &counted));
    tam_term_batch centres = centre_batch(job, counted);
    int64_t row_tasks = (job->n + ROWS_PER_TASK - 1) / ROWS_PER_TASK;
    int64_t numbers = (int64_t)job->n * head->dim;
    job->weight = 1.0 / centres.counted;
    *result = (tam_head_result){.counted = counted};
    memset(job->dx, 0, (size_t)numbers * sizeof(float));

    tam_team_run(head->ctx, row_tasks, prepare_rows, job);
    for (int k = 0; k < head->loss.terms; k++) {
        result->centre_loss += head->loss.term[k].term->loss(head->loss.term[k].key, &centres, job->dx);
    }
    tam_team_run(head->ctx, head->chunks, tam_head_first_pass, job);
    if (head->loss.class_loss->kind == TAM_LOSS_SOFTMAX) {
        result->class_loss = softmax_loss(job);
    }
    if (all_finite(job, result->class_loss + result->centre_loss)) {
        tam_team_run(head->ctx, head->chunks, tam_head_second_pass, job);
        tam_team_run(head->ctx, row_tasks, finish_rows, job);
        if (job->update != NULL) {
            move_running(head, &centres);
        }
    } else {
        result->class_loss = NAN;
        for (int64_t k = 0; k < numbers; k++) {
            job->dx[k] = NAN;
        }
    }
    report_rows(job, theta, result);
    result->loss = result->class_loss + result->centre_loss;
    return TAM_OK;
}

tam_status tam_head_step(tam_head *head, int n, const float *x, const int32_t *y, float *dx, float *theta,
                         const tam_head_update *update, tam_head_result *result) {
    tam_head_job job = {.head = head, .n = n, .x = x, .y = y, .dx = dx, .update = update};
    return step(&job, theta, result);
}

tam_status tam_head_gradient(tam_head *head, int n, const float *x, const int32_t *y, float *dx, float *dw,
                             float *dbias, tam_head_result *result) {
    tam_head_job job = {.head = head, .n = n, .x = x, .y = y, .dx = dx, .dw = dw, .dbias = dbias};
    return step(&job, NULL, result);
}

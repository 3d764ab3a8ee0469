/* The gradients of cpu_sweep_kernel.h, which includes this. */
#ifndef BACKEND_CPU_CPU_SWEEP_GRADIENT_H
#define BACKEND_CPU_CPU_SWEEP_GRADIENT_H

typedef struct gradient_norm {
    vec by_x[VECTORS], constant[VECTORS];
} gradient_norm;

/* dz from dy, behind the activation. */
PART vec behind(vec z, vec slope, vec top, vec dy) {
    vec dz = IF_POSITIVE(z, dy, slope * dy);
    return IF_REACHED(z, top, all(0), dz);
}

/* The same in place, of columns; z may be a curve's. */
PART void put_behind(const int form, const tam_sweep *sweep, const vec *z, const vec *slope, vec top, vec *dz) {
    if (form & CURVED) {
        curve_slopes(dtype_of(form), sweep->curve, z, dz);
    }
    UNROLL
    for (int i = 0; i < VECTORS; i++) {
        if (form & CURVED) {
            dz[i] *= slope[i];
        } else {
            dz[i] = behind(z[i], slope[i], top, dz[i]);
        }
    }
}

/* Where there is a slope, x is there: z needs it. */
PART void gradient_sums_rows(const int form, const int n, const sweep_job *job, const area *a) {
    const tam_dtype dtype = dtype_of(form);
    const int terms = form & TWO ? 2 : 1;
    const tam_sweep *sweep = job->sweep;
    float *sums = job->sums + a->column;
    norm p[TAM_SWEEP_TERMS];
    vec slope[VECTORS], top = top_of(sweep), by_z[VECTORS], by_slope[VECTORS], by_x[TAM_SWEEP_TERMS][VECTORS];
    get_pattern(dtype, VECTORS, n, sums, by_z);
    if (form & ACTIVE) {
        get_pattern(dtype, VECTORS, n, sweep->slope + job->pattern + a->column, slope);
        get_pattern(dtype, VECTORS, n, sums + a->period, by_slope);
    }
    UNROLL
    for (int k = 0; k < terms; k++) {
        get_norm(dtype, VECTORS, n, &sweep->term[k], job->pattern + a->column, &p[k]);
        get_pattern(dtype, VECTORS, n, sums + (2 + k) * a->period, by_x[k]);
    }
    for (int64_t row = 0; row < a->rows; row++) {
        int64_t at = a->at + row * a->period, ahead = a->ahead + row * WIDTH;
        vec away[TAM_SWEEP_TERMS][VECTORS], z[VECTORS], dz[VECTORS];
        get(dtype, VECTORS, n, sweep->dy, at, dz);
        fetch(dtype, sweep->dy, ahead);
        if (form & ACTIVE) {
            get_z(form, n, sweep, p, at, away, z);
            UNROLL
            for (int i = 0; i < VECTORS; i++) {
                by_slope[i] = FMA(IF_POSITIVE(z[i], all(0), z[i]), dz[i], by_slope[i]);
            }
            put_behind(form, sweep, z, slope, top, dz);
        }
        UNROLL
        for (int i = 0; i < VECTORS; i++) {
            by_z[i] += dz[i];
        }
        UNROLL
        for (int k = 0; k < terms; k++) {
            if (!(form & ACTIVE) && sweep->term[k].x == NULL) {
                continue;
            }
            fetch(dtype, sweep->term[k].x, ahead);
            if (!(form & ACTIVE)) {
                get_away(dtype, n, &sweep->term[k], &p[k], at, away[k]);
            }
            UNROLL
            for (int i = 0; i < VECTORS; i++) {
                by_x[k][i] = FMA(dz[i], away[k][i], by_x[k][i]);
            }
        }
    }
    put_pattern(dtype, VECTORS, n, by_z, sums);
    if (form & ACTIVE) {
        put_pattern(dtype, VECTORS, n, by_slope, sums + a->period);
    }
    UNROLL
    for (int k = 0; k < terms; k++) {
        put_pattern(dtype, VECTORS, n, by_x[k], sums + (2 + k) * a->period);
    }
}

#define X(form)                                                      \
    CALL void gradient_sums_##form(const void *job, const area *a) { \
        if (a->width == WIDTH) {                                     \
            gradient_sums_rows(form, WIDTH, job, a);                 \
        } else {                                                     \
            gradient_sums_rows(form, a->width, job, a);              \
        }                                                            \
    }
EACH_FORM(X)
#undef X
#define X(form) [form] = gradient_sums_##form,
static const area_kernel gradient_sums_kernels[] = {EACH_FORM(X)};
#undef X

static void gradient_sums(const tam_sweep *sweep, int64_t start, int64_t count, int64_t pattern, float *sums) {
    sweep_job job = {sweep, pattern, sums};
    run_areas(sweep->period, start, count, gradient_sums_kernels[form_of(sweep)], &job);
}

/* Of term k, whose x - mean is in `away` where there is a slope. */
PART void put_gradient(const int form, const int n, const tam_sweep_term *term, const norm *p, const gradient_norm *g,
                       int64_t at, int64_t ahead, const vec *away, const vec *dz) {
    const tam_dtype dtype = dtype_of(form);
    vec dx[VECTORS], before[VECTORS], from_mean[VECTORS];
    bool moves = term->x != NULL && term->by_x != NULL;
    if (moves && !(form & ACTIVE)) {
        fetch(dtype, term->x, ahead);
        get_away(dtype, n, term, p, at, from_mean);
        away = from_mean;
    }
    UNROLL
    for (int i = 0; i < VECTORS; i++) {
        dx[i] = g->constant[i];
        if (moves) {
            dx[i] = FMA(g->by_x[i], away[i], dx[i]);
        }
        dx[i] = FMA(p->scale[i], dz[i], dx[i]);
    }
    if (term->add) {
        get(dtype, VECTORS, n, term->dx, at, before);
        UNROLL
        for (int i = 0; i < VECTORS; i++) {
            dx[i] += before[i];
        }
    }
    fetch_to_write(dtype, term->dx, ahead);
    put(dtype, VECTORS, n, dx, term->dx, at);
}

PART void gradient_rows(const int form, const int n, const sweep_job *job, const area *a) {
    const tam_dtype dtype = dtype_of(form);
    const int terms = form & TWO ? 2 : 1;
    const tam_sweep *sweep = job->sweep;
    int64_t pattern = job->pattern + a->column;
    norm p[TAM_SWEEP_TERMS];
    gradient_norm g[TAM_SWEEP_TERMS];
    vec slope[VECTORS], top = top_of(sweep);
    if (form & ACTIVE) {
        get_pattern(dtype, VECTORS, n, sweep->slope + pattern, slope);
    }
    UNROLL
    for (int k = 0; k < terms; k++) {
        get_norm(dtype, VECTORS, n, &sweep->term[k], pattern, &p[k]);
        get_or(dtype, VECTORS, n, sweep->term[k].by_x, pattern, 0, g[k].by_x);
        get_or(dtype, VECTORS, n, sweep->term[k].constant, pattern, 0, g[k].constant);
    }
    for (int64_t row = 0; row < a->rows; row++) {
        int64_t at = a->at + row * a->period, ahead = a->ahead + row * WIDTH;
        vec away[TAM_SWEEP_TERMS][VECTORS], z[VECTORS], dz[VECTORS];
        fetch(dtype, sweep->dy, ahead);
        get(dtype, VECTORS, n, sweep->dy, at, dz);
        if (form & ACTIVE) {
            get_z(form, n, sweep, p, at, away, z);
            UNROLL
            for (int k = 0; k < terms; k++) {
                fetch(dtype, sweep->term[k].x, ahead);
            }
            put_behind(form, sweep, z, slope, top, dz);
        }
        UNROLL
        for (int k = 0; k < terms; k++) {
            if (sweep->term[k].dx != NULL) {
                put_gradient(form, n, &sweep->term[k], &p[k], &g[k], at, ahead, away[k], dz);
            }
        }
    }
}

#define X(form)                                                 \
    CALL void gradient_##form(const void *job, const area *a) { \
        if (a->width == WIDTH) {                                \
            gradient_rows(form, WIDTH, job, a);                 \
        } else {                                                \
            gradient_rows(form, a->width, job, a);              \
        }                                                       \
    }
EACH_FORM(X)
#undef X
#define X(form) [form] = gradient_##form,
static const area_kernel gradient_kernels[] = {EACH_FORM(X)};
#undef X

static void gradient(const tam_sweep *sweep, int64_t start, int64_t count, int64_t pattern) {
    sweep_job job = {sweep, pattern, NULL};
    run_areas(sweep->period, start, count, gradient_kernels[form_of(sweep)], &job);
}

#endif

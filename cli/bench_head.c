#include "bench_head.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench_textbook.h"

enum { CHECK_CLASSES = 1000, MOST_CHECK_CLASSES = 20000, CHECK_SAMPLES = 512, REF_CLASSES = 300, REF_SAMPLES = 40 };
/* In f32 the logits' last digits count s times. In bf16 both heads round, but not always to the same side: a number of
 * a row may then differ by its last digit, 2^-7. */
static const double f32_tolerance = 1e-4, bf16_tolerance = 2e-2;

const tam_head_update bench_head_update = {.lr = 0.01f, .momentum = 0.9f, .weight_decay = 5e-4f};

static uint64_t next_number(uint64_t *number) {
    *number = *number * 6364136223846793005u + 1442695040888963407u;
    return *number >> 33;
}

void bench_head_fill(uint64_t seed, const tam_head_config *config, float *x, int32_t *y) {
    uint64_t number = seed * 2 + 1;
    for (int64_t k = 0; k < (int64_t)config->batch * config->dim; k++) {
        x[k] = (float)(next_number(&number) >> 7) * 0x1p-23f - 1.0f;
    }
    for (int i = 0; i < config->batch; i++) {
        y[i] = (int32_t)(next_number(&number) % (uint64_t)config->classes);
    }
}

double bench_head_error(const head_check *check) {
    return isnan(check->loss + check->dx + check->dw) ? NAN : fmax(check->loss, fmax(check->dx, check->dw));
}

/* A small problem out of a large one, and what the head makes of it. */
typedef struct sample {
    tam_head_config config; /* of the small head */
    int64_t *class;         /* [classes] in the large problem, ascending */
    int64_t rows;           /* of w: classes times sub-centres */
    float *x, *w;
    int32_t *y;
    float *dx, *dw; /* rows of dw that take no part are NaN */
    tam_head_result result;
} sample;

static void sample_free(sample *s) {
    free(s->class);
    free(s->x);
    free(s->w);
    free(s->y);
    free(s->dx);
    free(s->dw);
}

static int ascending(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The labels' classes, and one at random of each of as many equal parts of all classes as are wanted. */
static void choose_classes(uint64_t seed, int64_t classes, sample *s, int64_t want) {
    uint64_t number = seed;
    int64_t count = 0;
    for (int64_t k = 0; k < want; k++) {
        int64_t first = k * classes / want, next = (k + 1) * classes / want;
        s->class[count++] = first + (int64_t)(next_number(&number) % (uint64_t)(next - first));
    }
    for (int i = 0; i < s->config.batch; i++) {
        s->class[count++] = s->y[i];
    }
    qsort(s->class, (size_t)count, sizeof *s->class, ascending);
    s->config.classes = 0;
    for (int64_t k = 0; k < count; k++) {
        if (k == 0 || s->class[k] != s->class[k - 1]) {
            s->class[s->config.classes++] = s->class[k];
        }
    }
    for (int i = 0; i < s->config.batch; i++) {
        int64_t label = s->y[i];
        int64_t *at = bsearch(&label, s->class, (size_t)s->config.classes, sizeof label, ascending);
        s->y[i] = (int32_t)(at - s->class);
    }
}

static tam_status no_memory(cli_call *call, const sample *s) {
    return cli_fail(call, TAM_RESOURCES, "no memory for a check on %d samples and %lld classes", s->config.batch,
                    (long long)s->config.classes);
}

/* Some samples, with their labels, and some classes. */
static tam_status choose(cli_call *call, const tam_head_config *config, bool textbook, sample *s) {
    int64_t most = textbook ? CHECK_SAMPLES : REF_SAMPLES, want = textbook ? CHECK_CLASSES : REF_CLASSES;
    size_t dim = (size_t)config->dim, all = (size_t)config->batch;
    s->config = *config;
    s->config.batch = config->batch < most ? config->batch : (int)most;
    if (textbook && config->sample_rate > 0.0) { /* so many that more than the labels' take part */
        double needed = 2.0 * s->config.batch / config->sample_rate;
        want = needed < want ? want : needed < MOST_CHECK_CLASSES ? (int64_t)needed : MOST_CHECK_CLASSES;
    }
    want = want < config->classes ? want : config->classes;
    s->x = malloc(all * dim * sizeof *s->x);
    s->y = malloc(all * sizeof *s->y);
    s->dx = malloc(all * dim * sizeof *s->dx);
    s->class = malloc((size_t)(want + s->config.batch) * sizeof *s->class);
    if (s->x == NULL || s->y == NULL || s->dx == NULL || s->class == NULL) {
        return no_memory(call, s);
    }
    bench_head_fill(call->seed, config, s->x, s->y);
    choose_classes(call->seed, config->classes, s, want);
    return TAM_OK;
}

/* The gradients of a head of these classes. w is that of the large head, or what it starts with. */
static tam_status run_head(cli_call *call, const tam_head *large, const char *backend, sample *s) {
    tam_head *head = NULL;
    size_t dim = (size_t)s->config.dim;
    s->config.backend = backend;
    tam_status status = tam_head_create(call->ctx, &s->config, &head);
    if (status == TAM_OK && s->w == NULL) {
        int subs = tam_head_sub_centres(head);
        s->rows = s->config.classes * subs;
        s->w = malloc((size_t)s->rows * dim * sizeof *s->w);
        s->dw = malloc((size_t)s->rows * dim * sizeof *s->dw);
        status = s->w == NULL || s->dw == NULL ? no_memory(call, s) : TAM_OK;
        for (int64_t k = 0; k < s->config.classes && status == TAM_OK; k++) {
            const tam_head *from = large != NULL ? large : head;
            int64_t first = (large != NULL ? s->class[k] : k) * subs;
            if (tam_head_read_weights(from, first, subs, s->w + (size_t)(k * subs) * dim) != TAM_OK) {
                s->rows = 0; /* a loss on pairs alone has none */
                break;
            }
        }
    }
    if (status == TAM_OK && s->rows > 0) {
        status = tam_head_write_weights(head, 0, s->rows, s->w);
    }
    for (size_t k = 0; k < (size_t)s->rows * dim && status == TAM_OK; k++) {
        s->dw[k] = NAN;
    }
    if (status == TAM_OK) {
        float *dw = s->rows > 0 ? s->dw : NULL;
        status = tam_head_gradient(head, s->config.batch, s->x, s->y, s->dx, dw, NULL, &s->result);
    }
    tam_head_free(head);
    return status;
}

static tam_status judge(cli_call *call, const head_check *check) {
    double error = bench_head_error(check);
    if (error < check->tolerance) {
        return TAM_OK;
    }
    return cli_fail(call, TAM_INTERNAL,
                    "the head differs from the %s: loss by %.2g, dx by %.2g, dw by %.2g; less than %.2g is expected",
                    check->against, check->loss, check->dx, check->dw, check->tolerance);
}

/* The largest |a - b| of a row beyond what is allowed for it, relative to its largest |b|: other classes' rows are a
 * thousand times smaller than those of the labels. A row that vanishes beside the largest of all counts as 1e-6 of it.
 * NaN if any a is. */
static double distance(int64_t rows, int64_t dim, const float *a, const double *b, const double *allowed) {
    double worst = 0.0, least = 1e-30;
    for (int64_t k = 0; k < rows * dim; k++) {
        least = fmax(least, 1e-6 * fabs(b[k]));
    }
    for (int64_t row = 0; row < rows; row++) {
        double apart = 0.0, largest = least;
        for (int64_t k = row * dim; k < (row + 1) * dim; k++) {
            double here = fabs((double)a[k] - b[k]) - (allowed != NULL ? allowed[row] : 0.0);
            apart = here <= apart ? apart : here; /* a NaN becomes the worst, and stays */
            largest = fmax(largest, fabs(b[k]));
        }
        worst = apart / largest <= worst ? worst : apart / largest;
    }
    return worst;
}

static double length(int64_t dim, const float *v) {
    double square = 0.0;
    for (int64_t d = 0; d < dim; d++) {
        square += (double)v[d] * (double)v[d];
    }
    return sqrt(square);
}

/* Classes that take no part in the step leave the problem: of w and dw only the others stay, in their order, and y[i]
 * becomes the label among them. */
static int64_t keep_taking(sample *s, int64_t *y) {
    int64_t dim = s->config.dim, kept = 0;
    for (int64_t k = 0; k < s->config.classes; k++) {
        if (isnan(s->dw[k * dim])) {
            continue;
        }
        memmove(s->dw + kept * dim, s->dw + k * dim, (size_t)dim * sizeof *s->dw);
        memmove(s->w + kept * dim, s->w + k * dim, (size_t)dim * sizeof *s->w);
        for (int i = 0; i < s->config.batch; i++) {
            y[i] = s->y[i] == k ? kept : y[i];
        }
        kept++;
    }
    return kept;
}

/* The gradient filter moves no dx_i farther than its bound / |x_i|, and no dw_j farther than 2^-k slope / |w_j|. */
static void allow_filter(const sample *s, const bench_textbook *book, double *of_dx, double *of_dw) {
    int64_t dim = book->dim;
    for (int64_t i = 0; i < book->n; i++) {
        of_dx[i] = s->result.filter_bound / length(dim, s->x + i * dim);
    }
    for (int64_t j = 0; j < book->rows; j++) {
        bool filters = s->config.gradient_filter > 0;
        of_dw[j] = filters ? exp2(-s->config.gradient_filter) * book->slope / length(dim, s->w + j * dim) : 0.0;
    }
}

static tam_status compare_with_textbook(cli_call *call, sample *s, head_check *check) {
    size_t n = (size_t)s->config.batch, dim = (size_t)s->config.dim, classes = (size_t)s->config.classes;
    double *room = malloc((n + classes) * (dim + 1) * sizeof *room);
    int64_t *y = calloc(n, sizeof *y);
    tam_status status = room == NULL || y == NULL ? no_memory(call, s) : TAM_OK;
    if (status == TAM_OK) {
        bench_textbook book = {.loss = s->config.loss, .classes = s->config.classes, .n = (int)n, .dim = (int)dim};
        book.rows = keep_taking(s, y);
        book.bf16 = check->tolerance > f32_tolerance;
        book.x = s->x;
        book.w = s->w;
        book.y = y;
        book.dx = room;
        book.dw = room + n * dim;
        double *of_dx = book.dw + classes * dim, *of_dw = of_dx + n;
        if (book.rows != s->result.classes) {
            status = cli_fail(call, TAM_INTERNAL, "%lld classes took part in the step, which speaks of %lld",
                              (long long)book.rows, (long long)s->result.classes);
        } else {
            status = bench_textbook_gradient(call, &book);
            allow_filter(s, &book, of_dx, of_dw);
            check->loss = fabs(s->result.loss - book.loss_value) / fabs(book.loss_value);
            check->dx = distance((int64_t)n, (int64_t)dim, s->dx, book.dx, of_dx);
            check->dw = distance(book.rows, (int64_t)dim, s->dw, book.dw, of_dw);
        }
    }
    free(room);
    free(y);
    return status;
}

/* b as f64; where no row of either head took part both are 0. */
static double distance_of_heads(int64_t rows, int64_t dim, float *a, const float *b, double *room) {
    for (int64_t k = 0; k < rows * dim; k++) {
        bool none = isnan(a[k]) && isnan(b[k]);
        a[k] = none ? 0.0f : a[k];
        room[k] = none ? 0.0 : (double)b[k];
    }
    return distance(rows, dim, a, room, NULL);
}

static tam_status compare_with_ref(cli_call *call, sample *s, head_check *check) {
    size_t n = (size_t)s->config.batch, dim = (size_t)s->config.dim, rows = (size_t)s->rows;
    sample ref = *s;
    double *room = malloc((n + rows) * dim * sizeof *room);
    tam_status status = TAM_OK;
    ref.dx = malloc(n * dim * sizeof *ref.dx);
    ref.dw = malloc((rows + 1) * dim * sizeof *ref.dw);
    if (room == NULL || ref.dx == NULL || ref.dw == NULL) {
        status = no_memory(call, s);
    } else {
        status = run_head(call, NULL, "ref", &ref);
    }
    if (status == TAM_OK) {
        double scale = fmax(fabs(ref.result.loss), 1e-30);
        check->loss = fabs(s->result.loss - ref.result.loss) / scale;
        check->dx = distance_of_heads((int64_t)n, (int64_t)dim, s->dx, ref.dx, room);
        check->dw = distance_of_heads((int64_t)rows, (int64_t)dim, s->dw, ref.dw, room);
    }
    free(room);
    free(ref.dx);
    free(ref.dw);
    return status;
}

tam_status bench_head_check(cli_call *call, const tam_head_config *config, const tam_head *head, head_check *check) {
    bool textbook = bench_textbook_knows(config->loss);
    bool f32 = config->dtype == NULL || strcmp(config->dtype, "f32") == 0;
    sample s = {0};
    *check = (head_check){.against = textbook ? "textbook" : "ref", .tolerance = f32 ? f32_tolerance : bf16_tolerance};
    tam_status status = choose(call, config, textbook, &s);
    if (status == TAM_OK) {
        status = run_head(call, head, NULL, &s);
    }
    if (status == TAM_OK) {
        status = textbook ? compare_with_textbook(call, &s, check) : compare_with_ref(call, &s, check);
    }
    check->classes = s.config.classes;
    check->samples = s.config.batch;
    sample_free(&s);
    return status == TAM_OK ? judge(call, check) : status;
}

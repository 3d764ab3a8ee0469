/* Other orders of the axes. Rows and columns change places pixel by pixel in any layout; where channels take part, the
 * numbers lie in (c, h, w) order on both sides. */
#include <string.h>

#include "backend/cpu/plan/cpu_plan.h"
#include "base/kernel.h"
#include "base/team.h"

enum { AXES = 3, TILE = 16 };

/* y [outer][size 0][size 1][size 2] of elements of some bytes; x by steps, of which one is 1 and the least. */
typedef struct job {
    int64_t size[AXES], step[AXES], element;
    int inner; /* the axis of y whose elements follow each other in x */
    const char *x;
    char *y;
} job;

static bool keeps_channels(const tam_node *node) {
    return tam_transpose_axes(node)[0] == 0;
}

static tam_status create(tam_plan *plan, tam_cpu_step *step) {
    tam_layout layout = tam_cpu_in(plan, step, 0)->layout;
    if (!keeps_channels(step->node)) {
        layout.lanes = 1;
        TAM_TRY(tam_cpu_convert(plan, step, 0, &layout));
    }
    layout.c = step->node->shape.c;
    layout.h = step->node->shape.h;
    layout.w = step->node->shape.w;
    tam_cpu_out(plan, step)->layout = layout;
    return TAM_OK;
}

/* Axis a of `to` is axis axes[a] of `from`. */
static job job_of(const tam_layout *from, const int *axes) {
    int64_t bytes = (int64_t)tam_dtype_bytes(from->dtype);
    int64_t size[AXES] = {from->lanes > 1 ? tam_layout_blocks(from) : from->c, from->h, from->w};
    const int64_t step[AXES] = {(int64_t)from->h * from->w, from->w, 1};
    job j = {.element = from->lanes * bytes};
    for (int a = 0; a < AXES; a++) {
        j.size[a] = size[axes[a]];
        j.step[a] = step[axes[a]];
        j.inner = axes[a] == 2 ? a : j.inner;
    }
    return j;
}

/* rows x columns elements; their neighbours in x are a row apart, in y a column. */
#define TURN(name, type)                                                                                          \
    TAM_KERNEL static void turn_##name(int rows, int columns, const char *x, int64_t step, char *y, int64_t to) { \
        const type *from = (const type *)(const void *)x;                                                         \
        type *put = (type *)(void *)y;                                                                            \
        if (rows == TILE && columns == TILE) {                                                                    \
            type tile[TILE][TILE];                                                                                \
            for (int c = 0; c < TILE; c++) {                                                                      \
                memcpy(tile[c], from + c * step, sizeof tile[c]);                                                 \
            }                                                                                                     \
            for (int r = 0; r < TILE; r++) {                                                                      \
                type row[TILE];                                                                                   \
                for (int c = 0; c < TILE; c++) {                                                                  \
                    row[c] = tile[c][r];                                                                          \
                }                                                                                                 \
                memcpy(put + r * to, row, sizeof row);                                                            \
            }                                                                                                     \
            return;                                                                                               \
        }                                                                                                         \
        for (int r = 0; r < rows; r++) {                                                                          \
            for (int c = 0; c < columns; c++) {                                                                   \
                put[r * to + c] = from[c * step + r];                                                             \
            }                                                                                                     \
        }                                                                                                         \
    }
TURN(words, uint32_t)
TURN(halves, uint16_t)
#undef TURN

static void turn_pixels(const job *j, int rows, int columns, const char *x, int64_t step, char *y, int64_t to) {
    for (int r = 0; r < rows; r++) {
        for (int c = 0; c < columns; c++) {
            memcpy(y + (r * to + c) * j->element, x + (c * step + r) * j->element, (size_t)j->element);
        }
    }
}

/* A plane of the inner axis and y's last one. */
static void turn_plane(const job *j, const char *x, char *y) {
    int64_t to = 1;
    for (int a = j->inner + 1; a < AXES; a++) {
        to *= j->size[a];
    }
    for (int64_t r = 0; r < j->size[j->inner]; r += TILE) {
        for (int64_t c = 0; c < j->size[AXES - 1]; c += TILE) {
            int rows = (int)(j->size[j->inner] - r < TILE ? j->size[j->inner] - r : TILE);
            int columns = (int)(j->size[AXES - 1] - c < TILE ? j->size[AXES - 1] - c : TILE);
            const char *from = x + (c * j->step[AXES - 1] + r) * j->element;
            char *put = y + (r * to + c) * j->element;
            if (j->element == sizeof(uint32_t)) {
                turn_words(rows, columns, from, j->step[AXES - 1], put, to);
            } else if (j->element == sizeof(uint16_t)) {
                turn_halves(rows, columns, from, j->step[AXES - 1], put, to);
            } else {
                turn_pixels(j, rows, columns, from, j->step[AXES - 1], put, to);
            }
        }
    }
}

/* One place on the axis that is neither the inner one nor y's last one; where they are one axis, on y's middle one. */
static void run_plane(void *argument, int64_t task, int worker) {
    const job *j = argument;
    int across = j->inner == 0 ? 1 : 0;
    int64_t sample = task / j->size[across], place = task % j->size[across], after = 1;
    int64_t numbers = j->size[0] * j->size[1] * j->size[2];
    (void)worker;
    for (int a = across + 1; a < AXES; a++) {
        after *= j->size[a];
    }
    const char *x = j->x + (sample * numbers + place * j->step[across]) * j->element;
    char *y = j->y + (sample * numbers + place * after) * j->element;
    if (j->inner < AXES - 1) {
        turn_plane(j, x, y);
        return;
    }
    for (int64_t r = 0; r < j->size[1]; r++) {
        memcpy(y + r * j->size[2] * j->element, x + r * j->step[1] * j->element, (size_t)(j->size[2] * j->element));
    }
}

static void run(tam_plan *plan, job j, int n, const void *x, void *y) {
    j.x = x;
    j.y = y;
    tam_team_run(plan->ctx, n * j.size[j.inner == 0 ? 1 : 0], run_plane, &j);
}

static void forward(tam_plan *plan, tam_cpu_step *step, int n) {
    const tam_cpu_value *in = tam_cpu_in(plan, step, 0), *out = tam_cpu_out(plan, step);
    run(plan, job_of(&in->layout, tam_transpose_axes(step->node)), n, in->data, out->data);
}

static void backward(tam_plan *plan, tam_cpu_step *step) {
    const tam_cpu_value *out = tam_cpu_out(plan, step);
    const int *axes = tam_transpose_axes(step->node);
    int back[AXES];
    for (int a = 0; a < AXES; a++) {
        back[axes[a]] = a;
    }
    if (step->wanted[0]) {
        run(plan, job_of(&out->layout, back), plan->config.batch, out->gradient, step->dx[0]);
    }
}

const tam_cpu_kind tam_cpu_kind_transpose = {
    .op = "transpose",
    .create = create,
    .forward = forward,
    .backward = backward,
    .made_again = true,
};

/* The first convolution for one instruction set; included once by each cpu_first_<set>.c, which defines what
 * cpu_vector.h asks for and
 *     PIXELS        that are computed at once, for two vectors of channels
 *     NINE_ROWS     whether all 27 sums of a 3 x 3 kernel over 3 channels fit into registers
 *     ROWS_3 to 7   rows of taps whose sums stay in registers together, by the kernel's size
 *     KERNEL_NAME   of the table */
#include "backend/cpu/layer/cpu_first.h"
#include "backend/cpu/sweep/cpu_vector.h"

/* Hides where a pointer comes from: the compiler would else carry numbers of x from one step of a loop to the next, in
 * registers that the sums need. */
#define HIDE(pointer) __asm__("" : "+r"(pointer))

/* Pixels by which dy comes into the cache before it is needed. */
enum { PIXELS_AHEAD = 32 };

/* Padded rows of x: of each channel the last `kernel`, and a row of zeros. */
typedef struct ring {
    float *data, *zeros;
    int filled; /* the rows before this one, and none that came before the first */
} ring;

PART void ring_make(const tam_first_pass *pass, float *data, ring *r) {
    const int64_t rows = (int64_t)pass->x.c * pass->kernel;
    r->data = data;
    r->zeros = data + rows * pass->width;
    r->filled = 0;
    memset(data, 0, (size_t)((rows + 1) * pass->width) * sizeof *data);
}

/* Where the rows of x lie that a row of y reads, channel by channel. */
PART void reach_of(const tam_first_pass *pass, const float *x, int64_t image, int out, ring *r, const float **row) {
    const int top = out * pass->stride - pass->pad, w = pass->x.w, c = pass->x.c;
    const int end = (int)least(top + pass->kernel, pass->x.h);
    for (int h = r->filled > top ? r->filled : top < 0 ? 0 : top; h < end; h++) {
        for (int k = 0; k < c; k++) {
            const float *from = x + ((image * c + k) * pass->x.h + h) * w;
            float *to = r->data + (int64_t)(k * pass->kernel + h % pass->kernel) * pass->width + pass->pad;
            memcpy(to, from, (size_t)w * sizeof *to);
        }
        r->filled = h + 1;
    }
    for (int k = 0; k < c * pass->kernel; k++) {
        int h = top + k % pass->kernel;
        int64_t at = k / pass->kernel * pass->kernel + h % pass->kernel;
        row[k] = h >= 0 && h < pass->x.h ? r->data + at * pass->width : r->zeros;
    }
    for (int k = c * pass->kernel; k < pass->tap_rows; k++) {
        row[k] = r->zeros;
    }
}

PART int64_t place(const tam_layout *layout, int64_t image, int channel, int64_t row) {
    return image * tam_layout_sample(layout) + channel / layout->lanes * tam_layout_run(layout) +
           row * layout->w * layout->lanes + channel % layout->lanes;
}

/* One row of y, of one or two vectors of channels. */
typedef struct output {
    const tam_first_pass *pass;
    const float *const *row;
    const float *weight[2], *bias[2], *slope[2]; /* bias, slope: NULL without */
    bool relu;
    void *y;
    int64_t at[2];
} output;

PART vec activated(const output *out, vec sum, const float *slopes) {
    vec_bits positive = (vec_bits)(sum > 0);
    vec_bits below = out->relu ? (vec_bits){0} : (vec_bits)(sum * *(const vec *)slopes);
    return (vec)(((vec_bits)sum & positive) | (below & ~positive));
}

PART void store_pixels(const int vectors, const int pixels, const tam_dtype dtype, const output *out, int64_t column,
                       vec sum[2][PIXELS]) {
    const int64_t step = out->pass->y.lanes;
    void *y = out->y;
    UNROLL
    for (int v = 0; v < vectors; v++) {
        UNROLL
        for (int p = 0; p < pixels; p++) {
            store(dtype, y, out->at[v] + (column + p) * step, sum[v][p]);
        }
    }
}

PART void convolve_pixels(const int vectors, const int pixels, const int stride, const output *out, int64_t column) {
    const tam_first_pass *pass = out->pass;
    const int kernel = pass->kernel, rows = pass->x.c * kernel;
    const float *w0 = out->weight[0], *w1 = out->weight[1];
    vec sum[2][PIXELS];
    UNROLL
    for (int p = 0; p < pixels; p++) {
        sum[0][p] = out->bias[0] != NULL ? *(const vec *)out->bias[0] : (vec){0};
        sum[1][p] = out->bias[1] != NULL ? *(const vec *)out->bias[1] : (vec){0};
    }
    for (int r = 0; r < rows; r++) {
        const float *x = out->row[r] + column * stride;
        for (int tap = 0; tap < kernel; tap++, x++, w0 += LANES, w1 += LANES) {
            HIDE(x);
            vec first = *(const vec *)w0, second = vectors > 1 ? *(const vec *)w1 : first;
            UNROLL
            for (int p = 0; p < pixels; p++) {
                vec value = spread(x[p * stride]);
                sum[0][p] += first * value;
                if (vectors > 1) {
                    sum[1][p] += second * value;
                }
            }
        }
    }
    if (out->relu || out->slope[0] != NULL) {
        UNROLL
        for (int p = 0; p < vectors * pixels; p++) {
            sum[p % vectors][p / vectors] = activated(out, sum[p % vectors][p / vectors], out->slope[p % vectors]);
        }
    }
    if (pass->y.dtype == TAM_F32) {
        store_pixels(vectors, pixels, TAM_F32, out, column, sum);
    } else {
        store_pixels(vectors, pixels, TAM_BF16, out, column, sum);
    }
}

/* The last pixels of a row are computed with as many before them, once more, as fill a block. */
PART void convolve_row(const int vectors, const int stride, const output *out) {
    const int64_t columns = out->pass->y.w;
    if (columns >= PIXELS) {
        for (int64_t column = 0; column < columns; column += PIXELS) {
            convolve_pixels(vectors, PIXELS, stride, out, least(column, columns - PIXELS));
        }
    } else if (columns >= 4) {
        for (int64_t column = 0; column < columns; column += 4) {
            convolve_pixels(vectors, 4, stride, out, least(column, columns - 4));
        }
    } else {
        for (int64_t column = 0; column < columns; column++) {
            convolve_pixels(vectors, 1, stride, out, column);
        }
    }
}

CALL void convolve_one(const int stride, const output *out) {
    if (stride == 1) {
        convolve_row(1, 1, out);
    } else {
        convolve_row(1, 2, out);
    }
}

CALL void convolve_two(const int stride, const output *out) {
    if (stride == 1) {
        convolve_row(2, 1, out);
    } else {
        convolve_row(2, 2, out);
    }
}

CALL void convolve(const tam_first_pass *pass, const tam_first_memory *memory, int64_t image, int first, int end,
                   float *data) {
    const int slices = pass->y.c / LANES;
    const int64_t weights = tam_first_weights(pass, LANES);
    const float *row[TAM_FIRST_ROWS + 4];
    ring r;
    ring_make(pass, data, &r);
    for (int out_row = first; out_row < end; out_row++) {
        reach_of(pass, memory->x, image, out_row, &r, row);
        for (int slice = 0; slice < slices; slice += 2) {
            output out = {.pass = pass, .row = row, .relu = memory->relu, .y = memory->y};
            for (int v = 0; v < 2; v++) {
                const int64_t of = least(slice + v, slices - 1), channel = of * LANES;
                out.weight[v] = memory->packed + of * weights;
                out.bias[v] = memory->bias != NULL ? memory->bias + channel : NULL;
                out.slope[v] = memory->slope != NULL ? memory->slope + channel : NULL;
                out.at[v] = place(&pass->y, image, (int)channel, out_row);
            }
            if (slice + 1 < slices) {
                convolve_two(pass->stride, &out);
            } else {
                convolve_one(pass->stride, &out);
            }
        }
    }
}

/* sums[tap] += sum over a row's columns of dy x, for `rows` rows of taps. */
PART void weigh_rows(const int kernel, const int rows, const int stride, const float *const *row, const float *dy,
                     int64_t dy_step, int64_t columns, float *sums) {
    vec sum[32];
    UNROLL
    for (int k = 0; k < rows * kernel; k++) {
        sum[k] = *(const vec *)(sums + k * LANES);
    }
    for (int64_t column = 0; column < columns; column++, dy += dy_step) {
        vec d = *(const vec *)dy;
        __builtin_prefetch(dy + PIXELS_AHEAD * dy_step, 0, 3);
        UNROLL
        for (int r = 0; r < rows; r++) {
            const float *x = row[r] + column * stride;
            HIDE(x);
            UNROLL
            for (int tap = 0; tap < kernel; tap++) {
                sum[r * kernel + tap] += d * spread(x[tap]);
            }
        }
    }
    UNROLL
    for (int k = 0; k < rows * kernel; k++) {
        *(vec *)(sums + k * LANES) = sum[k];
    }
}

PART void weigh_kernel(const int kernel, const int rows, const tam_first_pass *pass, const float *const *row,
                       const float *dy, int64_t dy_step, float *sums) {
    for (int r = 0; r < pass->tap_rows; r += rows) {
        if (pass->stride == 1) {
            weigh_rows(kernel, rows, 1, row + r, dy, dy_step, pass->y.w, sums + r * kernel * LANES);
        } else {
            weigh_rows(kernel, rows, 2, row + r, dy, dy_step, pass->y.w, sums + r * kernel * LANES);
        }
    }
}

CALL void weigh_slice(const tam_first_pass *pass, const float *const *row, const float *dy, int64_t dy_step,
                      float *sums) {
    switch (pass->kernel) {
    case 3:
        if (NINE_ROWS && pass->tap_rows == 9) {
            weigh_kernel(3, NINE_ROWS ? 9 : 3, pass, row, dy, dy_step, sums);
        } else {
            weigh_kernel(3, ROWS_3, pass, row, dy, dy_step, sums);
        }
        break;
    case 4:
        weigh_kernel(4, ROWS_4, pass, row, dy, dy_step, sums);
        break;
    case 5:
        weigh_kernel(5, ROWS_5, pass, row, dy, dy_step, sums);
        break;
    case 6:
        weigh_kernel(6, ROWS_6, pass, row, dy, dy_step, sums);
        break;
    default:
        weigh_kernel(7, ROWS_7, pass, row, dy, dy_step, sums);
    }
}

CALL void weigh(const tam_first_pass *pass, const tam_first_memory *memory, int64_t image, int first, int end,
                float *data) {
    const int slices = pass->y.c / LANES;
    const int64_t unit = tam_first_sums(pass, LANES), lanes = pass->y.lanes;
    const bool wide = pass->y.dtype == TAM_F32;
    const float *row[TAM_FIRST_ROWS + 4];
    ring r;
    ring_make(pass, data, &r);
    float *wide_dy = r.zeros + pass->width;
    for (int out_row = first; out_row < end; out_row++) {
        reach_of(pass, memory->x, image, out_row, &r, row);
        for (int slice = 0; slice < slices; slice++) {
            int64_t at = place(&pass->y, image, slice * LANES, out_row);
            if (!wide) {
                widen_row(TAM_BF16, memory->dy, at, lanes, pass->y.w, wide_dy);
            }
            const float *dy = wide ? (const float *)memory->dy + at : wide_dy;
            float *sums = memory->sums + slice * unit;
            weigh_slice(pass, row, dy, wide ? lanes : LANES, sums);
            if (memory->sum_dy) {
                sum_row(dy, wide ? lanes : LANES, pass->y.w, sums + unit - LANES);
            }
        }
    }
}

/* The sum over the output's channels of dy times the weights of one tap of one channel. */
PART float product(const tam_first_pass *pass, const tam_first_memory *memory, int64_t at, int64_t tap) {
    const int64_t weights = tam_first_weights(pass, LANES);
    const int64_t slices = pass->y.c / LANES, run = tam_layout_run(&pass->y);
    vec sum = {0};
    for (int64_t slice = 0; slice < slices; slice++) {
        int64_t channel = slice * LANES;
        int64_t from = at + channel / pass->y.lanes * run + channel % pass->y.lanes;
        sum += load(pass->y.dtype, memory->dy, from) * *(const vec *)(memory->packed + slice * weights + tap * LANES);
    }
    float total = 0;
    for (int lane = 0; lane < LANES; lane++) {
        total += sum[lane];
    }
    return total;
}

/* Asked for by tests and by nets whose first layer is not the first: right rather than fast. */
CALL void scatter(const tam_first_pass *pass, const tam_first_memory *memory, int64_t image) {
    const int kernel = pass->kernel, taps = kernel * kernel, w = pass->x.w, h = pass->x.h;
    float *dx = memory->dx + image * tam_layout_sample(&pass->x);
    memset(dx, 0, (size_t)tam_layout_sample(&pass->x) * sizeof *dx);
    for (int pixel = 0; pixel < pass->y.h * pass->y.w; pixel++) {
        const int top = pixel / pass->y.w * pass->stride - pass->pad;
        const int left = pixel % pass->y.w * pass->stride - pass->pad;
        const int64_t at = image * tam_layout_sample(&pass->y) + (int64_t)pixel * pass->y.lanes;
        for (int k = 0; k < pass->x.c * taps; k++) {
            int row = top + k % taps / kernel, column = left + k % kernel;
            if (row >= 0 && row < h && column >= 0 && column < w) {
                dx[((int64_t)(k / taps) * h + row) * w + column] += product(pass, memory, at, k);
            }
        }
    }
}

static const tam_first_kernels table = {
    .name = KERNEL_NAME,
    .lanes = LANES,
    .tap_rows = {1, 1, 1, ROWS_3, ROWS_4, ROWS_5, ROWS_6, ROWS_7},
    .convolve = convolve,
    .weigh = weigh,
    .scatter = scatter,
};

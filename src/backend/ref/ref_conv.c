/* Convolution. weight [out, in / groups, kernel_h, kernel_w]; group g of the outputs reads group g of the inputs. */
#include "backend/ref/ref.h"

typedef struct conv {
    int n, c, h, w;  /* of x */
    int out, oh, ow; /* of y */
    tam_window window;
    int read, written; /* channels of x and of y in one group */
    bool bias;
} conv;

static conv conv_of(const tam_ref_node *at) {
    const double *key = at->node->key;
    int groups = (int)key[TAM_CONV_GROUPS];
    return (conv){
        .n = at->n,
        .c = at->in[0].c,
        .h = at->in[0].h,
        .w = at->in[0].w,
        .out = at->out.c,
        .oh = at->out.h,
        .ow = at->out.w,
        .window = tam_conv_window(at->node),
        .read = at->in[0].c / groups,
        .written = at->out.c / groups,
        .bias = key[TAM_CONV_BIAS] != 0,
    };
}

static int64_t x_index(const conv *s, int n, int c, int h, int w) {
    return (((int64_t)n * s->c + c) * s->h + h) * s->w + w;
}

static int64_t y_index(const conv *s, int n, int o, int h, int w) {
    return (((int64_t)n * s->out + o) * s->oh + h) * s->ow + w;
}

/* i: the input channel's number within its group. */
static int64_t weight_index(const conv *s, int o, int i, int kh, int kw) {
    return (((int64_t)o * s->read + i) * s->window.kernel_h + kh) * s->window.kernel_w + kw;
}

/* y[n][o][h][w] = bias[o] + sum_{i, kh, kw} weight[o][i][kh][kw] x[n][group's i][h stride - pad + kh][w ...] */
static double window_sum(const conv *s, const float *x, const float *weight, int n, int o, int h, int w) {
    double sum = 0;
    for (int i = 0; i < s->read; i++) {
        int c = o / s->written * s->read + i;
        for (int kh = 0; kh < s->window.kernel_h; kh++) {
            for (int kw = 0; kw < s->window.kernel_w; kw++) {
                int row = h * s->window.stride - s->window.pad_h + kh,
                    column = w * s->window.stride - s->window.pad_w + kw;
                if (row >= 0 && row < s->h && column >= 0 && column < s->w) {
                    sum += (double)weight[weight_index(s, o, i, kh, kw)] * x[x_index(s, n, c, row, column)];
                }
            }
        }
    }
    return sum;
}

static void forward(const tam_ref_node *at) {
    conv s = conv_of(at);
    const float *weight = at->value[0], *bias = at->value[1];
    for (int n = 0; n < s.n; n++) {
        for (int o = 0; o < s.out; o++) {
            for (int h = 0; h < s.oh; h++) {
                for (int w = 0; w < s.ow; w++) {
                    double sum = window_sum(&s, at->x[0], weight, n, o, h, w);
                    at->y[y_index(&s, n, o, h, w)] = (float)(sum + (s.bias ? (double)bias[o] : 0));
                }
            }
        }
    }
}

/* dx[n][c][row][column] = sum over the (o, kh, kw) whose window covers it of weight[o][i][kh][kw] dy[n][o][h][w] */
static double covering_sum(const conv *s, const float *dy, const float *weight, int n, int c, int row, int column) {
    double sum = 0;
    int group = c / s->read, i = c % s->read;
    for (int o = group * s->written; o < (group + 1) * s->written; o++) {
        for (int kh = 0; kh < s->window.kernel_h; kh++) {
            int top = row + s->window.pad_h - kh;
            if (top < 0 || top % s->window.stride != 0 || top / s->window.stride >= s->oh) {
                continue;
            }
            for (int kw = 0; kw < s->window.kernel_w; kw++) {
                int left = column + s->window.pad_w - kw;
                if (left < 0 || left % s->window.stride != 0 || left / s->window.stride >= s->ow) {
                    continue;
                }
                sum += (double)weight[weight_index(s, o, i, kh, kw)] *
                       dy[y_index(s, n, o, top / s->window.stride, left / s->window.stride)];
            }
        }
    }
    return sum;
}

/* dweight[o][i][kh][kw] = sum_{n, h, w} dy[n][o][h][w] x[n][group's i][h stride - pad + kh][w stride - pad + kw] */
static double weight_sum(const conv *s, const float *x, const float *dy, int o, int i, int kh, int kw) {
    double sum = 0;
    int c = o / s->written * s->read + i;
    for (int n = 0; n < s->n; n++) {
        for (int h = 0; h < s->oh; h++) {
            int row = h * s->window.stride - s->window.pad_h + kh;
            if (row < 0 || row >= s->h) {
                continue;
            }
            for (int w = 0; w < s->ow; w++) {
                int column = w * s->window.stride - s->window.pad_w + kw;
                if (column >= 0 && column < s->w) {
                    sum += (double)dy[y_index(s, n, o, h, w)] * x[x_index(s, n, c, row, column)];
                }
            }
        }
    }
    return sum;
}

/* dbias[o] = sum_{n, h, w} dy[n][o][h][w] */
static double bias_sum(const conv *s, const float *dy, int o) {
    double sum = 0;
    for (int n = 0; n < s->n; n++) {
        for (int h = 0; h < s->oh; h++) {
            for (int w = 0; w < s->ow; w++) {
                sum += dy[y_index(s, n, o, h, w)];
            }
        }
    }
    return sum;
}

static void backward(const tam_ref_node *at) {
    conv s = conv_of(at);
    for (int n = 0; n < s.n; n++) {
        for (int c = 0; c < s.c; c++) {
            for (int h = 0; h < s.h; h++) {
                for (int w = 0; w < s.w; w++) {
                    at->dx[0][x_index(&s, n, c, h, w)] += (float)covering_sum(&s, at->dy, at->value[0], n, c, h, w);
                }
            }
        }
    }
    for (int o = 0; o < s.out; o++) {
        for (int i = 0; i < s.read; i++) {
            for (int kh = 0; kh < s.window.kernel_h; kh++) {
                for (int kw = 0; kw < s.window.kernel_w; kw++) {
                    double sum = weight_sum(&s, at->x[0], at->dy, o, i, kh, kw);
                    at->gradient[0][weight_index(&s, o, i, kh, kw)] += (float)sum;
                }
            }
        }
        if (s.bias) {
            at->gradient[1][o] += (float)bias_sum(&s, at->dy, o);
        }
    }
}

const tam_ref_op tam_ref_conv = {.forward = forward, .backward = backward};

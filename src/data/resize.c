#include "data/resize.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

struct tam_resizer {
    tam_ctx *ctx;
    int out_width, out_height;
    int in_width, in_height; /* that the tables are for */
    tam_span *columns, *rows;
    float *row, *sum; /* [out_width, 3] */
};

tam_resizer *tam_resizer_create(tam_ctx *ctx, int out_width, int out_height) {
    tam_resizer *resizer = tam_allocate(ctx, 1, sizeof *resizer, "the resizer");
    if (resizer == NULL) {
        return NULL;
    }
    size_t width = (size_t)out_width, height = (size_t)out_height;
    *resizer = (tam_resizer){.ctx = ctx, .out_width = out_width, .out_height = out_height};
    resizer->columns = tam_allocate(ctx, width, sizeof(tam_span), "the resizer");
    resizer->rows = tam_allocate(ctx, height, sizeof(tam_span), "the resizer");
    resizer->row = tam_allocate(ctx, 3 * width, sizeof(float), "the resizer");
    resizer->sum = tam_allocate(ctx, 3 * width, sizeof(float), "the resizer");
    if (resizer->columns == NULL || resizer->rows == NULL || resizer->row == NULL || resizer->sum == NULL) {
        tam_resizer_free(resizer);
        return NULL;
    }
    return resizer;
}

void tam_resizer_free(tam_resizer *resizer) {
    if (resizer == NULL) {
        return;
    }
    tam_release(resizer->ctx, resizer->columns);
    tam_release(resizer->ctx, resizer->rows);
    tam_release(resizer->ctx, resizer->row);
    tam_release(resizer->ctx, resizer->sum);
    tam_release(resizer->ctx, resizer);
}

/* Output pixel i covers [i, i + 1) * in / out of the input. */
static tam_span area_span(int i, int in, int out) {
    double ratio = (double)in / out;
    double begin = i * ratio, end = (i + 1) * ratio;
    int first = (int)begin;
    int last = (int)ceil(end) - 1;
    if (last > in - 1) {
        last = in - 1;
    }
    if (last <= first) {
        return (tam_span){first, first, 1.0f, 0.0f, 0.0f};
    }
    return (tam_span){first, last, (float)((first + 1 - begin) / ratio), (float)(1.0 / ratio),
                      (float)((end - last) / ratio)};
}

static tam_span linear_span(int i, int in, int out) {
    double centre = (i + 0.5) * in / out - 0.5;
    int first = (int)floor(centre);
    double tail = centre - first;
    if (first < 0 || first + 1 >= in) {
        int border = first < 0 ? 0 : in - 1;
        return (tam_span){border, border, 1.0f, 0.0f, 0.0f};
    }
    return (tam_span){first, first + 1, (float)(1.0 - tail), 0.0f, (float)tail};
}

tam_span tam_span_of(int i, int in, int out) {
    return in > out ? area_span(i, in, out) : linear_span(i, in, out);
}

static void fill_spans(tam_span *spans, int in, int out) {
    for (int i = 0; i < out; i++) {
        spans[i] = tam_span_of(i, in, out);
    }
}

static void shrink_row(const tam_span *columns, int out_width, int channels, const uint8_t *from, float *to) {
    for (int x = 0; x < out_width; x++) {
        tam_span s = columns[x];
        for (int k = 0; k < channels; k++) {
            const uint8_t *p = from + k;
            uint64_t between = 0;
            for (int i = s.first + 1; i < s.last; i++) {
                between += p[(size_t)i * (size_t)channels];
            }
            to[x * channels + k] = s.head * (float)p[(size_t)s.first * (size_t)channels] + s.body * (float)between +
                                   s.tail * (float)p[(size_t)s.last * (size_t)channels];
        }
    }
}

static void add_row(float weight, const float *row, int count, float *sum) {
    for (int i = 0; i < count; i++) {
        sum[i] += weight * row[i];
    }
}

void tam_resize(tam_resizer *resizer, const tam_image_info *info, const uint8_t *from, uint8_t *to) {
    int channels = info->channels;
    int count = resizer->out_width * channels;
    size_t stride = (size_t)info->width * (size_t)channels;
    if (info->width == resizer->out_width && info->height == resizer->out_height) {
        memcpy(to, from, stride * (size_t)info->height);
        return;
    }
    if (info->width != resizer->in_width || info->height != resizer->in_height) {
        fill_spans(resizer->columns, info->width, resizer->out_width);
        fill_spans(resizer->rows, info->height, resizer->out_height);
        resizer->in_width = info->width;
        resizer->in_height = info->height;
    }
    for (int y = 0; y < resizer->out_height; y++) {
        tam_span s = resizer->rows[y];
        memset(resizer->sum, 0, (size_t)count * sizeof *resizer->sum);
        for (int i = s.first; i <= s.last; i++) {
            float weight = i == s.first ? s.head : i == s.last ? s.tail : s.body;
            shrink_row(resizer->columns, resizer->out_width, channels, from + (size_t)i * stride, resizer->row);
            add_row(weight, resizer->row, count, resizer->sum);
        }
        for (int i = 0; i < count; i++) {
            to[i] = (uint8_t)(resizer->sum[i] + 0.5f);
        }
        to += count;
    }
}

void tam_grey_from_rgb(const uint8_t *from, size_t pixels, uint8_t *to) {
    for (size_t i = 0; i < pixels; i++) {
        unsigned r = from[3 * i], g = from[3 * i + 1], b = from[3 * i + 2];
        to[i] = (uint8_t)((299 * r + 587 * g + 114 * b + 500) / 1000);
    }
}

void tam_rgb_from_grey(const uint8_t *from, size_t pixels, uint8_t *to) {
    for (size_t i = pixels; i-- > 0;) {
        uint8_t grey = from[i];
        to[3 * i] = grey;
        to[3 * i + 1] = grey;
        to[3 * i + 2] = grey;
    }
}

/* Graphs that nobody would draw: what may stand behind what, and how often a value is read, is left to chance. In f32
 * the cpu backend is held to ref, its ways of keeping values to each other. */
#include "compare_nets.h"

enum { GRAPHS = 40, MOST_NODES = 64, GRAPH_SEED = 4 };

typedef struct sketch {
    tam_random random;
    int count, batch, length;
    tam_shape shape[MOST_NODES];
    int readers[MOST_NODES];
    char text[8000];
} sketch;

static int below(sketch *s, int limit) {
    return (int)tam_random_below(&s->random, (uint32_t)limit);
}

/* Adds "n<number> = op(<a>[, <b>][, keys])" and its shape. b: -1 for an op with one input. */
static void add_node(sketch *s, const char *op, int a, int b, const char *keys, tam_shape shape) {
    char first[16] = "input", second[16] = "input";
    if (a > 0) {
        snprintf(first, sizeof first, "n%d", a);
    }
    if (b > 0) {
        snprintf(second, sizeof second, "n%d", b);
    }
    s->length += snprintf(s->text + s->length, sizeof s->text - (size_t)s->length, "n%d = %s(%s%s%s%s%s)\n", s->count,
                          op, first, b < 0 ? "" : ", ", b < 0 ? "" : second, keys[0] == '\0' ? "" : ", ", keys);
    assert_true(s->length < (int)sizeof s->text && s->count < MOST_NODES);
    s->readers[a]++;
    s->readers[b < 0 ? a : b]++;
    s->shape[s->count++] = shape;
}

static tam_shape smaller(tam_shape shape, int kernel, int stride, int pad) {
    shape.h = (shape.h + 2 * pad - kernel) / stride + 1;
    shape.w = (shape.w + 2 * pad - kernel) / stride + 1;
    return shape;
}

static void add_conv(sketch *s, int x) {
    static const int widths[] = {3, 10, 16, 17, 32};
    tam_shape shape = s->shape[x];
    int out = widths[below(s, 5)], stride = 1 + below(s, 4) / 3, groups = 1, kernel = 1 + 2 * below(s, 2);
    char keys[80];
    if (shape.c == 16 && below(s, 3) == 0) {
        out = 16;
        groups = 1 << below(s, 5);
    }
    /* as often as not the shape stays, so that there is something to add */
    if (below(s, 2) == 0) {
        out = shape.c;
        stride = 1;
    }
    groups = out % groups == 0 ? groups : 1;
    snprintf(keys, sizeof keys, "out=%d, kernel=%d, stride=%d, pad=%d, groups=%d, bias=%d", out, kernel, stride,
             kernel / 2, groups, below(s, 2));
    shape = smaller(shape, kernel, stride, kernel / 2);
    shape.c = out;
    add_node(s, "conv", x, -1, keys, shape);
}

/* Windows that are not square; the shape stays, but for a stride of 2. */
static void add_narrow_conv(sketch *s, int x) {
    static const int widths[] = {10, 16, 32, 48};
    tam_shape shape = s->shape[x];
    int kernel = 1 + 2 * below(s, 3), kernel_w = 1 + 2 * below(s, 4), groups = 1, stride = 1;
    char keys[120];
    shape.c = widths[below(s, 4)];
    if (shape.c == s->shape[x].c && below(s, 2) == 0) {
        groups = below(s, 2) == 0 ? shape.c : 2;
    }
    if (shape.h > 3 && shape.w > 3 && below(s, 3) == 0) {
        stride = 2;
        shape.h = (shape.h - 1) / 2 + 1;
        shape.w = (shape.w - 1) / 2 + 1;
    }
    snprintf(keys, sizeof keys, "out=%d, kernel=%d, kernel_w=%d, stride=%d, pad=%d, pad_w=%d, groups=%d, bias=%d",
             shape.c, kernel, kernel_w, stride, kernel / 2, kernel_w / 2, groups, below(s, 2));
    add_node(s, "conv", x, -1, keys, shape);
}

static void add_pool(sketch *s, const char *op, int x) {
    tam_shape shape = s->shape[x];
    if (shape.h < 4 || shape.w < 4 || below(s, 3) == 0) {
        add_node(s, op, x, -1, "kernel=3, stride=1, pad=1", shape);
    } else {
        add_node(s, op, x, -1, "kernel=2", smaller(shape, 2, 2, 0));
    }
}

/* An op of x and another value of its shape, which may be x; `other` -1: any. */
static void add_pair(sketch *s, const char *op, int x, int other) {
    int same[MOST_NODES], count = 0;
    for (int i = 0; i < s->count; i++) {
        const tam_shape *a = &s->shape[i], *b = &s->shape[x];
        if (a->c == b->c && a->h == b->h && a->w == b->w && a->flat == b->flat) {
            same[count++] = i;
        }
    }
    other = other < 0 ? same[below(s, count)] : other;
    bool swap = below(s, 2) == 0;
    add_node(s, op, swap ? other : x, swap ? x : other, "", s->shape[x]);
}

/* Channels of x, and of another value of its size, elsewhere. */
static void add_moved(sketch *s, int x) {
    tam_shape shape = s->shape[x];
    int same[MOST_NODES], count = 0, way = below(s, 3), other, first;
    char keys[80];
    for (int i = 0; i < s->count; i++) {
        const tam_shape *a = &s->shape[i];
        if (a->h == shape.h && a->w == shape.w && a->flat == shape.flat && a->c + shape.c <= 80) {
            same[count++] = i;
        }
    }
    if (way == 0 && count > 0) {
        other = same[below(s, count)];
        shape.c += s->shape[other].c;
        add_node(s, "concat", x, other, "", shape);
    } else if (way == 1) {
        snprintf(keys, sizeof keys, "groups=%d", shape.c % 2 == 0 ? 2 : shape.c);
        add_node(s, "shuffle", x, -1, keys, shape);
    } else {
        first = below(s, (shape.c + 1) / 2);
        snprintf(keys, sizeof keys, "first=%d, count=%d", first, shape.c / 2 > 0 ? shape.c / 2 : 1);
        shape.c = shape.c / 2 > 0 ? shape.c / 2 : 1;
        add_node(s, "slice", x, -1, keys, shape);
    }
}

/* The axes of x in another order. */
static void add_transpose(sketch *s, int x) {
    static const struct {
        const char *keys;
        int axes[3];
    } orders[] = {{"", {0, 2, 1}},
                  {"order=hcw", {1, 0, 2}},
                  {"order=hwc", {1, 2, 0}},
                  {"order=wch", {2, 0, 1}},
                  {"order=whc", {2, 1, 0}}};
    int way = below(s, 8), side[3] = {s->shape[x].c, s->shape[x].h, s->shape[x].w};
    way = way < 5 ? way : 0;
    const int *axes = orders[way].axes;
    add_node(s, "transpose", x, -1, orders[way].keys,
             (tam_shape){.c = side[axes[0]], .h = side[axes[1]], .w = side[axes[2]]});
}

/* The same numbers as other channels. */
static void add_reshape(sketch *s, int x) {
    tam_shape shape = s->shape[x];
    int h = shape.h;
    char keys[80];
    if (shape.c % 2 == 0 && below(s, 2) == 0) {
        shape.c /= 2;
        shape.h *= 2;
    } else {
        shape.h = shape.w;
        shape.w = h;
    }
    snprintf(keys, sizeof keys, "channels=%d, height=%d, width=%d", shape.c, shape.h, shape.w);
    add_node(s, "reshape", x, -1, keys, shape);
}

/* Pixels of x elsewhere. */
static void add_spread(sketch *s, int x) {
    tam_shape shape = s->shape[x];
    int way = below(s, 4);
    char keys[80];
    if (way == 0 && shape.h < 9) {
        int bottom = below(s, 3), right = below(s, 2);
        shape.h += 1 + bottom;
        shape.w += 2 + right;
        snprintf(keys, sizeof keys, "top=1, left=2, bottom=%d, right=%d", bottom, right);
        add_node(s, "pad", x, -1, keys, shape);
    } else if (way == 1) {
        shape.h = 1 + below(s, 9);
        shape.w = 1 + below(s, 9);
        snprintf(keys, sizeof keys, "height=%d, width=%d, mode=%s", shape.h, shape.w,
                 below(s, 2) == 0 ? "nearest" : "bilinear");
        add_node(s, "resize", x, -1, keys, shape);
    } else if (way == 2) {
        add_reshape(s, x);
    } else {
        add_transpose(s, x);
    }
}

/* A vector of 8 of any value. */
static int add_full(sketch *s, int x) {
    add_node(s, "fc", x, -1, "out=8", (tam_shape){.c = 8, .h = 1, .w = 1, .flat = true});
    return s->count - 1;
}

/* Number by number. */
static void add_curve(sketch *s, int x) {
    static const char *const curves[] = {"relu6", "sigmoid", "hsigmoid", "swish", "hswish", "gelu", "tanh"};
    static const char *const scales[] = {"factor=-0.7, shift=0.4", "factor=1.5", "factor=0.5, shift=-1"};
    int kind = below(s, 10);
    if (kind < 7) {
        add_node(s, curves[kind], x, -1, "", s->shape[x]);
    } else if (kind < 9) {
        add_node(s, "scale", x, -1, scales[below(s, 3)], s->shape[x]);
    } else {
        add_node(s, "position", x, -1, "", s->shape[x]);
    }
}

/* x by another value of its shape, which may be x; or by a vector, made of any value, with a number for each channel.
 * What nobody bounds would grow from product to product. */
static void add_product(sketch *s, int x) {
    tam_shape shape = s->shape[x];
    char keys[40];
    if (shape.flat || below(s, 3) == 0) {
        add_node(s, "tanh", x, -1, "", shape);
        int bounded = s->count - 1;
        add_pair(s, "mul", below(s, 2) == 0 ? bounded : x, bounded);
        return;
    }
    int from = below(s, s->count);
    tam_shape vector = {.c = shape.c, .h = 1, .w = 1, .flat = true};
    if (s->shape[from].c == shape.c && !s->shape[from].flat) {
        add_node(s, "global_pool", from, -1, "", vector);
    } else {
        snprintf(keys, sizeof keys, "out=%d", shape.c);
        add_node(s, "fc", from, -1, keys, vector);
    }
    if (below(s, 3) > 0) {
        add_node(s, "sigmoid", s->count - 1, -1, "", vector);
    } else {
        add_node(s, "tanh", s->count - 1, -1, "", vector);
    }
    add_node(s, "mul", x, s->count - 1, "", shape);
}

/* What works pixel by pixel, or with all pixels; scores of attention are to stay small. */
static void add_by_pixel(sketch *s, int x) {
    tam_shape shape = s->shape[x];
    int kind = below(s, 3);
    add_node(s, kind == 0 ? "softmax" : "layer_norm", x, -1, kind == 0 ? "" : "eps=0.1", shape);
    if (kind == 2 && shape.c % 3 != 0 && !shape.flat) {
        shape.c = below(s, 2) == 0 ? 12 : 27;
        add_node(s, "conv", s->count - 1, -1,
                 shape.c == 12 ? "out=12, kernel=1, init=xavier" : "out=27, kernel=1, init=xavier", shape);
    }
    if (kind == 2 && !shape.flat) {
        int heads = shape.c % 9 == 0 && below(s, 2) == 0 ? 3 : 1;
        shape.c /= 3;
        add_node(s, "attention", s->count - 1, -1, heads == 3 ? "heads=3" : "heads=1", shape);
    }
}

static void add_some(sketch *s) {
    int x = below(s, 3) > 0 ? s->count - 1 : below(s, s->count);
    tam_shape shape = s->shape[x];
    int kind = below(s, 25);
    if (kind < 3 && !shape.flat) {
        (below(s, 4) == 0 ? add_narrow_conv : add_conv)(s, x);
    } else if (kind < 6) {
        /* a channel of zeros, which an activation may leave, is not to blow rounding up */
        add_node(s, "batch_norm", x, -1, below(s, 4) == 0 ? "eps=0.1, scale=0" : "eps=0.1", shape);
    } else if (kind < 8) {
        add_node(s, "prelu", x, -1, "", shape);
    } else if (kind < 10) {
        add_node(s, "relu", x, -1, "", shape);
    } else if (kind < 13) {
        add_pair(s, "add", x, -1);
    } else if (kind == 13) {
        add_node(s, "dropout", x, -1, "p=0.3", shape);
    } else if (kind == 14 && !shape.flat) {
        add_pool(s, below(s, 3) > 0 ? "max_pool" : "avg_pool", x);
    } else if (kind == 20 && !shape.flat) {
        add_spread(s, x);
    } else if (kind == 21) {
        add_product(s, x);
    } else if (kind > 21) {
        add_curve(s, x);
    } else if (kind > 17) {
        add_moved(s, x);
    } else if (kind > 15) {
        add_by_pixel(s, x);
    } else if (shape.flat) {
        add_full(s, x);
    } else if (shape.h * shape.w < 10) {
        add_node(s, "flatten", x, -1, "", (tam_shape){.c = (int)tam_shape_count(shape), .h = 1, .w = 1, .flat = true});
    }
}

/* What nobody reads is brought to vectors of 8, and these are summed. */
static void add_end(sketch *s) {
    int end = -1, drawn = s->count;
    for (int i = 0; i < drawn; i++) {
        if (s->readers[i] == 0) {
            int full = add_full(s, i);
            if (end >= 0) {
                add_node(s, "add", end, full, "", s->shape[full]);
            }
            end = s->count - 1;
        }
    }
}

static void draw(sketch *s, int number) {
    static const int widths[] = {3, 5, 16};
    *s = (sketch){.random = tam_random_at(GRAPH_SEED, TAM_PURPOSE_TEST, (uint32_t)number, 3)};
    tam_shape shape = {.c = widths[below(s, 3)], .h = 1 + below(s, 8), .w = 1 + below(s, 8)};
    s->batch = 4 + below(s, 4);
    s->length = snprintf(s->text, sizeof s->text, "input = input(channels=%d, height=%d, width=%d)\n", shape.c, shape.h,
                         shape.w);
    s->shape[s->count++] = shape;
    for (int i = 4 + below(s, 10); i > 0; i--) {
        add_some(s);
    }
    add_end(s);
}

static void check_against_ref(bench_net *net, bench_net *ref, const char *text) {
    const double tolerance = 1e-3; /* gradients that cancel to 0 keep rounding of much larger numbers */
    const char *name = net->backend->name;
    compare_values(net->y, ref->y, net->outputs, tolerance, "output in training", name, text);
    compare_values(net->dx, ref->dx, net->inputs, tolerance, "input's gradient", name, text);
    compare_parameters(net, ref, TAM_PART_GRADIENT, tolerance, text);
    compare_parameters(net, ref, TAM_PART_VALUE, tolerance, text);
    for (int n = 1; n <= net->batch; n += net->batch - 1) {
        test_ok(net->ctx, net->backend->forward(net->inference, n, net->x, 0, net->y));
        test_ok(net->ctx, ref->backend->forward(ref->inference, n, ref->x, 0, ref->y));
        compare_values(net->y, ref->y, net->outputs / net->batch * n, tolerance, "output in inference", name, text);
    }
}

/* The parameters' gradients are the same where nobody wants the input's. */
static void check_without_dx(bench_net *net, bench_net *with_dx, const char *text) {
    bench_net_forward(net);
    test_ok(net->ctx, net->backend->backward(net->training, net->r, NULL));
    assert_same_parameters(net, with_dx, TAM_PART_GRADIENT, text);
}

/* The graphs together have every op. */
static void note_ops(const char *text, bool *drawn) {
    char call[TAM_NAME_LENGTH];
    for (int op = 0; op < tam_op_count(); op++) {
        snprintf(call, sizeof call, " = %s(", tam_op_at(op)->name);
        drawn[op] = drawn[op] || strstr(text, call) != NULL;
    }
}

static void every_op_is_drawn(void **state) {
    (void)state;
    static sketch s;
    bool drawn[64] = {false};
    assert_true(tam_op_count() <= 64);
    for (int g = 0; g < GRAPHS; g++) {
        draw(&s, g);
        note_ops(s.text, drawn);
    }
    for (int op = 0; op < tam_op_count(); op++) {
        if (!drawn[op]) {
            fail_msg("no graph has %s", tam_op_at(op)->name);
        }
    }
}

static void graphs_of_chance_match_ref(void **state) {
    (void)state;
    static const tam_recompute ways[] = {TAM_RECOMPUTE_NONE, TAM_RECOMPUTE_SWEEPS, TAM_RECOMPUTE_UNITS};
    enum { WAYS = 3, TWO_THREADS = 8 }; /* every eighth: threads that wait for each other cost most of the time */
    static sketch s;
    for (int g = 0; g < GRAPHS; g++) {
        tam_ctx *ctx = test_ctx(g % TWO_THREADS == 0 ? 2 : 1);
        const tam_backend *cpu = tam_backend_find(ctx, "cpu"), *plain = tam_backend_find(ctx, "ref");
        draw(&s, g);
        problem drawn = {s.batch, s.text};
        bench_net nets[WAYS], ref = bench_net_open(ctx, plain, &drawn);
        bench_net_run_twice(&ref);
        for (int way = 0; way < WAYS; way++) {
            nets[way] = bench_net_open_as(ctx, cpu, &drawn, (tam_plan_config){.recompute = ways[way]});
            bench_net_run_twice(&nets[way]);
            assert_same_bits(&nets[way], &nets[0], s.text);
        }
        check_against_ref(&nets[1], &ref, s.text);
        for (int way = 0; way < WAYS; way++) {
            check_without_dx(&nets[way], &nets[(way + 1) % WAYS], s.text);
        }
        for (int way = 0; way < WAYS; way++) {
            bench_net_close(&nets[way]);
        }
        bench_net_close(&ref);
        test_ctx_free(ctx);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_op_is_drawn),
        cmocka_unit_test(graphs_of_chance_match_ref),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* A network as a graph of ops: shapes, parameters, text. It knows no device and holds no values.
 *
 * An op is one file in src/graph/ops/ and one line in src/graph/ops/ops.def. A builder reads like the paper:
 *     x = tam_graph_add(g, "conv", (int[]){x}, 1, "out=%d,kernel=5,pad=2", 32);
 * The first failure sticks: later calls do nothing and return -1, and tam_graph_finish reports it. */
#ifndef GRAPH_GRAPH_H
#define GRAPH_GRAPH_H

#include <stdbool.h>

#include "base/spec.h"

enum { TAM_NODE_INPUTS = 64, TAM_OP_KEYS = 12, TAM_NAME_LENGTH = 64 };

/* Limits that keep every count of a sample, of a layer's weights and of multiply-adds far inside 64 bits. */
enum { TAM_GRAPH_NODES = 1 << 13, TAM_SAMPLE_VALUES = 1 << 28 };

/* The shape of one sample: a map of c channels, h x w; a vector has h = w = 1 and flat set. */
typedef struct tam_shape {
    int c, h, w;
    bool flat;
} tam_shape;

typedef enum tam_init {
    TAM_INIT_ZERO,
    TAM_INIT_ONE,
    TAM_INIT_QUARTER, /* 0.25: PReLU slopes */
    TAM_INIT_HE,      /* normal, deviation sqrt(2 / fan_in) (He et al., ICCV 2015) */
    TAM_INIT_XAVIER,  /* uniform, bound sqrt(3 / fan_in) */
    TAM_INIT_SMALL    /* normal, deviation 0.02 */
} tam_init;

typedef struct tam_parameter {
    char name[TAM_NAME_LENGTH + 16]; /* NODE.PART, as in "conv1.weight" */
    int dims;
    int64_t size[4];
    int64_t count;
    tam_init init;
    int64_t fan_in;
    bool trained; /* false: a running statistic, written by forward in training */
    bool decayed; /* weight decay applies (weights of conv and fc; not biases, norms, slopes) */
    int node;
} tam_parameter;

typedef struct tam_graph tam_graph;
typedef struct tam_node tam_node;

enum { TAM_ANY_INPUTS = -1 };

/* What an op is to the graph. */
typedef struct tam_op {
    const char *name;
    int inputs;          /* number of inputs; TAM_ANY_INPUTS: 2 to TAM_NODE_INPUTS */
    const tam_key *keys; /* a default outside its own range marks a key that must be given */
    int key_count;
    unsigned quiet; /* bit k: the text leaves key k out where it has its default */
    /* Fills in keys whose default depends on other keys (optional). */
    void (*settle)(double *key);
    /* The output's shape from the inputs', or TAM_CONFIG with a sentence that names the node. */
    tam_status (*shape)(tam_ctx *ctx, const tam_node *node, const tam_shape *in, tam_shape *out);
    /* Declares parameters with tam_graph_parameter (optional). */
    tam_status (*parameters)(tam_graph *graph, const tam_node *node, const tam_shape *in);
    /* Multiply-adds for one sample (optional: 0). */
    int64_t (*macs)(const tam_node *node, const tam_shape *in);
} tam_op;

struct tam_node {
    const tam_op *op;
    char name[TAM_NAME_LENGTH];
    int id;
    int inputs, input[TAM_NODE_INPUTS]; /* node ids; node 0 is the graph's input and has op "input" */
    double key[TAM_OP_KEYS];            /* in the order of the op's table */
    tam_shape shape;                    /* of the output */
    int first_parameter, parameter_count;
    int readers, first_reader; /* how often later nodes read it, and the first of them */
};

TAM_MUST_USE tam_status tam_graph_create(tam_ctx *ctx, int channels, int height, int width, tam_graph **out);
void tam_graph_free(tam_graph *graph);

/* Adds a node and returns its id; -1 after a failure. The name is made from the op's name and a running number
 * ("conv3"). The keys are formatted with a decimal point whatever the locale. */
int tam_graph_add(tam_graph *graph, const char *op, const int *inputs, int input_count, const char *keys_format, ...)
    __attribute__((format(printf, 5, 6)));
/* The same for one input, which is what most ops have. */
int tam_graph_then(tam_graph *graph, const char *op, int input, const char *keys_format, ...)
    __attribute__((format(printf, 4, 5)));

/* The same for one input and default keys. */
int tam_graph_plain(tam_graph *graph, const char *op, int input);
/* The same with a given name (letters, digits, '_', '.'; NULL: made as above) and finished keys. */
int tam_graph_add_named(tam_graph *graph, const char *name, const char *op, const int *inputs, int input_count,
                        const char *keys);

/* For a builder that finds what it was asked for impossible: fails with TAM_CONFIG and this sentence; -1. */
int tam_graph_refuse(tam_graph *graph, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Declares a parameter of the node that is being added; for the ops. */
TAM_MUST_USE tam_status tam_graph_parameter(tam_graph *graph, const tam_node *node, const char *part, int dims,
                                            const int64_t *size, tam_init init, int64_t fan_in, bool trained,
                                            bool decayed);

/* Reports the first failure of the building (TAM_CONFIG or TAM_RESOURCES); the last node is the output, must be a
 * vector, and every other node must have a reader. The graph does not change afterwards. */
TAM_MUST_USE tam_status tam_graph_finish(tam_graph *graph);
/* The node that tam_graph_finish found at fault with the whole; -1: it found none. */
int tam_graph_fault(const tam_graph *graph);

tam_ctx *tam_graph_ctx(const tam_graph *graph);
int tam_graph_node_count(const tam_graph *graph);
/* Valid until the next node is added. */
const tam_node *tam_graph_node(const tam_graph *graph, int id);
/* The node of that name, or -1. */
int tam_graph_find(const tam_graph *graph, const char *name);
int tam_graph_parameter_count(const tam_graph *graph);
const tam_parameter *tam_graph_parameter_at(const tam_graph *graph, int index);
tam_shape tam_graph_output_shape(const tam_graph *graph);
/* Numbers in one sample of that shape. */
int64_t tam_shape_count(tam_shape shape);
/* Multiply-adds of one node, and of all, for one sample. */
int64_t tam_node_macs(const tam_graph *graph, int id);
int64_t tam_graph_macs(const tam_graph *graph);
/* How often node `id` is read; a node that reads it twice counts twice. */
int tam_graph_readers(const tam_graph *graph, int id);

/* The window of a node's convolution or pool. */
typedef struct tam_window {
    int kernel_h, kernel_w, stride, pad_h, pad_w;
} tam_window;
tam_window tam_conv_window(const tam_node *node);

/* The keys that tell most, as words: "3 x 3, stride 2, pad 1", "heads 4"; "" where the shape tells all. */
void tam_node_words(const tam_node *node, char *text, size_t room);

/* The text form, one line a node: `conv1 = conv(input, out=32, kernel=5, stride=1, pad=2, groups=1, bias=0)`, after a
 * first line `input = input(channels=1, height=28, width=28)`. Writes at most `room` bytes with the closing zero and
 * returns the length that it has or would have. */
size_t tam_graph_text(const tam_graph *graph, char *text, size_t room);
/* The inverse; blank lines and what follows a '#' are skipped. Fails with TAM_INPUT and names the line of a fault. A
 * graph read from a graph's text has the same text. */
TAM_MUST_USE tam_status tam_graph_parse(tam_ctx *ctx, const char *text, tam_graph **out);
/* The same; `origin` ("graph" above) is what the sentences call the text, and `input` (NULL: none) takes the place of
 * the input that the text names. */
TAM_MUST_USE tam_status tam_graph_parse_as(tam_ctx *ctx, const char *origin, const char *text, const tam_shape *input,
                                           tam_graph **out);

/* Ops. */
const tam_op *tam_op_find(tam_ctx *ctx, const char *name);
int tam_op_count(void);
const tam_op *tam_op_at(int index);

/* The keys of the ops, in the order of their tables: node->key[TAM_CONV_STRIDE]. Defaults in brackets. A pixel is a
 * place (h, w) of a map; a vector is a map of one pixel to the ops that work pixel by pixel.
 *
 *   input       channels, height, width
 *   conv        out, kernel [3], stride [1], pad [0], groups [1], bias [1], kernel_w [as kernel], pad_w [as pad], init
 *               [he]; weight [out, in/groups, kernel, kernel_w], bias [out]. Read the window by tam_conv_window
 *   fc          out, bias [1], init [xavier]; input is flattened in (c, h, w) order if it is a map; weight [out, in],
 *               bias [out]
 *   batch_norm  eps [1e-5], momentum [0.1] (of the new statistics), scale [1: gamma learned; 0: gamma fixed at 1];
 *               gamma, beta, mean, variance [c]
 *   layer_norm  eps [1e-5]; over the channels of each pixel; gamma, beta [c]
 *   position    -; adds a learned map; map [c, h, w]
 *
 *   prelu       -; slope [c]
 *   relu, relu6, sigmoid, hsigmoid, swish, hswish, gelu, tanh: number by number
 *   softmax     -; over the channels of each pixel
 *   scale       factor, shift [0]; factor x + shift
 *   dropout     p [0.4]; kept values are divided by 1 - p in training; identity in inference
 *
 *   add         - (two inputs of one shape)
 *   mul         - (two inputs of one shape; or a map and a vector with a factor for each of its channels)
 *   attention   heads [8]; the map's pixels are tokens, its channels q, k and v one after the other, each with the
 * heads one after the other; y = softmax(q k^T / sqrt(d)) v by head, d = c / 3 / heads
 *
 *   max_pool    kernel [2], stride [0: as the kernel, and stored so], pad [0]; padding never wins
 *   avg_pool    kernel [2], stride [0], pad [0]; padding is not counted
 *   global_pool -; mean over the map, gives a vector
 *   resize      height, width, mode [bilinear, or nearest]; pixels have their centre at (i + 0.5) / size
 *   pad         top, bottom, left, right [0]; zeros around the map
 *
 *   concat      - (2 to 64 inputs with the same pixels); channels one after the other
 *   slice       first [0], count; channels
 *   shuffle     groups [2]; channel i of group g becomes channel i * groups + g
 *   flatten     -; (c, h, w) order
 *   reshape     channels, height, width; (c, h, w) order, gives a map
 *   transpose   order [cwh, or hcw, hwc, wch, whc]: which axes of the input become c, h and w, in this order */
enum { TAM_INPUT_CHANNELS, TAM_INPUT_HEIGHT, TAM_INPUT_WIDTH };
enum {
    TAM_CONV_OUT,
    TAM_CONV_KERNEL,
    TAM_CONV_STRIDE,
    TAM_CONV_PAD,
    TAM_CONV_GROUPS,
    TAM_CONV_BIAS,
    TAM_CONV_KERNEL_W, /* 0: as kernel */
    TAM_CONV_PAD_W,    /* -1: as pad */
    TAM_CONV_INIT
};
enum { TAM_FC_OUT, TAM_FC_BIAS, TAM_FC_INIT };
enum { TAM_BATCH_NORM_EPS, TAM_BATCH_NORM_MOMENTUM, TAM_BATCH_NORM_SCALE };
enum { TAM_LAYER_NORM_EPS };
enum { TAM_SCALE_FACTOR, TAM_SCALE_SHIFT };
enum { TAM_DROPOUT_P };
enum { TAM_ATTENTION_HEADS };
enum { TAM_POOL_KERNEL, TAM_POOL_STRIDE, TAM_POOL_PAD };
enum { TAM_RESIZE_HEIGHT, TAM_RESIZE_WIDTH, TAM_RESIZE_MODE };
enum { TAM_RESIZE_BILINEAR, TAM_RESIZE_NEAREST };
enum { TAM_PAD_TOP, TAM_PAD_BOTTOM, TAM_PAD_LEFT, TAM_PAD_RIGHT };
enum { TAM_SLICE_FIRST, TAM_SLICE_COUNT };
enum { TAM_SHUFFLE_GROUPS };
enum { TAM_RESHAPE_CHANNELS, TAM_RESHAPE_HEIGHT, TAM_RESHAPE_WIDTH };
enum { TAM_TRANSPOSE_ORDER };
/* The input's axes (0: c, 1: h, 2: w) that become the output's c, h and w. */
const int *tam_transpose_axes(const tam_node *node);

#endif

/* Problems as text, for every test that holds one computation of a net against another. A new op or a doubtful corner
 * is one more line here. */
#ifndef TESTS_CROSS_PROBLEMS_H
#define TESTS_CROSS_PROBLEMS_H

#include <stdbool.h>

typedef struct problem {
    int batch;
    /* Either a chain, "CxHxW op(keys) op(keys) ...", or the text form of a graph; a map is flattened at the end. */
    const char *text;
} problem;

#define INPUT "input = input(channels=2, height=4, width=3)\n"

static const problem problems[] = {
    {1, "1x5x5 conv(out=1,kernel=3,bias=0)"},
    {3, "3x9x7 conv(out=5,kernel=3,pad=1)"},
    {2, "3x9x7 conv(out=5,kernel=5,pad=2)"},
    {5, "2x9x7 conv(out=3,kernel=3,stride=2,pad=1,bias=0)"},
    {2, "2x8x9 conv(out=3,kernel=3,stride=3)"},
    {3, "5x7x9 conv(out=17,kernel=1)"},
    {2, "6x9x5 conv(out=8,kernel=1,stride=2,bias=0)"},
    {2, "6x7x7 conv(out=9,kernel=3,groups=3,pad=1)"},
    {3, "4x7x6 conv(out=4,kernel=3,stride=2,groups=4,pad=1)"},
    {2, "4x7x6 conv(out=8,kernel=2,groups=4,bias=0)"},
    {2, "1x4x3 conv(out=2,kernel=5,pad=4)"},
    {1, "2x11x11 conv(out=16,kernel=7,stride=2,pad=3)"},
    {2, "16x6x5 conv(out=32,kernel=3,pad=1)"},
    {3, "17x5x6 conv(out=33,kernel=3,pad=1)"},
    {4, "3x5x7 batch_norm()"},
    {3, "5x4x3 batch_norm(scale=0,momentum=0.3)"},
    {7, "19x1x1 flatten() batch_norm(eps=0.001)"},
    {2, "1x1x1 batch_norm()"},
    {3, "4x5x3 prelu()"},
    {5, "7x1x1 flatten() prelu()"},
    {2, "3x6x5 relu()"},
    {3, "2x6x6 max_pool()"},
    {2, "3x7x9 max_pool(kernel=3,stride=2,pad=1)"},
    {2, "3x7x5 max_pool(kernel=3,stride=1,pad=2)"},
    {1, "2x9x9 max_pool(kernel=2,stride=3)"},
    {3, "2x6x6 avg_pool()"},
    {2, "3x7x9 avg_pool(kernel=3,stride=2,pad=1)"},
    {2, "3x7x5 avg_pool(kernel=3,stride=1,pad=2)"},
    {3, "5x7x3 global_pool()"},
    {3, "5x3x4 fc(out=7)"},
    {1, "1x1x1 fc(out=1,bias=0)"},
    {9, "3x5x1 flatten() fc(out=33,bias=0)"},
    {3, "5x3x4 flatten()"},
    {4, "3x5x7 dropout(p=0.3)"},
    {2, "7x3x3 dropout(p=0)"},
    {2, "2x4x4 conv(out=3,pad=1,bias=0) batch_norm() prelu() max_pool() fc(out=5)"},
    {3, "2x3x4 conv(out=2,pad=1,bias=0) batch_norm() relu() avg_pool(kernel=3,stride=2,pad=1) global_pool() fc(out=4)"},
    {5, "2x6x7 fc(out=12) prelu() dropout(p=0.25) fc(out=9,bias=0) batch_norm(scale=0)"},
    {2, "1x6x4 conv(out=2,kernel=5,pad=2) prelu() conv(out=3,kernel=5,pad=2) prelu() max_pool() fc(out=2)"},
    {3, INPUT "y = add(input, input)\nz = flatten(y)\n"},
    {3, INPUT "a = conv(input, out=2, pad=1)\nb = add(a, input)\nc = fc(b, out=3)\n"},
    {4, INPUT "a = conv(input, out=4, pad=1)\nb = batch_norm(a)\nc = prelu(b)\nd = conv(c, out=4, pad=1)\n"
              "e = batch_norm(d)\nf = add(e, a)\ng = relu(f)\nh = fc(g, out=3)\n"},
    {4, INPUT "a = batch_norm(input)\nb = conv(a, out=3, pad=1, bias=0)\nc = batch_norm(b)\nd = prelu(c)\n"
              "e = conv(d, out=3, stride=2, pad=1, bias=0)\nf = batch_norm(e)\n"
              "g = conv(input, out=3, kernel=1, stride=2, bias=0)\nh = batch_norm(g)\ni = add(f, h)\n"
              "j = batch_norm(i)\nk = dropout(j, p=0.4)\nl = fc(k, out=5, bias=0)\nm = batch_norm(l, scale=0)\n"},
    {2, INPUT "a = relu(input)\nb = max_pool(input)\nc = max_pool(a)\nd = add(b, c)\ne = global_pool(d)\n"
              "f = fc(d, out=2)\ng = add(e, f)\nh = relu(g)\ni = add(h, g)\n"},
#include "problems_channels.def"
#include "problems_moves.def"
#include "problems_pointwise.def"
#include "problems_tokens.def"
#include "problems_windows.def"
};

/* Too large for finite differences: a small step already crosses several kinks. */
static const problem large_problems[] = {
    {3, "3x11x13 conv(out=16,kernel=5,stride=2,pad=2) relu()"},
    {2, "1x9x40 conv(out=48,kernel=3,pad=1,bias=0) batch_norm() prelu()"},
    {2, "4x35x33 conv(out=32,kernel=7,stride=2,pad=1) prelu() conv(out=32,stride=2,pad=1) relu()"},
    {6, "2x9x9 conv(out=8,pad=1,bias=0) batch_norm() prelu() max_pool() fc(out=5)"},
    {5, "3x8x8 conv(out=16,pad=1) batch_norm() relu() avg_pool(kernel=3,stride=2,pad=1) global_pool() fc(out=4)"},
    {3, "1x15x17 conv(out=32,kernel=5,pad=2) prelu() conv(out=32,kernel=5,pad=2) prelu() max_pool() fc(out=2)"},
    {5, "3x13x11 conv(out=64,pad=1,bias=0) batch_norm() relu() max_pool() conv(out=64,pad=1) relu() max_pool() "
        "fc(out=128) batch_norm(scale=0)"},
    {5, "input = input(channels=3, height=15, width=13)\n"
        "a = conv(input, out=16, pad=1, bias=0)\nb = batch_norm(a)\nc = prelu(b)\nd = batch_norm(c)\n"
        "e = conv(d, out=32, pad=1, bias=0)\nf = batch_norm(e)\ng = prelu(f)\n"
        "h = conv(g, out=32, stride=2, pad=1, bias=0)\ni = batch_norm(h)\n"
        "j = conv(c, out=32, kernel=1, stride=2, bias=0)\nk = batch_norm(j)\nl = add(i, k)\nm = batch_norm(l)\n"
        "n = dropout(m, p=0.4)\no = fc(n, out=24, bias=0)\np = batch_norm(o, scale=0)\n"},
    /* Layouts in blocks: channels that fill none, one and several, odd sides, groups, changes of layout, places shared.
     */
    {3, "1x15x13 conv(out=10,pad=1) batch_norm() relu() max_pool(kernel=3,stride=2) dropout(p=0.3) conv(out=17,pad=1) "
        "prelu() max_pool(kernel=3,stride=2,pad=1) fc(out=5)"},
    {2, "3x7x9 conv(out=16,pad=1) relu() conv(out=64,pad=1) prelu() avg_pool(kernel=3,stride=2) global_pool()"},
    {2, "10x9x7 conv(out=20,pad=1,groups=2) batch_norm(scale=0) prelu() global_pool()"},
    {3, "17x5x7 conv(out=17,pad=1,groups=17) relu() dropout(p=0.5) flatten() fc(out=3)"},
    {2, "32x7x7 conv(out=32,pad=1,groups=32,stride=2,bias=0) batch_norm() relu() conv(out=10,kernel=1)"},
    {2, "64x7x5 conv(out=64,pad=1,groups=2) max_pool(kernel=2) fc(out=11)"},
    /* Groups of 1, 2 and 4 channels. */
    {3,
     "3x13x11 conv(out=16,pad=1) prelu() conv(out=16,pad=1,groups=8,bias=0) batch_norm() prelu() "
     "conv(out=16,pad=1,groups=16,stride=2,bias=0) batch_norm() conv(out=32,kernel=1) conv(out=32,kernel=6,groups=32) "
     "flatten()"},
    {2, "16x9x8 conv(out=16,pad=2,kernel=5,groups=4,stride=2) relu() conv(out=16,kernel=3,groups=8,bias=0) "
        "global_pool()"},
    {2,
     "48x6x7 batch_norm() conv(out=48,pad=1,groups=24,stride=2,bias=0) conv(out=48,groups=12,pad=1) prelu() fc(out=3)"},
    {5, "32x3x3 conv(out=32,kernel=3,groups=32,bias=0) batch_norm() flatten()"},
    {2, "input = input(channels=16, height=6, width=5)\n"
        "a = conv(input, out=16, pad=1, groups=16, bias=0)\nb = batch_norm(a)\nc = add(b, input)\n"
        "d = conv(c, out=16, kernel=2, groups=8)\ne = flatten(d)\n"},
    {3, "32x9x7 conv(out=33,pad=1) relu() conv(out=64,pad=1,bias=0) prelu() conv(out=40,pad=0) global_pool()"},
    {3, "5x8x7 batch_norm() max_pool(kernel=3)"},
    {3,
     "2x11x13 conv(out=17,pad=1) batch_norm() prelu() max_pool(kernel=3) batch_norm() relu() max_pool() global_pool()"},
    {2, "40x5x6 conv(out=48,pad=2) batch_norm() relu() flatten()"},
    {2, "10x5x5 relu() conv(out=10,pad=1) relu() max_pool(kernel=5)"},
    {2, "16x7x7 conv(out=64,pad=1) prelu() max_pool() batch_norm() flatten() dropout(p=0.2) relu()"},
    {3, "input = input(channels=3, height=7, width=5)\n"
        "a = conv(input, out=16, pad=1)\nb = relu(a)\nc = conv(b, out=16, pad=1)\nd = add(c, b)\ne = relu(d)\n"
        "f = conv(e, out=16, pad=1)\ng = add(e, f)\nh = add(g, g)\ni = global_pool(h)\n"},
    {3, "input = input(channels=3, height=7, width=5)\n"
        "a = conv(input, out=3, pad=1)\nb = add(input, a)\nc = add(a, b)\nd = conv(c, out=10, pad=1)\n"
        "e = batch_norm(d)\nf = relu(e)\ng = add(e, f)\nh = flatten(g)\ni = flatten(f)\nj = relu(h)\n"
        "k = add(j, i)\nl = dropout(k, p=0.1)\nm = fc(l, out=4)\n"},
    {2, "input = input(channels=16, height=1, width=1)\n"
        "a = flatten(input)\nb = relu(a)\nc = add(a, b)\nd = relu(c)\ne = fc(d, out=16)\nf = add(e, c)\n"},
    {2, "input = input(channels=16, height=1, width=1)\n"
        "a = flatten(input)\nb = relu(a)\nc = flatten(input)\nd = add(b, c)\n"},
    {2, "input = input(channels=6, height=5, width=3)\n"
        "a = conv(input, out=6, pad=1)\nb = relu(a)\nc = conv(input, out=6, pad=1)\nd = add(b, c)\n"
        "e = flatten(d)\n"},
    /* Groups of 8, 16 and 32 channels, and numbers of channels that fill no register. */
    {2, "3x13x11 conv(out=64,pad=1) relu() conv(out=64,pad=1,groups=8,stride=2,bias=0) batch_norm() relu() "
        "conv(out=64,pad=1,groups=4) prelu() conv(out=64,kernel=3,groups=2) relu() global_pool()"},
    {3, "3x11x9 conv(out=24,stride=2,pad=1,bias=0) batch_norm() relu() conv(out=58,kernel=1,bias=0) batch_norm() "
        "conv(out=58,groups=58,pad=1) relu() conv(out=58,groups=58,stride=2,pad=1) conv(out=29,kernel=1) fc(out=5)"},
    /* Windows that are not square. */
    {2, "3x9x11 conv(out=32,pad=1) relu() conv(out=48,kernel=1,kernel_w=7,pad=0,pad_w=3,bias=0) batch_norm() relu() "
        "conv(out=64,kernel=7,kernel_w=1,pad=3,pad_w=0) relu() global_pool()"},
    {3, "32x7x6 conv(out=32,kernel=1,kernel_w=3,pad=0,pad_w=1,bias=0) batch_norm() relu() "
        "conv(out=32,kernel=3,kernel_w=1,pad=1,pad_w=0,bias=0) batch_norm() prelu() fc(out=5)"},
    {3, "32x8x9 batch_norm() conv(out=16,kernel=1,kernel_w=3,stride=2,pad=0,pad_w=1,groups=16) "
        "conv(out=17,kernel=3,kernel_w=2,pad=0,pad_w=1) flatten()"},
    /* A value beside its own norm, in both orders, and beside two norms of it. */
    {4, INPUT "a = conv(input, out=16, pad=1)\nb = batch_norm(a)\nc = add(a, b)\nd = prelu(c)\ne = fc(d, out=3)\n"},
    {4, INPUT "a = conv(input, out=16, pad=1)\nb = batch_norm(a)\nc = add(b, a)\nd = fc(c, out=3)\n"},
    {4, INPUT "a = conv(input, out=16, pad=1)\nb = batch_norm(a)\nc = batch_norm(a, scale=0)\nd = add(c, b)\n"
              "e = relu(d)\nf = add(e, a)\ng = fc(f, out=3)\n"},
    /* In inference a dropout is a view: here of a view that others read. */
    {3, "3x5x4 conv(out=16) dropout(p=0.2) dropout(p=0) relu() global_pool() dropout(p=0.3) dropout() relu()"},
    {3, INPUT "a = conv(input, out=16, pad=1)\nb = dropout(a, p=0.2)\nc = dropout(b, p=0)\nd = relu(c)\n"
              "e = add(d, b)\nf = flatten(e)\n"},
    /* Activations and norms before the first parameter, and norms of what was pooled. */
    {3, "3x7x9 relu() conv(out=10,pad=1) relu() max_pool() batch_norm() prelu() max_pool() fc(out=5)"},
    {3, INPUT "a = relu(input)\nb = batch_norm(a)\nc = relu(b)\nd = add(c, a)\ne = relu(d)\nf = conv(e, out=5)\n"
              "g = batch_norm(e)\nh = fc(g, out=4)\ni = fc(f, out=4)\nj = add(h, i)\n"},
    /* Pixels one by one: channels that fill blocks or do not, vectors, what is added to a gradient that is there. */
    {3, "3x9x7 conv(out=48,pad=1) layer_norm() conv(out=17,kernel=1) layer_norm() softmax() fc(out=4)"},
    {5, "3x23x19 layer_norm() conv(out=16,pad=1) layer_norm() prelu() conv(out=10,kernel=1) softmax() global_pool()"},
    {7, "5x6x5 fc(out=300) layer_norm(eps=0.001) fc(out=33) softmax() layer_norm() relu()"},
    {3, INPUT "a = conv(input, out=32, kernel=1)\nb = layer_norm(a)\nc = conv(b, out=32, kernel=1)\nd = add(c, a)\n"
              "e = softmax(d)\nf = layer_norm(d)\ng = add(e, f)\nh = add(g, b)\ni = fc(h, out=3)\n"},
    /* Windows side by side on few channels. */
    {3, "3x24x16 conv(out=48,kernel=8,stride=8) layer_norm() fc(out=5)"},
    {2, "1x18x30 conv(out=16,kernel=6,stride=6,bias=0) conv(out=32,kernel=1) prelu() fc(out=3)"},
    {5, "2x12x20 conv(out=32,kernel=4,stride=4) relu() global_pool()"},
    /* Attention: tokens and heads' widths that fill nothing, one token, one number a head. */
    {2, "3x13x11 layer_norm() conv(out=48,pad=1,init=xavier) attention(heads=1) fc(out=3)"},
    {2, "3x15x17 layer_norm() conv(out=96,kernel=1,init=xavier) attention(heads=1) layer_norm() "
        "conv(out=99,kernel=1,init=xavier) attention(heads=1) layer_norm() fc(out=3)"},
    {3, "3x7x5 layer_norm() conv(out=51,kernel=1) attention(heads=17) layer_norm() conv(out=48,kernel=1) "
        "attention(heads=2) fc(out=4)"},
    {3, "16x1x1 layer_norm() conv(out=48,kernel=1) attention(heads=2) fc(out=4)"},
    {2, "3x14x14 layer_norm() conv(out=192,pad=1,init=xavier) attention(heads=1) global_pool()"},
#include "problems_channels_large.def"
#include "problems_moves_large.def"
#include "problems_pointwise_large.def"
};

enum { LARGE_PROBLEMS = sizeof large_problems / sizeof large_problems[0] };
enum { PROBLEMS = sizeof problems / sizeof problems[0] };

#endif

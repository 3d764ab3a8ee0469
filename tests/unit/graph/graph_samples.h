/* Graph texts that several tests read. */
#ifndef TESTS_GRAPH_SAMPLES_H
#define TESTS_GRAPH_SAMPLES_H

/* Every op once, in its canonical text. */
static const char every_op[] = "input = input(channels=3, height=13, width=11)\n"
                               "conv1 = conv(input, out=6, kernel=3, stride=2, pad=1, groups=3, bias=1)\n"
                               "batch_norm1 = batch_norm(conv1, eps=1e-05, momentum=0.1, scale=1)\n"
                               "prelu1 = prelu(batch_norm1)\n"
                               "conv2 = conv(prelu1, out=6, kernel=1, stride=1, pad=0, groups=1, bias=0)\n"
                               "add1 = add(conv2, prelu1)\n"
                               "max_pool1 = max_pool(add1, kernel=3, stride=2, pad=1)\n"
                               "avg_pool1 = avg_pool(max_pool1, kernel=2, stride=1, pad=0)\n"
                               "relu1 = relu(avg_pool1)\n"
                               "flatten1 = flatten(relu1)\n"
                               "fc1 = fc(flatten1, out=6, bias=1)\n"
                               "global_pool1 = global_pool(relu1)\n"
                               "add2 = add(fc1, global_pool1)\n"
                               "dropout1 = dropout(add2, p=0.25)\n"
                               "sigmoid1 = sigmoid(dropout1)\n"
                               "mul1 = mul(relu1, sigmoid1)\n"
                               "conv3 = conv(mul1, out=12, kernel=1, stride=1, pad=0, groups=1, bias=1, kernel_w=2, "
                               "pad_w=1, init=small)\n"
                               "position1 = position(conv3)\n"
                               "layer_norm1 = layer_norm(position1, eps=1e-06)\n"
                               "relu61 = relu6(layer_norm1)\n"
                               "hsigmoid1 = hsigmoid(relu61)\n"
                               "swish1 = swish(hsigmoid1)\n"
                               "hswish1 = hswish(swish1)\n"
                               "gelu1 = gelu(hswish1)\n"
                               "tanh1 = tanh(gelu1)\n"
                               "attention1 = attention(tanh1, heads=2)\n"
                               "softmax1 = softmax(attention1)\n"
                               "scale1 = scale(softmax1, factor=0.5, shift=0)\n"
                               "concat1 = concat(scale1, scale1, softmax1)\n"
                               "shuffle1 = shuffle(concat1, groups=3)\n"
                               "slice1 = slice(shuffle1, first=2, count=6)\n"
                               "pad1 = pad(slice1, top=1, bottom=0, left=0, right=2)\n"
                               "resize1 = resize(pad1, height=3, width=4, mode=nearest)\n"
                               "transpose1 = transpose(resize1, order=whc)\n"
                               "reshape1 = reshape(transpose1, channels=6, height=4, width=3)\n"
                               "fc2 = fc(reshape1, out=5, bias=0, init=he)\n";

#endif

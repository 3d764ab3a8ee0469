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
                               "dropout1 = dropout(add2, p=0.25)\n";

#endif

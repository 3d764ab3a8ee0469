#!/usr/bin/env python3
"""PyTorch's speed on the same nets: forward, backward and an SGD step on synthetic data, in both memory layouts.

    lenet_torch.py [--net lenet++|conv4] [--batch 128] [--threads 2] [--steps 10] [--mode train|infer]

Prints the median over the steps, in images per second. The peer gets its best: the better layout is the one to
compare with, and the allocator keeps its memory if the script is started with
    GLIBC_TUNABLES=glibc.malloc.hugetlb=1:glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=100000000000
"""
import argparse
import statistics
import time

import torch
from torch import nn


def lenet(dim):
    layers, channels = [], 1
    for width in (32, 64, 128):
        for _ in range(2):
            layers += [nn.Conv2d(channels, width, 5, padding=2), nn.PReLU(width)]
            channels = width
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(128 * 3 * 3, dim))


def conv4(dim):
    layers, channels = [], 1
    for _ in range(4):
        layers += [nn.Conv2d(channels, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True),
                   nn.MaxPool2d(2)]
        channels = 64
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(64, dim, bias=False), nn.BatchNorm1d(dim))


def train_step(net, x, dy, optimizer):
    optimizer.zero_grad(set_to_none=True)
    net(x).backward(dy)
    optimizer.step()


def measure(arguments, layout):
    torch.manual_seed(1)
    net = {"lenet++": lenet, "conv4": conv4}[arguments.net](arguments.dim).to(memory_format=layout)
    x = torch.randn(arguments.batch, 1, 28, 28).to(memory_format=layout)
    dy = torch.randn(arguments.batch, arguments.dim)
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-6, momentum=0.9, weight_decay=5e-4)
    times = []
    for step in range(arguments.steps + 2):
        start = time.perf_counter()
        if arguments.mode == "train":
            train_step(net, x, dy, optimizer)
        else:
            with torch.inference_mode():
                net.eval()(x)
        if step >= 2:
            times.append(time.perf_counter() - start)
    return times


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--net", default="lenet++", choices=["lenet++", "conv4"])
    parser.add_argument("--mode", default="train", choices=["train", "infer"])
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--dim", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=10)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    for name, layout in (("nchw", torch.contiguous_format), ("channels_last", torch.channels_last)):
        times = measure(arguments, layout)
        median = statistics.median(times)
        print(f"torch {torch.__version__} {arguments.net} {arguments.mode} {name}: {arguments.batch / median:.0f} images/s"
              f" ({median * 1e3:.1f} ms, {min(times) * 1e3:.1f} to {max(times) * 1e3:.1f})")


if __name__ == "__main__":
    main()

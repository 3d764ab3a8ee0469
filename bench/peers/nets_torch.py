#!/usr/bin/env python3
"""PyTorch's speed on the same nets: forward, backward and an SGD step, or inference, on random data.

    nets_torch.py --net ir18 [--batch 32] [--mode train|infer] [--dtype f32|bf16] [--layout nchw|nhwc|both]
                  [--graph frozen|optimized] [--threads 2] [--rounds 7] [--json] [--rounds-on-request]

Prints the median over the rounds. The peer gets its best: both memory layouts are tried; in inference the graph is
traced and frozen, which folds batch norms into convolutions (frozen), or folded first, in bf16 as a whole, and then
optimized for inference as torch.jit does it (optimized); and the allocator keeps its memory if the script is started with
    GLIBC_TUNABLES=glibc.malloc.hugetlb=1:glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=100000000000:
                   glibc.malloc.top_pad=67108864
--rounds-on-request waits for a line on standard input, takes as many steps as it says (1 if it says nothing) and prints
their median, so that two programs can take turns; it ends with the input.
"""
import argparse
import json
import pathlib
import resource
import statistics
import sys
import time

import torch
from torch import nn
from torch.fx.experimental.optimization import fuse

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "tests" / "oracle"))
from zoo_torch import densenet121, dpn68, mobile, residual, shufflenet_v2, vit  # noqa: E402


class Unit(nn.Module):
    """BN-conv-BN-PReLU-conv(stride)-BN plus identity or 1x1 convolution with BN."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.body = nn.Sequential(
            nn.BatchNorm2d(inputs), nn.Conv2d(inputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs),
            nn.PReLU(outputs), nn.Conv2d(outputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs))
        self.shortcut = nn.Identity()
        if stride > 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        return self.body(x) + self.shortcut(x)


def iresnet(units, dim, width=64, side=112, dropout=0.4):
    layers = [nn.Conv2d(3, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width), nn.PReLU(width)]
    channels = width
    for stage, count in enumerate(units):
        for number in range(count):
            layers.append(Unit(channels, width << stage, 2 if number == 0 else 1))
            channels = width << stage
    return nn.Sequential(*layers, nn.BatchNorm2d(channels), nn.Dropout(dropout), nn.Flatten(),
                         nn.Linear(channels * (side // 16) ** 2, dim, bias=False), nn.BatchNorm1d(dim))


def convolve(inputs, outputs, kernel, stride=1, pad=0, groups=1, act=True):
    layers = [nn.Conv2d(inputs, outputs, kernel, stride, pad, groups=groups, bias=False), nn.BatchNorm2d(outputs)]
    return nn.Sequential(*layers, *([nn.PReLU(outputs)] if act else []))


class Depthwise(nn.Module):
    def __init__(self, inputs, outputs, wide, stride, residual):
        super().__init__()
        self.residual = residual
        self.body = nn.Sequential(convolve(inputs, wide, 1), convolve(wide, wide, 3, stride, 1, wide),
                                  convolve(wide, outputs, 1, act=False))

    def forward(self, x):
        return x + self.body(x) if self.residual else self.body(x)


def mobilefacenet(dim, width=128, side=112):
    wide, last = 2 * width, 4 * width
    layers = [convolve(3, width, 3, 2, 1), convolve(width, width, 3, 1, 1, width // 2),
              Depthwise(width, width, width, 2, False)]
    layers += [Depthwise(width, width, width, 1, True) for _ in range(4)] + [Depthwise(width, wide, wide, 2, False)]
    layers += [Depthwise(wide, wide, wide, 1, True) for _ in range(6)] + [Depthwise(wide, wide, last, 2, False)]
    layers += [Depthwise(wide, wide, wide, 1, True) for _ in range(2)]
    return nn.Sequential(*layers, convolve(wide, last, 1), convolve(last, last, side // 16, groups=last, act=False),
                         nn.Flatten(), nn.Linear(last, dim, bias=False), nn.BatchNorm1d(dim))


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


# Of the modules that the tests hold the zoo's nets to, in full width.
V2_WIDTHS = (32, 16, 24, 32, 64, 96, 160, 320, 1280)
ZOO = {
    "vit-t": lambda dim: vit.vit(8, 256, 12, 8, 4, dim, 112),
    "densenet121": lambda dim: densenet121.densenet121(32, "E", True, 7, dim),
    "resnet50": lambda dim: residual.residual(residual.D34, 64, residual.bottleneck, size=112, dim=dim),
    "ir-se50": lambda dim: residual.residual(residual.D50, 64, se=True, size=112, dim=dim),
    "mobilenet-v2": lambda dim: mobile.mobilenet_v2(V2_WIDTHS, 1, "E", 112, dim),
    "shufflenet-v2": lambda dim: shufflenet_v2.shufflenet(1.0, "E", 1, 7, dim),
    "dpn68": lambda dim: dpn68.dpn68(64, "E", 1, 7, dim),
}

# Builder, (channels, side), dimension.
NETS = {
    "ir18": (lambda dim: iresnet((2, 2, 2, 2), dim), (3, 112), 512),
    "ir50": (lambda dim: iresnet((3, 4, 14, 3), dim), (3, 112), 512),
    "mobilefacenet": (mobilefacenet, (3, 112), 512),
    "lenet++": (lenet, (1, 28), 128),
    "conv4": (conv4, (1, 28), 128),
    **{name: (build, (3, 112), 512) for name, build in ZOO.items()},
}


def make_training(net, x, dim, bf16):
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-6, momentum=0.9, weight_decay=5e-4)
    dy = torch.randn(x.shape[0], dim)

    def step():
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            y = net(x)
        y.float().backward(dy)
        optimizer.step()

    return step


def make_inference(net, x, memory, graph, bf16):
    net.eval()
    autocast = bf16 and graph == "frozen"
    if graph == "optimized":
        net = fuse(net).to(memory_format=memory)
        if bf16:
            net, x = net.bfloat16(), x.bfloat16()
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=autocast, cache_enabled=False):
        traced = torch.jit.trace(net, x)
        net = torch.jit.freeze(traced) if graph == "frozen" else torch.jit.optimize_for_inference(traced)

    def answer():
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            net(x)

    return answer


def make_step(arguments, layout):
    """A function that does one step; everything it needs is made here."""
    torch.manual_seed(1)
    build, (channels, side), dim = NETS[arguments.net]
    memory = torch.channels_last if layout == "nhwc" else torch.contiguous_format
    bf16 = arguments.dtype == "bf16"
    net = build(dim).to(memory_format=memory)
    x = torch.randn(arguments.batch, channels, side, side).contiguous(memory_format=memory)
    if arguments.mode == "train":
        return make_training(net, x, dim, bf16)
    return make_inference(net, x, memory, arguments.graph, bf16)


def timed(step):
    start = time.perf_counter()
    step()
    return (time.perf_counter() - start) * 1e3


def measure(arguments, layout):
    step = make_step(arguments, layout)
    for _ in range(2):
        step()
    if not arguments.rounds_on_request:
        return [timed(step) for _ in range(arguments.rounds)]
    times = []
    for line in sys.stdin:
        times.append(statistics.median(timed(step) for _ in range(int(line.strip() or 1))))
        print(json.dumps({"ms": times[-1]}), flush=True)
    return times


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--net", default="ir18", choices=list(NETS))
    parser.add_argument("--mode", default="train", choices=["train", "infer"])
    parser.add_argument("--dtype", default="f32", choices=["f32", "bf16"])
    parser.add_argument("--layout", default="both", choices=["nchw", "nhwc", "both"])
    parser.add_argument("--graph", default="frozen", choices=["frozen", "optimized"])
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds-on-request", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    for layout in ("nchw", "nhwc") if arguments.layout == "both" else (arguments.layout,):
        times = measure(arguments, layout)
        if not times:
            continue
        median = statistics.median(times)
        found = {"net": arguments.net, "mode": arguments.mode, "dtype": arguments.dtype, "layout": layout,
                 "graph": arguments.graph if arguments.mode == "infer" else None, "batch": arguments.batch,
                 "ms_median": round(median, 2), "ms_min": round(min(times), 2),
                 "images_per_s": round(arguments.batch / median * 1e3, 1),
                 "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}
        print(json.dumps(found) if arguments.json else
              " ".join(f"{key} {value}" for key, value in found.items()), flush=True)


if __name__ == "__main__":
    main()

"""ShuffleNet V2 (Ma et al., ECCV 2018), table 5 and figure 3 (c) and (d)."""
import torch
from torch import nn

from .case import Case
from .parts import output

STAGES = {0.5: (48, 96, 192, 1024), 1.0: (116, 232, 464, 1024), 1.5: (176, 352, 704, 1024), 2.0: (244, 488, 976, 2048)}


def pointwise(inputs, outputs):
    return [nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]


def depthwise(channels, stride):
    return [nn.Conv2d(channels, channels, 3, stride, 1, groups=channels, bias=False), nn.BatchNorm2d(channels)]


def shuffle(x):
    """Two halves dealt out in turns."""
    n, c, h, w = x.shape
    return x.reshape(n, 2, c // 2, h, w).permute(0, 2, 1, 3, 4).reshape(n, c, h, w)


class Basic(nn.Module):
    def __init__(self, channels):
        super().__init__()
        half = channels // 2
        self.branch = nn.Sequential(*pointwise(half, half), *depthwise(half, 1), *pointwise(half, half))

    def forward(self, x):
        left, right = x.chunk(2, 1)
        return shuffle(torch.cat([left, self.branch(right)], 1))


class Down(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        half = outputs // 2
        self.left = nn.Sequential(*depthwise(inputs, 2), *pointwise(inputs, half))
        self.right = nn.Sequential(*pointwise(inputs, half), *depthwise(half, 2), *pointwise(half, half))

    def forward(self, x):
        return shuffle(torch.cat([self.left(x), self.right(x)], 1))


def shufflenet(width, kind, first_stride, side, dim):
    *stages, last = STAGES[width]
    layers = [nn.Conv2d(3, 24, 3, first_stride, 1, bias=False), nn.BatchNorm2d(24), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    channels = 24
    for outputs, count in zip(stages, (4, 8, 4)):
        layers += [Down(channels, outputs), *(Basic(outputs) for _ in range(count - 1))]
        channels = outputs
    return nn.Sequential(*layers, *pointwise(channels, last), *output(kind, last, side, dim))


CASES = [
    Case("shufflenet-v2:width=0.5,output=GDC", lambda: shufflenet(0.5, "GDC", 1, 2, 8)),
    Case("shufflenet-v2:input=S,output=C", lambda: shufflenet(1.0, "C", 2, 2, 8), size=64),
]

"""DenseNet-121 (Huang et al., CVPR 2017): DenseNet-BC with 6, 12, 24 and 16 layers."""
import torch
from torch import nn

from .case import Case
from .parts import output


def activated(channels):
    return [nn.BatchNorm2d(channels), nn.ReLU()]


class DenseLayer(nn.Sequential):
    """Appends its own channels to what it reads."""

    def __init__(self, inputs, growth):
        super().__init__(*activated(inputs), nn.Conv2d(inputs, 4 * growth, 1, bias=False),
                         *activated(4 * growth), nn.Conv2d(4 * growth, growth, 3, padding=1, bias=False))

    def forward(self, x):
        return torch.cat([x, super().forward(x)], 1)


def densenet121(growth, kind, large, side, dim):
    first = nn.Conv2d(3, 2 * growth, 3, padding=1, bias=False) if large else nn.Conv2d(3, 2 * growth, 7, 2, 3, bias=False)
    layers, channels = [first, *activated(2 * growth), nn.MaxPool2d(3, 2, 1)], 2 * growth
    for block, count in enumerate((6, 12, 24, 16)):
        if block > 0:
            layers += [*activated(channels), nn.Conv2d(channels, channels // 2, 1, bias=False), nn.AvgPool2d(2)]
            channels //= 2
        for _ in range(count):
            layers.append(DenseLayer(channels, growth))
            channels += growth
    return nn.Sequential(*layers, *activated(channels), *output(kind, channels, side, dim))


CASES = [
    Case("densenet121:growth=6,dropout=0", lambda: densenet121(6, "E", True, 2, 8)),
    Case("densenet121:growth=5,input=S,output=B", lambda: densenet121(5, "B", False, 2, 8), size=64),
]

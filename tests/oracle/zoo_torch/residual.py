"""The residual nets: He et al., CVPR 2016, and the units of face recognition (Deng et al., CVPR 2019; insightface)."""
from torch import nn

from .case import Case
from .parts import output


class Unit(nn.Module):
    def __init__(self, body, inputs, outputs, stride):
        super().__init__()
        self.body, self.shortcut = nn.Sequential(*body), nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        return self.body(x) + self.shortcut(x)


def convolution(inputs, outputs, kernel, stride=1):
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)


def improved(inputs, outputs, stride):
    return Unit([nn.BatchNorm2d(inputs), convolution(inputs, outputs, 3), nn.BatchNorm2d(outputs), nn.PReLU(outputs),
                 convolution(outputs, outputs, 3, stride), nn.BatchNorm2d(outputs)], inputs, outputs, stride)


def residual(units, width, dim, size=32):
    layers, channels = [convolution(3, width, 3), nn.BatchNorm2d(width), nn.PReLU(width)], width
    for stage, count in enumerate(units):
        for number in range(count):
            layers.append(improved(channels, width << stage, 2 if number == 0 else 1))
            channels = width << stage
    return nn.Sequential(*layers, *output("E", channels, size // 16, dim))


CASES = [
    Case("ir10:width=16,dropout=0", lambda: residual((1, 1, 1, 1), 16, 8)),
    Case("ir18:width=16,dropout=0", lambda: residual((2, 2, 2, 2), 16, 8)),
    Case("ir50:width=8,dropout=0", lambda: residual((3, 4, 14, 3), 8, 8)),
]

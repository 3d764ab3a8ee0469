"""Nets of depthwise convolutions: MobileFaceNet (Chen et al., CCBR 2018)."""
from torch import nn

from .case import Case
from .parts import output


def convolution(inputs, outputs, kernel, stride=1, groups=1):
    return [nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False), nn.BatchNorm2d(outputs)]


class Bottleneck(nn.Module):
    """Expands, filters each channel, projects without an activation."""

    def __init__(self, inputs, wide, outputs, stride, activation, residual):
        super().__init__()
        expand = [*convolution(inputs, wide, 1), activation(wide)] if wide != inputs or activation is nn.PReLU else []
        self.body = nn.Sequential(*expand, *convolution(wide, wide, 3, stride, wide), activation(wide),
                                  *convolution(wide, outputs, 1))
        self.residual = residual

    def forward(self, x):
        return x + self.body(x) if self.residual else self.body(x)


def mobilefacenet(width, dim, kind, size=32):
    layers = [*convolution(3, width, 3, 2), nn.PReLU(width), *convolution(width, width, 3, 1, width // 2),
              nn.PReLU(width)]
    channels = width
    for wide, outputs, count, stride in ((1, 1, 1, 2), (1, 1, 4, 1), (2, 2, 1, 2), (2, 2, 6, 1), (4, 2, 1, 2),
                                         (2, 2, 2, 1)):
        for _ in range(count):
            layers.append(Bottleneck(channels, wide * width, outputs * width, stride, nn.PReLU, stride == 1))
            channels = outputs * width
    layers += [*convolution(channels, 4 * width, 1), nn.PReLU(4 * width)]
    return nn.Sequential(*layers, *output(kind, 4 * width, size // 16, dim))


CASES = [
    Case("mobilefacenet:width=16", lambda: mobilefacenet(16, 8, "GDC")),
]

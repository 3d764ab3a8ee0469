"""Nets of depthwise convolutions: MobileNet (Howard et al., 2017), MobileNet-v2 (Sandler et al., CVPR 2018),
MobileFaceNet (Chen et al., CCBR 2018)."""
from torch import nn

from .case import Case
from .parts import output


def convolution(inputs, outputs, kernel, stride=1, groups=1):
    return [nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False), nn.BatchNorm2d(outputs)]


class Bottleneck(nn.Module):
    """Expands, filters each channel, projects without an activation."""

    def __init__(self, inputs, wide, outputs, stride, activation, expands=True):
        super().__init__()
        expand = [*convolution(inputs, wide, 1), activation(wide)] if expands else []
        self.body = nn.Sequential(*expand, *convolution(wide, wide, 3, stride, wide), activation(wide),
                                  *convolution(wide, outputs, 1))
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.body(x) if self.residual else self.body(x)


def mobilefacenet(width, dim, kind, size=32):
    layers = [*convolution(3, width, 3, 2), nn.PReLU(width), *convolution(width, width, 3, 1, width // 2),
              nn.PReLU(width)]
    channels = width
    for wide, outputs, count, stride in ((1, 1, 1, 2), (1, 1, 4, 1), (2, 2, 1, 2), (2, 2, 6, 1), (4, 2, 1, 2),
                                         (2, 2, 2, 1)):
        for _ in range(count):
            layers.append(Bottleneck(channels, wide * width, outputs * width, stride, nn.PReLU))
            channels = outputs * width
    layers += [*convolution(channels, 4 * width, 1), nn.PReLU(4 * width)]
    return nn.Sequential(*layers, *output(kind, 4 * width, size // 16, dim))


def mobilenet_v1(widths, stride, kind, size, dim=8):
    """widths: of the first convolution and of the five sizes of map."""
    layers, channels = [*convolution(3, widths[0], 3, stride), nn.ReLU()], widths[0]
    for stage, count in enumerate((1, 2, 2, 6, 2)):
        for number in range(count):
            outputs = widths[1 + stage]
            layers += [*convolution(channels, channels, 3, 2 if number == 0 and stage > 0 else 1, channels), nn.ReLU()]
            layers += [*convolution(channels, outputs, 1), nn.ReLU()]
            channels = outputs
    return nn.Sequential(*layers, *output(kind, channels, size // 16 // stride, dim))


def relu6(channels):
    return nn.ReLU6()


def mobilenet_v2(widths, stride, kind, size, dim=8):
    """widths: of the first convolution, of the seven stages, of the last convolution."""
    layers, channels = [*convolution(3, widths[0], 3, stride), nn.ReLU6()], widths[0]
    for stage, (count, step) in enumerate(((1, 1), (2, 2), (3, 2), (4, 2), (3, 1), (3, 2), (1, 1))):
        for number in range(count):
            wide, outputs = channels * (6 if stage > 0 else 1), widths[1 + stage]
            layers.append(Bottleneck(channels, wide, outputs, step if number == 0 else 1, relu6, stage > 0))
            channels = outputs
    layers += [*convolution(channels, widths[-1], 1), nn.ReLU6()]
    return nn.Sequential(*layers, *output(kind, widths[-1], size // 16 // stride, dim))


V1_QUARTER = (8, 16, 32, 64, 128, 256)
V2_QUARTER = (8, 8, 8, 8, 16, 24, 40, 80, 1280)
CASES = [
    Case("mobilefacenet:width=16", lambda: mobilefacenet(16, 8, "GDC")),
    Case("mobilefacenet:width=16,output=E,dropout=0", lambda: mobilefacenet(16, 8, "E")),
    Case("mobilenet-v1:width=0.25,dropout=0", lambda: mobilenet_v1(V1_QUARTER, 1, "E", 32)),
    Case("mobilenet-v1:width=0.25,input=S,output=B", lambda: mobilenet_v1(V1_QUARTER, 2, "B", 64), size=64),
    Case("mobilenet-v2:width=0.25,output=GDC", lambda: mobilenet_v2(V2_QUARTER, 1, "GDC", 32)),
    Case("mobilenet-v2:width=0.25,input=S,output=B", lambda: mobilenet_v2(V2_QUARTER, 2, "B", 64), size=64),
]

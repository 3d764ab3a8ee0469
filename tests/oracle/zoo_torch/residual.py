"""The residual nets: He et al., CVPR 2016, Hu et al., CVPR 2018, and the units of face recognition (Deng et al., CVPR
2019; the bottleneck and squeeze-and-excitation as in insightface)."""
from torch import nn

from .case import Case
from .parts import output


class Excitation(nn.Module):
    def __init__(self, channels, activation):
        super().__init__()
        narrow = max(channels // 16, 1)
        self.body = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(channels, narrow, 1), activation(narrow),
                                  nn.Conv2d(narrow, channels, 1), nn.Sigmoid())

    def forward(self, x):
        return x * self.body(x)


class Unit(nn.Module):
    def __init__(self, body, inputs, outputs, stride, end):
        super().__init__()
        self.body, self.shortcut, self.end = nn.Sequential(*body), nn.Identity(), end
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        return self.end(self.body(x) + self.shortcut(x))


def relu(channels):
    return nn.ReLU()


def convolution(inputs, outputs, kernel, stride=1):
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)


def excitation(se, channels, activation):
    return [Excitation(channels, activation)] if se else []


def improved(inputs, outputs, stride, se):
    return Unit([nn.BatchNorm2d(inputs), convolution(inputs, outputs, 3), nn.BatchNorm2d(outputs), nn.PReLU(outputs),
                 convolution(outputs, outputs, 3, stride), nn.BatchNorm2d(outputs),
                 *excitation(se, outputs, nn.PReLU)], inputs, outputs, stride, nn.Identity())


def original(inputs, outputs, stride, se):
    return Unit([convolution(inputs, outputs, 3, stride), nn.BatchNorm2d(outputs), nn.ReLU(),
                 convolution(outputs, outputs, 3), nn.BatchNorm2d(outputs), *excitation(se, outputs, relu)],
                inputs, outputs, stride, nn.ReLU())


def improved_bottleneck(inputs, outputs, stride, se):
    width = outputs // 4
    return Unit([nn.BatchNorm2d(inputs), convolution(inputs, width, 1), nn.BatchNorm2d(width), nn.PReLU(width),
                 convolution(width, width, 3), nn.BatchNorm2d(width), nn.PReLU(width),
                 convolution(width, outputs, 1, stride), nn.BatchNorm2d(outputs), *excitation(se, outputs, nn.PReLU)],
                inputs, outputs, stride, nn.Identity())


def bottleneck(inputs, outputs, stride, se):
    """The stride in the 3 x 3 convolution: version 1.5."""
    width = outputs // 4
    return Unit([convolution(inputs, width, 1), nn.BatchNorm2d(width), nn.ReLU(), convolution(width, width, 3, stride),
                 nn.BatchNorm2d(width), nn.ReLU(), convolution(width, outputs, 1), nn.BatchNorm2d(outputs),
                 *excitation(se, outputs, relu)], inputs, outputs, stride, nn.ReLU())


def stem(kind, width, activation):
    if kind == "L":
        return [convolution(3, width, 3), nn.BatchNorm2d(width), activation(width)]
    return [convolution(3, width, 7, 2), nn.BatchNorm2d(width), activation(width), nn.MaxPool2d(3, 2, 1)]


def residual(units, width, unit=improved, begin="L", end="E", se=False, size=32, dim=8):
    layers = stem(begin, width, nn.PReLU if unit in (improved, improved_bottleneck) else relu)
    channels, side = width, size if begin == "L" else size // 4
    for stage, count in enumerate(units):
        outputs = (width << stage) * (4 if unit in (bottleneck, improved_bottleneck) else 1)
        for number in range(count):
            stride = 2 if number == 0 and (stage > 0 or begin == "L") else 1
            layers.append(unit(channels, outputs, stride, se))
            channels, side = outputs, side // stride
    return nn.Sequential(*layers, *output(end, channels, side, dim))


D10, D18, D34, D50, D100 = (1, 1, 1, 1), (2, 2, 2, 2), (3, 4, 6, 3), (3, 4, 14, 3), (3, 13, 30, 3)
CASES = [
    Case("ir10:width=16,dropout=0", lambda: residual(D10, 16)),
    Case("ir10:width=8,output=A", lambda: residual(D10, 8, end="A", dim=64), dim=64),
    Case("ir10:width=8,output=B", lambda: residual(D10, 8, end="B")),
    Case("ir10:width=8,output=C", lambda: residual(D10, 8, end="C")),
    Case("ir10:width=8,output=D", lambda: residual(D10, 8, end="D")),
    Case("ir10:width=8,output=GDC", lambda: residual(D10, 8, end="GDC")),
    Case("ir10:width=8,block=orig,se=1,dropout=0", lambda: residual(D10, 8, original, se=True)),
    Case("ir18:width=16,dropout=0", lambda: residual(D18, 16)),
    Case("ir18:width=8,input=S,dropout=0", lambda: residual(D18, 8, begin="S", size=64), size=64),
    Case("ir34:width=8,dropout=0", lambda: residual(D34, 8)),
    Case("ir50:width=8,dropout=0", lambda: residual(D50, 8)),
    Case("ir100:width=8,dropout=0", lambda: residual(D100, 8)),
    Case("ir200:width=4,dropout=0", lambda: residual((6, 26, 60, 6), 4), tolerance=1e-3),
    Case("ir-se18:width=16,dropout=0", lambda: residual(D18, 16, se=True)),
    Case("ir-se34:width=8,dropout=0", lambda: residual(D34, 8, se=True)),
    Case("ir-se50:width=8,dropout=0", lambda: residual(D50, 8, se=True)),
    Case("ir-se100:width=4,dropout=0", lambda: residual(D100, 4, se=True), tolerance=1e-3),
    Case("resnet18:width=16,dropout=0", lambda: residual(D18, 16, original)),
    Case("resnet34:width=8,dropout=0", lambda: residual(D34, 8, original)),
    Case("resnet50:width=4,input=S,output=B", lambda: residual(D34, 4, bottleneck, "S", "B", size=64), size=64),
    Case("resnet50:width=4,block=ir,se=1,dropout=0", lambda: residual(D34, 4, improved_bottleneck, se=True)),
    Case("resnet101:width=4,dropout=0", lambda: residual((3, 4, 23, 3), 4, bottleneck), tolerance=1e-3),
]

"""Inception-ResNet-v2 (Szegedy et al., AAAI 2017) as its authors published it: the stem of Inception v3, 5b before the
blocks of 35 x 35, which are 10, 20 and 10."""
import torch
from torch import nn

from .case import Case
from .parts import output


class Inception:
    """Makes the parts for channels of `width` / 32 of the paper's; pad: what windows that lose an edge get."""

    def __init__(self, width, pad):
        self.width, self.pad = width, pad

    def of(self, channels):
        return channels * self.width // 32

    def convolution(self, inputs, outputs, kernel=1, stride=1, pad=None):
        kernel = (kernel, kernel) if isinstance(kernel, int) else kernel
        pad = (kernel[0] // 2, kernel[1] // 2) if pad is None else pad
        return nn.Sequential(nn.Conv2d(self.of(inputs), self.of(outputs), kernel, stride, pad, bias=False),
                             nn.BatchNorm2d(self.of(outputs), eps=1e-3), nn.ReLU())

    def chain(self, *channels_and_kernels):
        """chain(192, (48, 1), (64, 5)): convolutions one after the other."""
        inputs, *rest = channels_and_kernels
        layers = []
        for outputs, kernel in rest:
            layers.append(self.convolution(inputs, outputs, kernel))
            inputs = outputs
        return nn.Sequential(*layers)

    def reducing(self, inputs, outputs, stride=2):
        return self.convolution(inputs, outputs, 3, stride, self.pad)

    def pool(self):
        return nn.MaxPool2d(3, 2, self.pad)

    def block(self, channels, factor, activation, *branches):
        return Residual(Branches(*branches), self.of(channels), factor, activation)


class Branches(nn.Module):
    def __init__(self, *branches):
        super().__init__()
        self.branches = nn.ModuleList(branches)

    def forward(self, x):
        return torch.cat([branch(x) for branch in self.branches], 1)


class Residual(nn.Module):
    def __init__(self, branches, channels, factor, activation):
        super().__init__()
        self.branches, self.factor, self.activation = branches, factor, activation
        with torch.no_grad():
            inputs = sum(self.last_width(branch) for branch in branches.branches)
        self.up = nn.Conv2d(inputs, channels, 1)

    @staticmethod
    def last_width(branch):
        return [m for m in branch.modules() if isinstance(m, nn.Conv2d)][-1].out_channels

    def forward(self, x):
        return self.activation(x + self.factor * self.up(self.branches(x)))


def stem(net, first_stride):
    first = nn.Sequential(nn.Conv2d(3, net.of(32), 3, first_stride, net.pad, bias=False),
                          nn.BatchNorm2d(net.of(32), eps=1e-3), nn.ReLU())
    return [first, net.reducing(32, 32, 1), net.convolution(32, 64, 3), net.pool(), net.convolution(64, 80),
            net.reducing(80, 192, 1), net.pool()]


def mixed_5b(net):
    mean = nn.AvgPool2d(3, 1, 1, count_include_pad=False)
    return Branches(net.convolution(192, 96), net.chain(192, (48, 1), (64, 5)),
                    net.chain(192, (64, 1), (96, 3), (96, 3)), nn.Sequential(mean, net.convolution(192, 64)))


def block35(net):
    return net.block(320, 0.17, nn.ReLU(), net.convolution(320, 32), net.chain(320, (32, 1), (32, 3)),
                     net.chain(320, (32, 1), (48, 3), (64, 3)))


def mixed_6a(net):
    return Branches(net.reducing(320, 384),
                    nn.Sequential(net.chain(320, (256, 1), (256, 3)), net.reducing(256, 384)), net.pool())


def block17(net):
    return net.block(1088, 0.1, nn.ReLU(), net.convolution(1088, 192),
                     net.chain(1088, (128, 1), (160, (1, 7)), (192, (7, 1))))


def mixed_7a(net):
    return Branches(nn.Sequential(net.convolution(1088, 256), net.reducing(256, 384)),
                    nn.Sequential(net.convolution(1088, 256), net.reducing(256, 288)),
                    nn.Sequential(net.chain(1088, (256, 1), (288, 3)), net.reducing(288, 320)), net.pool())


def block8(net, factor, activation):
    return net.block(2080, factor, activation, net.convolution(2080, 192),
                     net.chain(2080, (192, 1), (224, (1, 3)), (256, (3, 1))))


def inception_resnet_v2(width, kind, large, side, dim):
    net = Inception(width, 1 if large else 0)
    layers = [*stem(net, 1 if large else 2), mixed_5b(net), *(block35(net) for _ in range(10)), mixed_6a(net),
              *(block17(net) for _ in range(20)), mixed_7a(net), *(block8(net, 0.2, nn.ReLU()) for _ in range(9)),
              block8(net, 1.0, nn.Identity()), net.convolution(2080, 1536)]
    return nn.Sequential(*layers, *output(kind, net.of(1536), side, dim))


CASES = [
    Case("inception-resnet-v2:width=4,dropout=0", lambda: inception_resnet_v2(4, "E", True, 2, 8)),
    Case("inception-resnet-v2:width=2,input=S,output=B", lambda: inception_resnet_v2(2, "B", False, 2, 8), size=107),
]

"""DPN-68 (Chen et al., NIPS 2017): two paths, one added to and one lengthened, through units of BN-ReLU-convolution."""
import torch
from torch import nn

from .case import Case
from .parts import output


def convolution(inputs, outputs, kernel, stride=1, groups=1):
    return nn.Sequential(nn.BatchNorm2d(inputs, eps=1e-3), nn.ReLU(),
                         nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False))


class Unit(nn.Module):
    """Takes and gives one map: the residual path's channels and then the dense path's."""

    def __init__(self, inputs, inner, residual, step, groups, stride, first):
        super().__init__()
        self.residual = residual
        self.projection = convolution(inputs, residual + 2 * step, 1, stride) if first else nn.Identity()
        self.body = nn.Sequential(convolution(inputs, inner, 1), convolution(inner, inner, 3, stride, groups),
                                  convolution(inner, residual + step, 1))

    def forward(self, x):
        added, beside = self.projection(x).tensor_split([self.residual], 1)
        new_added, new_beside = self.body(x).tensor_split([self.residual], 1)
        return torch.cat([added + new_added, beside, new_beside], 1)


def dpn68(width, kind, first_stride, side, dim):
    """width: 64 as published, where a group of the 3 x 3 convolutions has 4 channels in the first stage."""
    channels = (10 * width + 32) // 64  # to the nearest
    layers = [nn.Conv2d(3, channels, 3, first_stride, 1, bias=False), nn.BatchNorm2d(channels, eps=1e-3), nn.ReLU(),
              nn.MaxPool2d(3, 2, 1)]
    for stage, (units, step) in enumerate(((3, width // 4), (4, width // 2), (12, width // 2), (3, width))):
        residual = width * 2**stage
        for number in range(units):
            stride = 2 if number == 0 and stage > 0 else 1
            layers.append(Unit(channels, 2 * residual, residual, step, width // 2, stride, number == 0))
            channels = residual + (3 + number) * step
    return nn.Sequential(*layers, nn.BatchNorm2d(channels, eps=1e-3), nn.ReLU(), *output(kind, channels, side, dim))


CASES = [
    Case("dpn68:width=16,dropout=0", lambda: dpn68(16, "E", 1, 2, 8)),
    Case("dpn68:width=12,input=S,output=D", lambda: dpn68(12, "D", 2, 2, 8), size=64),
]

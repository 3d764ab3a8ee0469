"""LeNets++ (Wen et al., ECCV 2016) and Conv-4 (Vinyals et al., NIPS 2016)."""
from torch import nn

from .case import Case
from .parts import last_norm


def lenet(dim):
    layers, channels = [], 1
    for width in (32, 64, 128):
        for _ in range(2):
            layers += [nn.Conv2d(channels, width, 5, padding=2), nn.PReLU(width)]
            channels = width
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels * 2 * 2, dim))


def conv4(width, dim, normed):
    layers, channels = [], 3
    for _ in range(4):
        layers += [nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
                   nn.MaxPool2d(2)]
        channels = width
    end = [nn.Linear(width * 2 * 2, dim, bias=not normed)] + ([last_norm(dim)] if normed else [])
    return nn.Sequential(*layers, nn.Flatten(), *end)


CASES = [
    Case("lenet++", lambda: lenet(2), channels=1, size=16, dim=2),
    Case("conv4:width=24", lambda: conv4(24, 8, True)),
    Case("conv4:width=17,bn=0", lambda: conv4(17, 8, False)),
]

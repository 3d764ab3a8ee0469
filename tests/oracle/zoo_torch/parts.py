"""What the modules share: how a net ends."""
from torch import nn


def last_norm(dim):
    """Batch norm of the embedding without a learned scale."""
    norm = nn.BatchNorm1d(dim)
    norm.weight.requires_grad_(False)
    return norm


def mean():
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten()]


def output(kind, channels, side, dim):
    """The layers from a map of channels x side x side to the embedding, as the ArcFace study names them."""
    if kind == "A":
        return mean()
    if kind == "B":
        return [*mean(), nn.Linear(channels, dim)]
    if kind == "C":
        return [*mean(), nn.Linear(channels, dim, bias=False), last_norm(dim)]
    if kind == "D":
        return [*mean(), nn.Linear(channels, dim, bias=False), nn.BatchNorm1d(dim), nn.PReLU(dim)]
    if kind == "E":
        return [nn.BatchNorm2d(channels), nn.Flatten(), nn.Linear(channels * side * side, dim, bias=False),
                last_norm(dim)]
    assert kind == "GDC"
    return [nn.Conv2d(channels, channels, side, groups=channels, bias=False), nn.BatchNorm2d(channels), nn.Flatten(),
            nn.Linear(channels, dim, bias=False), last_norm(dim)]

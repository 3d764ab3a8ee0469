"""The vision transformer (Dosovitskiy et al., ICLR 2021) as face recognition uses it: no class token, all tokens into
the embedding through two linear layers with batch norm."""
import torch
from torch import nn

from .case import Case
from .parts import last_norm


class Patches(nn.Module):
    """[n, c, h, w] -> [n, tokens, width], with a learned number for every token's place."""

    def __init__(self, patch, width, tokens):
        super().__init__()
        self.patches = nn.Conv2d(3, width, patch, patch)
        self.place = Place(width, tokens)

    def forward(self, x):
        return self.place(self.patches(x).flatten(2).transpose(1, 2))


class Place(nn.Module):
    def __init__(self, width, tokens):
        super().__init__()
        self.place = nn.Parameter(torch.zeros(width, tokens))

    def forward(self, x):
        return x + self.place.t()


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.projection = nn.Linear(width, width)

    def split(self, x):
        """[n, tokens, width] -> [n, heads, tokens, width / heads]."""
        return x.unflatten(2, (self.heads, -1)).transpose(1, 2)

    def forward(self, x):
        q, k, v = (self.split(part) for part in self.qkv(x).chunk(3, 2))
        weights = torch.softmax(q @ k.transpose(2, 3) * q.shape[3]**-0.5, 3)
        return self.projection((weights @ v).transpose(1, 2).flatten(2))


class Residual(nn.Sequential):
    def forward(self, x):
        return x + super().forward(x)


class ChannelsFirst(nn.Module):
    """The embedding's first layer reads each channel's tokens one after the other."""

    def forward(self, x):
        return x.transpose(1, 2).flatten(1)


def vit(patch, width, depth, heads, mlp, dim, size):
    tokens = (size // patch)**2
    layers = [Patches(patch, width, tokens)]
    for _ in range(depth):
        layers += [Residual(nn.LayerNorm(width), Attention(width, heads)),
                   Residual(nn.LayerNorm(width), nn.Linear(width, mlp * width), nn.GELU(),
                            nn.Linear(mlp * width, width))]
    return nn.Sequential(*layers, nn.LayerNorm(width), ChannelsFirst(), nn.Linear(tokens * width, width, bias=False),
                         nn.BatchNorm1d(width), nn.Linear(width, dim, bias=False), last_norm(dim))


CASES = [
    Case("vit-t:width=32", lambda: vit(8, 32, 12, 8, 4, 8, 32)),
    Case("vit-s:patch=9,width=36,depth=3,heads=6,mlp=2", lambda: vit(9, 36, 3, 6, 2, 8, 32)),
]

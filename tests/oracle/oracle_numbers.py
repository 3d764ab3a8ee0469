"""The numbers on which the oracles work; tests/golden_numbers.h repeats them."""
import math

import torch


def numbers(stream, shape):
    """Uniform in [-0.5, 0.5), f64; each stream has its own."""
    low = 0xFFFFFFFF  # products of 64 bits wrap, their low 32 are right
    x = (stream * 100003 + torch.arange(math.prod(shape))) & low
    x = ((x ^ (x >> 16)) * 0x7FEB352D) & low
    x = ((x ^ (x >> 16)) * 0x846CA68B) & low
    return (((x ^ (x >> 16)) >> 8).double() / 2**24 - 0.5).reshape(shape)

"""The numbers on which the oracles work; tests/golden_numbers.h repeats them."""
import math

import torch


def numbers(stream, shape):
    """Uniform in [-0.5, 0.5), f64; each stream has its own."""
    values = []
    for i in range(math.prod(shape)):
        x = (stream * 100003 + i) & 0xFFFFFFFF
        x = ((x ^ (x >> 16)) * 0x7FEB352D) & 0xFFFFFFFF
        x = ((x ^ (x >> 16)) * 0x846CA68B) & 0xFFFFFFFF
        values.append(((x ^ (x >> 16)) >> 8) / 2**24 - 0.5)
    return torch.tensor(values, dtype=torch.float64).reshape(shape)

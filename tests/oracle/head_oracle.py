#!/usr/bin/env python3
"""Writes tests/golden/head.txt: what PyTorch's autograd computes in f64 for every class loss, from the papers' formulas.

Needs python3-torch. Run it only to change the numbers: tests/oracle/head_oracle.py
x, w and the centres come from `numbers`, which the test repeats, so only results are stored."""
import math
import pathlib

import torch
import torch.nn.functional as F

N, C, D, STEP = 6, 7, 4, 20
Y = [0, 3, -1, 6, 3, 1]


def numbers(stream, shape):
    values = []
    for i in range(math.prod(shape)):
        x = (stream * 100003 + i) & 0xFFFFFFFF
        x = ((x ^ (x >> 16)) * 0x7FEB352D) & 0xFFFFFFFF
        x = ((x ^ (x >> 16)) * 0x846CA68B) & 0xFFFFFFFF
        values.append(((x ^ (x >> 16)) >> 8) / 2**24 - 0.5)
    return torch.tensor(values, dtype=torch.float64).reshape(shape)


def margin_softmax(x, w, y, target, scale):
    """Cross-entropy of scale * cosines whose own class has the logit target(theta)."""
    c = F.normalize(x) @ F.normalize(w).T
    theta = torch.acos(c.gather(1, y[:, None]))
    logits = (scale * c).scatter(1, y[:, None], target(theta))
    return F.cross_entropy(logits, y)


def arcface(x, w, y, s, m):
    def target(theta):
        beyond = s * (torch.cos(theta) - m * math.sin(m))
        return torch.where(theta + m > math.pi, beyond, s * torch.cos(theta + m))
    return margin_softmax(x, w, y, target, s)


def sphereface(x, w, y, m, base, least, gamma):
    norm = x.norm(dim=1, keepdim=True)
    mix = max(least, base / (1 + gamma * STEP))

    def target(theta):
        k = torch.floor(m * theta / math.pi).detach()
        psi = (-1.0)**k * torch.cos(m * theta) - 2 * k
        return norm * (psi + mix * torch.cos(theta)) / (1 + mix)
    return margin_softmax(x, w, y, target, norm)


def p2sgrad(x, w, y):
    c = F.normalize(x) @ F.normalize(w).T
    return 0.5 * ((c - F.one_hot(y, C))**2).sum(1).mean()


def center(x, centres, y, weight):
    return 0.5 * weight * ((x - centres[y])**2).sum(1).mean()


CASES = {
    "softmax": lambda x, w, k, y: F.cross_entropy(x @ w.T, y),
    "normface:s=10": lambda x, w, k, y: margin_softmax(x, w, y, lambda t: 10 * torch.cos(t), 10),
    "sphereface": lambda x, w, k, y: sphereface(x, w, y, 4, 1000, 5, 0.12),
    "sphereface:m=3,lambda-base=0,lambda-min=0": lambda x, w, k, y: sphereface(x, w, y, 3, 0, 0, 0.12),
    "cosface": lambda x, w, k, y: margin_softmax(x, w, y, lambda t: 64 * (torch.cos(t) - 0.35), 64),
    "arcface": lambda x, w, k, y: arcface(x, w, y, 64, 0.5),
    "arcface:s=8,m=1.2": lambda x, w, k, y: arcface(x, w, y, 8, 1.2),
    "p2sgrad": lambda x, w, k, y: p2sgrad(x, w, y),
    "center:lambda=0.5": lambda x, w, k, y: F.cross_entropy(x @ w.T, y) + center(x, k, y, 0.5),
}


def main():
    counted = torch.tensor([i for i in range(N) if Y[i] >= 0])
    y = torch.tensor(Y)[counted]
    out = []
    for name, loss in CASES.items():
        x = (6 * numbers(0, (N, D))).requires_grad_()
        w = numbers(1, (C, D)).requires_grad_()
        value = loss(x[counted], w, numbers(2, (C, D)), y)
        value.backward()
        for what, array in (("loss", value.detach()), ("dx", x.grad), ("dw", w.grad)):
            text = " ".join(f"{v:.12g}" for v in array.flatten().tolist())
            out.append(f"{name} {what} {array.numel()} {text}\n")
    path = pathlib.Path(__file__).parent.parent / "golden" / "head.txt"
    path.write_text("".join(out))


main()

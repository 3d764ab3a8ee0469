#!/usr/bin/env python3
"""Writes tests/golden/head.txt: what PyTorch's autograd computes in f64 for every class loss, from the papers' formulas.

Needs python3-torch. Run it only to change the numbers: tests/oracle/head_oracle.py
x, w, the bias and the centres come from oracle_numbers, which the test repeats, so only results are stored: for each case the
loss, its gradients by x, w and the bias, and the running statistics after one step of training at learning rate RATE."""
import math
import pathlib

import torch
import torch.nn.functional as F

from oracle_numbers import numbers

N, C, D, STEP, RATE = 6, 7, 4, 20, 0.25
Y = [0, 3, -1, 6, 3, 1]


class Batch:
    """What a formula may need of the samples that count."""

    def __init__(self, x, w, b, centres, y):
        self.x, self.w, self.b, self.centres, self.y = x, w, b, centres, y
        self.running = []  # after the step

    def cosines(self):
        """[n, classes], for classes with several rows of w the largest"""
        c = F.normalize(self.x) @ F.normalize(self.w).T
        return c.reshape(len(self.x), C, -1).amax(2)

    def own(self, values):
        return values.gather(1, self.y[:, None])[:, 0]

    def theta(self):
        return torch.acos(self.own(self.cosines()))

    def length(self):
        return self.x.norm(dim=1)

    def cross_entropy(self, target, others):
        """of logits `others` [n, C] with `target` [n] in the own class's place"""
        return F.cross_entropy(others.scatter(1, self.y[:, None], target[:, None]), self.y)


def column(scale):
    return scale[:, None] if torch.is_tensor(scale) and scale.dim() else scale


def scaled(batch, scale, target):
    """Most losses: s c_j for the others, s target for the own class."""
    return batch.cross_entropy(scale * target, column(scale) * batch.cosines())


def arc(theta, m, beyond="linear"):
    inside = torch.cos(theta + m)
    outside = {
        "linear": torch.cos(theta) - m * torch.sin(torch.as_tensor(m, dtype=theta.dtype)),
        "none": inside,
        "easy": inside,
        "smooth": -2 - inside,
    }[beyond]
    value = torch.where(theta + m > math.pi, outside, inside)
    return torch.where(theta < math.pi / 2, value, torch.cos(theta)) if beyond == "easy" else value


def psi(theta, m):
    k = torch.floor(m * theta / math.pi).detach()
    return (-1.0)**k * torch.cos(m * theta) - 2 * k


def psi_mixed(theta, m, base=1000, least=5, gamma=0.12):
    mix = max(least, base / (1 + gamma * STEP))
    return (psi(theta, m) + mix * torch.cos(theta)) / (1 + mix)


def plain(batch):
    return F.cross_entropy(batch.x @ batch.w.T + batch.b, batch.y)


def learned(batch, loss, first):
    """A loss of a scale that is learned by plain gradient descent."""
    scale = torch.tensor(float(first), dtype=torch.float64, requires_grad=True)
    slope, = torch.autograd.grad(loss(scale), scale, retain_graph=True)
    batch.running = [(scale - RATE * slope).item(), slope.item()]
    return loss(scale.detach())


def l2_softmax(batch, scale):
    return F.cross_entropy(scale * F.normalize(batch.x) @ batch.w.T + batch.b, batch.y)


def l_softmax(batch, m, base, least):
    theta, logits = batch.theta(), batch.x @ batch.w.T
    lengths = batch.length() * batch.w.norm(dim=1)[batch.y]
    return batch.cross_entropy(lengths * psi_mixed(theta, m, base, least), logits)


def combined(batch, s, m1, m2, m3):
    theta = batch.theta()
    limit = (math.pi - m2) / m1
    d = math.pi - limit
    line = torch.cos(theta) - max(d * math.sin(d), 1 - math.cos(d))
    inside = torch.cos(m1 * theta + m2)
    return scaled(batch, s, torch.where(theta > limit, line, inside) - m3)


def adacos_fixed(batch):
    return scaled(batch, math.sqrt(2) * math.log(C - 1), torch.cos(batch.theta()))


def adacos(batch):
    first = math.sqrt(2) * math.log(C - 1)
    with torch.no_grad():
        every = torch.exp(first * batch.cosines()).sum(1) - torch.exp(first * batch.own(batch.cosines()))
        middle = torch.quantile(batch.theta(), 0.5).item()
        scale = math.log(every.mean().item()) / math.cos(min(math.pi / 4, middle))
    batch.running = [scale]
    return scaled(batch, scale, torch.cos(batch.theta()))


def p2sgrad(batch):
    return 0.5 * ((batch.cosines() - F.one_hot(batch.y, C))**2).sum(1).mean()


def magface(batch, s=64, la=10, ua=110, lm=0.45, um=0.8, weight=35):
    a = batch.length().clamp(la, ua)
    m = lm + (um - lm) / (ua - la) * (a - la)
    return scaled(batch, s, arc(batch.theta(), m)) + weight * (1 / a + a / ua**2).mean()


def circle(batch, gamma, m):
    c = batch.cosines()
    own = batch.own(c)
    own_weight = (1 + m - own).clamp(min=0).detach()
    weights = (c + m).clamp(min=0).detach()
    return batch.cross_entropy(gamma * own_weight * (own - (1 - m)), gamma * weights * (c - m))


def curricularface(batch, s, m):
    c, target = batch.cosines(), arc(batch.theta(), m)
    t = 0.01 * batch.own(c).mean().item()
    batch.running = [t]
    return batch.cross_entropy(s * target, s * torch.where(c > target[:, None], c * (t + c), c))


def mv_softmax(batch, target, s, weight):
    c = batch.cosines()
    return batch.cross_entropy(s * target, s * torch.where(c > target[:, None], weight * c + weight - 1, c))


def adaface(batch, s=64, m=0.4, h=0.333):
    with torch.no_grad():
        lengths = batch.length().clamp(0.001, 100)
        mean = 0.99 * 20 + 0.01 * lengths.mean()
        deviation = 0.99 * 100 + 0.01 * lengths.std()
        k = (h * (lengths - mean) / (deviation + 0.001)).clamp(-1, 1)
    batch.running = [mean.item(), deviation.item()]
    theta = (batch.theta() - m * k).clamp(min=0)
    line = torch.cos(batch.theta()) + m * k * torch.sin(-m * k)
    return scaled(batch, s, torch.where(theta > math.pi, line, torch.cos(theta)) - (m * k + m))


def proxy_anchor(batch, alpha, delta):
    c = batch.cosines()
    own = F.one_hot(batch.y, C).bool()
    near = torch.where(own, torch.exp(-alpha * (c - delta)), torch.zeros_like(c)).sum(0)
    far = torch.where(own, torch.zeros_like(c), torch.exp(alpha * (c + delta))).sum(0)
    with_samples = own.any(0)
    return torch.log1p(near[with_samples]).mean() + torch.log1p(far).mean()


def filtered(batch, s, target, above):
    """others with a cosine above `above` are left out"""
    c = batch.cosines()
    return batch.cross_entropy(s * target, torch.where(c > above, torch.full_like(c, -math.inf), s * c))


def detached(batch, s, target):
    """the margin moves the value only"""
    c = torch.cos(batch.theta())
    return scaled(batch, s, c + (target - c).detach())


def center(batch, weight):
    return 0.5 * weight * ((batch.x - batch.centres[batch.y])**2).sum(1).mean()


def warm(margin, steps):
    return margin * min(1, STEP / steps)


CASES = {
    "softmax": plain,
    "modified-softmax": lambda b: scaled(b, b.length(), torch.cos(b.theta())),
    "normface:s=10": lambda b: scaled(b, 10, torch.cos(b.theta())),
    "normface:s=10,learn=yes": lambda b: learned(b, lambda s: scaled(b, s, torch.cos(b.theta())), 10),
    "l2-softmax:alpha=5": lambda b: l2_softmax(b, 5),
    "l2-softmax:alpha=5,learn=yes": lambda b: learned(b, lambda s: l2_softmax(b, s), 5),
    "l-softmax": lambda b: l_softmax(b, 4, 1000, 0),
    "l-softmax:m=3,lambda-base=0": lambda b: l_softmax(b, 3, 0, 0),
    "sphereface": lambda b: scaled(b, b.length(), psi_mixed(b.theta(), 4)),
    "sphereface:m=3,lambda-base=0,lambda-min=0": lambda b: scaled(b, b.length(), psi(b.theta(), 3)),
    "sphereface:lambda-base=0,margin-warmup=50": lambda b: scaled(
        b, b.length(), 0.4 * psi_mixed(b.theta(), 4, base=0) + 0.6 * torch.cos(b.theta())),
    "sphereface-norm": lambda b: scaled(b, 64, psi_mixed(b.theta(), 4)),
    "sphereface-norm:s=8,m=2,lambda-base=0,lambda-min=0.5": lambda b: scaled(b, 8, psi_mixed(b.theta(), 2, 0, 0.5)),
    "cosface": lambda b: scaled(b, 64, torch.cos(b.theta()) - 0.35),
    "cosface:s=8,m=0.5,beyond-pi=easy": lambda b: scaled(
        b, 8, torch.where(b.theta() < math.pi / 2, torch.cos(b.theta()) - 0.5, torch.cos(b.theta()))),
    "arcface": lambda b: scaled(b, 64, arc(b.theta(), 0.5)),
    "arcface:s=8,m=1.2": lambda b: scaled(b, 8, arc(b.theta(), 1.2)),
    "arcface:s=8,m=1.2,beyond-pi=none": lambda b: scaled(b, 8, arc(b.theta(), 1.2, "none")),
    "arcface:s=8,m=1.2,beyond-pi=easy": lambda b: scaled(b, 8, arc(b.theta(), 1.2, "easy")),
    "arcface:s=8,m=1.2,beyond-pi=smooth": lambda b: scaled(b, 8, arc(b.theta(), 1.2, "smooth")),
    "arcface:s=8,m=1.2,grad=detached": lambda b: detached(b, 8, arc(b.theta(), 1.2)),
    "arcface:s=8,m=1.2,margin-warmup=80": lambda b: scaled(b, 8, arc(b.theta(), warm(1.2, 80))),
    "arcface:s=8,interclass-filter=0.1": lambda b: filtered(b, 8, arc(b.theta(), 0.5), 0.1),
    "combined": lambda b: combined(b, 64, 1, 0.3, 0.2),
    "combined:s=8,m1=1.35,m2=0.5,m3=0.35": lambda b: combined(b, 8, 1.35, 0.5, 0.35),
    "combined:s=8,m1=4,m2=0.1,m3=0": lambda b: combined(b, 8, 4, 0.1, 0),
    "adacos-fixed": adacos_fixed,
    "adacos": adacos,
    "p2sgrad": p2sgrad,
    "magface": magface,
    "magface:s=8,la=2,ua=4,lm=0.2,um=1.2,lambda-g=50": lambda b: magface(b, 8, 2, 4, 0.2, 1.2, 50),
    "circle": lambda b: circle(b, 256, 0.25),
    "circle:gamma=10,m=0.4": lambda b: circle(b, 10, 0.4),
    "curricularface": lambda b: curricularface(b, 64, 0.5),
    "curricularface:s=8,m=0.3": lambda b: curricularface(b, 8, 0.3),
    "mv-softmax": lambda b: mv_softmax(b, arc(b.theta(), 0.35), 32, 1.12),
    "mv-softmax:margin=am,s=8,w=1.5": lambda b: mv_softmax(b, torch.cos(b.theta()) - 0.35, 8, 1.5),
    "adaface": adaface,
    "adaface:s=8,m=0.6,h=8": lambda b: adaface(b, 8, 0.6, 8),
    "elasticface-arc:sigma=0": lambda b: scaled(b, 64, arc(b.theta(), 0.5)),
    "elasticface-cos:s=16,sigma=0": lambda b: scaled(b, 16, torch.cos(b.theta()) - 0.35),
    "subcenter-arcface": lambda b: scaled(b, 64, arc(b.theta(), 0.5)),
    "subcenter-arcface:s=8,m=0.2,K=2": lambda b: scaled(b, 8, arc(b.theta(), 0.2)),
    "proxy-anchor": lambda b: proxy_anchor(b, 32, 0.1),
    "proxy-anchor:alpha=4,delta=0.2": lambda b: proxy_anchor(b, 4, 0.2),
    "center:lambda=0.5": lambda b: plain(b) + center(b, 0.5),
}
SUB_CENTRES = {"subcenter-arcface": 3, "subcenter-arcface:s=8,m=0.2,K=2": 2}


def main():
    counted = torch.tensor([i for i in range(N) if Y[i] >= 0])
    y = torch.tensor(Y)[counted]
    out = []
    for name, loss in CASES.items():
        x = (6 * numbers(0, (N, D))).requires_grad_()
        w = numbers(1, (C * SUB_CENTRES.get(name, 1), D)).requires_grad_()
        b = numbers(3, (C,)).requires_grad_()
        batch = Batch(x[counted], w, b, numbers(2, (C, D)), y)
        value = loss(batch)
        value.backward()
        arrays = {"loss": value.detach(), "dx": x.grad, "dw": w.grad}
        if b.grad is not None:
            arrays["db"] = b.grad
        if batch.running:
            arrays["running"] = torch.tensor(batch.running, dtype=torch.float64)
        for what, array in arrays.items():
            text = " ".join(f"{v:.12g}" for v in array.flatten().tolist())
            out.append(f"{name} {what} {array.numel()} {text}\n")
    path = pathlib.Path(__file__).parent.parent / "golden" / "head.txt"
    path.write_text("".join(out))


main()

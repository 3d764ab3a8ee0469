#!/usr/bin/env python3
"""PyTorch's class head: one step of ArcFace (forward, backward, SGD with momentum and weight decay), on its own.

    head_torch.py --case plain|plain-bf16|sampled|chunked|chunked-bf16 [--classes 10000] [--dim 512] [--batch 128]
                  [--threads 2] [--seconds 3] [--sample-rate 0.1]
    head_torch.py --check build/libtammes.so

plain         as commonly written: normalise, linear, margin on a one-hot, scale, cross entropy, torch.optim.SGD
plain-bf16    the same under autocast
sampled       the classes of the batch and others at random (Partial FC), weights and momentum gathered and scattered
chunked       the best that PyTorch can do: some classes at a time, their logits made twice, never N x C at once; SGD in
              place. The chunk that is fastest here is found first
chunked-bf16  the same with bf16 products

Prints one line of JSON: case, ms_median, ms_min, ms_max, steps, peak_rss_mb, threads and the sizes. The peer gets its
best: tools/bench starts this with an allocator that keeps its memory (GLIBC_TUNABLES) and ATEN_CPU_CAPABILITY=avx512.
--check trains three steps with plain, chunked and tammes from the same weights on the same batches and compares losses,
gradients and weights: what is timed computes the same. Exit code 1 if it does not.
"""
import argparse
import json
import math
import resource
import statistics
import sys
import time

import torch
import torch.nn.functional as F

SCALE, MARGIN = 64.0, 0.5
LR, MOMENTUM, DECAY = 0.01, 0.9, 5e-4


def with_margin(cosine):
    """cos(theta + m) of own classes, and beyond pi the line that goes on falling."""
    sine = (1.0 - cosine * cosine).clamp(min=1e-12).sqrt()
    inside = cosine * math.cos(MARGIN) - sine * math.sin(MARGIN)
    return torch.where(cosine > -math.cos(MARGIN), inside, cosine - MARGIN * math.sin(MARGIN))


class Plain:
    def __init__(self, weight, bf16=False):
        self.weight = torch.nn.Parameter(weight)
        self.optimizer = torch.optim.SGD([self.weight], lr=LR, momentum=MOMENTUM, weight_decay=DECAY)
        self.bf16 = bf16

    def step(self, x, y):
        x = x.requires_grad_()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.bf16):
            cosine = F.linear(F.normalize(x), F.normalize(self.weight))
        cosine = cosine.float()
        one_hot = torch.zeros_like(cosine).scatter_(1, y.view(-1, 1), 1.0)
        logits = SCALE * (one_hot * with_margin(cosine) + (1.0 - one_hot) * cosine)
        loss = F.cross_entropy(logits, y)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return loss.item(), x.grad


class Sampled:
    def __init__(self, weight, rate):
        self.weight, self.momentum = weight, torch.zeros_like(weight)
        self.taking = max(1, int(rate * weight.shape[0]))

    def step(self, x, y):
        positive = torch.unique(y, sorted=True)
        if self.taking > positive.numel():
            luck = torch.rand(self.weight.shape[0])
            luck[positive] = 2.0
            index = torch.topk(luck, k=self.taking)[1].sort()[0]
        else:
            index = positive
        place = torch.searchsorted(index, y)
        x = x.requires_grad_()
        part = self.weight[index].requires_grad_()
        cosine = F.linear(F.normalize(x), F.normalize(part))
        rows = torch.arange(y.numel())
        logits = cosine.clone()
        logits[rows, place] = with_margin(cosine[rows, place])
        loss = F.cross_entropy(SCALE * logits, place)
        loss.backward()
        with torch.no_grad():
            momentum = self.momentum[index]
            momentum.mul_(MOMENTUM).add_(part.grad).add_(part, alpha=DECAY)
            self.momentum[index] = momentum
            self.weight[index] = part.add_(momentum, alpha=-LR)
        return loss.item(), x.grad


class Chunked:
    """The gradient by hand. c: cosines of a chunk; G = dL/dc; the own class is taken out of the chunks' sums."""

    def __init__(self, weight, chunk, bf16=False):
        self.weight, self.momentum = weight, torch.zeros_like(weight)
        self.chunk, self.bf16 = min(chunk, weight.shape[0]), bf16
        self.room = torch.empty(self.chunk, weight.shape[1])
        self.unit = torch.empty(self.chunk, weight.shape[1])

    def product(self, a, b):
        if self.bf16:
            return torch.mm(a.bfloat16(), b.bfloat16()).float()
        return torch.mm(a, b)

    def chunks(self):
        for first in range(0, self.weight.shape[0], self.chunk):
            yield first, self.weight[first:first + self.chunk]

    def cosines(self, x, part, inverse):
        return self.product(x, part.t()).mul_(inverse)

    @torch.no_grad()
    def step(self, x, y):
        n = x.shape[0]
        length = x.norm(dim=1, keepdim=True).clamp(min=1e-12)
        x = x / length
        own_weight = F.normalize(self.weight[y])
        own = (x * own_weight).sum(1)
        own_logit = SCALE * with_margin(own)
        slope = torch.where(own > -math.cos(MARGIN),
                            math.cos(MARGIN) + own / (1.0 - own * own).clamp(min=1e-12).sqrt() * math.sin(MARGIN),
                            torch.ones_like(own))
        inverses, sums = [], own_logit.double()
        rows = torch.arange(n)
        for first, part in self.chunks():
            inverse = part.norm(dim=1).clamp_(min=1e-12).reciprocal_()
            inverses.append(inverse)
            logits = self.cosines(x, part, inverse).mul_(SCALE)
            here = (y >= first) & (y < first + part.shape[0])
            logits[rows[here], y[here] - first] = -math.inf
            sums = torch.logaddexp(sums, torch.logsumexp(logits, 1).double())
        loss = (sums - own_logit).mean().item()
        dx = torch.zeros_like(x)
        own_g = (SCALE / n) * slope * ((own_logit - sums).exp() - 1.0).float()
        for (first, part), inverse in zip(self.chunks(), inverses):
            count = part.shape[0]
            g = self.cosines(x, part, inverse).mul_(SCALE).sub_(sums.float().unsqueeze(1)).exp_().mul_(SCALE / n)
            here = (y >= first) & (y < first + count)
            g[rows[here], y[here] - first] = own_g[here]
            unit = torch.mul(part, inverse.unsqueeze(1), out=self.unit[:count])
            dx += self.product(g, unit)
            if self.bf16:
                dw = self.product(g.t(), x)
            else:
                dw = torch.mm(g.t(), x, out=self.room[:count])
            along = torch.einsum("jd,jd->j", dw, unit)
            dw.addcmul_(unit, along.unsqueeze(1), value=-1.0).mul_(inverse.unsqueeze(1))
            momentum = self.momentum[first:first + count]
            momentum.mul_(MOMENTUM).add_(dw).add_(part, alpha=DECAY)
            part.add_(momentum, alpha=-LR)
        dx = (dx - (dx * x).sum(1, keepdim=True) * x) / length
        return loss, dx


def batches(arguments):
    generator = torch.Generator().manual_seed(1)
    while True:
        x = torch.rand(arguments.batch, arguments.dim, generator=generator) * 2.0 - 1.0
        yield x, torch.randint(0, arguments.classes, (arguments.batch,), generator=generator)


def best_chunk(arguments, bf16):
    """The chunk with the fastest step on at most 65,536 classes."""
    classes = min(arguments.classes, 65536)
    best = (math.inf, classes)
    weight = torch.empty(classes, arguments.dim).normal_(0.0, 0.01)
    x = torch.rand(arguments.batch, arguments.dim) - 0.5
    y = torch.randint(0, classes, (arguments.batch,))
    for chunk in (1024, 2048, 4096, 8192, 16384):
        head = Chunked(weight, chunk, bf16)
        for _ in range(3):
            began = time.perf_counter()
            head.step(x, y)
            best = min(best, (time.perf_counter() - began, chunk))
        if chunk >= classes:
            break
    return best[1]


def make(arguments):
    case, bf16 = arguments.case, arguments.case.endswith("-bf16")
    chunk = best_chunk(arguments, bf16) if case.startswith("chunked") else 0
    weight = torch.empty(arguments.classes, arguments.dim).normal_(0.0, 0.01)
    if case.startswith("plain"):
        return Plain(weight, bf16), 0
    if case == "sampled":
        return Sampled(weight, arguments.sample_rate), 0
    return Chunked(weight, chunk, bf16), chunk


def product_gflops():
    """f32, 1024^3: shows a slow BLAS under PyTorch, beside which no head says anything."""
    a, best = torch.rand(1024, 1024), 0.0
    for _ in range(4):
        began = time.perf_counter()
        torch.mm(a, a)
        best = max(best, 2e-9 * 1024 ** 3 / (time.perf_counter() - began))
    return best


def measure(arguments):
    speed = product_gflops()
    head, chunk = make(arguments)
    times, began = [], None
    for x, y in batches(arguments):
        start = time.perf_counter()
        head.step(x, y)
        now = time.perf_counter()
        if began is None:
            began = now  # the first step touches the memory for the first time: it does not count
            continue
        times.append(1e3 * (now - start))
        if len(times) >= 5 and now - began >= arguments.seconds:
            break
    print(json.dumps({
        "case": arguments.case, "classes": arguments.classes, "dim": arguments.dim, "batch": arguments.batch,
        "threads": arguments.threads, "ms_median": round(statistics.median(times), 3), "ms_min": round(min(times), 3),
        "ms_max": round(max(times), 3), "steps": len(times), "chunk": chunk, "product_gflops": round(speed, 1),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "torch": torch.__version__}))


def check(arguments):
    from head_tammes import Tammes
    arguments.classes, arguments.dim, arguments.batch = 3000, 96, 40
    torch.manual_seed(3)
    weight = torch.empty(arguments.classes, arguments.dim).normal_(0.0, 0.01)
    heads = {"plain": Plain(weight.clone()), "chunked": Chunked(weight.clone(), 512),
             "tammes": Tammes(arguments.check, weight, arguments.batch, f"arcface:s={SCALE:g},m={MARGIN:g}",
                              (LR, MOMENTUM, DECAY))}
    worst = 0.0
    stream = batches(arguments)
    for step in range(3):
        x, y = next(stream)
        results = {name: head.step(x.clone(), y) for name, head in heads.items()}
        loss, dx = results["plain"]
        after = heads["plain"].weight.detach()
        for name in ("chunked", "tammes"):
            apart = {"loss": abs(results[name][0] - loss) / loss,
                     "dx": ((results[name][1] - dx).abs().max() / dx.abs().max()).item(),
                     "weights": ((heads[name].weight - after).abs().max() / (after - weight).abs().max()).item()}
            worst = max([worst] + list(apart.values()))
            print(f"step {step}: loss {results[name][0]:.9f} of {name}, {loss:.9f} of plain; " +
                  ", ".join(f"{what} apart by {value:.1e}" for what, value in apart.items()))
    print("the same" if worst < 1e-4 else "NOT the same")
    return 0 if worst < 1e-4 else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", default="plain",
                        choices=["plain", "plain-bf16", "sampled", "chunked", "chunked-bf16"])
    parser.add_argument("--classes", type=int, default=10000)
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--sample-rate", type=float, default=0.1)
    parser.add_argument("--check", metavar="LIBRARY")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    return check(arguments) if arguments.check else measure(arguments)


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Writes tests/golden/pairs.txt: what PyTorch's autograd computes in f64 for every pair loss (with each miner that draws
nothing) and every term on centres, from the papers' formulas. Pairs and triplets are plain lists here.

Needs python3-torch. Run it only to change the numbers: tests/oracle/pair_oracle.py
x and the centres come from oracle_numbers, which the test repeats, so only results are stored."""
import pathlib

import torch
import torch.nn.functional as F

from oracle_numbers import numbers

N, C, D = 12, 6, 5
Y = [0, 3, -1, 0, 3, 1, 1, 0, 3, 5, 2, 1]


def distances(x, kind):
    u = F.normalize(x)
    apart = u[:, None, :] - u[None, :, :] + torch.eye(len(x))[:, :, None]  # off the diagonal, which nobody reads
    if kind == "squared":
        return (apart**2).sum(2)
    if kind == "euclidean":
        return (apart**2).sum(2).sqrt()
    return torch.acos((u @ u.T) * (1 - torch.eye(len(x))))


def mined(d, y, miner, m):
    n = range(len(y))
    positives = {a: [p for p in n if p != a and y[p] == y[a]] for a in n}
    negatives = {a: [q for q in n if y[q] != y[a]] for a in n}
    if miner == "batch-hard":
        return [(a, max(positives[a], key=lambda p: d[a, p].item()), min(negatives[a], key=lambda q: d[a, q].item()))
                for a in n if positives[a] and negatives[a]]
    all_triplets = [(a, p, q) for a in n for p in positives[a] for q in negatives[a]]
    if miner == "semi-hard":
        return [(a, p, q) for a, p, q in all_triplets if d[a, p] < d[a, q] < d[a, p] + m]
    return all_triplets


def triplet(x, y, kind, miner, m):
    d = distances(x, kind)
    losses = [d[a, p] - d[a, q] + m for a, p, q in mined(d.detach(), y, miner, m)]
    return torch.stack([v for v in losses if v > 0]).mean()


def contrastive(x, y, miner, m):
    d = distances(x, "euclidean")
    if miner == "all":
        pairs = {(i, j) for i in range(len(y)) for j in range(i)}
    else:
        pairs = {(max(a, b), min(a, b)) for t in mined(d.detach(), y, miner, m) for a, b in ((t[0], t[1]), (t[0], t[2]))}
    return torch.stack([d[i, j]**2 if y[i] == y[j] else F.relu(m - d[i, j])**2 for i, j in pairs]).mean()


def sides(x, y):
    """For each sample, its cosines to its positives and to its negatives."""
    u = F.normalize(x)
    c = u @ u.T
    for a in range(len(y)):
        p = [j for j in range(len(y)) if j != a and y[j] == y[a]]
        q = [j for j in range(len(y)) if y[j] != y[a]]
        yield c[a, p], c[a, q]


def circle(x, y, gamma, m):
    losses = []
    for p, q in sides(x, y):
        if len(p) > 0:
            alpha_p, alpha_q = F.relu(1 + m - p.detach()), F.relu(q.detach() + m)
            negative = torch.exp(gamma * alpha_q * (q - m)).sum()
            positive = torch.exp(-gamma * alpha_p * (p - (1 - m))).sum()
            losses.append(torch.log(1 + negative * positive))
    return torch.stack(losses).mean()


def supcon(x, y, t):
    losses = []
    for p, q in sides(x, y):
        if len(p) > 0:
            losses.append(-(p / t - torch.logsumexp(torch.cat([p, q]) / t, 0)).mean())
    return torch.stack(losses).mean()


def multi_similarity(x, y, alpha, beta, base, epsilon):
    total = 0
    for p, q in sides(x, y):
        if len(p) > 0:
            hard_q, hard_p = q[q > p.min() - epsilon], p[p < q.max() + epsilon]
            total = total + torch.log(1 + torch.exp(-alpha * (hard_p - base)).sum()) / alpha
            total = total + torch.log(1 + torch.exp(beta * (hard_q - base)).sum()) / beta
    return total / len(y)


def center(x, y, centres, weight):
    return 0.5 * weight * ((x - centres[y])**2).sum(1).mean()


def uniform(x, y, centres, weight, alpha):
    moved = []
    for j in range(C):
        mine = x[[i for i in range(len(y)) if y[i] == j]]
        moved.append(centres[j] - alpha * (centres[j] - mine).sum(0) / (1 + len(mine)))
    total = sum(1 / ((moved[j] - moved[k]).norm() + 1)**2 for j in range(C) for k in range(C) if j != k)
    return weight * total / (C * (C - 1))


def range_loss(x, y, intra, inter, m, k):
    total, means = 0, []
    for j in sorted(set(y)):
        mine = x[[i for i in range(len(y)) if y[i] == j]]
        means.append(mine.mean(0))
        squared = [((mine[a] - mine[b])**2).sum() for a in range(len(mine)) for b in range(a)]
        if squared:
            largest = sorted(squared, key=lambda v: -v.item())[:k]
            total = total + intra * len(largest) / sum(1 / v for v in largest)
    nearest = min(((means[a] - means[b])**2).sum() for a in range(len(means)) for b in range(a))
    return total + inter * F.relu(m - nearest)


def marginal(x, y, weight, theta, xi):
    squared = distances(x, "squared")
    n = len(y)
    total = sum(F.relu(xi - (1 if y[i] == y[j] else -1) * (theta - squared[i, j]))
                for i in range(n) for j in range(n) if i != j)
    return weight * total / (n * n - n)


def coco(x, y, weight, s):
    classes = sorted(set(y))
    means = torch.stack([x[[i for i in range(len(y)) if y[i] == j]].mean(0) for j in classes])
    cosines = F.normalize(x) @ F.normalize(means).T
    return weight * F.cross_entropy(s * cosines, torch.tensor([classes.index(j) for j in y]))


CASES = {
    "supcon": lambda x, y, k: supcon(x, y, 0.07),
    "supcon:temperature=0.5,lambda=3": lambda x, y, k: 3 * supcon(x, y, 0.5),
    "circle-pairs": lambda x, y, k: circle(x, y, 80, 0.4),
    "circle-pairs:gamma=4,m=0.1": lambda x, y, k: circle(x, y, 4, 0.1),
    "multi-similarity": lambda x, y, k: multi_similarity(x, y, 2, 50, 0.5, 0.1),
    "multi-similarity:alpha=5,beta=10,base=0,epsilon=0": lambda x, y, k: multi_similarity(x, y, 5, 10, 0, 0),
    "center:lambda=0.5": lambda x, y, k: center(x, y, k, 0.5),
    "uniform": lambda x, y, k: uniform(x, y, k, 1, 0.5),
    "uniform:lambda=10,alpha=1": lambda x, y, k: uniform(x, y, k, 10, 1),
    "range": lambda x, y, k: range_loss(x, y, 5e-5, 1e-4, 2e4, 2),
    "range:intra=1,inter=0.5,m=50,k=1": lambda x, y, k: range_loss(x, y, 1, 0.5, 50, 1),
    "range:intra=1,inter=1,m=0.01,k=4": lambda x, y, k: range_loss(x, y, 1, 1, 0.01, 4),
    "marginal": lambda x, y, k: marginal(x, y, 1, 1.2, 0.3),
    "marginal:lambda=2,theta=0.5,xi=0.1": lambda x, y, k: marginal(x, y, 2, 0.5, 0.1),
    "coco": lambda x, y, k: coco(x, y, 1, 6.25),
    "coco:lambda=0.1,s=30": lambda x, y, k: coco(x, y, 0.1, 30),
}
for miner in ("all", "semi-hard", "batch-hard"):
    CASES[f"contrastive:miner={miner}"] = lambda x, y, k, miner=miner: contrastive(x, y, miner, 1)
    for kind in ("squared", "euclidean", "angular"):
        CASES[f"triplet:distance={kind},miner={miner}"] = (
            lambda x, y, k, kind=kind, miner=miner: triplet(x, y, kind, miner, 0.2))


def main():
    counted = [i for i in range(N) if Y[i] >= 0]
    y = [Y[i] for i in counted]
    out = []
    for name, loss in CASES.items():
        x = (6 * numbers(0, (N, D))).requires_grad_()
        value = loss(x[counted], y, numbers(2, (C, D)))
        value.backward()
        for what, array in (("loss", value.detach()), ("dx", x.grad)):
            text = " ".join(f"{v:.12g}" for v in array.flatten().tolist())
            out.append(f"{name} {what} {array.numel()} {text}\n")
    path = pathlib.Path(__file__).parent.parent / "golden" / "pairs.txt"
    path.write_text("".join(out))


main()

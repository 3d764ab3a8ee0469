#!/usr/bin/env python3
"""Writes tests/golden/calibration.txt: embeddings, and thresholds and the logistic regression by SciPy and scikit-learn.

Needs python3-numpy, python3-scipy, python3-sklearn. Run it only to change the numbers:
tests/oracle/calibration_oracle.py"""
import pathlib

import numpy as np
from scipy.stats import beta
from sklearn.linear_model import LogisticRegression

RATES = [0.1, 0.02, 1e-6]


def upper(hits, count):
    return beta.ppf(0.975, hits + 1, count - hits) if hits < count else 1.0


def lower(hits, count):
    return beta.ppf(0.025, hits, count - hits + 1) if hits > 0 else 0.0


def level(genuine, impostor, rate):
    """threshold, achieved, its upper bound, fnmr with its interval; 2 where no score is high enough; NaN: too few."""
    if len(impostor) < 3 / rate:
        return [np.nan] * 6
    accepted = [np.sum(impostor >= t) for t in np.unique(genuine)]
    good = [(t, k) for t, k in zip(np.unique(genuine), accepted) if k <= np.floor(rate * len(impostor))]
    threshold, false = min(good) if good else (2.0, 0)
    missed = np.sum(genuine < threshold)
    return [threshold, false / len(impostor), upper(false, len(impostor)), missed / len(genuine),
            lower(missed, len(genuine)), upper(missed, len(genuine))]


def confidence(genuine, impostor):
    """Slope and offset: both kinds weigh one half, Platt's targets as two weighted copies of each pair."""
    scores, labels, weights = [], [], []
    for kind, target in ((genuine, (len(genuine) + 1) / (len(genuine) + 2)), (impostor, 1 / (len(impostor) + 2))):
        for label, share in ((1, target), (0, 1 - target)):
            scores.append(kind)
            labels.append(np.full(len(kind), label))
            weights.append(np.full(len(kind), 1e4 * 0.5 * share / len(kind)))
    model = LogisticRegression(C=1e12, solver="newton-cg", tol=1e-8, max_iter=10000)
    model.fit(np.concatenate(scores)[:, None], np.concatenate(labels), np.concatenate(weights))
    return [model.coef_[0, 0], model.intercept_[0]]


def measure(rows, pairs, same):
    rows = rows.astype(np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    scores = np.sum(rows[pairs[:, 0]] * rows[pairs[:, 1]], axis=1)
    genuine, impostor = scores[same], scores[~same]
    numbers = [len(genuine), len(impostor)]
    for rate in RATES:
        numbers += level(genuine, impostor, rate)
    return numbers + confidence(genuine, impostor)


def write_set(file, name, rows, labels, pairs):
    rows = np.round(rows, 4).astype(np.float32)
    upper_pairs = np.array([(i, j) for i in range(len(rows)) for j in range(i + 1, len(rows))])
    file.write(f"{name} {rows.shape[0]} {rows.shape[1]} {len(pairs)}\n")
    for row in rows:
        file.write(" ".join(f"{x:.9g}" for x in row) + "\n")
    file.write(" ".join(map(str, labels)) + "\n")
    file.write(" ".join(map(str, pairs.ravel())) + "\n")
    for chosen in (upper_pairs, pairs):
        same = labels[chosen[:, 0]] == labels[chosen[:, 1]]
        file.write(" ".join(f"{x:.17g}" for x in measure(rows, chosen, same)) + "\n")


def main():
    random = np.random.default_rng(8)
    path = pathlib.Path(__file__).parent.parent / "golden" / "calibration.txt"
    with path.open("w") as file:
        for name, people, each, width, spread in (("mixed", 9, 5, 4, 0.9), ("apart", 6, 4, 3, 0.02)):
            labels = random.permutation(np.repeat(np.arange(people), each))
            centres = random.normal(size=(people, width))
            if name == "apart":
                centres /= np.linalg.norm(centres, axis=1, keepdims=True)
            rows = centres[labels] + spread * random.normal(size=(len(labels), width))
            some = np.array([(i, j) for i in range(len(labels)) for j in range(i + 1, len(labels))
                             if labels[i] == labels[j] or random.random() < 0.15])
            write_set(file, name, rows, labels, some)


if __name__ == "__main__":
    main()

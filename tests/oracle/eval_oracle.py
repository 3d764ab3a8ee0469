#!/usr/bin/env python3
"""Writes tests/golden/eval.txt: small sets of embeddings and what NumPy, SciPy and scikit-learn say about them.

Needs python3-numpy, python3-scipy, python3-sklearn. Run it only to change the numbers: tests/oracle/eval_oracle.py"""
import pathlib

import numpy as np
from scipy.interpolate import interp1d
from scipy.optimize import brentq
from scipy.stats import beta
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score, roc_curve
from sklearn.model_selection import KFold

FARS = [0.5, 0.1, 0.01]


def normalised(rows):
    rows = rows.astype(np.float64)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    lengths[lengths == 0] = 1
    return rows / lengths


def verification(scores, genuine):
    """EER, AUC, d' and, for each FAR, (TAR, threshold, achieved FAR, interval) by their definitions."""
    far, tar, _ = roc_curve(genuine, scores, drop_intermediate=False)
    eer = brentq(lambda x: 1 - x - interp1d(far, tar)(x), 0, 1)
    spread = np.sqrt((np.var(scores[genuine]) + np.var(scores[~genuine])) / 2)
    d_prime = (np.mean(scores[genuine]) - np.mean(scores[~genuine])) / spread
    numbers = [eer, roc_auc_score(genuine, scores), d_prime]
    impostors = np.sum(~genuine)
    for level in FARS:
        best = (-1, None, None)
        for threshold in np.unique(scores[genuine])[::-1]:
            false_accepts = np.sum(scores[~genuine] >= threshold)
            if false_accepts <= np.floor(level * impostors):
                best = (np.sum(scores[genuine] >= threshold), threshold, false_accepts / impostors)
        hits, count = best[0], np.sum(genuine)
        low = beta.ppf(0.025, hits, count - hits + 1) if hits > 0 else 0.0
        high = beta.ppf(0.975, hits + 1, count - hits) if hits < count else 1.0
        numbers += [hits / count, best[1], best[2], low, high]
    return numbers


def folds(rows, pairs, same, count):
    distance = np.sum((rows[pairs[:, 0]] - rows[pairs[:, 1]]) ** 2, axis=1)
    thresholds = np.arange(0, 4, 0.01)
    accuracies, chosen = [], []
    for train, test in KFold(n_splits=count, shuffle=False).split(np.arange(len(pairs))):
        right = [np.mean((distance[train] < t) == same[train]) for t in thresholds]
        chosen.append(thresholds[int(np.argmax(right))])
        accuracies.append(np.mean((distance[test] < chosen[-1]) == same[test]))
    return [np.mean(accuracies), np.std(accuracies), np.mean(chosen)]


def fold_scores(rows, pairs, same, count, choose, right):
    """Accuracy, standard error and mean threshold of a rule that chooses a threshold on the other folds' scores."""
    scores = np.sum(rows[pairs[:, 0]] * rows[pairs[:, 1]], axis=1)
    accuracies, chosen = [], []
    for train, test in KFold(n_splits=count, shuffle=False).split(np.arange(len(pairs))):
        chosen.append(choose(scores[train], same[train]))
        accuracies.append(np.mean(right(scores[test], same[test], chosen[-1])))
    return [np.mean(accuracies), np.std(accuracies, ddof=1) / np.sqrt(count), np.mean(chosen)]


def folds_pca(rows, pairs, same, count, components):
    """insightface's calculate_roc with pca > 0."""
    thresholds = np.arange(0, 4, 0.01)
    accuracies = []
    for train, test in KFold(n_splits=count, shuffle=False).split(np.arange(len(pairs))):
        model = PCA(n_components=components, svd_solver="full").fit(rows[pairs[train].T.ravel()])
        moved = normalised(model.transform(rows))
        distance = np.sum((moved[pairs[:, 0]] - moved[pairs[:, 1]]) ** 2, axis=1)
        right = [np.mean((distance[train] < t) == same[train]) for t in thresholds]
        accuracies.append(np.mean((distance[test] < thresholds[int(np.argmax(right))]) == same[test]))
    return [np.mean(accuracies), np.std(accuracies)]


def choose_lfw(scores, same):
    distinct = np.unique(scores.round(12))
    middles = [distinct[0], *(distinct[1:] + distinct[:-1]) / 2, np.nextafter(distinct[-1], np.inf)]
    right = [np.sum((scores.round(12) >= t) == same) for t in middles]
    return middles[int(np.argmax(right))]


def choose_facexzoo(scores, same):
    thresholds = scores.min() + (scores.max() - scores.min()) / 1000 * np.arange(1, 1001)
    best = [np.mean(scores[same] > t) - np.mean(scores[~same] > t) for t in thresholds]
    return thresholds[int(np.argmax(best))]


def write(out, values, form="%.17g"):
    out.write(" ".join(form % v for v in values) + "\n")


def one_set(out, name, rows, labels, pair_count, random):
    n, d = rows.shape
    unit = normalised(rows)
    first, second = np.triu_indices(n, 1)
    scores = np.sum(unit[first] * unit[second], axis=1).round(12)
    pairs = random.integers(0, n, size=(pair_count, 2))
    same = labels[pairs[:, 0]] == labels[pairs[:, 1]]
    listed = np.sum(unit[pairs[:, 0]] * unit[pairs[:, 1]], axis=1).round(12)
    out.write(f"{name} {n} {d} {pair_count}\n")
    for row in rows:
        write(out, row, "%.9g")
    write(out, labels, "%d")
    write(out, pairs.ravel(), "%d")
    write(out, verification(scores, labels[first] == labels[second]))
    write(out, verification(listed, same))
    write(out, folds(unit, pairs, same, 10))
    write(out, fold_scores(unit, pairs, same, 10, choose_lfw, lambda x, s, t: (x >= t) == s))
    write(out, fold_scores(unit, pairs, same, 10, choose_facexzoo, lambda x, s, t: np.where(s, x > t, x < t)))
    write(out, folds_pca(unit, pairs, same, 10, 3))


def main():
    random = np.random.default_rng(20190123)
    path = pathlib.Path(__file__).parent.parent / "golden" / "eval.txt"
    with open(path, "w") as out:
        labels = np.sort(random.integers(0, 7, 37))
        centres = random.normal(size=(7, 5))
        rows = (centres[labels] + 0.7 * random.normal(size=(37, 5))).astype(np.float32)
        one_set(out, "smooth", rows, labels, 123, random)
        labels = random.integers(-3, 3, 41)
        rows = np.where(random.random((41, 16)) < 0.5, -1.0, 1.0).astype(np.float32)
        rows[::4] *= 3
        one_set(out, "ties", rows, labels, 96, random)


if __name__ == "__main__":
    main()

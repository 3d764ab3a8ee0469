#!/usr/bin/env python3
"""Writes tests/golden/embeddings: arrays as NumPy writes them, with labels and keys beside, a list of pairs, and what
NumPy, SciPy and scikit-learn say about them: figures.txt with lines of array, protocol, key and value, as many digits
of which as must agree (rows are multiplied in f32 here, in f64 there).

Needs python3-numpy, python3-scipy, python3-sklearn. Run it only to change them: tests/oracle/embeddings_oracle.py"""
import pathlib

import numpy as np
from sklearn.metrics import roc_auc_score

import eval_oracle as oracle


def leave_one_out(unit, labels):
    """Rank 1, R-precision and MAP@R of each row among the others."""
    products = unit @ unit.T
    np.fill_diagonal(products, -np.inf)
    first, precisions, averages = [], [], []
    for i, row in enumerate(products):
        order = np.argsort(-row, kind="stable")[:-1]
        hit = labels[order] == labels[i]
        r = int(np.sum(hit))
        first.append(hit[0])
        precisions.append(np.mean(hit[:r]))
        averages.append(np.sum(hit[:r] * np.cumsum(hit[:r]) / np.arange(1, r + 1)) / r)
    return [float(np.mean(x)) for x in (first, precisions, averages)]


def rates(scores, genuine):
    """EER as the interpolated crossing, AUC, d', and for each FAR the TAR and the FAR that is reached, by counting."""
    numbers = oracle.verification(scores, genuine)
    found = {"eer": f"{numbers[0]:.9f}", "auc": f"{roc_auc_score(genuine, scores):.9f}", "d_prime": f"{numbers[2]:.5f}"}
    for i, far in enumerate(oracle.FARS):
        found[f"tar@{far:g}"] = f"{numbers[3 + 5 * i]:.9f}"
    return found


def main():
    random = np.random.default_rng(20261122)
    folder = pathlib.Path(__file__).parent.parent / "golden" / "embeddings"
    folder.mkdir(exist_ok=True)
    oracle.FARS = [0.1, 0.01]
    people, each, dim = 12, 6, 8
    labels = np.repeat(np.arange(people), each)
    order = random.permutation(len(labels))
    labels = labels[order]
    rows = random.normal(size=(people, dim))[labels] + 0.8 * random.normal(size=(len(labels), dim))
    keys = [f"person{k:02d}/{i:02d}.jpg" for k, i in zip(labels, np.arange(len(labels)))]
    np.save(folder / "f4.npy", rows.astype("<f4"))
    np.save(folder / "f8.npy", rows.astype("<f4").astype(">f8"))
    np.save(folder / "f2.npy", rows.astype("<f2"))
    for name in ("f2", "f4", "f8"):
        np.save(folder / f"{name}.labels.npy", labels.astype({"f2": "u1", "f4": "<i8", "f8": ">i4"}[name]))
        (folder / f"{name}.paths.txt").write_text("".join(k + "\n" for k in keys))
    first, second = np.triu_indices(len(labels), 1)
    genuine = labels[first] == labels[second]
    some = np.concatenate([random.choice(np.nonzero(genuine)[0], 100), random.choice(np.nonzero(~genuine)[0], 100)])
    random.shuffle(some)
    pairs, same = np.stack([first[some], second[some]], axis=1), genuine[some]
    lines = [f"{keys[a]},{keys[b]},{int(s)}\n" for (a, b), s in zip(pairs, same)]
    (folder / "pairs.csv").write_text("path_a,path_b,same\n" + "".join(lines))
    with open(folder / "figures.txt", "w") as out:
        for name, kind in (("f4", "<f4"), ("f8", "<f4"), ("f2", "<f2")):
            unit = oracle.normalised(rows.astype(kind))
            scores = np.sum(unit[first] * unit[second], axis=1).round(12)
            fold = oracle.folds(unit, pairs, same, 10)
            rank, precision, average = leave_one_out(unit, labels)
            figures = {"allpairs": rates(scores, genuine),
                       "insightface": {"accuracy": f"{fold[0]:.9f}", "accuracy_std": f"{fold[1]:.9f}",
                                       **rates(scores[some], same)},
                       "retrieval": {"1": f"{rank:.9f}", "r_precision": f"{precision:.9f}",
                                     "map_at_r": f"{average:.9f}"}}
            for protocol, values in figures.items():
                for key, value in values.items():
                    out.write(f"{name} {protocol} {key} {value}\n")


if __name__ == "__main__":
    main()

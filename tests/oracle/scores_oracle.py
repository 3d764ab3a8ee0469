#!/usr/bin/env python3
"""Writes tests/golden/scores.txt: numpy.histogram and sorted lists of the scores of pairs, and scipy's quantiles of the
normal distribution. Needs python3-numpy, python3-scipy."""
import pathlib

import numpy as np
from scipy.stats import norm

from search_oracle import cosines, labels_of, numbers, rows_of

BINS, WORST = 1024, 12


def histogram(scores):
    counts, _ = np.histogram(np.clip(scores.astype(np.float32), -1, 1), bins=BINS, range=(-1, 1))
    assert counts.sum() == len(scores)
    return counts


def worst(pairs, badness):
    """The lowest badness first; of equal ones the lower rows first."""
    order = sorted(range(len(pairs)), key=lambda k: (badness[k], *pairs[k]))[:WORST]
    return [number for k in order for number in pairs[k]]


def main():
    path = pathlib.Path(__file__).parent.parent / "golden" / "scores.txt"
    with open(path, "w") as out:
        def line(name, values, form="%d"):
            out.write(name + " " + " ".join(form % v for v in values) + "\n")

        scores = (2.2 * numbers(11, 5000)).astype(np.float32)
        line("scores", histogram(scores))
        line("eighths", histogram((np.arange(-9, 10) / 8).astype(np.float32)))
        for kind in ("smooth", "ties"):
            labels = labels_of(1, 200, 23)
            found = cosines(*[rows_of(kind, 3, labels, 16)] * 2)
            pairs = [(i, j) for i in range(200) for j in range(i + 1, 200)]
            values = np.array([found[p] for p in pairs])
            same = np.array([labels[i] == labels[j] for i, j in pairs])
            for name, chosen, sign in (("genuine", same, 1), ("impostor", ~same, -1)):
                some = [p for p, keep in zip(pairs, chosen) if keep]
                line(f"{kind}_{name}", histogram(values[chosen]))
                line(f"{kind}_{name}_worst", worst(some, sign * values[chosen]))
            queries = labels_of(2, 150, 32)
            found = cosines(rows_of(kind, 4, queries, 16), rows_of(kind, 3, labels, 16))
            pairs = [(i, j) for i in range(150) for j in range(200)]
            values = found.reshape(-1)
            same = np.array([queries[i] == labels[j] for i, j in pairs])
            for name, chosen, sign in (("mated", same, 1), ("nonmated", ~same, -1)):
                some = [p for p, keep in zip(pairs, chosen) if keep]
                line(f"{kind}_{name}", histogram(values[chosen]))
                line(f"{kind}_{name}_worst", worst(some, sign * values[chosen]))
        chances = [1e-300, 1e-12, 1e-6, 1e-5, 1e-3, 0.01, 0.05, 0.1, 0.2, 0.4, 0.5, 0.6, 0.9, 0.99, 0.999999]
        line("chances", chances, "%.17g")
        line("probit", norm.ppf(chances), "%.17g")


if __name__ == "__main__":
    main()

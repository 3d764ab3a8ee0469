#!/usr/bin/env python3
"""Writes tests/golden/template.txt: templates pooled by NumPy in every variant, and TAR by scikit-learn's roc_curve as
IJB's tables are made. Needs python3-numpy, python3-sklearn."""
import itertools
import pathlib

import numpy as np
from sklearn.metrics import roc_curve

from search_oracle import labels_of, numbers

FACES, WIDTH, TEMPLATES, PAIRS = 60, 8, 12, 400
FARS = [0.3, 0.1, 0.02, 0.001]


def pool(x, score, template, media, add_halves, keep_norms, detector):
    d = WIDTH
    rows = x[:, :d] + x[:, d:] if add_halves else x[:, :d].copy()
    if not keep_norms:
        rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    if detector:
        rows = rows * score[:, None]
    out = []
    for t in range(TEMPLATES):
        mine = np.flatnonzero(template == t)
        total = np.zeros(d)
        for m in np.unique(media[mine]):
            total += np.mean(rows[mine[media[mine] == m]], axis=0)
        out.append(total / np.linalg.norm(total) if np.any(total) else total)
    return np.array(out)


def published(scores, same):
    far, tar, _ = roc_curve(same, scores)
    far, tar = np.flipud(far), np.flipud(tar)
    return [tar[min(zip(abs(far - level), range(len(far))))[1]] for level in FARS]


def main():
    x = numbers(41, FACES * 2 * WIDTH).reshape(FACES, 2 * WIDTH)
    score = numbers(42, FACES) + 0.5
    template, media = labels_of(43, FACES, TEMPLATES - 1), labels_of(44, FACES, 4)
    path = pathlib.Path(__file__).parent.parent / "golden" / "template.txt"
    with open(path, "w") as out:
        for variant in itertools.product((0, 1), repeat=3):
            for row in pool(x, score, template, media, *variant):
                out.write(" ".join("%.12g" % v for v in row) + "\n")
        for steps in (1e6, 12, 60, 150):  # smooth scores, and ones with many ties and straight pieces
            same = numbers(45, PAIRS) > 0
            scores = np.floor((numbers(46, PAIRS) + 0.3 * same) * steps).astype(np.float32)
            out.write(" ".join("%.17g" % v for v in published(scores, same)) + "\n")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Writes tests/golden/embeddings: arrays as NumPy writes them, with labels and keys beside, a list of pairs, and what
NumPy, SciPy and scikit-learn say about them: figures.txt with lines of array, protocol, key and value, as many digits
of which as must agree (rows are multiplied in f32 here, in f64 there).

Needs python3-numpy, python3-scipy, python3-sklearn. Run it only to change them: tests/oracle/embeddings_oracle.py"""
import pathlib

import numpy as np
from sklearn.metrics import roc_auc_score

import eval_oracle as oracle
import search_oracle as search

FOLDER = pathlib.Path(__file__).parent.parent / "golden" / "embeddings"
THRESHOLD = 0.85  # of clusters; also in tests/cli/test_embed.sh


def text(value):
    return f"{value:.9f}"


def rates(scores, genuine):
    """EER as the interpolated crossing, AUC, d', and for each FAR the TAR, by counting."""
    numbers = oracle.verification(scores, genuine)
    found = {"eer": text(numbers[0]), "auc": text(roc_auc_score(genuine, scores)), "d_prime": f"{numbers[2]:.5f}"}
    for i, far in enumerate(oracle.FARS):
        found[f"far@{far:g}"] = text(numbers[3 + 5 * i])
    return found


def among_others(unit, labels):
    numbers = search.retrieval(search.cosines(unit, unit), labels, labels, True)[2:]
    found = {str(k): text(r) for k, r in zip(search.LEVELS, numbers)}
    return {**found, "r_precision": text(numbers[-2]), "map_at_r": text(numbers[-1])}


def ranks(unit, labels):
    scores = search.cosines(unit, unit)
    np.fill_diagonal(scores, -2)
    order = np.argsort(-scores, axis=1, kind="stable")
    return {str(k): text(np.mean(np.any(labels[order[:, :k]] == labels[:, None], axis=1))) for k in (1, 5, 10)}


def fold_rules(unit, pairs, same):
    lfw = oracle.fold_scores(unit, pairs, same, 10, oracle.choose_lfw, lambda x, s, t: (x >= t) == s)
    zoo = oracle.fold_scores(unit, pairs, same, 10, oracle.choose_facexzoo, lambda x, s, t: np.where(s, x > t, x < t))
    return {name: {"accuracy": text(found[0]), "standard_error": text(found[1])}
            for name, found in (("lfw", lfw), ("facexzoo", zoo))}


def searches(unit, labels, gallery, gallery_labels, strangers):
    scores = search.cosines(unit, gallery)
    opened = search.openset(scores, gallery_labels, labels)
    crowd = search.distractors(search.cosines(unit, unit), search.cosines(unit, strangers), labels)
    found = search.threshold_clusters(search.cosines(unit, unit), THRESHOLD)
    clusters = search.compare_clusters(found, labels)
    names = ["clusters", None, "nmi", "pair_precision", "pair_recall", "pair_f"]
    return {"openset": {"mated": f"{opened[0]}.", "nonmated": f"{opened[1]}.", "1": text(opened[2]),
                        **{f"fpir@{level:g}": text(opened[3 + 5 * i]) for i, level in enumerate(search.FPIR)}},
            "distractors": {"trials": f"{crowd[0]}.", f"of@{len(strangers)}": text(crowd[1])},
            "cluster": {n: text(v) if n != "clusters" else f"{v}." for n, v in zip(names, clusters) if n}}


def save(name, rows, dtype, labels=None, label_type="<i8"):
    np.save(FOLDER / f"{name}.npy", rows.astype(dtype))
    if labels is not None:
        np.save(FOLDER / f"{name}.labels.npy", labels.astype(label_type))


def main():
    random = np.random.default_rng(20261122)
    FOLDER.mkdir(exist_ok=True)
    oracle.FARS, search.FPIR = [0.1, 0.01], [0.1, 0.01]
    people, each, dim = 12, 6, 8
    centres = random.normal(size=(people, dim))
    labels = random.permutation(np.repeat(np.arange(people), each))
    rows = (centres[labels] + 0.8 * random.normal(size=(len(labels), dim))).astype("<f4")
    enrolled = np.repeat(np.arange(0, people, 2), 2)
    gallery = (centres[enrolled] + 0.6 * random.normal(size=(len(enrolled), dim))).astype("<f4")
    strangers = random.normal(size=(40, dim)).astype("<f4")
    keys = [f"person{k:02d}/{i:02d}.jpg" for i, k in enumerate(labels)]
    kinds = {"f4": ("<f4", "<i8"), "f8": (">f8", ">i4"), "f2": ("<f2", "u1")}
    for name, (dtype, label_type) in kinds.items():
        save(name, rows, dtype, labels, label_type)
        (FOLDER / f"{name}.paths.txt").write_text("".join(k + "\n" for k in keys))
    save("gallery", gallery, "<f4", enrolled)
    save("strangers", strangers, "<f4")

    first, second = np.triu_indices(len(labels), 1)
    genuine = labels[first] == labels[second]
    some = np.concatenate([random.choice(np.nonzero(genuine)[0], 100), random.choice(np.nonzero(~genuine)[0], 100)])
    random.shuffle(some)
    pairs, same = np.stack([first[some], second[some]], axis=1), genuine[some]
    lines = [f"{keys[a]},{keys[b]},{int(s)}\n" for (a, b), s in zip(pairs, same)]
    (FOLDER / "pairs.csv").write_text("path_a,path_b,same\n" + "".join(lines))

    with open(FOLDER / "figures.txt", "w") as out:
        for name in kinds:
            unit = oracle.normalised(rows.astype("<f2") if name == "f2" else rows)
            scores = np.sum(unit[first] * unit[second], axis=1).round(12)
            fold = oracle.folds(unit, pairs, same, 10)
            figures = {"allpairs": rates(scores, genuine),
                       "insightface": {"accuracy": text(fold[0]), "accuracy_std": text(fold[1]),
                                       **rates(scores[some], same)},
                       "retrieval": among_others(unit, labels)}
            if name == "f4":
                figures.update({"identify": ranks(unit, labels), **fold_rules(unit, pairs, same),
                                **searches(unit, labels, oracle.normalised(gallery), enrolled,
                                           oracle.normalised(strangers))})
            for protocol, values in figures.items():
                for key, value in values.items():
                    out.write(f"{name} {protocol} {key} {value}\n")


if __name__ == "__main__":
    main()

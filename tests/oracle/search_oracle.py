#!/usr/bin/env python3
"""Writes tests/golden/search.txt: retrieval, open sets, distractors, clusters and error-versus-discard curves by plain
loops over their published definitions, SciPy and scikit-learn. Needs python3-numpy, python3-scipy, python3-sklearn."""
import pathlib

import numpy as np
from scipy.sparse.csgraph import connected_components
from scipy.stats import beta
from sklearn.metrics import normalized_mutual_info_score
from sklearn.metrics.cluster import pair_confusion_matrix

LEVELS = [1, 2, 4, 8, 10, 100, 1000]
FPIR = [0.3, 0.1, 0.01]


def numbers(stream, count):
    """tests/golden_numbers.h."""
    x = (np.arange(count, dtype=np.uint64) + np.uint64(stream * 100003)) & np.uint64(0xFFFFFFFF)
    for factor in (0x7FEB352D, 0x846CA68B):
        x = ((x ^ (x >> np.uint64(16))) * np.uint64(factor)) & np.uint64(0xFFFFFFFF)
    return ((x ^ (x >> np.uint64(16))) >> np.uint64(8)).astype(np.float64) / 2**24 - 0.5


def labels_of(stream, count, classes):
    return np.floor((numbers(stream, count) + 0.5) * classes).astype(int)


def rows_of(kind, stream, labels, d):
    """tests/unit/eval/search_golden.h makes the same."""
    noise = numbers(stream, len(labels) * d).reshape(-1, d)
    if kind == "ties":
        return np.where(noise > 0, 1.0, -1.0)
    centres = numbers(900, 100 * d).reshape(-1, d)
    return (centres[labels].astype(np.float32) + np.float32(0.5) * noise.astype(np.float32)).astype(np.float64)


def cosines(a, b):
    unit = [x / np.linalg.norm(x, axis=1, keepdims=True) for x in (a, b)]
    return (unit[0] @ unit[1].T).round(12)


def interval(hits, count):
    low = beta.ppf(0.025, hits, count - hits + 1) if hits > 0 else 0.0
    high = beta.ppf(0.975, hits + 1, count - hits) if hits < count else 1.0
    return [low, high]


def retrieval(scores, query_labels, gallery_labels, itself):
    left_out, recalls, r_precisions, averages = 0, [], [], []
    for i, label in enumerate(query_labels):
        order = sorted((j for j in range(len(gallery_labels)) if not (itself and i == j)),
                       key=lambda j: (-scores[i, j], j))
        right = [gallery_labels[j] == label for j in order]
        total = sum(right)
        if total == 0:
            left_out += 1
            continue
        recalls.append([any(right[:k]) for k in LEVELS])
        r_precisions.append(sum(right[:total]) / total)
        averages.append(sum(sum(right[:k + 1]) / (k + 1) for k in range(total) if right[k]) / total)
    return [len(recalls), left_out, *np.mean(recalls, axis=0), np.mean(r_precisions), np.mean(averages)]


def openset(scores, gallery_labels, probe_labels):
    mated = np.isin(probe_labels, gallery_labels)
    best = np.argmax(scores, axis=1)
    top = scores[np.arange(len(best)), best]
    right = mated & (gallery_labels[best] == probe_labels)
    strangers = np.sort(top[~mated])[::-1]
    out = [mated.sum(), (~mated).sum(), right.sum() / mated.sum()]
    for level in FPIR:
        threshold = strangers[max(int(np.floor(len(strangers) * level)) - 1, 0)]
        hits = int(np.sum(right & (top > threshold)))
        out += [hits / mated.sum(), threshold, np.mean(strangers > threshold), *interval(hits, mated.sum())]
    return out


def distractors(own, other, labels):
    ranks = []
    for i in range(len(labels)):
        for j in range(len(labels)):
            if i != j and labels[i] == labels[j]:
                ranks.append(1 + np.sum(other[i] >= own[i, j]))
    ranks = np.array(ranks)
    hits = int(np.sum(ranks <= 1))
    return [len(ranks), *(np.mean(ranks <= k) for k in (1, 5, 10, 100)), *interval(hits, len(ranks))]


def compare_clusters(cluster, labels):
    matrix = pair_confusion_matrix(labels, cluster) / 2
    both, only_cluster, only_class = matrix[1, 1], matrix[0, 1], matrix[1, 0]
    precision, recall = both / (both + only_cluster), both / (both + only_class)
    f = 2 * precision * recall / (precision + recall)
    return [len(set(cluster)), len(set(labels)), normalized_mutual_info_score(labels, cluster), precision, recall, f]


def threshold_clusters(scores, threshold):
    _, found = connected_components(scores >= threshold, directed=False)
    names = {}
    return [names.setdefault(c, len(names)) for c in found]


def edc(scores, same, quality, fmr):
    impostors, genuine = np.sort(scores[~same]), np.flatnonzero(same)
    allowed = int(np.floor(fmr * len(impostors)))
    threshold = min(t for t in np.append(np.nextafter(impostors, np.float32(np.inf)), impostors[0])
                    if np.sum(impostors >= t) <= allowed)
    order = genuine[np.argsort(quality[genuine], kind="stable")]
    curve = []
    for percent in range(0, 100):
        left = order[percent * len(order) // 100:]
        curve.append(np.mean(scores[left] < threshold))
    area = np.trapz(curve[:21], dx=1 / 20)
    return [threshold, np.mean(impostors >= threshold), area, *curve]


def main():
    path = pathlib.Path(__file__).parent.parent / "golden" / "search.txt"
    with open(path, "w") as out:
        for kind in ("smooth", "ties"):
            d, classes = 16, 23
            gallery_labels, probe_labels = labels_of(1, 200, classes), labels_of(2, 150, classes + 9)
            gallery = rows_of(kind, 3, gallery_labels, d)
            probes = rows_of(kind, 4, probe_labels, d)
            far_labels = 50 + labels_of(5, 400, 40)
            strangers = rows_of(kind, 6, far_labels, d)
            results = {
                "within": retrieval(cosines(gallery, gallery), gallery_labels, gallery_labels, True),
                "between": retrieval(cosines(probes, gallery), probe_labels, gallery_labels, False),
                "openset": openset(cosines(probes, gallery), gallery_labels, probe_labels),
                "distractors": distractors(cosines(probes, probes), cosines(probes, strangers), probe_labels),
                "clusters": compare_clusters(labels_of(7, 200, 31), gallery_labels),
            }
            threshold = 0.85 if kind == "smooth" else 0.75
            found = threshold_clusters(cosines(gallery, gallery), threshold)
            results["linkage"] = [threshold, max(found) + 1, *found]
            scores = cosines(probes, gallery)[:, 0].astype(np.float32)
            same = numbers(8, 150) > -0.2
            quality = (np.floor(numbers(9, 150) * 40) / 8).astype(np.float32)
            scores = (scores + np.where(same, np.float32(0.25), np.float32(0))).astype(np.float32)
            results["edc"] = [0.1, *edc(scores, same, quality, 0.1)]
            results["edc_scores"] = list(scores.astype(np.float64))
            for name, values in results.items():
                out.write(f"{kind} {name} " + " ".join("%.17g" % v for v in values) + "\n")


if __name__ == "__main__":
    main()

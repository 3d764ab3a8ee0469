#!/usr/bin/env python3
"""Writes tests/golden/runs/: embeddings with their keys and labels, lists of few-shot runs in the form of Omniglot's, a
quality of each image, and expected.txt with what NumPy says of them. Needs python3-numpy."""
import itertools
import pathlib

import numpy as np

from search_oracle import numbers

D, CLASSES = 6, 7
RUNS = {"run01": (6, 6), "run02": (5, 9), "more/run03": (7, 7)}  # choices, questions
FMR = 0.02
FOLDER = pathlib.Path(__file__).parent.parent / "golden" / "runs"


def edc(scores, same, quality):
    """FNMR while the genuine pairs of lowest quality are left out, by its definition."""
    impostor = np.sort(scores[same == 0])[::-1]
    allowed = int(np.floor(FMR * len(impostor)))
    refused = impostor[allowed]  # the lowest threshold lies just above it
    genuine = scores[same == 1][np.argsort(quality[same == 1], kind="stable")]
    fnmr = [np.mean(genuine[int(np.floor(share / 100 * len(genuine) + 1e-9)):] <= refused) for share in range(100)]
    area = np.sum((np.array(fnmr[:20]) + np.array(fnmr[1:21])) / 2) / 20
    return [len(genuine), len(impostor), np.mean(impostor > refused), area] + [fnmr[i] for i in (0, 5, 20, 50)]


def main():
    FOLDER.mkdir(exist_ok=True)
    keys, labels, lists = [], [], {}
    for run, (choices, questions) in RUNS.items():
        right = [((choices - 1) * q + len(keys)) % choices for q in range(questions)]
        lists[run] = [("test/item%02d.png" % (q + 1), "training/class%02d.png" % (right[q] + 1))
                      for q in range(questions)]
        keys += ["%s/test/item%02d.png" % (run, q + 1) for q in range(questions)]
        labels += right
        keys += ["%s/training/class%02d.png" % (run, c + 1) for c in range(choices)]
        labels += range(choices)
    labels = np.array(labels)
    centres = numbers(71, CLASSES * D).reshape(-1, D)
    noise = numbers(72, len(keys) * D).reshape(-1, D)
    x = (centres[labels] + (0.3 + numbers(73, len(keys)) + 0.5)[:, None] * noise).astype(np.float32)
    np.save(FOLDER / "x.npy", x)
    np.save(FOLDER / "x.labels.npy", labels)
    (FOLDER / "x.paths.txt").write_text("".join(key + "\n" for key in keys))
    for run, pairs in lists.items():
        (FOLDER / run).mkdir(parents=True, exist_ok=True)
        above = "" if run.startswith("more") else run + "/"  # the third list's paths begin at its own folder
        (FOLDER / run / "class_labels.txt").write_text("".join("%s%s %s%s\n" % (above, a, above, b) for a, b in pairs))
    quality = np.floor(numbers(74, len(keys)) * 10) / 4
    (FOLDER / "quality.txt").write_text("".join("%s %.2f\n" % pair for pair in zip(keys, quality)))
    unit = x.astype(np.float64) / np.linalg.norm(x.astype(np.float64), axis=1, keepdims=True)
    with open(FOLDER / "expected.txt", "w") as out:
        errors = []
        for run in sorted(lists):
            choices = list(dict.fromkeys(b for _, b in lists[run]))
            rows = [keys.index(run + "/" + choice) for choice in choices]
            wrong = [choices[int(np.argmax(unit[rows] @ unit[keys.index(run + "/" + a)]))] != b for a, b in lists[run]]
            errors.append(np.mean(wrong))
            out.write("%s %d %d %.10g\n" % (run, len(wrong), len(choices), errors[-1]))
        out.write("mean %.10g %.10g\n" % (np.mean(errors), np.std(errors, ddof=1) / np.sqrt(len(errors))))
        pairs = list(itertools.combinations(range(len(keys)), 2))
        scores = np.array([unit[a] @ unit[b] for a, b in pairs]).astype(np.float32)
        same = np.array([int(labels[a] == labels[b]) for a, b in pairs])
        length = np.linalg.norm(x.astype(np.float64), axis=1).astype(np.float32)
        for name, rating in (("length", length), ("quality", quality)):
            worse = np.array([min(rating[a], rating[b]) for a, b in pairs])
            out.write("edc-%s %s\n" % (name, " ".join("%.10g" % v for v in edc(scores, same, worse))))
        listed = [i for i, (a, b) in enumerate(pairs) if a >= 7 and i % 3]
        (FOLDER / "pairs.csv").write_text(
            "".join("%s,%s,%d\n" % (keys[pairs[i][0]], keys[pairs[i][1]], same[i]) for i in listed))
        values = edc(scores[listed], same[listed], worse[listed])
        out.write("edc-listed %s\n" % " ".join("%.10g" % v for v in values))


if __name__ == "__main__":
    main()

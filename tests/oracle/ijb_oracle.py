#!/usr/bin/env python3
"""Writes tests/golden/ijb/: a small IJB with lists as the field passes them around, embeddings [faces, 2 d] of the faces
and of their mirror images, and expected.txt with what NumPy and scikit-learn say of it, step by step as the usual
scripts (templates and 1:1 as insightface's, open set by its definition). Needs python3-numpy, python3-scipy,
python3-sklearn."""
import itertools
import pathlib

import numpy as np
from scipy.stats import beta
from sklearn.metrics import roc_curve

from search_oracle import numbers

SUBJECTS, TEMPLATES, FACES, D = 30, 75, 260, 8
FARS = [1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6]
FPIRS = [1e-1, 1e-2]
FOLDER = pathlib.Path(__file__).parent.parent / "golden" / "ijb"


def whole(stream, count, most):
    return np.floor((numbers(stream, count) + 0.5) * most).astype(int)


def make():
    """Faces of templates of subjects; ids are neither dense nor in order."""
    template_id = 1000 + 37 * np.argsort(numbers(51, TEMPLATES))
    subject = np.concatenate([np.repeat(np.arange(SUBJECTS), 2), whole(52, TEMPLATES - 2 * SUBJECTS, SUBJECTS)])
    template = np.concatenate([np.arange(TEMPLATES), whole(53, FACES - TEMPLATES, TEMPLATES)])
    template = template[np.argsort(numbers(54, FACES))]
    media = 500 + whole(55, FACES, 5)
    score = np.round(numbers(56, FACES) * 0.4 + 0.75, 4)
    centres = numbers(57, SUBJECTS * D).reshape(-1, D)
    x = []
    for half in (0, 1):
        noise = numbers(58 + half, FACES * D).reshape(-1, D)
        x.append(centres[subject[template]] + (0.4 + 1.2 * (numbers(60, FACES) + 0.5))[:, None] * noise)
    return template_id, subject, template, media, score, np.hstack(x).astype(np.float32)


def write(name, lines):
    with open(FOLDER / ("ijbc_" + name), "w") as out:
        out.write("".join(line + "\n" for line in lines))


def pool(x, score, template, media, keep_norms, detector, flip):
    x = x.astype(np.float64)
    rows = x[:, :D] + x[:, D:] if flip else x[:, :D].copy()
    if not keep_norms:
        rows = rows / np.sqrt(np.sum(rows**2, -1, keepdims=True))
    if detector:
        rows = rows * score.astype(np.float32).astype(np.float64)[:, None]
    out = np.zeros((TEMPLATES, D))
    for t in range(TEMPLATES):
        mine = np.flatnonzero(template == t)
        for m in np.unique(media[mine]):
            out[t] += np.mean(rows[mine][media[mine] == m], 0)
    return (out / np.linalg.norm(out, axis=1, keepdims=True)).astype(np.float32)


def interval(hits, count):
    low = beta.ppf(0.025, hits, count - hits + 1) if hits > 0 else 0.0
    high = beta.ppf(0.975, hits + 1, count - hits) if hits < count else 1.0
    return [low, high]


def exact(scores, same):
    """The most true accepts with at most floor(far * impostors) false ones, over all thresholds."""
    out, genuine, impostor = [], scores[same == 1], scores[same == 0]
    for far in FARS:
        allowed = np.floor(far * len(impostor))
        hits = max((np.sum(genuine >= t) for t in genuine if np.sum(impostor >= t) <= allowed), default=0)
        out += [hits / len(genuine)] + interval(hits, len(genuine))
    return out


def published(scores, same):
    far, tar, _ = roc_curve(same, scores)
    far, tar = np.flipud(far), np.flipud(tar)
    return [tar[min(list(zip(abs(far - level), range(len(far)))))[1]] for level in FARS]


def identify(gallery, gallery_subject, probes, probe_subject):
    scores = probes.astype(np.float64) @ gallery.astype(np.float64).T
    mated = np.isin(probe_subject, gallery_subject)
    order = np.argsort(-scores, axis=1, kind="stable")
    right = gallery_subject[order] == probe_subject[:, None]
    best = np.max(scores, axis=1)
    out = [len(gallery), mated.sum(), (~mated).sum()]
    out += [np.mean(np.any(right[mated][:, :k], axis=1)) for k in (1, 5, 10)]
    for fpir in FPIRS:
        if mated.all():
            out.append(-1)
            continue
        strangers = np.sort(best[~mated])[::-1]
        threshold = strangers[max(int(np.floor(len(strangers) * fpir)) - 1, 0)]
        out.append(np.mean(right[mated][:, 0] & (best[mated] > threshold)))
    return out


def main():
    FOLDER.mkdir(exist_ok=True)
    template_id, subject, template, media, score, x = make()
    write("face_tid_mid.txt", ["%d.jpg %d %d" % (i + 1, template_id[t], media[i]) for i, t in enumerate(template)])
    write("name_5pts_score.txt",
          ["%d.jpg 38.3 51.7 73.5 51.5 56.0 71.7 41.5 92.4 70.7 92.2 %.4f" % (i + 1, s) for i, s in enumerate(score)])
    pairs = [(a, b) for a, b in itertools.combinations(range(TEMPLATES), 2)]
    pairs = [pair for pair, keep in zip(pairs, numbers(61, len(pairs)) > 0.0)
             if keep or subject[pair[0]] == subject[pair[1]]]
    same = np.array([int(subject[a] == subject[b]) for a, b in pairs])
    write("template_pair_label.txt",
          ["%d %d %d" % (template_id[a], template_id[b], s) for (a, b), s in zip(pairs, same)])
    half = SUBJECTS // 2
    galleries = [[2 * s for s in range(half)], [2 * s for s in range(half, SUBJECTS)]]
    probes = [t for t in range(TEMPLATES) if t % 2 == 1 or t >= 2 * SUBJECTS]
    for name, members in (("gallery_G1", galleries[0]), ("gallery_G2", galleries[1]), ("probe_mixed", probes)):
        lines = ["TEMPLATE_ID,SUBJECT_ID,FILENAME"]
        for t in members:
            lines += ["%d,%d,%d.jpg" % (template_id[t], 70 + 3 * subject[t], i + 1)
                      for i in np.flatnonzero(template == t)]
        write("1N_" + name + ".csv", lines)
    np.save(FOLDER / "faces.npy", x)
    lower = sorted(probes, key=lambda t: template_id[t])
    with open(FOLDER / "expected.txt", "w") as out:
        out.write("# variant genuine impostor | published TAR | exact TAR, low, high; both at FAR 1e-1 ... 1e-6\n"
                  "# variant gallery | rows, mated, non-mated, rank 1, 5, 10, TPIR at FPIR 1e-1, 1e-2 (-1: none)\n")
        for n, d, f in itertools.product((1, 0), repeat=3):
            variant = "N%dD%dF%d" % (n, d, f)
            features = pool(x, score, template, media, n, d, f)
            scores = np.array([np.dot(features[a].astype(np.float64), features[b].astype(np.float64))
                               for a, b in pairs]).astype(np.float32)
            values = [same.sum(), len(same) - same.sum()] + published(scores, same) + exact(scores, same)
            out.write(variant + " 1:1 " + " ".join("%.17g" % v for v in values) + "\n")
            for name, members in (("G1", galleries[0]), ("G2", galleries[1]), ("G1+G2", galleries[0] + galleries[1])):
                values = identify(features[members], subject[members], features[lower], subject[lower])
                out.write(variant + " " + name + " " + " ".join("%.17g" % v for v in values) + "\n")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Writes tests/golden/align.txt: similarities by Umeyama's eq. 34 to 42 with numpy's SVD (as skimage's
SimilarityTransform computes them), and images warped by OpenCV's warpAffine (bilinear, border 0).

Needs python3-numpy and python3-opencv. Run it only to change the numbers: tests/oracle/align_oracle.py
Points and images come from a formula that the test repeats (tests/golden_numbers.h), so only results are stored:
    fit N STREAM KIND m0 m1 m2 m3 m4 m5
    warp STREAM HEIGHT WIDTH CHANNELS OUT_HEIGHT OUT_WIDTH m0 m1 m2 m3 m4 m5 PIXELS-IN-HEXADECIMAL"""
import math
import pathlib

import cv2
import numpy as np

FACE = np.float32([[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]])


def numbers(stream, count):
    """Uniform in [-0.5, 0.5): `numbers` of oracle_numbers.py."""
    low = 0xFFFFFFFF
    x = (stream * 100003 + np.arange(count, dtype=np.uint64)) & low
    x = ((x ^ (x >> 16)) * 0x7FEB352D) & low
    x = ((x ^ (x >> 16)) * 0x846CA68B) & low
    return ((x ^ (x >> 16)) >> 8).astype(np.float64) / 2**24 - 0.5


def points(kind, stream, n):
    """The points to be brought onto the template (n = 5) or onto those of the next stream."""
    free = (100 * numbers(stream, 2 * n).reshape(n, 2)).astype(np.float32)
    if kind == "near":
        return (FACE + np.float32(0.125) * free).astype(np.float32)
    if kind == "line":
        free[:, 1] = 2 * free[:, 0]
    if kind == "mirror":
        free = (FACE * np.float32([-1, 1]) + np.float32(0.125) * free).astype(np.float32)
    return free


def umeyama(src, dst):
    src, dst = src.astype(np.float64), dst.astype(np.float64)
    src_mean, dst_mean = src.mean(0), dst.mean(0)
    a = (dst - dst_mean).T @ (src - src_mean) / len(src)
    d = np.ones(2)
    if np.linalg.det(a) < 0:
        d[1] = -1
    u, s, v = np.linalg.svd(a)
    if np.linalg.matrix_rank(a) == 1:
        if np.linalg.det(u) * np.linalg.det(v) <= 0:
            d[1] = -1
    r = u @ np.diag(d) @ v
    scale = (s @ d) / (src - src_mean).var(axis=0).sum()
    return np.hstack([scale * r, (dst_mean - scale * r @ src_mean)[:, None]])


def fits():
    for kind, stream, n in [("near", 1, 5), ("near", 2, 5), ("free", 3, 5), ("free", 4, 5), ("mirror", 5, 5),
                            ("line", 6, 5), ("free", 7, 2), ("free", 9, 3), ("free", 11, 68), ("line", 13, 4)]:
        target = FACE if n == 5 else points("free", stream + 1, n)
        m = umeyama(points(kind, stream, n), target)
        yield f"fit {n} {stream} {kind} " + " ".join(f"{x:.17g}" for x in m.ravel())


def similarity(scale, degrees, x, y):
    a, b = scale * math.cos(math.radians(degrees)), scale * math.sin(math.radians(degrees))
    return np.array([[a, -b, x], [b, a, y]])


def warps():
    cases = [
        (21, 30, 26, 1, 24, 20, similarity(1, 0, 0, 0)),
        (22, 30, 26, 3, 24, 20, similarity(1, 0, -3.25, 2.5)),
        (23, 40, 50, 3, 24, 20, similarity(0.45, 20, 3, -4)),  # made smaller and turned
        (24, 12, 14, 3, 24, 20, similarity(1.9, -35, -4, 6)),  # made larger
        (25, 20, 20, 3, 24, 20, similarity(1.1, 77, 21, 9)),  # a corner outside
        (26, 20, 20, 1, 24, 20, similarity(0.7, 180, 9, 11)),  # mostly outside
        (27, 200, 160, 1, 24, 20, similarity(0.1, 5, 1, 1)),  # aliases, as OpenCV does
        (28, 1, 1, 3, 6, 6, similarity(3, 10, 2, 2)),  # a single pixel
        (29, 33, 47, 3, 24, 20, np.array([[0.8, 0.3, -5.0], [-0.2, 1.1, 1.7]])),  # not a similarity
        (30, 20, 20, 3, 6, 5, similarity(1, 0, 5000, 5000)),  # nothing of it
        (31, 25, 25, 1, 24, 20, similarity(1, 0, 1 / 64, 1 / 64)),  # halves of a step
        (32, 90, 90, 3, 24, 20, similarity(0.2718, 13.7, 1.618, 0.577)),
        (33, 9, 200, 1, 9, 120, similarity(0.618, 0.3, 0, 0)),  # wider than OpenCV's blocks
    ]
    for stream, height, width, channels, out_height, out_width, m in cases:
        image = np.floor((numbers(stream, height * width * channels) + 0.5) * 256).astype(np.uint8)
        image = image.reshape(height, width, channels)
        out = cv2.warpAffine(image, m, (out_width, out_height), flags=cv2.INTER_LINEAR, borderValue=0.0)
        yield (f"warp {stream} {height} {width} {channels} {out_height} {out_width} "
               + " ".join(f"{x:.17g}" for x in m.ravel()) + " " + out.tobytes().hex())


def main():
    golden = pathlib.Path(__file__).parent.parent / "golden" / "align.txt"
    golden.write_text("\n".join([*fits(), *warps()]) + "\n")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Writes small arrays with numpy into tests/golden/npy: every type, version, order and shape that the reader must know
or refuse. Needs python3-numpy.

    tests/oracle/npy_oracle.py
"""
import pathlib

import numpy as np
from numpy.lib import format as npy

HERE = pathlib.Path(__file__).parent.parent / "golden" / "npy"


def write(name, array, version=None):
    with open(HERE / (name + ".npy"), "wb") as file:
        npy.write_array(file, np.asanyarray(array), version=version)


HERE.mkdir(parents=True, exist_ok=True)
for word in ("u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f2", "f4", "f8"):
    values = np.array([[0, 1, 2], [100, 3, 127]]) * (-1 if word[0] == "i" else 0.5 if word[0] == "f" else 1)
    write(word, values.astype("<" + word))
write("b1", np.array([[False, True, True], [True, False, False]]))
write("big_f4", np.array([[0, 0.5, 1], [50, 1.5, 63.5]], ">f4"))
write("big_i8", np.array([[0, -1, -2], [-100, -3, -127]], ">i8"))
write("version2", np.array([[0, 1, 2], [100, 3, 127]], "<i4"), (2, 0))
write("version3", np.array([[0, 1, 2], [100, 3, 127]], "<i4"), (3, 0))
write("halves", np.array([0.0, -0.0, 1, -2, 65504, 2.0**-24, 2.0**-14, 0.333251953125, np.inf, -np.inf, np.nan], "<f2"))
write("scalar", np.int64(7))
write("one_side", np.arange(3, dtype="<f4"))
write("empty", np.zeros((0, 4), "<f4"))
write("fortran", np.asfortranarray(np.arange(6, dtype="<f4").reshape(2, 3)))
write("objects", np.array([None, 1], object))
write("structures", np.zeros(2, [("a", "<f4"), ("b", "<i4")]))
write("complex", np.zeros(2, "<c8"))
write("texts", np.array(["a", "b"]))
write("dates", np.zeros(2, "<M8[s]"))

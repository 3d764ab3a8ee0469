#!/usr/bin/env python3
"""Writes tests/golden/bin/: one verification set in every form in which such files are found, by Python's own picklers
(numpy and PIL are needed). The images lie beside them, and the pairs are same, different, same.

    python3 tests/oracle/pickle_oracle.py tests/golden/bin
"""
import io
import pathlib
import pickle
import struct
import sys
import types

import numpy as np
from PIL import Image

SAME = [True, False, True]


def make_images():
    """Six files: grey and colour, one JPEG, larger than 255 bytes, and PNGs."""
    images = []
    for i in range(6):
        size = (4, 4) if i % 2 == 0 else (4, 4, 3)
        noise = np.random.default_rng(i).integers(0, 256, size, np.uint8)
        file = io.BytesIO()
        if i == 1:
            Image.fromarray(noise).save(file, "JPEG", quality=50, optimize=True)
        else:
            Image.fromarray(noise).save(file, "PNG")
        images.append(file.getvalue())
    return images


class Python2Pickler(pickle._Pickler):
    """bytes and text are both written as Python 2's str."""

    dispatch = dict(pickle._Pickler.dispatch)

    def save_string(self, value):
        data = value.encode("latin1") if isinstance(value, str) else value
        if self.proto == 0:
            text = repr(data)[1:].encode("ascii")
            self.write(b"S" + text + b"\n")
        elif len(data) < 256:
            self.write(b"U" + struct.pack("<B", len(data)) + data)
        else:
            self.write(b"T" + struct.pack("<i", len(data)) + data)
        self.memoize(value)

    dispatch[bytes] = save_string
    dispatch[str] = save_string

    def put(self, index):
        return super().put(index + 1)  # cPickle counts from 1

    def get(self, index):
        return super().get(index + 1)


def python2(value, protocol):
    file = io.BytesIO()
    Python2Pickler(file, protocol).dump(value)
    return file.getvalue()


def with_numpy2_names(value, protocol):
    """As numpy 2 calls its modules."""
    kept = pickle.whichmodule
    core = types.ModuleType("numpy._core")
    sys.modules["numpy._core"] = core
    for part in ("multiarray", "numeric"):
        sys.modules["numpy._core." + part] = getattr(np.core, part)
    pickle.whichmodule = lambda obj, name: kept(obj, name).replace("numpy.core.", "numpy._core.")
    try:
        file = io.BytesIO()
        pickle._Pickler(file, protocol).dump(value)
        return file.getvalue()
    finally:
        pickle.whichmodule = kept


def forms(images):
    column = [np.frombuffer(i, np.uint8).reshape(-1, 1).copy() for i in images]
    row = [np.frombuffer(i, np.uint8) for i in images]  # not writable: protocol 5 has BINBYTES for them
    objects = np.empty(len(images), object)
    objects[:] = images
    yield "python2-p0", python2((images, SAME), 0)
    yield "python2-p1", python2((images, [1, 0, 1]), 1)
    yield "python2-p2", python2((images, SAME), 2)
    yield "python2-p2-numpy", python2((column, SAME), 2)
    for protocol in range(6):
        yield f"bytes-p{protocol}", pickle.dumps((images, SAME), protocol)
    yield "numpy-p0", pickle.dumps((column, np.array(SAME)), 0)
    for protocol in range(2, 6):
        yield f"numpy-p{protocol}", pickle.dumps((column, [np.bool_(s) for s in SAME]), protocol)
    yield "numpy-row-p5", pickle.dumps([tuple(row), np.array(SAME)], 5)
    yield "numpy-objects-p4", pickle.dumps((objects, np.array(SAME, np.int64)), 4)
    yield "numpy-big-endian-p2", pickle.dumps((row, np.array(SAME, ">i4")), 2)
    yield "numpy2-p4", with_numpy2_names((column, [np.bool_(s) for s in SAME]), 4)
    yield "numpy2-p5", with_numpy2_names((column, np.array(SAME)), 5)


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    images = make_images()
    for i, image in enumerate(images):
        (folder / f"image{i}.{'png' if image[0] == 0x89 else 'jpg'}").write_bytes(image)
    for name, data in forms(images):
        (folder / f"{name}.bin").write_bytes(data)
        if "numpy2" not in name:  # what Python reads is what was meant
            read_images, same = pickle.loads(data, encoding="bytes")
            assert [bytes(np.asarray(i).tobytes() if isinstance(i, np.ndarray) else i) for i in read_images] == images
            assert [bool(s) for s in same] == SAME


if __name__ == "__main__":
    main()

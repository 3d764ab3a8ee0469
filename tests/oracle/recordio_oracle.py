#!/usr/bin/env python3
"""Reads a RecordIO file with struct alone, by the published format, and says what it holds: for tests against it.

    recordio_oracle.py FILE.rec [FILE.idx]   a line "key label size crc32 further" for each record, in the file's order
    recordio_oracle.py --faces REC IMAGES    holds the folder REC, packed from the image folder IMAGES, against it, as the
                                             field's training scripts read the face layout
    recordio_oracle.py --make FILE.rec       writes tests/golden/recordio/parts.rec and its index: payloads that hold the
                                             magic at all kinds of places
"""
import os
import struct
import sys
import zlib

MAGIC = struct.pack("<I", 0xCED7230A)


def records(data):
    """Yields (offset, payload), parts joined."""
    at = 0
    while at < len(data):
        begin, parts = at, []
        while True:
            magic, word = struct.unpack_from("<4sI", data, at)
            assert magic == MAGIC, f"no magic at {at}"
            flag, length = word >> 29, word & (1 << 29) - 1
            assert at + 8 + length <= len(data)
            assert (flag in (0, 1)) == (not parts), f"flag {flag} at {at}"
            parts.append(data[at + 8:at + 8 + length])
            at += 8 + (length + 3) // 4 * 4
            if flag in (0, 3):
                break
        yield begin, MAGIC.join(parts)


def header(payload):
    """(further, label, id, id2, image)"""
    further, label, first, second = struct.unpack_from("<IfQQ", payload)
    labels = struct.unpack_from(f"<{further}f", payload, 24)
    return further, labels if further else (label,), first, second, payload[24 + 4 * further:]


def describe(path, index):
    keys = {}
    if index:
        for line in open(index):
            key, offset = line.split("\t")
            keys[int(offset)] = int(key)
    for number, (offset, payload) in enumerate(records(open(path, "rb").read())):
        further, labels, _, _, image = header(payload)
        key = keys[offset] if index else number
        print(key, " ".join(f"{label:g}" for label in labels), len(image), f"{zlib.crc32(image):08x}", further)


def check_faces(packed, images):
    names = sorted((name for name in os.listdir(images)), key=os.fsencode)
    wanted = [(label, open(os.path.join(images, name, file), "rb").read()) for label, name in enumerate(names)
              for file in sorted(os.listdir(os.path.join(images, name)), key=os.fsencode)]
    index = dict(map(int, line.split("\t")) for line in open(os.path.join(packed, "train.idx")))
    payloads = dict(records(open(os.path.join(packed, "train.rec"), "rb").read()))
    assert sorted(index.values()) == sorted(payloads)
    further, (images_end, identities_end), _, _, rest = header(payloads[index[0]])
    assert further == 2 and rest == b""
    assert images_end == len(wanted) + 1 and identities_end == images_end + len(names)
    for key, (label, image) in enumerate(wanted, 1):
        assert header(payloads[index[key]]) == (0, (label,), key, 0, image), key
    for label in range(len(names)):
        key = int(images_end) + label
        further, (begin, end), own, _, rest = header(payloads[index[key]])
        assert (further, own, rest) == (2, key, b"")
        assert [wanted[k - 1][0] for k in range(int(begin), int(end))] == [label] * int(end - begin)
    assert open(os.path.join(packed, "property")).read().split(",")[0] == str(len(names))
    print(f"{len(wanted)} images of {len(names)} classes are as they should be")


def record(payload):
    """The payload as dmlc-core parts it: at every multiple of four that holds the magic."""
    cuts = [i for i in range(0, len(payload) // 4 * 4, 4) if payload[i:i + 4] == MAGIC]
    out, begin = b"", 0
    for cut in cuts:
        out += MAGIC + struct.pack("<I", (1 if begin == 0 else 2) << 29 | cut - begin) + payload[begin:cut]
        begin = cut + 4
    out += MAGIC + struct.pack("<I", (3 if begin else 0) << 29 | len(payload) - begin) + payload[begin:]
    return out + b"\0" * (-len(payload) % 4)


def make(path):
    bodies = [b"", b"\x01\x02", MAGIC, MAGIC * 3, b"abcd" + MAGIC + b"ef", b"abc" + MAGIC + b"d", b"x" * 40 + MAGIC,
              MAGIC[:3], b"ab" + MAGIC * 2 + MAGIC[:3]]
    data, lines = b"", []
    for key, body in enumerate(bodies):
        lines.append(f"{key}\t{len(data)}\n")
        data += record(struct.pack("<IfQQ", 0, key % 2, key, 0) + body)
    open(path, "wb").write(data)
    open(path[:-4] + ".idx", "w").writelines(lines)


if __name__ == "__main__":
    if sys.argv[1] == "--make":
        make(sys.argv[2])
    elif sys.argv[1] == "--faces":
        check_faces(sys.argv[2], sys.argv[3])
    else:
        describe(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None)

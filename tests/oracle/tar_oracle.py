#!/usr/bin/env python3
"""Writes small archives with Python's tarfile into tests/golden/tar, without the zeros behind their two end blocks.

    tests/oracle/tar_oracle.py
"""
import io
import pathlib
import tarfile

HERE = pathlib.Path(__file__).parent.parent / "golden" / "tar"
LONG = "folder/" + 110 * "x" + "/" + 20 * "y" + ".txt"


def write(name, form):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=form) as tar:
        for kind, path, text in (
            (tarfile.DIRTYPE, "folder", b""),
            (tarfile.REGTYPE, "folder/a.txt", b"first"),
            (tarfile.SYMTYPE, "folder/link.txt", b""),
            (tarfile.LNKTYPE, "folder/hard.txt", b""),
            (tarfile.FIFOTYPE, "folder/fifo.txt", b""),
            (tarfile.REGTYPE, LONG, 600 * b"z"),
            (tarfile.REGTYPE, "folder/\u00e4.txt", b""),
            (tarfile.REGTYPE, "last.txt", b"end"),
        ):
            info = tarfile.TarInfo(path)
            info.type, info.size, info.mtime = kind, len(text), 1.5 if form == tarfile.PAX_FORMAT else 1
            info.linkname = "a.txt" if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE) else ""
            tar.addfile(info, io.BytesIO(text))
    (HERE / name).write_bytes(data.getvalue().rstrip(b"\0") + bytes(-len(data.getvalue().rstrip(b"\0")) % 512 + 1024))


HERE.mkdir(parents=True, exist_ok=True)
write("ustar.tar", tarfile.USTAR_FORMAT)
write("gnu.tar", tarfile.GNU_FORMAT)
write("pax.tar", tarfile.PAX_FORMAT)

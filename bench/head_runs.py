"""Runs the class head's benchmark, ours and PyTorch's, one process each, and returns its line of JSON."""
import json
import os
import pathlib
import subprocess
import sys

PEER = pathlib.Path(__file__).parent / "peers" / "head_torch.py"
PYTHON = "/usr/bin/python3"  # the distribution's, which has PyTorch
# The peer's best: memory that is kept from step to step, in huge pages.
TUNED = ("glibc.malloc.hugetlb=1:glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=100000000000:"
         "glibc.malloc.top_pad=67108864")


SLOW_BLAS = 20.0  # GFLOP/s; the reference BLAS reaches 5


def free_gb():
    with open("/proc/meminfo") as file:
        for line in file:
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024 / 1e9
    return 0.0


def peer_gb(case, classes, dim, batch):
    """What the peer needs, about: copies of w, and arrays of N x C."""
    w, logits = 4e-9 * classes * dim, 4e-9 * batch * classes
    if case.startswith("plain"):
        return 6 * w + 8 * logits + 0.3
    return 2.6 * w + 0.4


def run(words, environment=None):
    done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          env={**os.environ, **(environment or {})})
    if done.returncode != 0:
        print(f"left out: {' '.join(str(word) for word in words[1:])}: {done.stderr.strip().splitlines()[-1:]}",
              file=sys.stderr)
        return None
    return json.loads(done.stdout.strip().splitlines()[-1])


def ours(program, classes, batch, dtype="f32", seconds=2.0, more=()):
    return run([program, "bench", "head", "--classes", classes, "--dim", 512, "--batch", batch, "--dtype", dtype,
                "--seconds", seconds, "--json", "--quiet", *more])


def theirs(case, classes, batch, seconds=2.0):
    needed = peer_gb(case, classes, 512, batch)
    if needed > 0.9 * free_gb():
        print(f"left out: PyTorch {case} at C={classes}, N={batch} needs about {needed:.1f} GB; "
              f"{free_gb():.1f} GB are free", file=sys.stderr)
        return None
    line = run([PYTHON, PEER, "--case", case, "--classes", classes, "--dim", 512, "--batch", batch, "--threads",
                os.cpu_count(), "--seconds", seconds], {"GLIBC_TUNABLES": TUNED, "ATEN_CPU_CAPABILITY": "avx512"})
    if line is not None and line["product_gflops"] < SLOW_BLAS:
        print(f"PyTorch multiplies at {line['product_gflops']} GFLOP/s only: its BLAS is slow and the comparison unfair "
              "(tools/install-deps --peers installs OpenBLAS)", file=sys.stderr)
    return line

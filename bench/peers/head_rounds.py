#!/usr/bin/env python3
"""tammes and PyTorch on the same class heads, in turn: medians, and how many times faster tammes is.

    head_rounds.py PROGRAM [--full] [--rounds 3]

Every run is a process of its own and takes five steps or more; the figure is the median of the rounds' medians. f32 is
compared with the fastest of PyTorch's f32 heads (plain, chunked), bf16 with the fastest of its bf16 heads, and sampled
with sampled, both a tenth of the classes. --full adds a million classes, one round of a few minutes; what does not fit
in memory is left out, with a sentence.
"""
import argparse
import pathlib
import statistics
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
import head_runs  # noqa: E402

SIZES = [(100, 128), (1000, 128), (10000, 128), (100000, 128), (100000, 512)]
KINDS = {"f32": ("f32", (), ("plain", "chunked")),
         "bf16": ("bf16", (), ("plain-bf16", "chunked-bf16")),
         "sampled 10%": ("f32", ("--sample-rate", "0.1"), ("sampled",))}


def middle(runs):
    medians = [run["ms_median"] for run in runs if run is not None]
    return statistics.median(medians) if medians else None


def ms(value):
    return "-" if value is None else f"{value:.2f}"


def compare(program, classes, batch, kind, rounds, seconds):
    dtype, more, cases = KINDS[kind]
    ours, theirs = [], {case: [] for case in cases}
    for _ in range(rounds):
        ours.append(head_runs.ours(program, classes, batch, dtype, seconds, more))
        for case in cases:
            theirs[case].append(head_runs.theirs(case, classes, batch, seconds))
    our = middle(ours)
    times = {case: middle(runs) for case, runs in theirs.items()}
    best = min((time for time in times.values() if time is not None), default=None)
    limits = [run["ratio_to_limit"] for run in ours if run is not None]
    ratio = "-" if best is None or our is None else f"{best / our:.2f}"
    print(f"{classes:>8} {batch:>4} {kind:<12} {ms(our):>10} {statistics.median(limits) if limits else 0:>9.2f} " +
          f"{', '.join(f'{case} {ms(time)}' for case, time in times.items()):<44} {ratio:>6}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.0)
    arguments = parser.parse_args()
    print(f"{'C':>8} {'N':>4} {'kind':<12} {'tammes ms':>10} {'to limit':>9} {'PyTorch ms':<44} {'ratio':>6}", flush=True)
    for classes, batch in SIZES:
        for kind in KINDS:
            compare(arguments.program, classes, batch, kind, arguments.rounds, arguments.seconds)
    if arguments.full:
        for kind in KINDS:
            compare(arguments.program, 1000000, 128, kind, 1, arguments.seconds)


if __name__ == "__main__":
    main()

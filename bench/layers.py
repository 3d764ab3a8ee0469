#!/usr/bin/env python3
"""Which parts of which net's step run far below their own limit (`tammes bench net --layers`).

    layers.py PROGRAM [--nets ir50,vit-t:patch=9] [--modes train,infer] [--dtypes f32,bf16] [--batches 32,1] [--least 0.2]
              [--seconds 4] [--threads N] [--json FILE]

Without --nets every net that the program knows is measured, at its usual input. A part counts as slow under `least` of
its limit: its operations at the speed of products, or its bytes at the speed of memory, whichever takes longer. Parts that
take no time worth the name, less than a thousandth of the step and less than 20 us, are only counted: what they cost is
the call. Inference is also measured with one image, training with the first batch only."""
import argparse
import json
import subprocess
import sys

SMALL_SHARE, SMALL_MS = 1e-3, 0.02
KEYS = ("layer", "part", "algorithm", "ms", "gflops", "gbs", "share_of_limit")


def run(program, *words):
    done = subprocess.run([program, *words, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        return None, done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
    return json.loads(done.stdout), None


def measure(program, case, options):
    net, mode, dtype, batch = case
    words = ["--threads", str(options.threads)] if options.threads else []
    return run(program, "bench", "net", "--net", net, "--mode", mode, "--dtype", dtype, "--batch", str(batch), "--layers",
               "--seconds", str(options.seconds), "--quiet", *words)


def slow_parts(result, least):
    """The slow ones, and how many more of them are too small to matter."""
    slow, small = [], 0
    for part in result["layers"]:
        if part["share_of_limit"] >= least:
            continue
        if part["ms"] < max(SMALL_MS, SMALL_SHARE * result["ms_median"]):
            small += 1
        else:
            slow.append(part)
    return sorted(slow, key=lambda part: -part["ms"]), small


def tell(case, result, slow, small):
    net, mode, dtype, batch = case
    inside = sum(part["ms"] for part in slow)
    print(f"{net} {mode} {dtype} batch {batch}: {result['ms_median']:.2f} ms a step, {len(result['layers'])} parts; "
          f"{len(slow)} slow ones take {100 * inside / result['ms_median']:.1f}% of it ({small} more are tiny)")
    for part in slow:
        print(f"    {part['layer']:18} {part['part']:17} {part['algorithm']:20} {part['ms']:9.3f} ms "
              f"{part['gflops']:8.1f} GFLOP/s {part['gbs']:6.1f} GB/s {100 * part['share_of_limit']:5.1f}%")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--nets")
    parser.add_argument("--modes", default="train,infer")
    parser.add_argument("--dtypes", default="f32,bf16")
    parser.add_argument("--batches", default="32,1")
    parser.add_argument("--least", type=float, default=0.2)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--json")
    options = parser.parse_args()
    nets = options.nets.split(";" if ";" in options.nets else ",") if options.nets else [
        net["name"] for net in run(options.program, "net")[0]["nets"]]
    batches = options.batches.split(",")
    kept, total = [], 0
    for case in [(net, mode, dtype, batch) for net in nets for mode in options.modes.split(",")
                 for dtype in options.dtypes.split(",") for batch in (batches if mode == "infer" else batches[:1])]:
        result, failure = measure(options.program, case, options)
        if failure:
            print(" ".join(case) + ": " + failure[0])
            continue
        slow, small = slow_parts(result, options.least)
        total += len(slow)
        tell(case, result, slow, small)
        sys.stdout.flush()
        kept.append({"case": case, "ms": result["ms_median"], "parts": len(result["layers"]), "tiny": small,
                     "slow": [{key: part[key] for key in KEYS} for part in slow]})
    print(f"{total} slow parts in {len(kept)} cases")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(kept, file, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""tammes and PyTorch on the same nets, side by side and in turn: medians, and how many times faster tammes is.

    nets_rounds.py PROGRAM [--quick] [--nets ir18,ir50] [--modes train,infer] [--dtypes f32,bf16] [--batches 1,32]
                   [--rounds 5] [--threads N] [--minutes 11.5] [--json FILE] [--ours "--tune fast"]

For each case one process of tammes and one of PyTorch for each memory layout (in inference also for each way to prepare
the graph) live at the same time and step in turn, one at a time, so that all see the same minutes of the machine. A round
is as many steps as fill a quarter of a second; the first one does not count, and what is compared is the median of the
others. A layout that is far behind the other is not asked again after the second one.

ratio   of PyTorch's better layout (inference: frozen graph) to tammes; the bar is what tammes asks of itself
best    of the fastest PyTorch, with its graph optimized for inference too
memory  the most that each process has had, PyTorch's that of its better layout; in training the bar is 2
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))
from head_runs import PYTHON, TUNED  # noqa: E402

PEER = pathlib.Path(__file__).parent / "nets_torch.py"
ROUND_MS, MOST_STEPS, REST_SECONDS = 250.0, 64, 0.05
HOPELESS = 1.5
MEMORY_BAR = 2.0
TRAIN_BATCH = {"lenet++": 128, "conv4": 128}
NETS = ("ir18", "ir50", "mobilefacenet", "lenet++", "conv4", "vit-t", "densenet121", "resnet50", "ir-se50",
        "mobilenet-v2", "shufflenet-v2", "dpn68")
TRAIN_BARS = {("ir18", "f32"): 1.7, ("ir50", "f32"): 1.7, ("mobilefacenet", "f32"): 1.9, ("lenet++", "f32"): 1.0,
              ("ir18", "bf16"): 1.45, ("ir50", "bf16"): 1.45, ("mobilefacenet", "bf16"): 2.2, ("lenet++", "bf16"): 1.2}
QUICK = [("train", "ir18", "f32", 32), ("train", "ir18", "bf16", 32), ("train", "mobilefacenet", "f32", 32),
         ("train", "mobilefacenet", "bf16", 32), ("train", "lenet++", "f32", 128), ("infer", "ir18", "f32", 32),
         ("infer", "ir18", "bf16", 32), ("infer", "mobilefacenet", "f32", 1)]


def bar_of(mode, net, dtype, batch):
    if mode == "train":
        return TRAIN_BARS.get((net, dtype))
    return 1.7 if (net, dtype, batch) == ("ir50", "f32", 32) else 1.3


class Runner:
    """A process that steps when it is asked to. `ms` is None once it has failed."""

    def __init__(self, name, graph, words, environment=None):
        self.name, self.graph, self.times, self.result = name, graph, [], None
        self.process = subprocess.Popen([str(word) for word in words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})})

    def turn(self, steps):
        """The median of so many steps in ms, or None."""
        try:
            self.process.stdin.write(f"{steps}\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return None
        line = self.process.stdout.readline()
        return json.loads(line)["ms"] if line else None

    def end(self):
        """Lets it tell about itself; a sentence if it has failed."""
        out, error = self.process.communicate()
        if self.process.returncode == 0 and out.strip():
            self.result = json.loads(out.strip().splitlines()[-1])
        else:
            print(f"left out: {self.name}: {error.strip().splitlines()[-1:]}", file=sys.stderr)


def start(program, case, threads, more):
    """tammes first, then PyTorch's processes."""
    mode, net, dtype, batch = case
    common = ["--net", net, "--mode", mode, "--dtype", dtype, "--batch", batch, "--threads", threads, "--json",
              "--rounds-on-request"]
    runners = [Runner("tammes", None, [program, "bench", "net", *common, *more])]
    for graph in ("frozen", "optimized") if mode == "infer" else ("frozen",):
        for layout in ("nchw", "nhwc"):
            name = layout if graph == "frozen" else f"{layout} {graph}"
            runners.append(Runner(name, graph, [PYTHON, PEER, *common, "--layout", layout, "--graph", graph],
                                  {"GLIBC_TUNABLES": TUNED}))
    return runners


def take_turns(runners, rounds):
    steps = {}
    for runner in runners:  # the first turn waits until the process is ready
        ms = runner.turn(1)
        steps[runner] = 0 if ms is None else max(1, min(MOST_STEPS, int(ROUND_MS / max(ms, 1e-3))))
    for number in range(rounds + 1):
        for runner in runners:
            time.sleep(REST_SECONDS)  # idle threads of the one before stay awake for a while
            ms = runner.turn(steps[runner]) if steps[runner] > 0 else None
            if ms is not None and number > 0:
                runner.times.append(ms)
        if number == 2:
            drop_hopeless(runners[1:], steps)
    for runner in runners:
        runner.end()


def drop_hopeless(peers, steps):
    """What is far behind the other layout after two rounds is not asked again: it takes most of the time."""
    for graph in ("frozen", "optimized"):
        times = {peer: min(peer.times) for peer in peers if peer.graph == graph and peer.times}
        for peer, ms in times.items():
            if ms > HOPELESS * min(times.values()):
                steps[peer] = 0


def fastest(runners):
    able = [runner for runner in runners if runner.result is not None and runner.times]
    return min(able, key=lambda runner: statistics.median(runner.times), default=None)


def summary(case, runners):
    mode, net, dtype, batch = case
    ours, peers = runners[0], runners[1:]
    medians = {runner.name: round(statistics.median(runner.times), 3) for runner in runners if runner.times}
    found = {"mode": mode, "net": net, "dtype": dtype, "batch": batch, "bar": bar_of(*case), "ms": medians}
    if fastest([ours]) is None:
        return found
    found.update(computed_in=ours.result["dtype"], share_of_peak=ours.result["share_of_peak"],
                 plan_seconds=ours.result["plan_seconds"], mb=ours.result["peak_rss_mb"])
    layout, best = fastest(peer for peer in peers if peer.graph == "frozen"), fastest(peers)
    if layout is not None:
        rounds = [theirs / our for theirs, our in zip(layout.times, ours.times)]
        found.update(layout=layout.name, ratio=round(medians[layout.name] / medians["tammes"], 3),
                     ratio_least=round(min(rounds), 3), ratio_most=round(max(rounds), 3), best=best.name,
                     best_ratio=round(medians[best.name] / medians["tammes"], 3),
                     peer_mb=layout.result["peak_rss_mb"],
                     memory_ratio=round(layout.result["peak_rss_mb"] / ours.result["peak_rss_mb"], 2))
    return found


HEADER = (f"{'net':<14} {'mode':<6} {'dtype':<6} {'batch':>5} {'tammes ms':>10} {'nchw':>9} {'nhwc':>9} {'ratio':>6} " +
          f"{'bar':>5}        {'best':>6} {'MB':>7} {'PyTorch':>7} {'ratio':>6}")


def number(value, digits, width):
    return f"{'-' if value is None else f'{value:.{digits}f}':>{width}}"


def verdict(found):
    if found.get("ratio") is None or found["bar"] is None:
        return ""
    return "met" if found["ratio"] >= found["bar"] else "MISSED"


def row(found):
    ms = found["ms"]
    dtype = found["dtype"] if found.get("computed_in", found["dtype"]) == found["dtype"] else found["dtype"] + "*"
    memory = found.get("memory_ratio")
    thin = found["mode"] == "train" and memory is not None and memory < MEMORY_BAR
    return (f"{found['net']:<14} {found['mode']:<6} {dtype:<6} {found['batch']:>5} {number(ms.get('tammes'), 2, 10)} " +
            f"{number(ms.get('nchw'), 2, 9)} {number(ms.get('nhwc'), 2, 9)} {number(found.get('ratio'), 2, 6)} " +
            f"{number(found['bar'], 2, 5)} {verdict(found):<6} {number(found.get('best_ratio'), 2, 6)} " +
            f"{number(found.get('mb'), 0, 7)} {number(found.get('peer_mb'), 0, 7)} {number(memory, 1, 6)}" +
            (f" of {MEMORY_BAR:.0f}: MISSED" if thin else ""))


def cases_of(arguments):
    def wanted(words, value):
        return words is None or str(value) in words.split(",")

    cases = [("train", net, dtype, TRAIN_BATCH.get(net, 32)) for net in NETS for dtype in ("f32", "bf16")]
    cases += [("infer", net, dtype, batch) for net in NETS for dtype in ("f32", "bf16") for batch in (1, 32)]
    return [case for case in (QUICK if arguments.quick else cases)
            if wanted(arguments.modes, case[0]) and wanted(arguments.nets, case[1]) and
            wanted(arguments.dtypes, case[2]) and wanted(arguments.batches, case[3])]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--quick", action="store_true")
    for name in ("nets", "modes", "dtypes", "batches"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--minutes", type=float, default=11.5)
    parser.add_argument("--ours", default="", help="more words for tammes bench net")
    parser.add_argument("--json", help="a file that receives one line of JSON for each case")
    arguments = parser.parse_args()
    cases = cases_of(arguments)
    if not cases:
        parser.error("no case is left")
    until = time.monotonic() + 60 * arguments.minutes
    print(HEADER, flush=True)
    for index, case in enumerate(cases):
        if time.monotonic() > until:
            print(f"{arguments.minutes:g} minutes are over: {len(cases) - index} cases are left out", file=sys.stderr)
            break
        began = time.monotonic()
        runners = start(arguments.program, case, arguments.threads, arguments.ours.split())
        take_turns(runners, arguments.rounds)
        found = summary(case, runners)
        found["seconds"] = round(time.monotonic() - began, 1)
        print(row(found), flush=True)
        if arguments.json:
            with open(arguments.json, "a") as file:
                file.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()

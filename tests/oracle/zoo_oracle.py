#!/usr/bin/env python3
"""Writes tests/golden/zoo/NAME.txt: what PyTorch computes in f64 for the zoo's nets at a small size.

Needs python3-torch. Run it only to change the numbers: tests/oracle/zoo_oracle.py build/tammes [NAME ...]
The program gives the text of a net; that the text is the net as published is checked against a module of PyTorch's own
(zoo_torch/) with the same parameters: outputs, all gradients, running statistics. Inputs and parameters come from
`numbers`, which the test repeats, so only results are stored, and of every tensor only its largest value, one sum over
all of it and a few samples."""
import math
import pathlib
import subprocess
import sys

import torch

from module_check import check_module, net_answers
from oracle_numbers import numbers
from zoo_torch import CASES

BATCH, SAMPLES, SUM_STREAM = 4, 2, 4
# A gradient that cancels to zero is a sum of numbers that do not: its error is measured by other tensors' size.
SMALLEST_SCALE = 1e-2
CENTRES = {"gamma": 1.0, "variance": 1.0, "slope": 0.25}
# Batch norms lift what they give, so that most numbers stay clear of the ReLU's kink behind them: a number that another
# rounding carries across would change gradients by far more than rounding does.
LIFT = 2.0


def value(stream, name, shape):
    """Weights have the variance 2 / fan-in, so that maps keep their size through many layers; all others lie within a
    quarter of where they begin."""
    part = name.rsplit(".", 1)[1]
    if part == "weight":
        values = numbers(stream, shape) * math.sqrt(24 / math.prod(shape[1:]))
    else:
        lifted = part == "beta" and name.startswith("batch_norm")
        values = 0.5 * numbers(stream, shape) + (LIFT if lifted else CENTRES.get(part, 0.0))
    return values.float().double()


def line(kind, name, values, smallest=0.0):
    values = values.flatten()
    scale = max(values.abs().max().item(), smallest)
    total = (values * numbers(SUM_STREAM, values.shape)).sum().item() / math.sqrt(values.numel())
    samples = values[::values.numel() // SAMPLES + 1].tolist()
    return f"{kind} {name} {scale:.3g} {total:.7g} " + " ".join(f"{v:.7g}" for v in samples) + "\n"


def results(program, case):
    command = [program, "net", case.spec, "--size", str(case.size), "--channels", str(case.channels), "--dim",
               str(case.dim), "--text"]
    text = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    x = numbers(0, (BATCH, case.channels, case.size, case.size))
    dy = numbers(1, (BATCH, case.dim))
    found = net_answers(text, value, x, dy)
    check_module(case.make(), text, value, x, dy, found)
    smallest = SMALLEST_SCALE * max(gradient.abs().max().item() for _, gradient in found.gradients)
    out = f"zoo {case.spec} {BATCH} {case.channels} {case.size} {case.dim} {case.tolerance:g}\n"
    out += line("training", "y", found.training) + line("gradient", "x", found.input_gradient, smallest)
    out += "".join(line("gradient", name, gradient, smallest) for name, gradient in found.gradients)
    return out + line("inference", "y", found.inference)


def main(program, *chosen):
    torch.set_num_threads(1)
    folder = pathlib.Path(__file__).parent.parent / "golden" / "zoo"
    cases = {}
    for case in CASES:
        cases.setdefault(case.spec.split(":")[0], []).append(case)
    for name in chosen or cases:
        (folder / f"{name}.txt").write_text("".join(results(program, case) for case in cases[name]))
        print(name)


if __name__ == "__main__":
    main(*sys.argv[1:])

#!/usr/bin/env python3
"""Writes tests/golden/net.txt: small nets in their text form and what PyTorch computes for them in f64.

Needs python3-torch. Run it only to change the numbers: tests/oracle/net_oracle.py build/tammes
The program gives the text of the zoo's nets; that the text is the net as published is checked against a module of
PyTorch's own (bench/peers/nets_torch.py) with the same parameters. All inputs and parameters come from `numbers`, which the test repeats, so only results are stored."""
import pathlib
import re
import subprocess
import sys

import torch
import torch.nn.functional as F

from oracle_numbers import numbers

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "bench" / "peers"))
import nets_torch  # noqa: E402

NETS = [
    (3, """input = input(channels=3, height=9, width=7)
a = conv(input, out=6, kernel=3, stride=2, pad=1, groups=3, bias=1)
b = batch_norm(a, eps=0.001, momentum=0.3, scale=1)
c = prelu(b)
d = max_pool(c, kernel=3, stride=1, pad=1)
e = avg_pool(c, kernel=3, stride=1, pad=1)
f = add(d, e)
g = conv(f, out=5, kernel=2, stride=1, pad=0, groups=1, bias=0)
h = relu(g)
i = fc(h, out=4, bias=1)
"""),
    (4, """input = input(channels=2, height=11, width=8)
a = conv(input, out=8, kernel=5, stride=1, pad=2, groups=1, bias=0)
b = batch_norm(a, eps=1e-05, momentum=0.1, scale=0)
c = prelu(b)
d = conv(c, out=8, kernel=3, stride=2, pad=1, groups=8, bias=0)
e = batch_norm(d, eps=1e-05, momentum=0.1, scale=1)
f = conv(input, out=8, kernel=1, stride=2, pad=0, groups=1, bias=1)
g = add(e, f)
h = max_pool(g, kernel=2, stride=2, pad=0)
i = avg_pool(h, kernel=2, stride=1, pad=0)
j = global_pool(g)
k = flatten(i)
l = fc(k, out=8, bias=0)
m = add(j, l)
n = batch_norm(m, eps=1e-05, momentum=0.1, scale=0)
"""),
]
ZOO = [("ir18:width=16,dropout=0", lambda: nets_torch.iresnet((2, 2, 2, 2), 8, 16, 32, 0.0)),
       ("mobilefacenet:width=16", lambda: nets_torch.mobilefacenet(8, 16, 32))]
ZOO_BATCH = 4
# Of the largest value of a tensor: f32 loses more in a deep net, most where a value crosses a PReLU's kink.
TOLERANCE, DEEP_TOLERANCE = 2e-5, 3e-4


class Net:
    def __init__(self, text):
        self.parameters, self.buffers = {}, {}  # both in the graph's order, made by the first run
        self.lines = [re.match(r"(\S+) = (\w+)\((.*)\)", line).groups() for line in text.splitlines()]

    def tensor(self, name, shape, centre=0.0, learned=True):
        kept = self.parameters if learned else self.buffers
        if name not in kept:
            stream = 10 + len(self.parameters) + len(self.buffers)
            value = numbers(stream, shape) + centre
            kept[name] = value.requires_grad_(learned)
        return kept[name]

    def run(self, x, training):
        values = {}
        for name, op, arguments in self.lines:
            arguments = [a.strip() for a in arguments.split(",") if a.strip()]
            inputs = [values[a] for a in arguments if "=" not in a]
            key = {a.split("=")[0]: float(a.split("=")[1]) for a in arguments if "=" in a}
            values[name] = x if op == "input" else getattr(self, op)(name, training, key, *inputs)
        return values[name]

    def conv(self, name, training, key, x):
        out, k, groups = int(key["out"]), int(key["kernel"]), int(key["groups"])
        weight = self.tensor(name + ".weight", (out, x.shape[1] // groups, k, k))
        bias = self.tensor(name + ".bias", (out,)) if key["bias"] else None
        return F.conv2d(x, weight, bias, int(key["stride"]), int(key["pad"]), 1, groups)

    def batch_norm(self, name, training, key, x):
        c = (x.shape[1],)
        if key["scale"]:
            gamma = self.tensor(name + ".gamma", c, 1.0)
        else:
            gamma = self.tensor(name + ".gamma", c, 1.0, learned=False)
        beta = self.tensor(name + ".beta", c)
        mean = self.tensor(name + ".mean", c, 0.0, learned=False)
        variance = self.tensor(name + ".variance", c, 1.0, learned=False)
        return F.batch_norm(x, mean, variance, gamma, beta, training, key["momentum"], key["eps"])

    def prelu(self, name, training, key, x):
        return F.prelu(x, self.tensor(name + ".slope", (x.shape[1],)))

    def relu(self, name, training, key, x):
        return F.relu(x)

    def max_pool(self, name, training, key, x):
        return F.max_pool2d(x, int(key["kernel"]), int(key["stride"]), int(key["pad"]))

    def avg_pool(self, name, training, key, x):
        return F.avg_pool2d(x, int(key["kernel"]), int(key["stride"]), int(key["pad"]), count_include_pad=False)

    def global_pool(self, name, training, key, x):
        return x.mean(dim=(2, 3))

    def flatten(self, name, training, key, x):
        return x.flatten(1)

    def fc(self, name, training, key, x):
        x = x.flatten(1)
        weight = self.tensor(name + ".weight", (int(key["out"]), x.shape[1]))
        return F.linear(x, weight, self.tensor(name + ".bias", (int(key["out"]),)) if key["bias"] else None)

    def add(self, name, training, key, x, y):
        return x + y

    def dropout(self, name, training, key, x):
        assert key["p"] == 0
        return x


def line(kind, name, values, most):
    values = values.detach().flatten()
    stride = values.numel() // most + 1
    return f"{kind} {name} {stride} " + " ".join(f"{v:.9g}" for v in values[::stride].tolist()) + "\n"


def results(batch, text, tolerance=TOLERANCE, most=25, module=None):
    net = Net(text)
    shape = (batch, *(int(n) for n in re.findall(r"=(\d+)", text.splitlines()[0])))
    x = numbers(0, shape).requires_grad_(True)
    y = net.run(x, True)
    if module is not None:
        check_module(module, net, x.detach(), y)
    y.backward(numbers(1, y.shape))
    out = f"net {batch} {tolerance:g}\n{text}end\n" + line("training", "y", y, most) + line("gradient", "x", x.grad, most)
    out += "".join(line("gradient", name, p.grad, most) for name, p in net.parameters.items())
    out += "".join(line("value", name, b, most) for name, b in net.buffers.items())
    return out + line("inference", "y", net.run(x, False), most)


def check_module(module, net, x, y):
    """The module, with the net's parameters in its own order, gives the same embedding."""
    module = module.double().train()
    ours = iter([p for p in net.parameters.values()])
    with torch.no_grad():
        theirs = list(module.parameters())
        for p in theirs[:-2]:
            p.copy_(next(ours).reshape(p.shape))
        theirs[-2].copy_(net.buffers[next(reversed(net.lines))[0] + ".gamma"])
        theirs[-1].copy_(next(ours))
    assert next(ours, None) is None
    difference = (module(x) - y).abs().max().item()
    assert difference < 1e-9, f"the module of PyTorch differs by {difference}"


def zoo_text(program, net):
    command = [program, "net", net, "--size", "32", "--dim", "8", "--text"]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    path = pathlib.Path(__file__).parent.parent / "golden" / "net.txt"
    golden = "".join(results(batch, text) for batch, text in NETS)
    golden += "".join(results(ZOO_BATCH, zoo_text(sys.argv[1], net), DEEP_TOLERANCE, 5, make()) for net, make in ZOO)
    path.write_text(golden)

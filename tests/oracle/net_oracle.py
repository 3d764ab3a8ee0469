#!/usr/bin/env python3
"""Writes tests/golden/net.txt: small nets in their text form and what PyTorch computes for them in f64.

Needs python3-torch. Run it only to change the numbers: tests/oracle/net_oracle.py build/tammes
The program gives the text of the zoo's nets; that the text is the net as published is checked against a module of
PyTorch's own (bench/peers/nets_torch.py) with the same parameters. All inputs and parameters come from `numbers`, which the test repeats, so only results are stored."""
import pathlib
import re
import subprocess
import sys

from graph_torch import Net, plain
from module_check import check_module, net_answers
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
    (3, """input = input(channels=4, height=7, width=10)
a = conv(input, out=6, kernel=1, stride=1, pad=0, groups=1, bias=1, kernel_w=5, pad_w=2)
b = conv(input, out=6, kernel=7, stride=1, pad=3, groups=2, bias=0, kernel_w=1, pad_w=0)
c = concat(a, b, input)
d = shuffle(c, groups=4)
e = slice(d, first=3, count=10)
f = pad(e, top=1, bottom=0, left=2, right=3)
g = hswish(f)
h = resize(g, height=5, width=9, mode=bilinear)
i = transpose(h, order=hwc)
j = reshape(i, channels=9, height=5, width=10)
k = resize(j, height=7, width=6, mode=nearest)
l = swish(k)
m = global_pool(l)
n = fc(m, out=3, bias=1, init=he)
o = relu6(n)
p = fc(o, out=9, bias=1)
q = hsigmoid(p)
r = mul(l, q)
s = conv(r, out=9, kernel=3, stride=1, pad=1, groups=3, bias=0, init=xavier)
t = tanh(s)
u = mul(t, r)
v = scale(u, factor=0.3, shift=-0.2)
w = fc(v, out=5, bias=1)
"""),
    (3, """input = input(channels=3, height=12, width=8)
a = conv(input, out=12, kernel=4, stride=4, pad=0, groups=1, bias=1, init=small)
b = position(a)
c = layer_norm(b, eps=1e-06)
d = conv(c, out=36, kernel=1, stride=1, pad=0, groups=1, bias=1)
e = attention(d, heads=3)
f = conv(e, out=12, kernel=1, stride=1, pad=0, groups=1, bias=1)
g = add(f, b)
h = layer_norm(g, eps=1e-05)
i = conv(h, out=20, kernel=1, stride=1, pad=0, groups=1, bias=1)
j = gelu(i)
k = conv(j, out=12, kernel=1, stride=1, pad=0, groups=1, bias=1)
l = add(g, k)
m = softmax(l)
n = sigmoid(m)
o = transpose(n, order=wch)
p = fc(o, out=6, bias=0, init=small)
q = layer_norm(p, eps=1e-05)
"""),
]
ZOO = [("ir18:width=16,dropout=0", lambda: nets_torch.iresnet((2, 2, 2, 2), 8, 16, 32, 0.0)),
       ("mobilefacenet:width=16", lambda: nets_torch.mobilefacenet(8, 16, 32))]
ZOO_BATCH = 4
# Of the largest value of a tensor: f32 loses more in a deep net, most where a value crosses a PReLU's kink.
TOLERANCE, DEEP_TOLERANCE = 2e-5, 3e-4


def line(kind, name, values, most):
    values = values.detach().flatten()
    stride = values.numel() // most + 1
    return f"{kind} {name} {stride} " + " ".join(f"{v:.9g}" for v in values[::stride].tolist()) + "\n"


def results(batch, text, tolerance=TOLERANCE, most=25, module=None):
    shape = (batch, *(int(n) for n in re.findall(r"=(\d+)", text.splitlines()[0])))
    x = numbers(0, shape)
    dy = numbers(1, Net(text).run(x, False).shape)
    found = net_answers(text, plain, x, dy)
    if module is not None:
        module[-1].weight.requires_grad_(False)
        check_module(module, text, plain, x, dy, found)
    out = f"net {batch} {tolerance:g}\n{text}end\n" + line("training", "y", found.training, most)
    out += line("gradient", "x", found.input_gradient, most)
    out += "".join(line("gradient", name, gradient, most) for name, gradient in found.gradients)
    out += "".join(line("value", name, value, most) for name, value in found.kept)
    return out + line("inference", "y", found.inference, most)


def zoo_text(program, net):
    command = [program, "net", net, "--size", "32", "--dim", "8", "--text"]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    path = pathlib.Path(__file__).parent.parent / "golden" / "net.txt"
    golden = "".join(results(batch, text) for batch, text in NETS)
    golden += "".join(results(ZOO_BATCH, zoo_text(sys.argv[1], net), DEEP_TOLERANCE, 5, make()) for net, make in ZOO)
    path.write_text(golden)

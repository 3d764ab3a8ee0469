"""A network's text form (src/graph/graph.h) computed by PyTorch, line by line, in f64."""
import re

import torch
import torch.nn.functional as F

from oracle_numbers import numbers

CENTRES = {"gamma": 1.0, "variance": 1.0}


def plain(stream, name, shape):
    """A parameter's values: `numbers`, around 1 for scales and variances."""
    return numbers(stream, shape) + CENTRES.get(name.rsplit(".", 1)[1], 0.0)


def number(text):
    """A key's value; some are words."""
    try:
        return float(text)
    except ValueError:
        return text


class Net:
    def __init__(self, text, value=plain):
        self.value = value
        self.parameters, self.buffers = {}, {}  # both in the graph's order, made by the first run
        self.lines = [re.match(r"(\S+) = (\w+)\((.*)\)", line).groups() for line in text.splitlines()]

    def tensor(self, name, shape, learned=True):
        kept = self.parameters if learned else self.buffers
        if name not in kept:
            stream = 10 + len(self.parameters) + len(self.buffers)
            kept[name] = self.value(stream, name, shape).requires_grad_(learned)
        return kept[name]

    def run(self, x, training):
        values = {}
        for name, op, arguments in self.lines:
            arguments = [a.strip() for a in arguments.split(",") if a.strip()]
            inputs = [values[a] for a in arguments if "=" not in a]
            key = {a.split("=")[0]: number(a.split("=")[1]) for a in arguments if "=" in a}
            values[name] = x if op == "input" else getattr(self, op)(name, training, key, *inputs)
        return values[name]

    # Layers with parameters.

    def conv(self, name, training, key, x):
        out, groups = int(key["out"]), int(key["groups"])
        window = int(key["kernel"]), int(key.get("kernel_w", key["kernel"]))
        pad = int(key["pad"]), int(key.get("pad_w", key["pad"]))
        weight = self.tensor(name + ".weight", (out, x.shape[1] // groups, *window))
        bias = self.tensor(name + ".bias", (out,)) if key["bias"] else None
        return F.conv2d(x, weight, bias, int(key["stride"]), pad, 1, groups)

    def fc(self, name, training, key, x):
        x = x.flatten(1)
        weight = self.tensor(name + ".weight", (int(key["out"]), x.shape[1]))
        return F.linear(x, weight, self.tensor(name + ".bias", (int(key["out"]),)) if key["bias"] else None)

    def batch_norm(self, name, training, key, x):
        c = (x.shape[1],)
        gamma = self.tensor(name + ".gamma", c, learned=bool(key["scale"]))
        beta = self.tensor(name + ".beta", c)
        mean = self.tensor(name + ".mean", c, learned=False)
        variance = self.tensor(name + ".variance", c, learned=False)
        return F.batch_norm(x, mean, variance, gamma, beta, training, key["momentum"], key["eps"])

    def layer_norm(self, name, training, key, x):
        c = (x.shape[1],)
        gamma, beta = self.tensor(name + ".gamma", c), self.tensor(name + ".beta", c)
        return F.layer_norm(x.transpose(1, -1), c, gamma, beta, key["eps"]).transpose(1, -1)

    def position(self, name, training, key, x):
        return x + self.tensor(name + ".map", x.shape[1:])

    def prelu(self, name, training, key, x):
        return F.prelu(x, self.tensor(name + ".slope", (x.shape[1],)))

    # Number by number.

    def relu(self, name, training, key, x):
        return F.relu(x)

    def relu6(self, name, training, key, x):
        return F.relu6(x)

    def sigmoid(self, name, training, key, x):
        return x.sigmoid()

    def hsigmoid(self, name, training, key, x):
        return F.hardsigmoid(x)

    def swish(self, name, training, key, x):
        return F.silu(x)

    def hswish(self, name, training, key, x):
        return F.hardswish(x)

    def gelu(self, name, training, key, x):
        return F.gelu(x)

    def tanh(self, name, training, key, x):
        return x.tanh()

    def softmax(self, name, training, key, x):
        return x.softmax(1)

    def scale(self, name, training, key, x):
        return key["factor"] * x + key["shift"]

    def dropout(self, name, training, key, x):
        assert key["p"] == 0
        return x

    # Two inputs and more.

    def add(self, name, training, key, x, y):
        return x + y

    def mul(self, name, training, key, x, y):
        return x * (y if x.dim() == y.dim() else y[:, :, None, None])

    def concat(self, name, training, key, *inputs):
        return torch.cat(inputs, 1)

    def attention(self, name, training, key, x):
        n, c, h, w = x.shape
        heads = int(key["heads"])
        q, k, v = x.reshape(n, 3, heads, c // 3 // heads, h * w).unbind(1)
        scores = torch.einsum("nhdi,nhdj->nhij", q, k) / q.shape[2] ** 0.5
        return torch.einsum("nhij,nhdj->nhdi", scores.softmax(-1), v).reshape(n, c // 3, h, w)

    # Windows and places.

    def max_pool(self, name, training, key, x):
        return F.max_pool2d(x, int(key["kernel"]), int(key["stride"]), int(key["pad"]))

    def avg_pool(self, name, training, key, x):
        return F.avg_pool2d(x, int(key["kernel"]), int(key["stride"]), int(key["pad"]), count_include_pad=False)

    def global_pool(self, name, training, key, x):
        return x.mean(dim=(2, 3))

    def resize(self, name, training, key, x):
        mode = {"bilinear": "bilinear", "nearest": "nearest-exact"}[key["mode"]]
        return F.interpolate(x, (int(key["height"]), int(key["width"])), mode=mode)

    def pad(self, name, training, key, x):
        return F.pad(x, [int(key[side]) for side in ("left", "right", "top", "bottom")])

    def slice(self, name, training, key, x):
        return x[:, int(key["first"]):int(key["first"] + key["count"])]

    def shuffle(self, name, training, key, x):
        return x.unflatten(1, (int(key["groups"]), -1)).transpose(1, 2).flatten(1, 2)

    def flatten(self, name, training, key, x):
        return x.flatten(1)

    def reshape(self, name, training, key, x):
        return x.reshape(x.shape[0], *(int(key[side]) for side in ("channels", "height", "width")))

    def transpose(self, name, training, key, x):
        return x.permute(0, *(1 + "chw".index(axis) for axis in key["order"]))

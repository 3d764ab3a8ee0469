"""A module of PyTorch's own against the graph's text with the same parameters: outputs in training and inference, all
gradients and running statistics, in f64."""
import collections

import torch

from graph_torch import Net

# gradients: of the learned parameters by name; kept: what is not learned, by name, after one step.
Answers = collections.namedtuple("Answers", "training input_gradient gradients kept inference")


def answers(run, learned, kept, x, dy):
    """run(x, training); learned and kept give (name, tensor) once it has run."""
    x = x.clone().requires_grad_(True)
    y = run(x, True)
    y.backward(dy)
    gradients = [(name, p.grad) for name, p in learned()]
    kept = [(name, b.detach().clone()) for name, b in kept()]
    with torch.no_grad():
        return Answers(y.detach(), x.grad, gradients, kept, run(x, False))


def net_answers(text, value, x, dy):
    net = Net(text, value)
    return answers(net.run, net.parameters.items, net.buffers.items, x, dy)


def in_order(module):
    """A module and all within it in the graph's order: that of their definition, unless one has a graph_order()."""
    yield module
    for child in module.graph_order() if hasattr(module, "graph_order") else module.children():
        yield from in_order(child)


def learned_of(module):
    return [p for m in in_order(module) for p in m._parameters.values() if p is not None and p.requires_grad]


def kept_of(module):
    """Frozen parameters and running statistics."""
    return [t for m in in_order(module) for t in (*m._parameters.values(), *m._buffers.values())
            if t is not None and not t.requires_grad and t.is_floating_point()]


def copy_values(module, text, value, x):
    net = Net(text, value)
    with torch.no_grad():
        net.run(x, False)
        for theirs, ours in ((learned_of(module), net.parameters), (kept_of(module), net.buffers)):
            assert len(theirs) == len(ours), f"the module has {len(theirs)} tensors, the graph {len(ours)}"
            for tensor, (name, source) in zip(theirs, ours.items()):
                assert tensor.numel() == source.numel(), f"{name}: {tuple(tensor.shape)}, {tuple(source.shape)}"
                tensor.copy_(source.reshape(tensor.shape))


def same(name, theirs, ours):
    difference = (theirs.reshape(ours.shape) - ours).abs().max().item()
    bound = 1e-9 * max(1.0, ours.abs().max().item())
    assert difference <= bound, f"{name}: the module of PyTorch differs by {difference}"


def check_module(module, text, value, x, dy, ours):
    """Fails unless the module, with the text's parameters in the same order, has the answers `ours`."""
    module = module.double()
    copy_values(module, text, value, x)
    theirs = answers(lambda x, training: module.train(training)(x), lambda: enumerate(learned_of(module)),
                     lambda: enumerate(kept_of(module)), x, dy)
    same("outputs in training", theirs.training, ours.training)
    same("gradient of the input", theirs.input_gradient, ours.input_gradient)
    for (_, gradient), (name, expected) in zip(theirs.gradients + theirs.kept, ours.gradients + ours.kept):
        same(name, gradient, expected)
    same("outputs in inference", theirs.inference, ours.inference)

"""A net of the zoo beside the module of PyTorch that is the same net."""
import dataclasses
import typing


@dataclasses.dataclass
class Case:
    spec: str  # as the program takes it, without dropout
    make: typing.Callable  # the module; its parameters are defined in the graph's order
    channels: int = 3
    size: int = 32
    dim: int = 8
    tolerance: float = 3e-4  # of a tensor's largest value

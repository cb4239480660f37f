"""Keeps values away from the corners of piecewise linear activations, so that rounding cannot decide a gradient.

A ResNet-18 has ten million inputs of ReLU for four images, of which about ten are so close to zero that float32 rounding decides their sign.
Each then changes a whole term of some gradient, by up to 1% of its tensor, whichever program computes it: measured with PyTorch alone,
float32 against float64. A shift of under 0.02 of each channel leaves no value that close.
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from affines import CONVOLUTIONS
from weights import is_norm

# ReLU6 is a hardtanh.
CORNERS = {F.relu: (0.0,), F.hardtanh: (0.0, 6.0), F.hardswish: (-3.0, 3.0), F.hardsigmoid: (-3.0, 3.0)}
SHIFTS = np.linspace(-0.02, 0.02, 801)


def gap_shift(values: np.ndarray, corners: tuple[float, ...]) -> float:
    """The shift after which the value nearest to a corner is as far from it as can be."""
    distances = np.concatenate([values - corner for corner in corners])
    near = np.sort(distances[np.abs(distances) < 0.05])
    if near.size == 0:
        return 0.0
    after = np.searchsorted(near, -SHIFTS)
    right = np.abs(near[np.minimum(after, near.size - 1)] + SHIFTS)
    left = np.abs(near[np.maximum(after - 1, 0)] + SHIFTS)
    return float(SHIFTS[np.argmax(np.minimum(left, right))])


class Shifting(TorchFunctionMode):
    """Before each activation, shifts the bias of the last layer that ran and the activation's input by the same."""

    def __init__(self):
        super().__init__()
        self.last: nn.Module | None = None

    def __torch_function__(self, function, types, args=(), kwargs=None):
        if function in CORNERS:
            args = (self.shifted(args[0], CORNERS[function]), *args[1:])
        return function(*args, **(kwargs or {}))

    def shifted(self, x: torch.Tensor, corners: tuple[float, ...]) -> torch.Tensor:
        bias = getattr(self.last, "bias", None)
        channel_last = isinstance(self.last, nn.Linear) and x.dim() > 2
        if bias is None or channel_last or bias.shape[0] != x.shape[1]:
            return x
        columns = x.transpose(0, 1).flatten(1).numpy()
        # Rounded as the parameter will be, so that the values seen here are those of the float32 network.
        target = bias + torch.tensor([gap_shift(column, corners) for column in columns], dtype=bias.dtype)
        moved = target.float().double() - bias
        bias.add_(moved)
        return x + moved.view((1, -1) + (1,) * (x.dim() - 2))


@torch.no_grad()
def avoid_kinks(network: nn.Module, inputs: torch.Tensor) -> None:
    """Shifts the bias of the last layer before each activation, layer by layer in one float64 pass, and leaves the network in float32."""
    network.double()
    mode = Shifting()

    def remember(module, _args, _output):
        mode.last = module

    layers = [m for m in network.modules() if is_norm(m) or isinstance(m, (*CONVOLUTIONS, nn.Linear))]
    handles = [module.register_forward_hook(remember) for module in layers]
    with mode:
        network(inputs.double() if inputs.is_floating_point() else inputs)
    for handle in handles:
        handle.remove()
    network.float()

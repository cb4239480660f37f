"""Gradients of the mean entropy with respect to every normalization affine, as PyTorch computes them: what an export is compared with."""

import copy
import sys
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from weights import is_batch_norm, is_norm

sys.path.append(str(Path(__file__).parent.parent / "train"))
from reference import BatchRenormalization, entropy  # noqa: E402

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)


@dataclass
class Layer:
    """A normalization, convolution or linear module, in the order of execution."""

    name: str
    kind: str
    channels: int
    after: str | None = None
    """Of a normalization: the convolution or linear layer that it follows directly, into which an exporter may fold a BatchNorm."""


def trace(network: nn.Module, inputs: torch.Tensor) -> list[Layer]:
    layers, outputs, handles = [], [], []

    def watch(name: str, module: nn.Module):
        def hook(_, args, output):
            channels = module.weight.shape[0]
            source = next((n for n, tensor in outputs if tensor is args[0]), None) if is_norm(module) else None
            layers.append(Layer(name, type(module).__name__, channels, source))
            if not is_norm(module):
                outputs.append((name, output))

        handles.append(module.register_forward_hook(hook))

    for name, module in network.named_modules():
        if is_norm(module) or isinstance(module, (*CONVOLUTIONS, nn.Linear)):
            watch(name, module)
    with torch.no_grad():
        network(inputs)
    for handle in handles:
        handle.remove()
    assert len({layer.name for layer in layers}) == len(layers), "a module runs twice"
    return layers


class Scaled(nn.Module):
    """y = module(x) * scale + shift, with scale 1 and shift 0: what is trained where there is no normalization left to train."""

    def __init__(self, module: nn.Module, channels: int):
        super().__init__()
        self.module = module
        self.weight, self.bias = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))

    def forward(self, x):
        y = self.module(x)
        shape = (-1,) + (1,) * (y.dim() - 2)
        return y * self.weight.view(shape) + self.bias.view(shape)


def foldable(layers: list[Layer], into: str) -> set[str]:
    """The BatchNorms that an exporter folds: `into` is "none", "convolution", or "linear" for both convolutions and linear layers."""
    linear = {layer.name for layer in layers if layer.kind == "Linear"}
    found = {layer.name for layer in layers if layer.after and layer.kind.startswith("BatchNorm")}
    return {"none": set(), "convolution": {n for n in found if of(layers, n).after not in linear}, "linear": found}[into]


def of(layers: list[Layer], name: str) -> Layer:
    return next(layer for layer in layers if layer.name == name)


def replace(network: nn.Module, name: str, module: nn.Module) -> nn.Module:
    parent, _, key = name.rpartition(".")
    setattr(network.get_submodule(parent), key, module)
    return module


def trainable(network: nn.Module, layers: list[Layer], folded: set[str]) -> tuple[nn.Module, dict[str, nn.Module]]:
    """A copy of `network` in which only affines learn, and the modules that hold them, by name, in the order of execution.

    A BatchNorm is a batch renormalization, or a scale and shift after the folded one if it is in `folded`; other normalizations are as they
    are; a convolution without a BatchNorm of its own has a scale and shift too.
    """
    network = copy.deepcopy(network)
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    normalized = {layer.after for layer in layers}
    found = {}
    for layer in layers:
        module = network.get_submodule(layer.name)
        if is_batch_norm(module) and layer.name not in folded:
            module = replace(network, layer.name, BatchRenormalization(module))
        elif is_batch_norm(module) or isinstance(module, CONVOLUTIONS) and layer.name not in normalized:
            module = replace(network, layer.name, Scaled(module, layer.channels))
        elif not is_norm(module):
            continue
        found[layer.name] = module
    for module in found.values():
        for parameter in affine(module).values():
            parameter.requires_grad_(True)
    return network, found


def affine(module: nn.Module) -> dict[str, nn.Parameter]:
    roles = {"gamma": module.weight, "beta": getattr(module, "bias", None)}
    return {role: parameter for role, parameter in roles.items() if parameter is not None}


def gradients(network: nn.Module, layers: list[Layer], folded: set[str], inputs: torch.Tensor, dtype: torch.dtype):
    """The loss, the logits, and for each layer with an affine the gradients {"gamma": ..., "beta": ...}."""
    network, modules = trainable(network, layers, folded)
    network.to(dtype)
    logits = network(inputs.to(dtype) if inputs.is_floating_point() else inputs)
    loss = entropy(logits).mean()
    loss.backward()
    found = {}
    for name, module in modules.items():
        found[name] = {role: parameter.grad for role, parameter in affine(module).items()}
    return loss.item(), logits.detach(), found


def difference(a: torch.Tensor, b: torch.Tensor) -> float:
    """max|a - b| / max|b|, in float64."""
    return ((a.double() - b.double()).abs().max() / b.double().abs().max().clamp_min(1e-300)).item()


NEGLIGIBLE = 1e-4
"""Below this part of the model's largest gradient a tensor is taken for zero: float32 rounding is about all that is left of it.

The next normalization takes away a shift, and but for its epsilon a scale, of the layer before it.
"""

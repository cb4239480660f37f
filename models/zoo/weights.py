"""Seeded random weights that behave like trained ones where a gradient could tell: no identity affines, no trivial statistics."""

import torch
from torch import nn
from torch.nn import functional

NORMS = (nn.modules.batchnorm._BatchNorm, nn.modules.instancenorm._InstanceNorm, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)


ACTIVATIONS = (nn.ReLU, nn.ReLU6, nn.SiLU, nn.Hardswish)


SHORTCUTS = ("downsample", ".proj.")
"""Names of the modules that a ResNet and a RegNet have in place of an identity."""


def is_batch_norm(module: nn.Module) -> bool:
    return isinstance(module, nn.modules.batchnorm._BatchNorm)


def is_norm(module: nn.Module) -> bool:
    return isinstance(module, NORMS)


def samples(count: int, shape: tuple[int, ...], tokens: int, generator: torch.Generator) -> torch.Tensor:
    """Ids, or values with low and high frequencies whose mean and contrast differ from sample to sample, as those of photographs do."""
    if tokens:
        return torch.randint(0, tokens, (count, *shape), generator=generator)
    fine = torch.randn(count, *shape, generator=generator)
    if len(shape) == 1:
        return fine
    space = shape[1:]
    coarse = torch.randn(count, shape[0], *[min(6, s) for s in space], generator=generator)
    mode = {1: "linear", 2: "bilinear", 3: "trilinear"}[len(space)]
    coarse = functional.interpolate(coarse, size=space, mode=mode)
    each = (count, 1) + (1,) * len(space)
    contrast = torch.rand(each, generator=generator) + 0.5
    return coarse * contrast + 0.3 * fine + 0.3 * torch.randn(each, generator=generator)


@torch.no_grad()
def activated(network: nn.Module, inputs: torch.Tensor) -> set[nn.Module]:
    """The normalizations whose output goes straight into an activation."""
    sources, found, handles = [], set(), []
    for module in network.modules():
        if is_norm(module):
            handles.append(module.register_forward_hook(lambda norm, _, output: sources.append((output, norm))))
        elif isinstance(module, ACTIVATIONS):
            handles.append(module.register_forward_pre_hook(lambda _, args: found.update(norm for y, norm in sources if y is args[0])))
    network(inputs)
    for handle in handles:
        handle.remove()
    return found


@torch.no_grad()
def randomize(network: nn.Module, batches: list[torch.Tensor]) -> None:
    """Draws the affines, gamma ~ U(0.5, 1.5) and beta ~ N(0, 0.1), and estimates the running statistics on `batches`.

    BatchNorm before an activation has a beta of 0.5 more, and one that ends a branch gamma ~ U(0.15, 0.45), as trained networks have it:
    random networks of 50 BatchNorms without it are so chaotic that PyTorch's float32 gradients are 1e-4 away from its float64 ones, with
    it 1e-5.
    """
    network.eval()
    inner = activated(network, batches[0][:1])
    for name, parameter in network.named_parameters():
        # ConvNeXt starts its residual branches at 1e-6, with gradients of that size.
        if name.endswith("layer_scale"):
            parameter.uniform_(0.1, 0.4)
    for name, module in network.named_modules():
        if is_norm(module):
            module.weight.uniform_(0.5, 1.5)
            if getattr(module, "bias", None) is not None:
                module.bias.normal_(0, 0.1)
        if is_batch_norm(module) and module in inner:
            module.bias.add_(0.5)
        elif is_batch_norm(module) and not any(part in name for part in SHORTCUTS):
            module.weight.mul_(0.3)
        if is_batch_norm(module):
            module.reset_running_stats()
            module.momentum = None
            module.train()
    for batch in batches:
        network(batch)
    network.eval()
    for module in network.modules():
        if is_batch_norm(module):
            module.momentum = 0.1


@torch.no_grad()
def spread(network: nn.Module, inputs: torch.Tensor) -> None:
    """Scales the last layer so that the logits of each sample have a standard deviation of 2 at most.

    With less, the entropy is near its maximum, where its gradient vanishes; with more, the softmax multiplies rounding errors.
    """
    head = [module for module in network.modules() if isinstance(module, nn.Linear)][-1]
    if not head.weight.any():
        # Mixer starts with a head of zeros.
        head.weight.normal_()
    factor = 2 / network(inputs).std(1).max()
    head.weight.mul_(factor)
    head.bias.mul_(factor)

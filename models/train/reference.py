"""What renorm trains, written in PyTorch with autograd: the reference for its gradients and the other side of its benchmark."""

import math
from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import nn

from networks import edge_network, foundation_network

MODELS = Path(__file__).parent.parent
NETWORKS = {"edge": edge_network, "foundation": foundation_network}


class BatchRenormalization(nn.Module):
    """y = gamma ((x - mu_B)/s_B r + d) + beta with r = s_B/s_run and d = (mu_B - mu_run)/s_run held constant.

    For inputs of any rank from 2, channels in axis 1. Keeps the batch's mean and biased variance of the last call in `batch_mean`
    and `batch_variance`.
    """

    def __init__(self, source: nn.modules.batchnorm._BatchNorm):
        super().__init__()
        self.weight, self.bias, self.eps = source.weight, source.bias, source.eps
        self.register_buffer("running_mean", source.running_mean)
        self.register_buffer("running_var", source.running_var)

    def forward(self, x):
        axes = (0, *range(2, x.dim()))
        mean = x.mean(axes)
        variance = x.var(axes, unbiased=False)
        self.batch_mean, self.batch_variance = mean.detach(), variance.detach()
        deviation = (variance + self.eps).sqrt()
        running = (self.running_var + self.eps).sqrt()
        r = deviation.detach() / running
        d = (mean.detach() - self.running_mean) / running
        # One multiply-add over the activation: the per-channel factors are put together first.
        scale = self.weight * r / deviation
        shift = self.bias + self.weight * d - mean * scale
        shape = (-1,) + (1,) * (x.dim() - 2)
        return x * scale.view(shape) + shift.view(shape)


def load(name: str) -> tuple[nn.Module, list[str]]:
    """A network with the weights of its ONNX file, and the names of its normalization nodes in the order of its modules."""
    graph = onnx.load(MODELS / f"fashion-{name}.onnx").graph
    tensors = {tensor.name: torch.from_numpy(numpy_helper.to_array(tensor).copy()) for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Identity" and node.input[0] in tensors:
            tensors[node.output[0]] = tensors[node.input[0]]
    network = NETWORKS[name]()
    state = network.state_dict()
    network.load_state_dict({key: tensors.get(key, value) for key, value in state.items()})
    missing = [key for key in state if key not in tensors and not key.endswith("num_batches_tracked")]
    assert not missing, f"not in the ONNX file: {missing}"
    by_weight = {node.input[1]: node.name for node in graph.node if node.op_type == "BatchNormalization"}
    aliases = {node.output[0]: node.input[0] for node in graph.node if node.op_type == "Identity"}
    names = []
    for key, module in network.named_modules():
        if isinstance(module, nn.BatchNorm2d):
            weight = f"{key}.weight"
            names.append(by_weight.get(weight) or by_weight[aliases[weight]])
            check_layer(names[-1], module, graph, tensors)
    assert len(set(names)) == len(names), "two modules have the same normalization node"
    return network.eval(), names


def check_layer(name: str, module: nn.BatchNorm2d, graph, tensors: dict[str, torch.Tensor]) -> None:
    """Asserts that a normalization node of the ONNX file has the parameters of the module that is taken for it."""
    (node,) = [node for node in graph.node if node.name == name]
    parameters = (module.weight, module.bias, module.running_mean, module.running_var)
    for source, own in zip(node.input[1:], parameters, strict=True):
        assert torch.equal(tensors[source], own), f"{name}: {source} is not the module's"


def renormalize(network: nn.Module, layer_class=BatchRenormalization) -> list[BatchRenormalization]:
    """Replaces every BatchNorm2d in place, freezes everything but gamma and beta, and returns the new layers in module order."""
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    layers = []

    def replace(module: nn.Module) -> None:
        for name, child in module.named_children():
            if isinstance(child, nn.BatchNorm2d):
                layer = layer_class(child)
                layer.weight.requires_grad_(True)
                layer.bias.requires_grad_(True)
                setattr(module, name, layer)
                layers.append(layer)
            else:
                replace(child)

    replace(network)
    return layers


def entropy(logits):
    """Nats, per sample."""
    log_p = logits.log_softmax(1)
    return -(log_p.exp() * log_p).sum(1)


def entropy_loss(logits, ceiling: float = 0.4):
    """mean(w H), w = exp(E_max - H) held constant, E_max = ceiling ln C."""
    h = entropy(logits)
    return ((ceiling * math.log(logits.shape[1]) - h).exp().detach() * h).mean()


def distillation_loss(logits, targets, ceiling: float = 0.4):
    """3 mean(w_s H(p_s)) + 3 mean(w_t KL(p_t || p_s)) + mean(w_t CE(argmax p_t, p_s)) at temperature 1."""
    limit = ceiling * math.log(logits.shape[1])
    log_s, log_t = logits.log_softmax(1), targets.log_softmax(1)
    w_t = (limit - entropy(targets)).exp()
    divergence = (log_t.exp() * (log_t - log_s)).sum(1)
    cross = -log_s.gather(1, targets.argmax(1, keepdim=True)).squeeze(1)
    return 3 * entropy_loss(logits, ceiling) + 3 * (w_t * divergence).mean() + (w_t * cross).mean()

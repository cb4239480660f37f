"""One export of a network: which exporter, opset, folding and batch, written as "ts-13-folded-dynamic"."""

import contextlib
import io
import warnings
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

import own_networks


NAMES = dict(input_names=["input"], output_names=["logits"])


@dataclass(frozen=True)
class Variant:
    """`ts` is the TorchScript exporter, `dynamo` the one that torch.onnx.export uses by default.

    `folded` leaves the exporters' optimizations on, `unfolded` turns them off: then BatchNormalization stays. `external` puts the weights
    into a file of their own beside the model, as the dynamo exporter does by default.
    """

    exporter: str
    opset: int
    folding: str
    batch: str
    external: bool

    @staticmethod
    def parse(name: str) -> "Variant":
        exporter, opset, folding, batch, *external = name.split("-")
        assert exporter in ("ts", "dynamo") and folding in ("folded", "unfolded") and batch in ("static", "dynamic"), name
        return Variant(exporter, int(opset), folding, batch, external == ["external"])


def export(network: nn.Module, inputs: torch.Tensor, variant: Variant, path: Path) -> None:
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), attention(network, variant):
        warnings.simplefilter("ignore")
        (torchscript if variant.exporter == "ts" else dynamo)(network, inputs, variant, path)


def torchscript(network: nn.Module, inputs: torch.Tensor, variant: Variant, path: Path) -> None:
    options = NAMES if variant.folding == "folded" else dict(training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False, **NAMES)
    axes = {"input": {0: "batch"}, "logits": {0: "batch"}} if variant.batch == "dynamic" else None
    torch.onnx.export(network, (inputs,), path, dynamo=False, opset_version=variant.opset, dynamic_axes=axes, **options)


def dynamo(network: nn.Module, inputs: torch.Tensor, variant: Variant, path: Path) -> None:
    torch.onnx.export(
        network,
        (inputs,),
        path,
        dynamo=True,
        opset_version=variant.opset,
        dynamic_shapes=({0: torch.export.Dim("batch", min=2, max=256)},) if variant.batch == "dynamic" else None,
        optimize=variant.folding == "folded",
        external_data=variant.external,
        verbose=False,
        **NAMES,
    )


@contextlib.contextmanager
def attention(network: nn.Module, variant: Variant):
    """Attention in parts before opset 14, which has no TorchScript export of the whole, and from 23 on, where it becomes one operator."""
    whole = 14 <= variant.opset < 23
    own_networks.use_fused_attention(whole)
    changed = [module for module in network.modules() if isinstance(getattr(module, "fused_attn", None), bool)]
    for module in changed:
        module.fused_attn = whole
    try:
        yield
    finally:
        own_networks.use_fused_attention(True)
        for module in changed:
            module.fused_attn = True

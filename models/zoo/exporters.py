"""One export of a network: which exporter, opset, folding and batch, written as "ts-13-folded-dynamic"."""

import contextlib
import io
import warnings
from dataclasses import dataclass
from pathlib import Path

import timm.layers
import torch
from torch import nn

import own_networks


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
    names = dict(input_names=["input"], output_names=["logits"])
    dynamic = variant.batch == "dynamic"
    folded = variant.folding == "folded"
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        if variant.exporter == "ts":
            # scaled_dot_product_attention has no TorchScript export before opset 14: users then export its parts.
            fused = variant.opset >= 14
            own_networks.use_fused_attention(fused)
            timm_attention(network, fused)
            options = {} if folded else dict(training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False)
            if dynamic:
                options["dynamic_axes"] = {"input": {0: "batch"}, "logits": {0: "batch"}}
            torch.onnx.export(network, (inputs,), path, dynamo=False, opset_version=variant.opset, **names, **options)
        else:
            own_networks.use_fused_attention(True)
            timm_attention(network, True)
            shapes = ({0: torch.export.Dim("batch", min=2, max=256)},) if dynamic else None
            torch.onnx.export(
                network,
                (inputs,),
                path,
                dynamo=True,
                opset_version=variant.opset,
                dynamic_shapes=shapes,
                optimize=folded,
                external_data=variant.external,
                verbose=False,
                **names,
            )


def timm_attention(network: nn.Module, fused: bool) -> None:
    timm.layers.set_fused_attn(fused)
    for module in network.modules():
        if isinstance(getattr(module, "fused_attn", None), bool):
            module.fused_attn = fused

"""Makes the committed pattern models, ../patterns/*.onnx, each with a JSON of its input and PyTorch's float64 gradients.

    python patterns.py [NAME ...]
"""

import argparse
import hashlib
import json
import zlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Callable

import onnx
import torch
from torch import nn

import pattern_networks as networks
from affines import NEGLIGIBLE, difference, foldable, gradients, trace
from check import forward
from exporters import Variant, export
from kinks import avoid_kinks
from make import folding
from own_networks import OwnRMSNorm, TextClassifier
from pattern_files import EDITS, file_gradients, strip
from weights import randomize, samples, spread

OUT = Path(__file__).parent.parent / "patterns"
LIMIT = 60_000
BATCH = 4
IMAGE, TOKENS = (3, 12, 12), (6, 12)


@dataclass(frozen=True)
class Pattern:
    build: Callable[[], nn.Module]
    shape: tuple[int, ...]
    variant: str
    must_hold: str
    """Operators that the file must hold, so that a new exporter cannot silently write another pattern."""
    edit: str = ""
    tokens: int = 0
    """Above 0: the input is int64 ids below this number instead of float32."""


def text():
    return TextClassifier(vocabulary=20, width=12, heads=2, depth=1, length=6, classes=networks.CLASSES)


def tokens(norm=nn.LayerNorm, act=nn.GELU):
    return partial(networks.Tokens, norm, act)


tanh = partial(nn.GELU, "tanh")

PATTERNS: dict[str, Pattern] = {
    "layer-norm-pattern": Pattern(tokens(), TOKENS, "ts-13-folded-dynamic", "ReduceMean Pow Sqrt Div Erf"),
    "layer-norm-op": Pattern(tokens(), TOKENS, "ts-17-unfolded-static", "LayerNormalization Erf"),
    "layer-norm-dynamo": Pattern(tokens(act=tanh), TOKENS, "dynamo-18-folded-dynamic", "LayerNormalization Tanh"),
    "layer-norm-channels": Pattern(networks.convnext, IMAGE, "ts-16-folded-dynamic", "ReduceMean Transpose InstanceNormalization"),
    "gelu-tanh": Pattern(tokens(act=tanh), TOKENS, "ts-12-folded-static", "Tanh ReduceMean"),
    "gelu-op": Pattern(tokens(), TOKENS, "dynamo-20-folded-static", "Gelu LayerNormalization"),
    "attention": Pattern(tokens(), TOKENS, "ts-15-unfolded-dynamic", "Softmax MatMul"),
    "attention-dynamo": Pattern(tokens(act=nn.SiLU), TOKENS, "dynamo-21-unfolded-dynamic", "Softmax MatMul"),
    "token-ids": Pattern(text, (6,), "ts-14-folded-dynamic", "Gather ReduceMean", tokens=20),
    "token-ids-dynamo": Pattern(text, (6,), "dynamo-20-folded-static", "Gather LayerNormalization", tokens=20),
    "window-attention": Pattern(networks.Window, (3, 16, 16), "ts-13-folded-dynamic", "Softmax Slice Concat"),
    "window-attention-static": Pattern(networks.Window, (3, 16, 16), "ts-17-folded-static", "Softmax Slice Concat"),
    "window-attention-dynamo": Pattern(networks.Window, (3, 16, 16), "dynamo-18-folded-dynamic", "Softmax Slice Concat"),
    "rms-norm-pattern": Pattern(tokens(nn.RMSNorm, nn.SiLU), TOKENS, "dynamo-18-folded-dynamic", "ReduceMean"),
    "rms-norm-op": Pattern(tokens(nn.RMSNorm, nn.SiLU), TOKENS, "dynamo-23-folded-static", "RMSNormalization"),
    "rms-norm-own": Pattern(tokens(OwnRMSNorm, nn.SiLU), TOKENS, "ts-17-folded-dynamic", "ReduceMean Sqrt"),
    "group-norm-pattern": Pattern(partial(networks.plain, networks.group), IMAGE, "ts-11-folded-dynamic", "Reshape InstanceNormalization"),
    "group-norm-dynamo": Pattern(partial(networks.plain, networks.group), IMAGE, "dynamo-18-folded-static", "Reshape"),
    "group-norm-op": Pattern(partial(networks.plain, networks.group), IMAGE, "dynamo-21-folded-dynamic", "GroupNormalization"),
    "instance-norm": Pattern(partial(networks.plain, networks.instance), IMAGE, "ts-14-folded-dynamic", "InstanceNormalization"),
    "instance-norm-dynamo": Pattern(partial(networks.plain, networks.instance), IMAGE, "dynamo-21-folded-static", "InstanceNormalization"),
    "batch-norm": Pattern(networks.plain, IMAGE, "ts-17-unfolded-dynamic", "BatchNormalization"),
    "batch-norm-dynamo": Pattern(networks.plain, IMAGE, "dynamo-21-unfolded-static", "BatchNormalization"),
    "batch-norm-1d": Pattern(networks.sound, (1, 128), "ts-11-unfolded-dynamic", "BatchNormalization MaxPool"),
    "batch-norm-2-axes": Pattern(networks.perceptron, (12,), "ts-12-folded-dynamic", "BatchNormalization Gemm"),
    "batch-norm-3d": Pattern(networks.volume, (2, 6, 8, 8), "ts-14-unfolded-dynamic", "BatchNormalization MaxPool"),
    "folded": Pattern(networks.plain, IMAGE, "ts-13-folded-dynamic", "Conv"),
    "folded-1d": Pattern(networks.sound, (1, 128), "ts-17-folded-static", "Conv"),
    "folded-dynamo": Pattern(networks.plain, IMAGE, "dynamo-20-folded-dynamic", "Conv"),
    "folded-gemm-dynamo": Pattern(networks.perceptron, (12,), "dynamo-18-folded-dynamic", "Gemm"),
    "grouped-convolutions": Pattern(networks.grouped, IMAGE, "ts-16-unfolded-dynamic", "Conv Clip Sigmoid"),
    "squeeze-excite": Pattern(networks.squeeze, IMAGE, "ts-14-unfolded-dynamic", "HardSwish HardSigmoid"),
    "squeeze-excite-parts": Pattern(networks.squeeze, IMAGE, "ts-13-folded-dynamic", "HardSigmoid"),
    "squeeze-excite-dynamo": Pattern(networks.squeeze, IMAGE, "dynamo-18-folded-static", "HardSwish HardSigmoid"),
    "channel-shuffle": Pattern(networks.shuffled, IMAGE, "ts-16-unfolded-dynamic", "Transpose Reshape"),
    "channel-shuffle-dynamo": Pattern(networks.shuffled, IMAGE, "dynamo-18-unfolded-static", "Transpose Reshape"),
    "dense-concat": Pattern(networks.Dense, IMAGE, "ts-13-folded-dynamic", "BatchNormalization Concat"),
    "dense-concat-dynamo": Pattern(networks.Dense, IMAGE, "dynamo-21-unfolded-dynamic", "BatchNormalization Concat"),
    "max-pool": Pattern(networks.pooled, IMAGE, "ts-11-unfolded-static", "MaxPool AveragePool"),
    "float16": Pattern(networks.plain, IMAGE, "ts-17-folded-dynamic", "Conv", "float16"),
    "quantized": Pattern(networks.plain, IMAGE, "ts-13-folded-dynamic", "QuantizeLinear DequantizeLinear", "quantized"),
    "external-data": Pattern(networks.plain, IMAGE, "ts-17-unfolded-dynamic", "BatchNormalization", "external"),
}  # fmt: skip


def numbers(tensor: torch.Tensor) -> list[float]:
    if not tensor.is_floating_point():
        return tensor.flatten().tolist()
    return [float(f"{value:.9g}") for value in tensor.flatten().tolist()]


def make(name: str, pattern: Pattern) -> str:
    seed = zlib.crc32(name.encode())
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed + 1000)
    network = pattern.build()
    randomize(network, [samples(16, pattern.shape, pattern.tokens, generator) for _ in range(2)])
    inputs = samples(BATCH, pattern.shape, pattern.tokens, generator)
    if pattern.edit == "float16":
        inputs = inputs.half().float()
    avoid_kinks(network, inputs)
    spread(network, inputs)
    layers = trace(network, inputs)
    path = OUT / f"{name}.onnx"
    variant = Variant.parse(pattern.variant)
    export(network, inputs, variant, path)
    strip(path)
    if pattern.edit:
        EDITS[pattern.edit](network, inputs, path)
    model = onnx.load(path)
    kinds = [node.op_type for node in model.graph.node]
    missing = [kind for kind in pattern.must_hold.split() if kind not in kinds]
    assert not missing, f"{name}: no {missing} in {sorted(set(kinds))}"
    size = path.stat().st_size
    assert size < LIMIT, f"{name}: {size} bytes"
    into = folding(model, layers)
    by_file = pattern.edit in ("float16", "quantized")

    def in_type(dtype: torch.dtype):
        return file_gradients(model, layers, inputs, dtype) if by_file else gradients(network, layers, foldable(layers, into), inputs, dtype)

    (loss, logits, exact), (_, _, single) = in_type(torch.float64), in_type(torch.float32)
    error = difference(torch.from_numpy(forward(path, inputs)), logits)
    assert error < (1e-2 if by_file else 1e-5), f"{name}: onnxruntime's logits differ by {error:.1e}"
    largest = max(grad.abs().max().item() for roles in exact.values() for grad in roles.values())
    entries = [
        {
            "layer": layer.name,
            "kind": layer.kind,
            "folded": layer.name in foldable(layers, into),
            "after": layer.after,
            "role": role,
            "channels": layer.channels,
            "zero": grad.abs().max().item() < NEGLIGIBLE * largest,
            "float32Error": difference(single[layer.name][role], grad),
            "values": numbers(grad),
        }
        for layer in layers
        for role, grad in exact.get(layer.name, {}).items()
    ]
    noise = max(entry["float32Error"] for entry in entries if not entry["zero"])
    content = {
        "model": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "torch": torch.__version__,
        "exporter": {"ts": "torchscript", "dynamo": "dynamo"}[variant.exporter],
        "opset": next(entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")),
        "optimized": variant.folding == "folded",
        "foldedInto": into,
        "batch": BATCH if variant.batch == "static" else "dynamic",
        "operators": sorted(set(kinds)),
        "input": {"name": model.graph.input[0].name, "dtype": str(inputs.dtype).removeprefix("torch."), "shape": list(inputs.shape), "values": numbers(inputs)},
        "output": {"name": model.graph.output[0].name, "shape": list(logits.shape), "values": numbers(logits)},
        "loss": {"kind": "mean entropy of softmax(output), nats", "value": loss},
        "gradients": entries,
    }
    path.with_suffix(".json").write_text(json.dumps(content, separators=(",", ":")) + "\n")
    return f"{name}: {size} bytes, opset {content['opset']}, folded into {into}, float32 error {noise:.1e}, {' '.join(content['operators'])}"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", default=list(PATTERNS))
    torch.set_num_threads(1)
    OUT.mkdir(exist_ok=True)
    for name, pattern in PATTERNS.items():
        if name in parser.parse_args().names:
            try:
                print(make(name, pattern), flush=True)
            except Exception as error:
                print(f"{name}: FAILED {type(error).__name__}: {str(error)[:500]}", flush=True)


if __name__ == "__main__":
    main()

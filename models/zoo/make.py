"""Makes the zoo: models with seeded random weights, their ONNX exports, and PyTorch's gradients. See README.md.

    python make.py --out FOLDER [--only NAME ...] [--quick]
"""

import argparse
import hashlib
import json
import time
from pathlib import Path

import onnx
import torch

from architectures import ARCHITECTURES
from affines import affine, difference, foldable, trace
from check import convolution_names, forward, parameter_names
from exporters import Variant, export
from recorded import Reference, write_json
from seeds import BATCH, build, seeds
from weights import is_norm


def folding(model: onnx.ModelProto, layers) -> str:
    """Which BatchNorms the exporter folded, by how many nodes are left of them."""
    left = sum(node.op_type == "BatchNormalization" for node in model.graph.node)
    every = sum(layer.kind.startswith("BatchNorm") for layer in layers)
    for into in ("none", "convolution", "linear"):
        if left == every - len(foldable(layers, into)):
            return into
    raise ValueError(f"{left} of {every} BatchNormalization nodes are left, which is neither all nor those that can be folded")


def make_variant(name: str, network, inputs, layers, reference: Reference, variant: str, out: Path) -> dict:
    path = out / name / f"{variant}.onnx"
    parsed = Variant.parse(variant)
    start = time.monotonic()
    export(network, inputs, parsed, path)
    seconds = time.monotonic() - start
    model = onnx.load(path)
    parameters = {
        f"{key}.{'weight' if role == 'gamma' else 'bias'}": parameter
        for key, module in network.named_modules()
        if is_norm(module)
        for role, parameter in affine(module).items()
    }
    folded = folding(model, layers)
    data = path.with_name(path.name + ".data")
    kinds = [node.op_type for node in model.graph.node]
    return {
        "file": f"{name}/{path.name}",
        "model": name,
        "exporter": {"ts": "torchscript", "dynamo": "dynamo"}[parsed.exporter],
        "opset": next(entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")),
        "opsetAsked": parsed.opset,
        "optimized": parsed.folding == "folded",
        "folded": folded,
        "batch": BATCH if parsed.batch == "static" else "dynamic",
        "size": path.stat().st_size,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "data": f"{name}/{data.name}" if data.exists() else None,
        "reference": f"{name}/reference.json",
        "gradients": reference.need(folded),
        "input": model.graph.input[0].name,
        "output": model.graph.output[0].name,
        "nodes": len(kinds),
        "operators": {kind: kinds.count(kind) for kind in sorted(set(kinds))},
        # onnxruntime's float32 logits against PyTorch's float64 ones: the export computes the same function.
        "forwardError": difference(torch.from_numpy(forward(path, inputs)), reference.logits),
        "parameters": parameter_names(model, parameters),
        "convolutions": convolution_names(model, layers),
        "seconds": round(seconds, 1),
    }


def make(name: str, out: Path, wanted) -> None:
    architecture = ARCHITECTURES[name]
    network, inputs = build(architecture, seeds()[name])
    layers = trace(network, inputs)
    (out / name).mkdir(parents=True, exist_ok=True)
    state = out / name / "variants.json"
    done = json.loads(state.read_text()) if state.exists() else {"variants": [], "failures": []}
    reference = Reference(name, network, layers, inputs, out / name)
    for index, variant in enumerate(architecture.variants()):
        if not wanted(index, variant):
            continue
        file = f"{name}/{variant}.onnx"
        done = {key: [entry for entry in entries if entry["file"] != file] for key, entries in done.items()}
        try:
            entry = make_variant(name, network, inputs, layers, reference, variant, out)
            done["variants"].append(entry)
            print(f"{file}: {entry['size'] / 1e6:.1f} MB, {entry['seconds']} s, folded {entry['folded']}, error {entry['forwardError']:.1e}", flush=True)
        except Exception as error:
            # Some exports cannot be written, some not be run: a file that is there has passed its check.
            (out / file).unlink(missing_ok=True)
            message = f"{type(error).__name__}: {error}"
            done["failures"].append({"file": file, "model": name, "variant": variant, "message": message[:2000]})
            print(f"{file}: FAILED {message[:300]}", flush=True)
        write_json(state, done)
        write_manifest(out)


def write_manifest(out: Path) -> None:
    parts = [json.loads(path.read_text()) for path in sorted(out.glob("*/variants.json"))]
    manifest = {key: [entry for part in parts for entry in part[key]] for key in ("variants", "failures")}
    write_json(out / "manifest.json", {"torch": torch.__version__, "batch": BATCH, **manifest})


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", nargs="+", choices=list(ARCHITECTURES), default=list(ARCHITECTURES))
    parser.add_argument("--quick", action="store_true", help="the first three exports of each model")
    parser.add_argument("--skip", type=int, default=0, help="leave out the first exports of each model")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    for name in arguments.only:
        make(name, arguments.out, lambda index, _: arguments.skip <= index < (3 if arguments.quick else 99))


if __name__ == "__main__":
    main()

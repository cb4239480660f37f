"""Records what PyTorch computes for the committed models, as numbers that the tests of @renorm/onnx compare with.

    python gradients.py            # writes ../gradients/edge.json and ../gradients/foundation.json

Computed in float64 and stored with 9 significant digits, so that the reference is more exact than what it checks. Run it again
whenever the ONNX files change: the file names the digest of the model that it belongs to.
"""

import hashlib
import json

import torch

from data import load as load_images
from reference import MODELS, distillation_loss, entropy_loss, load, renormalize

CEILING = 0.4
COUNT = 16


def numbers(tensor) -> list[float]:
    return [float(f"{value:.9g}") for value in tensor.flatten().tolist()]


def record(name: str, loss: str, images, targets=None) -> dict:
    network, names = load(name)
    layers = renormalize(network.double())
    logits = network(images)
    value = entropy_loss(logits, CEILING) if targets is None else distillation_loss(logits, targets, CEILING)
    value.backward()
    entry = {"loss": loss, "ceiling": CEILING, "value": value.item(), "gradients": {}, "statistics": {}}
    if targets is not None:
        entry["targets"] = [numbers(row) for row in targets]
    for layer, module in zip(names, layers, strict=True):
        entry["gradients"][f"{layer}/gamma"] = numbers(module.weight.grad)
        entry["gradients"][f"{layer}/beta"] = numbers(module.bias.grad)
        entry["statistics"][f"{layer}/mean"] = numbers(module.batch_mean)
        entry["statistics"][f"{layer}/variance"] = numbers(module.batch_variance)
    return entry


def main() -> None:
    images = load_images("t10k", MODELS / "fashion-mnist")[0][:COUNT].double()
    out = MODELS / "gradients"
    out.mkdir(exist_ok=True)
    for name in ("edge", "foundation"):
        file = f"fashion-{name}.onnx"
        targets = torch.randn(COUNT, 10, generator=torch.Generator().manual_seed(1), dtype=torch.float64) * 3
        targets = targets.float().double()
        content = {
            "model": file,
            "modelDigest": hashlib.sha256((MODELS / file).read_bytes()).hexdigest(),
            "torch": torch.__version__,
            "images": {"first": 0, "count": COUNT},
            "losses": [record(name, "entropy", images), record(name, "distillation", images, targets)],
        }
        path = out / f"{name}.json"
        path.write_text(json.dumps(content, separators=(",", ":")) + "\n")
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()

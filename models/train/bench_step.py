"""The other side of `pnpm bench step`: one training step in PyTorch eager, timed by itself.

    python bench_step.py edge 128 2 elementary     # network, batch, threads, how batch renormalisation is written

"elementary" writes the formula out, as the published implementations do; "fused" puts it onto PyTorch's fused batch normalization (fused.py).
Prints a line with the version and the faster memory format, then for every line on standard input the milliseconds of one step.
"""

import json
import sys
import time

import torch

from data import load as load_images
from fused import FusedBatchRenormalization
from reference import MODELS, BatchRenormalization, distillation_loss, entropy_loss, load, renormalize


LAYERS = {"elementary": BatchRenormalization, "fused": FusedBatchRenormalization}


def make_step(name: str, batch: int, layer: str, channels_last: bool):
    network, _ = load(name)
    renormalize(network, LAYERS[layer])
    images = load_images("t10k", MODELS / "fashion-mnist")[0][:batch]
    if channels_last:
        network = network.to(memory_format=torch.channels_last)
        images = images.to(memory_format=torch.channels_last)
    parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
    targets = torch.randn(batch, 10, generator=torch.Generator().manual_seed(1)) * 3

    def step() -> float:
        started = time.perf_counter()
        logits = network(images)
        loss = distillation_loss(logits, targets) if name == "edge" else entropy_loss(logits)
        torch.autograd.grad(loss, parameters)
        return (time.perf_counter() - started) * 1000

    return step


def main() -> None:
    name, batch, threads, layer = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    torch.set_num_threads(threads)
    steps = {"contiguous": make_step(name, batch, layer, False), "channels_last": make_step(name, batch, layer, True)}
    trials = {form: sorted(step() for _ in range(5))[1] for form, step in steps.items()}
    best = min(trials, key=trials.get)
    print(json.dumps({"version": torch.__version__, "format": best}), flush=True)
    for _ in sys.stdin:
        print(steps[best](), flush=True)


if __name__ == "__main__":
    main()

"""The seed of each model in seeds.json: the best conditioned of the first few, so that a comparison sees mistakes and not rounding.

    python seeds.py [NAME ...]     # looks for the seeds again and writes seeds.json

Random weights make some networks mildly chaotic: PyTorch's own float32 gradients of an EfficientNet-B0 are 1e-5 to 6e-4 away from its
float64 ones, depending on the seed alone.
"""

import argparse
import json
from pathlib import Path

import torch
from torch import nn

from affines import NEGLIGIBLE, difference, gradients, trace
from architectures import ARCHITECTURES, Architecture
from kinks import avoid_kinks
from weights import randomize, samples, spread

BATCH = 4
FILE = Path(__file__).parent / "seeds.json"
GOOD, TRIES = 3e-5, 4


def seeds() -> dict[str, int]:
    return json.loads(FILE.read_text())


def build(architecture: Architecture, seed: int) -> tuple[nn.Module, torch.Tensor]:
    """The network in inference mode and its stored inputs, the same on every run."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed + 1000)
    network = architecture.build()
    randomize(network, [samples(8, architecture.shape, architecture.tokens, generator) for _ in range(3)])
    inputs = samples(BATCH, architecture.shape, architecture.tokens, generator)
    avoid_kinks(network, inputs)
    spread(network, inputs)
    return network, inputs


def float32_error(network: nn.Module, inputs: torch.Tensor) -> float:
    """Largest difference of a float32 gradient from the float64 one, of those that are not zero but for rounding."""
    layers = trace(network, inputs)
    exact, single = (gradients(network, layers, set(), inputs, dtype)[2] for dtype in (torch.float64, torch.float32))
    pairs = [(single[name][role], exact[name][role]) for name in exact for role in exact[name]]
    largest = max(b.abs().max() for _, b in pairs)
    return max(difference(a, b) for a, b in pairs if b.abs().max() > NEGLIGIBLE * largest)


def find(name: str) -> int:
    errors: list[float] = []
    while len(errors) < TRIES and min(errors, default=1) > GOOD:
        errors.append(float32_error(*build(ARCHITECTURES[name], len(errors))))
        print(f"{name}: seed {len(errors) - 1}, float32 error {errors[-1]:.1e}", flush=True)
    return errors.index(min(errors))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", default=list(ARCHITECTURES))
    torch.set_num_threads(1)
    for name in parser.parse_args().names:
        seed = find(name)
        # Read again each time, so that several of these can run beside one another.
        FILE.write_text(json.dumps({**(seeds() if FILE.exists() else {}), name: seed}, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()

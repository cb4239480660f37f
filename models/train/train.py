"""Trains one of the two networks on Fashion-MNIST and saves its weights.

    python train.py edge --epochs 12
    python train.py foundation --epochs 16 --strong --out first.pt
    python train.py foundation --epochs 8 --rate 0.08 --start first.pt

The augmentation is geometric only (flip, shift, rotation, scale, erasing): nothing in it resembles one of the 15
corruptions that renorm is evaluated on.
"""

import argparse
import math
import time
from pathlib import Path

import torch
import torch.nn.functional as F

from data import load
from networks import edge_network, foundation_network

NETWORKS = {"edge": edge_network, "foundation": foundation_network}


def augment(x: torch.Tensor, strong: bool, generator: torch.Generator) -> torch.Tensor:
    """Flip and shift by whole pixels, up to 2; `strong` adds rotation by up to 10 degrees, scale by 10%, and erasing."""
    n = x.shape[0]

    def uniform(low: float, high: float) -> torch.Tensor:
        return torch.rand(n, generator=generator) * (high - low) + low

    flip = torch.where(torch.rand(n, generator=generator) < 0.5, -1.0, 1.0)
    angle = uniform(-10, 10) * math.pi / 180 if strong else torch.zeros(n)
    scale = uniform(0.9, 1.1) if strong else torch.ones(n)
    pixel = 2 / 28

    def shift() -> torch.Tensor:
        return torch.randint(-2, 3, (n,), generator=generator) * pixel

    theta = torch.stack(
        [
            torch.stack([flip * scale * angle.cos(), -scale * angle.sin(), shift()], 1),
            torch.stack([flip * scale * angle.sin(), scale * angle.cos(), shift()], 1),
        ],
        1,
    )
    grid = F.affine_grid(theta, list(x.shape), align_corners=False)
    x = F.grid_sample(x, grid, align_corners=False)
    if strong:
        size = 8
        rows, columns = torch.arange(28)[None, :], torch.arange(28)[None, :]
        top, left = uniform(-size / 2, 28 - size / 2)[:, None], uniform(-size / 2, 28 - size / 2)[:, None]
        hit_rows = (rows >= top) & (rows < top + size)
        hit_columns = (columns >= left) & (columns < left + size)
        chosen = (torch.rand(n, generator=generator) < 0.7)[:, None, None]
        hole = (hit_rows[:, :, None] & hit_columns[:, None, :] & chosen).unsqueeze(1)
        x = x.masked_fill(hole, 0.0)
    return x


@torch.no_grad()
def accuracy(network, images, labels) -> float:
    network.eval()
    hits = sum((network(x).argmax(1) == y).sum().item() for x, y in zip(images.split(500), labels.split(500)))
    network.train()
    return hits / len(labels)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("network", choices=NETWORKS)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--strong", action="store_true")
    parser.add_argument("--rate", type=float, default=0.2)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start", type=Path, help="weights to go on from")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()

    torch.manual_seed(arguments.seed)
    torch.set_num_threads(arguments.threads)
    generator = torch.Generator().manual_seed(arguments.seed)
    images, labels = load("train")
    test_images, test_labels = load("t10k")
    network = NETWORKS[arguments.network]()
    if arguments.start:
        network.load_state_dict(torch.load(arguments.start))
    network = network.to(memory_format=torch.channels_last)
    average = torch.optim.swa_utils.AveragedModel(
        network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.998), use_buffers=True
    )
    batch = 128
    steps = len(images) // batch * arguments.epochs
    decayed = [p for p in network.parameters() if p.ndim > 1]
    free = [p for p in network.parameters() if p.ndim <= 1]
    optimizer = torch.optim.SGD(
        [{"params": decayed, "weight_decay": 5e-4}, {"params": free, "weight_decay": 0}],
        lr=arguments.rate, momentum=0.9, nesterov=True,
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, arguments.rate, steps, pct_start=0.2)
    out = arguments.out or Path(__file__).parent / f"{arguments.network}.pt"
    for epoch in range(arguments.epochs):
        started = time.time()
        order = torch.randperm(len(images), generator=generator)
        total = 0.0
        for index in order.split(batch)[: len(images) // batch]:
            x = augment(images[index], arguments.strong, generator).to(memory_format=torch.channels_last)
            with torch.autocast("cpu", torch.bfloat16):
                loss = F.cross_entropy(network(x), labels[index], label_smoothing=0.05)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
            average.update_parameters(network)
            total += loss.item()
        torch.save(average.module.state_dict(), out)
        print(
            f"epoch {epoch + 1} of {arguments.epochs}: loss {total / (len(images) // batch):.4f}, "
            f"test accuracy {100 * accuracy(average.module, test_images, test_labels):.2f}%, {time.time() - started:.0f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()

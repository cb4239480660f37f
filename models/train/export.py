"""Writes a trained network as ONNX: BatchNormalization left as it is, batch axis dynamic.

    python export.py edge edge.pt ../fashion-edge.onnx
"""

import argparse
from pathlib import Path

import onnx
import torch

from data import load
from networks import edge_network, foundation_network
from train import augment


@torch.no_grad()
def calibrate(network: torch.nn.Sequential) -> float:
    """Temperature scaling (Guo et al. 2017), folded into the last layer; returns the temperature.

    Training with smoothed labels leaves a network too unsure of itself, and selection goes by entropy. The temperature is the one of
    least negative log-likelihood on 10,000 augmented training images; the test images are not looked at.
    """
    images, labels = load("train")
    images = augment(images[-10000:], False, torch.Generator().manual_seed(0))
    logits = torch.cat([network(batch) for batch in images.split(500)])
    candidates = [0.2 + 0.01 * i for i in range(131)]
    losses = [torch.nn.functional.cross_entropy(logits / t, labels[-10000:]).item() for t in candidates]
    best = candidates[losses.index(min(losses))]
    network[-1].weight /= best
    network[-1].bias /= best
    return best


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("network", choices=["edge", "foundation"])
    parser.add_argument("weights", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    network = {"edge": edge_network, "foundation": foundation_network}[arguments.network]()
    network.load_state_dict(torch.load(arguments.weights))
    network = network.to(memory_format=torch.contiguous_format).eval()
    print(f"temperature {calibrate(network):.2f}")
    torch.onnx.export(
        network,
        (torch.zeros(2, 1, 28, 28),),
        arguments.out,
        dynamo=False,
        opset_version=17,
        # Both settings are needed: the exporter folds BatchNormalization into the convolution otherwise.
        training=torch.onnx.TrainingMode.PRESERVE,
        do_constant_folding=False,
        input_names=["images"],
        output_names=["logits"],
        dynamic_axes={"images": {0: "batch"}, "logits": {0: "batch"}},
    )
    model = onnx.load(arguments.out)
    onnx.checker.check_model(model, full_check=True)
    kinds = [node.op_type for node in model.graph.node]
    print(f"{arguments.out}: {len(kinds)} nodes, {kinds.count('BatchNormalization')} BatchNormalization")


if __name__ == "__main__":
    main()

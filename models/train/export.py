"""Writes a trained network as ONNX: BatchNormalization left as it is, batch axis dynamic.

    python export.py edge edge.pt ../fashion-edge.onnx
"""

import argparse
from pathlib import Path

import onnx
import torch

from networks import edge_network, foundation_network


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("network", choices=["edge", "foundation"])
    parser.add_argument("weights", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    network = {"edge": edge_network, "foundation": foundation_network}[arguments.network]()
    network.load_state_dict(torch.load(arguments.weights))
    network = network.to(memory_format=torch.contiguous_format).eval()
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

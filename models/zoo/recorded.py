"""The files that hold a model's inputs and gradients: a JSON header and raw little-endian numbers, readable without a library."""

import hashlib
import json
import os
from pathlib import Path

import numpy as np
import torch
from torch import nn

from affines import NEGLIGIBLE, Layer, difference, foldable, gradients


def write_json(path: Path, content) -> None:
    """Whole or not at all: others read while the zoo is being made."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(json.dumps(content, indent=1) + "\n")
    temporary.replace(path)


def digest(network: nn.Module) -> str:
    state = network.state_dict()
    return hashlib.sha256(b"".join(tensor.numpy().tobytes() for tensor in state.values())).hexdigest()


class Binary:
    """Tensors one after the other in one file."""

    def __init__(self):
        self.chunks: list[bytes] = []
        self.size = 0

    def add(self, tensor: torch.Tensor) -> dict:
        array = np.ascontiguousarray(tensor.detach().numpy())
        data = array.astype(array.dtype.newbyteorder("<")).tobytes()
        place = {"offset": self.size, "dtype": str(array.dtype), "shape": list(array.shape)}
        self.chunks.append(data)
        self.size += len(data)
        return place

    def write(self, path: Path) -> None:
        path.write_bytes(b"".join(self.chunks))


class Reference:
    """reference.json of a model, with inputs.bin and a gradients-*.bin for each set of folded BatchNorms that some export needs."""

    def __init__(self, name: str, network: nn.Module, layers: list[Layer], inputs: torch.Tensor, folder: Path):
        self.network, self.layers, self.inputs, self.folder = network, layers, inputs, folder
        self.path = folder / "reference.json"
        with torch.no_grad():
            self.logits = network.double()(inputs.double() if inputs.is_floating_point() else inputs)
        network.float()
        values = Binary()
        self.content = {
            "model": name,
            "loss": "mean over the batch of the entropy, in nats, of softmax(logits)",
            "file": "inputs.bin",
            "inputs": values.add(inputs),
            "logits": values.add(self.logits),
            "layers": [vars(layer) for layer in layers],
            "weights": digest(network),
            "gradients": {},
        }
        # Exports made by an earlier run refer to these.
        earlier = json.loads(self.path.read_text()) if self.path.exists() else {}
        if earlier.get("weights") == self.content["weights"]:
            self.content["gradients"] = earlier["gradients"]
        values.write(folder / "inputs.bin")
        write_json(self.path, self.content)

    def need(self, into: str) -> str:
        """Computes the gradients for BatchNorms folded `into` if they are not yet there, and returns their key in reference.json."""
        folded = foldable(self.layers, into)
        key = into if folded else "none"
        if key not in self.content["gradients"]:
            self.content["gradients"][key] = self.compute(key, folded)
            write_json(self.path, self.content)
        return key

    def compute(self, key: str, folded: set[str]) -> dict:
        loss, _, exact = gradients(self.network, self.layers, folded, self.inputs, torch.float64)
        _, _, single = gradients(self.network, self.layers, folded, self.inputs, torch.float32)
        largest = max(grad.abs().max().item() for roles in exact.values() for grad in roles.values())
        values, entries = Binary(), []
        for layer in self.layers:
            for role, grad in exact.get(layer.name, {}).items():
                size = grad.abs().max().item()
                entries.append(
                    {
                        "layer": layer.name,
                        "kind": layer.kind,
                        "folded": layer.name in folded,
                        "after": layer.after,
                        "role": role,
                        "channels": layer.channels,
                        **values.add(grad),
                        "max": size,
                        "zero": size < NEGLIGIBLE * largest,
                        "float32Error": difference(single[layer.name][role], grad),
                    }
                )
        file = f"gradients-{key}.bin"
        values.write(self.folder / file)
        errors = [entry["float32Error"] for entry in entries if not entry["zero"]]
        print(f"  {self.content['model']} {key}: loss {loss:.4f}, float32 error up to {max(errors):.1e}", flush=True)
        return {"file": file, "loss": loss, "float32Error": max(errors), "entries": entries}

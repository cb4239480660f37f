"""What an exported file holds: whether it computes what PyTorch does, and under which names the affines are found in it."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import numpy_helper

from affines import CONVOLUTIONS, Layer

CONVOLUTION_KINDS = {kind.__name__ for kind in CONVOLUTIONS}


def forward(path: Path, inputs: torch.Tensor) -> np.ndarray:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    (value,) = session.get_inputs()
    array = inputs.numpy().astype("float16") if value.type == "tensor(float16)" else inputs.numpy()
    return session.run(None, {value.name: array})[0]


def constants(model: onnx.ModelProto) -> list[tuple[str, np.ndarray]]:
    found = [(tensor.name, numpy_helper.to_array(tensor)) for tensor in model.graph.initializer]
    for node in model.graph.node:
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            found.append((node.output[0], numpy_helper.to_array(node.attribute[0].t)))
    return found


def parameter_names(model: onnx.ModelProto, parameters: dict[str, torch.Tensor]) -> dict[str, str]:
    """For each parameter, by its PyTorch name, the initializer or constant with exactly its values; those without one are left out."""
    by_value = {array.tobytes(): name for name, array in reversed(constants(model)) if array.dtype == np.float32}
    values = {name: by_value.get(tensor.detach().numpy().tobytes()) for name, tensor in parameters.items()}
    return {name: found for name, found in values.items() if found}


def convolution_names(model: onnx.ModelProto, layers: list[Layer]) -> dict[str, str]:
    """For each convolution module the name of its Conv node: both are in the order of execution."""
    modules = [layer for layer in layers if layer.kind in CONVOLUTION_KINDS]
    nodes = [node for node in model.graph.node if node.op_type == "Conv"]
    assert len(modules) == len(nodes), f"{len(modules)} convolutions, {len(nodes)} Conv nodes"
    arrays = dict(constants(model))
    for module, node in zip(modules, nodes, strict=True):
        if node.input[1] in arrays:
            assert arrays[node.input[1]].shape[0] == module.channels, f"{node.name} is not {module.name}"
    return {module.name: node.name or node.output[0] for module, node in zip(modules, nodes, strict=True)}

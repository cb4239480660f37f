"""Pattern models that no exporter writes by itself: float16, quantized, and with the weights in a second file."""

from pathlib import Path

import onnx
import torch
from onnx import helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from torch import nn
from torch.nn import functional as F

from affines import Layer, entropy


def float16(network: nn.Module, inputs: torch.Tensor, path: Path) -> None:
    """Rounds the float32 tensors of the file, and makes input and output float16, as ONNX converters do."""
    model = onnx.load(path)
    for tensor in model.graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT:
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype("float16"), tensor.name))
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.elem_type = onnx.TensorProto.FLOAT16
    del model.graph.value_info[:]
    onnx.save(model, path)


class Samples(CalibrationDataReader):
    def __init__(self, name: str, inputs: torch.Tensor):
        self.batches = iter([{name: inputs.numpy()}])

    def get_next(self):
        return next(self.batches, None)


def quantized(network: nn.Module, inputs: torch.Tensor, path: Path) -> None:
    """8 bits for activations, and for weights by channel, as onnxruntime's static quantization writes it."""
    whole = path.with_suffix(".float.onnx")
    path.rename(whole)
    quantize_static(
        str(whole),
        str(path),
        Samples("input", inputs),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    )
    whole.unlink()


def external(network: nn.Module, inputs: torch.Tensor, path: Path) -> None:
    # onnx.save would append to what is there.
    path.with_suffix(".bin").unlink(missing_ok=True)
    onnx.save(onnx.load(path), path, save_as_external_data=True, location=path.stem + ".bin", size_threshold=0)


def strip(path: Path) -> None:
    """Takes out the source lines that the dynamo exporter notes on every node: most of a small file, and paths of this machine."""
    model = onnx.load(path)
    for part in (model, model.graph, *model.graph.node, *model.graph.value_info, *model.graph.input, *model.graph.output, *model.graph.initializer):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    # The TorchScript exporter's names are long. Those of initializers stay: they say which parameter it is.
    short = {value.name: value.name for value in model.graph.output}
    for index, node in enumerate(model.graph.node):
        node.name = f"{node.op_type}_{index}"
        node.input[:] = [short.get(name, name) for name in node.input]
        for name in node.output:
            short.setdefault(name, f"v{len(short)}" if name else "")
        node.output[:] = [short[name] for name in node.output]
    # Also of shapes noted for values that are now called otherwise.
    del model.graph.value_info[:]
    onnx.save(model, path)


EDITS = {"float16": float16, "quantized": quantized, "external": external}


def file_gradients(model: onnx.ModelProto, layers: list[Layer], inputs: torch.Tensor, dtype: torch.dtype):
    """As affines.gradients, by the file's own nodes, because the file alone has the rounded weights. A scale and a shift follow each Conv.

    Quantization is straight-through, as in torch.fake_quantize: rounding passes the gradient on, saturated values stop it.
    """
    values = {t.name: number(torch.from_numpy(numpy_helper.to_array(t).copy()), dtype) for t in model.graph.initializer}
    values[model.graph.input[0].name] = inputs.to(dtype)
    names = iter([layer.name for layer in layers if layer.kind.startswith("BatchNorm")])
    found: dict[str, dict[str, torch.Tensor]] = {}
    for node in model.graph.node:
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        args = [values.get(name) for name in node.input]
        y = step(node.op_type, args, attributes, dtype)
        if node.op_type == "Conv":
            scale, shift = (f(y.shape[1], dtype=dtype, requires_grad=True) for f in (torch.ones, torch.zeros))
            found[next(names)] = {"gamma": scale, "beta": shift}
            y = y * scale.view(1, -1, 1, 1) + shift.view(1, -1, 1, 1)
        values[node.output[0]] = y
    logits = values[model.graph.output[0].name]
    loss = entropy(logits).mean()
    loss.backward()
    return loss.item(), logits.detach(), {name: {role: p.grad for role, p in roles.items()} for name, roles in found.items()}


def number(tensor: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    return tensor.to(dtype) if tensor.is_floating_point() else tensor


def step(kind: str, args: list, attributes: dict, dtype: torch.dtype) -> torch.Tensor:
    match kind:
        case "QuantizeLinear":
            return Quantize.apply(args[0], args[1].to(dtype), args[2])
        case "DequantizeLinear":
            x, scale, zero = args
            shape = [1] * x.dim()
            if scale.dim():
                shape[attributes.get("axis", 1)] = -1
            zero = zero if zero is not None else torch.zeros(())
            x = x if x.is_floating_point() else x.to(dtype)
            return (x - zero.to(dtype).view(shape if zero.dim() else ())) * scale.to(dtype).view(shape if scale.dim() else ())
        case "Conv":
            (before, _, after, _), stride = attributes["pads"], attributes["strides"]
            assert before == after
            return F.conv2d(args[0], args[1], args[2], stride, before)
        case "Relu":
            return args[0].relu()
        case "GlobalAveragePool":
            return args[0].mean((2, 3), keepdim=True)
        case "Flatten":
            return args[0].flatten(1)
        case "Gemm":
            return args[0] @ (args[1].T if attributes.get("transB") else args[1]) + args[2]
    raise NotImplementedError(kind)


class Quantize(torch.autograd.Function):
    """Keeps the integers in floating point, so that a gradient can pass."""

    @staticmethod
    def forward(ctx, x, scale, zero):
        limits = torch.iinfo(zero.dtype)
        # In float32, as the runtime divides: float64 would round some values to the other side.
        q = (x.float() / scale.float()).round().to(x.dtype) + zero.to(x.dtype)
        ctx.save_for_backward((q >= limits.min) & (q <= limits.max), scale)
        return q.clamp(limits.min, limits.max)

    @staticmethod
    def backward(ctx, grad):
        inside, scale = ctx.saved_tensors
        return grad * inside / scale, None, None

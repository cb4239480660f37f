"""The other side of `pnpm bench zoo`: models of the zoo as ONNX files with any batch, and their training step in PyTorch eager.

    python bench.py export resnet18 FOLDER               # FOLDER/resnet18-training.onnx (nothing folded), -plain.onnx (all folded)
    python bench.py chain 1000 FILE                      # a chain of BatchNormalization and Relu nodes
    python bench.py step resnet18 32 2 fused             # model, batch, threads, form: times one step for each line on standard input
    python bench.py memory resnet18 32 2 fused contiguous 3  # memory that 3 steps take, in bytes

A step is the forward pass, the mean entropy, and the gradients of every affine that our graph trains. Forms: "elementary" writes batch
renormalisation as the formula says it, "fused" puts it onto PyTorch's fused batch normalization (train/fused.py), "forward" is inference alone.
"""

import json
import sys
import time
from pathlib import Path

import onnx
import torch
from onnx import helper, numpy_helper
from torch import nn

from affines import Scaled, replace, trace, trainable
from architectures import ARCHITECTURES
from exporters import Variant, export
from weights import randomize, samples

sys.path.append(str(Path(__file__).parent.parent / "train"))
from fused import FusedBatchRenormalization  # noqa: E402
from reference import BatchRenormalization, entropy  # noqa: E402

FORMATS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}


def build(name: str, batch: int) -> tuple[nn.Module, torch.Tensor]:
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(1)
    architecture = ARCHITECTURES[name]
    network = architecture.build()
    randomize(network, [samples(4, architecture.shape, architecture.tokens, generator)])
    return network, samples(batch, architecture.shape, architecture.tokens, generator)


def prepare(network: nn.Module, inputs: torch.Tensor, form: str) -> tuple[nn.Module, list[nn.Parameter]]:
    """The network in which what our gradient graph trains requires gradients, and nothing else does."""
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    if form == "forward":
        return network, []
    network, found = trainable(network, trace(network, inputs[:1]), set())
    for name, module in found.items():
        if isinstance(module, Scaled):
            # The exports here fold nothing, so ours inserts no scale and shift either.
            module.weight.requires_grad_(False)
            module.bias.requires_grad_(False)
            replace(network, name, module.module)
        elif form == "fused" and isinstance(module, BatchRenormalization):
            replace(network, name, FusedBatchRenormalization(module))
    parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
    return network, parameters


def make_step(name: str, batch: int, form: str, memory_format: str):
    """A function that makes one step and returns its milliseconds, on the clock and of the processor, and the number of gradients."""
    network, inputs = build(name, batch)
    network, parameters = prepare(network, inputs, form)
    if inputs.dim() == 4:
        network = network.to(memory_format=FORMATS[memory_format])
        inputs = inputs.to(memory_format=FORMATS[memory_format])

    def step() -> tuple[float, float]:
        started, processor = time.perf_counter(), time.process_time()
        with torch.set_grad_enabled(form != "forward"):
            logits = network(inputs)
            if parameters:
                torch.autograd.grad(entropy(logits).mean(), parameters)
        return (time.perf_counter() - started) * 1000, (time.process_time() - processor) * 1000

    return step, len(parameters)


def run_steps(name: str, batch: int, threads: int, form: str) -> None:
    torch.set_num_threads(threads)
    trials = {}
    for memory_format in FORMATS if len(ARCHITECTURES[name].shape) == 3 else ["contiguous"]:
        step, count = make_step(name, batch, form, memory_format)
        step()
        # Of the processor and not on the clock: it is less disturbed by what else runs.
        trials[memory_format] = (min(step()[1] for _ in range(2)), memory_format)
        del step
    best = min(trials.values())[1]
    step, count = make_step(name, batch, form, best)
    print(json.dumps({"version": torch.__version__, "format": best, "gradients": count}), flush=True)
    for _ in sys.stdin:
        print(*step(), flush=True)


def status(field: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"/proc/self/status has no {field}")


def run_memory(name: str, batch: int, threads: int, form: str, memory_format: str, steps: int) -> None:
    torch.set_num_threads(threads)
    step, _ = make_step(name, batch, form, memory_format)
    # Resets the high-water mark to what is resident now, so that building the network does not count.
    Path("/proc/self/clear_refs").write_text("5")
    before = status("VmRSS")
    for _ in range(steps):
        step()
    print(json.dumps({"before": before, "peak": status("VmHWM"), "after": status("VmRSS")}), flush=True)


def run_export(name: str, folder: Path) -> None:
    network, inputs = build(name, 2)
    folder.mkdir(parents=True, exist_ok=True)
    for role, variant in (("training", "ts-17-unfolded-dynamic"), ("plain", "ts-17-folded-dynamic")):
        path = folder / f"{name}-{role}.onnx"
        temporary = path.with_suffix(".partial")
        export(network, inputs, Variant.parse(variant), temporary)
        temporary.replace(path)


def run_chain(count: int, path: Path, channels: int = 4) -> None:
    """`count` nodes, alternately BatchNormalization and Relu, then a global mean: [batch, channels, 8, 8] to [batch, channels]."""
    nodes, tensors, last = [], [], "input"
    for index in range(count):
        output = f"value{index}"
        if index % 2 == 0:
            names = [f"norm{index}.{field}" for field in ("weight", "bias", "mean", "variance")]
            values = [torch.full((channels,), value) for value in (1.0, 0.5, 0.1, 1.0)]
            tensors += [numpy_helper.from_array(value.numpy(), own) for own, value in zip(names, values, strict=True)]
            nodes.append(helper.make_node("BatchNormalization", [last, *names], [output], f"norm{index}"))
        else:
            nodes.append(helper.make_node("Relu", [last], [output], f"relu{index}"))
        last = output
    nodes.append(helper.make_node("GlobalAveragePool", [last], ["pooled"], "pool"))
    nodes.append(helper.make_node("Flatten", ["pooled"], ["logits"], "flatten"))
    float32 = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        f"chain of {count}",
        [helper.make_tensor_value_info("input", float32, ["batch", channels, 8, 8])],
        [helper.make_tensor_value_info("logits", float32, ["batch", channels])],
        tensors,
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def main(command: str, *args: str) -> None:
    if command == "export":
        run_export(args[0], Path(args[1]))
    elif command == "chain":
        run_chain(int(args[0]), Path(args[1]))
    elif command == "step":
        run_steps(args[0], int(args[1]), int(args[2]), args[3])
    elif command == "memory":
        run_memory(args[0], int(args[1]), int(args[2]), args[3], args[4], int(args[5]))
    else:
        raise SystemExit(__doc__)


if __name__ == "__main__":
    main(*sys.argv[1:])

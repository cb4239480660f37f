"""Checks the codec against proto/vectors: python test/conformance/python/test_vectors.py"""

import json
import pathlib

import messages as generated
from delta import Model, Refused, apply_version
from samples import decode as decode_sample

VECTORS = pathlib.Path(__file__).resolve().parents[3] / "proto/vectors"


def read(name: str) -> bytes:
    return (VECTORS / name).read_bytes()


def main() -> None:
    messages = generated.load()
    layout = json.loads(read("layout.json"))
    model = Model(layout, read("0.f32"))
    assert [tensor.unit_exponent for tensor in model.tensors] == [entry["unitExponent"] for entry in layout]
    states = {0: model.initial}
    versions = json.loads(read("versions.json"))
    for entry in versions:
        held = states[entry["parent"] or 0]
        state = apply_version(model, held, messages.Version.FromString(read(entry["file"])))
        assert state.digest.hex() == entry["digest"], entry["file"]
        assert state.values == read(f"{entry['number']}.f32"), entry["file"]
        states[entry["number"]] = state
    refused = json.loads(read("refused.json"))
    for entry in refused:
        try:
            apply_version(model, states[entry["held"]], messages.Version.FromString(read(entry["file"])))
        except Refused:
            continue
        raise AssertionError(f"{entry['file']} was taken: {entry['why']}")
    samples = json.loads(read("samples.json"))
    for entry in samples:
        sample = messages.Sample.FromString(read(entry["file"]))
        assert decode_sample(sample) == read(entry["values"]), entry["file"]
        said = {field.name: value for field, value in sample.selection.ListFields()}
        assert said == entry.get("selection", {}), entry["file"]
    print(f"{len(samples)} samples and {len(versions)} versions decoded to the bit, {len(refused)} refused")


if __name__ == "__main__":
    main()

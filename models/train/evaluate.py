"""Prints the clean accuracy of both committed models over the 10,000 test images, computed by onnxruntime."""

import onnxruntime

from data import load
from reference import MODELS


def main() -> None:
    images, labels = load("t10k", MODELS / "fashion-mnist")
    for name in ("edge", "foundation"):
        session = onnxruntime.InferenceSession(MODELS / f"fashion-{name}.onnx", providers=["CPUExecutionProvider"])
        hits = 0
        for x, y in zip(images.split(500), labels.split(500), strict=True):
            (logits,) = session.run(None, {"images": x.numpy()})
            hits += int((logits.argmax(1) == y.numpy()).sum())
        print(f"{name}: {100 * hits / len(labels):.2f}%")


if __name__ == "__main__":
    main()

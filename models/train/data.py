"""Fashion-MNIST (MIT licence) as Debian packages it: apt-get install dataset-fashion-mnist."""

import gzip
from pathlib import Path

import numpy as np
import torch

FOLDER = Path("/usr/share/datasets/fashion-mnist")


def read_idx(path: Path) -> np.ndarray:
    """One IDX file: magic, sizes as big-endian uint32, then bytes."""
    raw = gzip.decompress(path.read_bytes())
    dimensions = raw[3]
    shape = np.frombuffer(raw, ">u4", dimensions, 4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * dimensions).reshape(shape)


def load(part: str, folder: Path = FOLDER) -> tuple[torch.Tensor, torch.Tensor]:
    """part is 'train' or 't10k'. Returns images float32 [N, 1, 28, 28] in [0, 1] and labels int64 [N]."""
    images = read_idx(folder / f"{part}-images-idx3-ubyte.gz")
    labels = read_idx(folder / f"{part}-labels-idx1-ubyte.gz")
    return torch.from_numpy(images.copy()).unsqueeze(1).float() / 255, torch.from_numpy(labels.astype(np.int64))

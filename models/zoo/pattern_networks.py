"""Tiny networks, each around one pattern that exporters write: the test suite's models, which has no Python to make its own."""

import torch
from torch import nn
from torchvision.models.convnext import CNBlock
from torchvision.models.densenet import _DenseLayer
from torchvision.models.mobilenetv3 import InvertedResidual, InvertedResidualConfig
from torchvision.models.shufflenetv2 import InvertedResidual as ShuffleUnit
from torchvision.models.swin_transformer import ShiftedWindowAttention

from own_networks import Block

CLASSES = 5


class Tokens(nn.Module):
    """One transformer layer over [batch, 6, 12], then a normalization, the mean over the tokens, and a linear layer."""

    def __init__(self, norm, act, width: int = 12):
        super().__init__()
        self.block = Block(width, 2, norm, act)
        self.norm = norm(width)
        self.head = nn.Linear(width, CLASSES)

    def forward(self, x):
        return self.head(self.norm(self.block(x)).mean(1))


class Dense(nn.Module):
    """Two DenseNet layers: each takes all earlier outputs, concatenated, and its first BatchNorm follows no convolution."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1, bias=False)
        self.layers = nn.ModuleList([_DenseLayer(8 + 4 * i, 4, 2, 0.0) for i in range(2)])
        self.norm = nn.BatchNorm2d(16)
        self.act = nn.ReLU()
        self.head = nn.Linear(16, CLASSES)

    def forward(self, x):
        features = [self.stem(x)]
        for layer in self.layers:
            features.append(layer(features))
        return self.head(self.act(self.norm(torch.cat(features, 1))).mean((2, 3)))


def around(*body: nn.Module, into: int = 8, out: int = 8, norm=nn.BatchNorm2d) -> nn.Sequential:
    """A convolution with `norm` before the body; a global mean and a linear layer after it."""
    stem = [nn.Conv2d(3, into, 3, padding=1, bias=False), norm(into), nn.ReLU()]
    return nn.Sequential(*stem, *body, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(out, CLASSES))


def group(channels: int) -> nn.GroupNorm:
    return nn.GroupNorm(2, channels)


def instance(channels: int) -> nn.InstanceNorm2d:
    return nn.InstanceNorm2d(channels, affine=True)


def plain(norm=nn.BatchNorm2d) -> nn.Sequential:
    return around(nn.Conv2d(8, 12, 3, stride=2, padding=1), norm(12), nn.ReLU(), out=12, norm=norm)


def grouped() -> nn.Sequential:
    """A grouped, a dilated and a depthwise convolution."""
    return around(
        nn.Conv2d(8, 8, 3, padding=2, dilation=2, groups=2, bias=False), nn.BatchNorm2d(8), nn.ReLU6(),
        nn.Conv2d(8, 8, 3, stride=2, padding=1, groups=8, bias=False), nn.BatchNorm2d(8),
        nn.Conv2d(8, 8, 1, bias=False), nn.BatchNorm2d(8), nn.SiLU(),
    )  # fmt: skip


def pooled() -> nn.Sequential:
    return around(nn.MaxPool2d(3, 2, 1), nn.Conv2d(8, 8, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.AvgPool2d(2))


def convnext() -> nn.Sequential:
    return around(CNBlock(8, 0.2, 0.0), norm=instance)


def squeeze() -> nn.Sequential:
    """MobileNetV3's block: squeeze and excitation with HardSigmoid, activation HardSwish."""
    config = InvertedResidualConfig(8, 5, 16, 8, True, "HS", 1, 1, 1.0)
    return around(InvertedResidual(config, nn.BatchNorm2d))


def shuffled() -> nn.Sequential:
    return around(ShuffleUnit(8, 8, 1), ShuffleUnit(8, 16, 2), out=16)


class Window(nn.Module):
    """Swin: attention in windows of 4 by 4, rolled by 2, over 8 by 8 patches."""

    def __init__(self, width: int = 8):
        super().__init__()
        self.patches = nn.Conv2d(3, width, 2, stride=2)
        self.norm1 = nn.LayerNorm(width)
        self.attention = ShiftedWindowAttention(width, [4, 4], [2, 2], 2)
        self.norm2 = nn.LayerNorm(width)
        self.head = nn.Linear(width, CLASSES)

    def forward(self, x):
        x = self.patches(x).permute(0, 2, 3, 1)
        x = x + self.attention(self.norm1(x))
        return self.head(self.norm2(x).mean((1, 2)))


def sound() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv1d(1, 8, 8, stride=4), nn.BatchNorm1d(8), nn.ReLU(), nn.MaxPool1d(4),
        nn.Conv1d(8, 8, 3, padding=1), nn.BatchNorm1d(8), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(8, CLASSES),
    )  # fmt: skip


def perceptron() -> nn.Sequential:
    return nn.Sequential(nn.Linear(12, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 16), nn.BatchNorm1d(16), nn.GELU(), nn.Linear(16, CLASSES))


def volume() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv3d(2, 6, 3, padding=1, bias=False), nn.BatchNorm3d(6), nn.ReLU(), nn.MaxPool3d(2),
        nn.Conv3d(6, 8, 3, padding=1, bias=False), nn.BatchNorm3d(8), nn.ReLU(), nn.AdaptiveAvgPool3d(1), nn.Flatten(), nn.Linear(8, CLASSES),
    )  # fmt: skip

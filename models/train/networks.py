"""The two networks of the demonstration: a ResNet-20 for the device and a wider residual network for the cloud.

Both take float32 images [N, 1, 28, 28] with values in [0, 1] and return logits [N, 10]. The normalization layers are
BatchNorm2d throughout, because they are what renorm adapts.
"""

from torch import nn


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut (He et al. 2016, option B where the shape changes)."""

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        changes = stride != 1 or inputs != outputs
        self.shortcut = (
            nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
            if changes
            else nn.Identity()
        )
        self.activation = nn.ReLU()

    def forward(self, x):
        return self.activation(self.body(x) + self.shortcut(x))


def residual_network(stem: int, stages: list[tuple[int, int, int]], classes: int = 10) -> nn.Sequential:
    """stages: (width, number of blocks, stride of the first block)."""
    layers = [nn.Conv2d(1, stem, 3, 1, 1, bias=False), nn.BatchNorm2d(stem), nn.ReLU()]
    width = stem
    for outputs, blocks, stride in stages:
        for block in range(blocks):
            layers.append(ResidualBlock(width, outputs, stride if block == 0 else 1))
            width = outputs
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, classes)]
    return nn.Sequential(*layers)


def edge_network() -> nn.Sequential:
    """ResNet-20, 0.27 M parameters, 784 normalized channels."""
    return residual_network(16, [(16, 3, 1), (32, 3, 2), (64, 3, 2)])


def foundation_network() -> nn.Sequential:
    """2.6 M parameters, 1,952 normalized channels; most of the arithmetic at 14x14 and 7x7."""
    return residual_network(32, [(128, 2, 2), (256, 2, 2)])

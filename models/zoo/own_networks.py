"""Networks that no model library has in the form that we want to test: one for each normalization, and small ones for sound and text."""

import torch
from torch import nn
from torch.nn import functional

attention_as_one_operator = True
"""Whether attention is scaled_dot_product_attention, which the TorchScript exporter knows from opset 14, or its parts."""


def use_fused_attention(value: bool) -> None:
    global attention_as_one_operator
    attention_as_one_operator = value


class OwnRMSNorm(nn.RMSNorm):
    """As language models write it out; the TorchScript exporter knows no other."""

    def __init__(self, width: int):
        super().__init__(width, eps=1e-6)

    def forward(self, x):
        return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps))


class Attention(nn.Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x):
        batch, length, width = x.shape
        q, k, v = self.qkv(x).reshape(batch, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        if attention_as_one_operator:
            y = functional.scaled_dot_product_attention(q, k, v)
        else:
            y = ((q * q.shape[-1] ** -0.5) @ k.transpose(-2, -1)).softmax(-1) @ v
        return self.out(y.transpose(1, 2).reshape(batch, length, width))


class Block(nn.Module):
    """A transformer layer that normalizes before attention and before the two-layer perceptron."""

    def __init__(self, width: int, heads: int, norm=nn.LayerNorm, act=nn.GELU):
        super().__init__()
        self.norm1, self.attention = norm(width), Attention(width, heads)
        self.norm2 = norm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), act(), nn.Linear(4 * width, width))

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class TextClassifier(nn.Module):
    """Token ids, int64 [batch, length], to logits [batch, classes]."""

    def __init__(self, norm=nn.LayerNorm, act=nn.GELU, vocabulary=2000, width=128, heads=4, depth=4, length=64, classes=20):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, width)
        self.positions = nn.Parameter(torch.randn(length, width) * 0.2)
        self.blocks = nn.Sequential(*[Block(width, heads, norm, act) for _ in range(depth)])
        self.norm = norm(width)
        self.head = nn.Linear(width, classes)

    def forward(self, ids):
        x = self.blocks(self.tokens(ids) + self.positions)
        return self.head(self.norm(x).mean(1))


class AudioClassifier(nn.Module):
    """Raw wave [batch, 1, samples] to logits, after M5 (Dai et al. 2017, "Very deep convolutional neural networks for raw waveforms")."""

    def __init__(self, classes: int = 35, width: int = 64):
        super().__init__()
        layers, channels = [], 1
        for index, out in enumerate((width, width, 2 * width, 4 * width)):
            kernel = dict(kernel_size=80, stride=16) if index == 0 else dict(kernel_size=3, padding=1)
            layers += [nn.Conv1d(channels, out, **kernel), nn.BatchNorm1d(out), nn.ReLU(), nn.MaxPool1d(4)]
            channels = out
        self.features = nn.Sequential(*layers)
        self.head = nn.Linear(channels, classes)

    def forward(self, wave):
        return self.head(self.features(wave).mean(-1))


def convolutional(norm, conv, channels: int, width: int, classes: int, depth: int = 4) -> nn.Sequential:
    """Strided convolutions, each with `norm` and ReLU, of the rank of `conv`; global mean and one linear layer."""
    layers = []
    for index in range(depth):
        out = width * 2 ** min(index, 2)
        layers += [conv(channels, out, 3, stride=2 if index else 1, padding=1, bias=False), norm(out), nn.ReLU()]
        channels = out
    rank = {nn.Conv1d: 1, nn.Conv2d: 2, nn.Conv3d: 3}[conv]
    pool = {1: nn.AdaptiveAvgPool1d, 2: nn.AdaptiveAvgPool2d, 3: nn.AdaptiveAvgPool3d}[rank](1)
    return nn.Sequential(*layers, pool, nn.Flatten(), nn.Linear(channels, classes))


def perceptron(inputs: int = 64, width: int = 128, classes: int = 10) -> nn.Sequential:
    layers = [nn.Linear(inputs, width), nn.BatchNorm1d(width), nn.ReLU()]
    for _ in range(2):
        layers += [nn.Linear(width, width), nn.BatchNorm1d(width), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(width, classes))

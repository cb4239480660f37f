"""The models of the zoo: how each is built, what goes in, and which exports are made of it."""

from dataclasses import dataclass
from functools import partial
from typing import Callable

import timm
import torchvision
from torch import nn

import own_networks as own

IMAGE = (3, 224, 224)

# Each family of exports has opset 13 and 17 of the TorchScript exporter and 18 of the dynamo exporter first. Not the full cross product:
# every exporter, opset, folding and batch occurs with convolutional and with attention models.
EXPORTS = {
    "a": "ts-13-folded-dynamic ts-17-unfolded-static dynamo-18-folded-dynamic ts-11-unfolded-dynamic dynamo-21-unfolded-static",
    "b": "ts-13-unfolded-dynamic ts-17-folded-dynamic dynamo-18-unfolded-dynamic ts-16-folded-static dynamo-20-folded-static-external",
    "c": "ts-13-folded-static ts-17-unfolded-dynamic dynamo-18-folded-static ts-11-folded-dynamic ts-16-unfolded-dynamic dynamo-20-unfolded-dynamic",
}


@dataclass(frozen=True)
class Architecture:
    build: Callable[[], nn.Module]
    shape: tuple[int, ...] = IMAGE
    exports: str = "a"
    more: str = ""
    tokens: int = 0
    """Above 0: the input is int64 ids below this number instead of float32."""

    def variants(self) -> list[str]:
        return f"{EXPORTS[self.exports]} {self.more}".split()


def vision(name: str, exports: str, more: str = "") -> Architecture:
    return Architecture(partial(torchvision.models.get_model, name, weights=None), IMAGE, exports, more)


def timm_model(name: str, exports: str, more: str = "") -> Architecture:
    return Architecture(partial(timm.create_model, name, pretrained=False), IMAGE, exports, more)


def normalized(norm, exports: str, more: str = "") -> Architecture:
    return Architecture(partial(own.convolutional, norm, nn.Conv2d, 3, 32, 20), (3, 64, 64), exports, more)


# The first six are those that most of our tests look at, and are made first.
ARCHITECTURES: dict[str, Architecture] = {
    "resnet18": vision("resnet18", "a", "ts-16-folded-static"),
    "mobilenet-v2": vision("mobilenet_v2", "b"),
    "efficientnet-b0": vision("efficientnet_b0", "a", "ts-13-unfolded-dynamic"),
    "convnext-t": vision("convnext_tiny", "c"),
    "vit-s16": timm_model("vit_small_patch16_224", "a", "ts-16-folded-static"),
    "swin-t": vision("swin_t", "c"),
    "mobilenet-v3-l": vision("mobilenet_v3_large", "c"),
    "resnet50": vision("resnet50", "b"),
    "densenet121": vision("densenet121", "a"),
    "shufflenet-v2": vision("shufflenet_v2_x1_0", "c"),
    "regnet-y-400mf": vision("regnet_y_400mf", "b"),
    "regnet-x-400mf": vision("regnet_x_400mf", "a"),
    "mixer-s16": timm_model("mixer_s16_224", "b"),
    "deit-s": timm_model("deit_small_patch16_224", "b"),
    "resnet101": vision("resnet101", "c"),
    "audio-m5": Architecture(own.AudioClassifier, (1, 8000), "a", "ts-16-folded-static"),
    "text": Architecture(own.TextClassifier, (64,), "c", tokens=2000),
    "group-norm": normalized(partial(nn.GroupNorm, 4), "c", "dynamo-21-folded-static"),
    "instance-norm": normalized(partial(nn.InstanceNorm2d, affine=True), "a"),
    "rms-norm": Architecture(partial(own.TextClassifier, nn.RMSNorm, nn.SiLU), (64,), "b", "dynamo-23-folded-dynamic", 2000),
    "rms-norm-own": Architecture(partial(own.TextClassifier, own.OwnRMSNorm, nn.SiLU), (64,), "c", tokens=2000),
    "video": Architecture(partial(own.convolutional, nn.BatchNorm3d, nn.Conv3d, 3, 16, 20), (3, 8, 32, 32), "b", "dynamo-21-folded-dynamic"),
    "perceptron": Architecture(own.perceptron, (64,), "c"),
}

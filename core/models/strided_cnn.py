"""The notebook's stack: every convolution halves the map, until one pixel a class is left.

Six layers on MNIST's 28×28 (28 → 14 → 7 → 4 → 2 → 1 → 1), eight on the 128×128 cats and dogs.
"""

import math
from typing import Annotated

from torch import nn

from core.models.spec import ModelSpec, models
from core.registry import Setting, Value, settings_of


def conv_block(in_channels: int, out_channels: int, *, kernel: int, batch_norm: bool) -> nn.Sequential:
    """Return a convolution of stride 2 and padding kernel // 2, BatchNorm if wanted, and ReLU.

    A map of n×n becomes ceil(n / 2)×ceil(n / 2). The bias is left out where BatchNorm's own shift follows.
    """
    layers: list[nn.Module] = [
        nn.Conv2d(in_channels, out_channels, kernel, stride=2, padding=kernel // 2, bias=not batch_norm)
    ]
    if batch_norm:
        layers.append(nn.BatchNorm2d(out_channels))
    layers.append(nn.ReLU())
    return nn.Sequential(*layers)


def strided_cnn(
    *,
    in_channels: int,
    image_size: int,
    classes: int,
    channels: Annotated[
        tuple[int, ...],
        Setting(low=1, high=512, unit="filters", help="Filters of each layer; one more layer gives the logits."),
    ] = (8, 16, 32, 64, 128),
    kernel: Annotated[int, Setting(low=3, high=7, step=2, unit="px", help="Side of every kernel; odd.")] = 3,
    batch_norm: Annotated[bool, Setting(help="Normalise each channel over the batch after every convolution.")] = True,
    dropout: Annotated[
        float, Setting(low=0.0, high=0.9, step=0.05, help="Share of features set to zero before the last layer.")
    ] = 0.0,
) -> nn.Sequential:
    """Return len(channels) + 1 convolutions of stride 2; the last one's maps are the logits.

    A map larger than 1×1 at the end is averaged, so any image size works; a 1×1 map passes unchanged.
    """
    layers: list[nn.Module] = []
    width = in_channels
    for out_channels in channels:
        layers.append(conv_block(width, out_channels, kernel=kernel, batch_norm=batch_norm))
        width = out_channels
    if dropout:
        layers.append(nn.Dropout(dropout))
    layers.append(nn.Conv2d(width, classes, kernel, stride=2, padding=kernel // 2))
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())


def suggest(*, channels: int, image_size: int) -> dict[str, Value]:
    """Return as many layers as it takes to come down to one pixel, wider and with dropout for large images."""
    halvings = math.ceil(math.log2(image_size))
    if image_size > 48:
        return {"channels": (32, 64, 128, 128, 256, 256, 256, 256, 256)[:halvings], "dropout": 0.25}
    widths = (8, 16, 32, 64, 128, 128) if channels == 1 else (32, 64, 128, 128, 256, 256)
    return {"channels": widths[:halvings]}


models.add(
    "strided_cnn",
    ModelSpec(
        name="strided_cnn",
        title="Strided CNN",
        summary="The notebook's stack of stride-2 convolutions: each halves the map; what is left are the logits.",
        build=strided_cnn,
        settings=settings_of(strided_cnn),
        suggest=suggest,
    ),
)

"""Pooling worked through: which values a window holds, and the one number that is kept of them.

As nn.MaxPool2d, nn.AvgPool2d and nn.AdaptiveAvgPool2d(1) do it: nothing is learned, each channel is pooled by itself.
"""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from core.explain.sizes.output_size import output_sizes

Pooling = Literal["max", "average", "global"]
POOLINGS: tuple[Pooling, ...] = ("max", "average", "global")


def pool(values: Tensor, kind: Pooling, *, size: int = 2, stride: int = 2) -> Tensor:
    """Return what pooling leaves of a map (H, W): (H', W'), or (1, 1) for "global", which takes the mean of all.

    Raises ConfigError for a window that does not fit the map.
    """
    if kind == "global":
        return values.mean().reshape(1, 1)
    output_sizes(values.shape[0], values.shape[1], size, stride=stride)
    pooled = functional.max_pool2d if kind == "max" else functional.avg_pool2d
    result: Tensor = pooled(values[None, None], size, stride)[0, 0]
    return result


def pooling_data(values: Tensor, kind: Pooling, *, size: int = 2, stride: int = 2) -> dict[str, object]:
    """Return what the moving window shows of `pool`, under the names of `convolve.component_data`.

    The map (H, W) is rounded to two digits after the point first, so that what is shown adds up as it is written.
    Raises ConfigError as `pool` does.
    """
    rounded = (values.double() * 100).round() / 100
    output = pool(rounded, kind, size=size, stride=stride)
    height, width = rounded.shape
    window = (height, width) if kind == "global" else (size, size)
    return {
        "kind": kind,
        "channels": 1,
        "height": height,
        "width": width,
        "window": window,
        "pixels": [_digits(rounded, 2)],
        "output": _digits(output, 4),
        "output_height": output.shape[0],
        "output_width": output.shape[1],
        "stride": stride,
        "padding": 0,
        "dilation": 1,
    }


def _digits(values: Tensor, digits: int) -> list[list[float]]:
    """Return a map as nested lists, with so many digits after the point."""
    return [[round(value, digits) for value in row] for row in values.to(torch.float64).tolist()]

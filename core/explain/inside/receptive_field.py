"""Pixel ancestry: which pixels of the input can change one number in a deep map.

Found by gradient. On a stand-in of the network each convolution and each pool takes the plain mean of its window and
nothing is switched off by a ReLU, so that the gradient of the one number is above zero on its receptive field and
exactly zero elsewhere. It is right at borders, in residual blocks and after resizing, where a formula of size, jump
and offset is not.
"""

import contextlib
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm

from core.errors import ConfigError
from core.explain.drawing.colours import FRAME, Pixels, enlarge
from core.explain.inside.layers import has_maps, private_copy, unknown_layer, watched_twin


@dataclass(frozen=True, kw_only=True)
class Box:
    """A rectangle of input pixels; ``bottom`` and ``right`` are the first ones outside."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        """Rows inside."""
        return self.bottom - self.top

    @property
    def width(self) -> int:
        """Columns inside."""
        return self.right - self.left

    @property
    def sentence(self) -> str:
        """What it covers, for people."""
        return (
            f"This number sees {self.height}×{self.width} pixels of the input: rows {self.top} to {self.bottom - 1}, "
            f"columns {self.left} to {self.right - 1}, counted from 0. Nothing outside can change it."
        )


class _Reached(Exception):  # noqa: N818  (a signal, not an error)
    """The layer has been seen; the rest of the network need not run."""


def field_of(model: nn.Module, layer: str, row: int, col: int, *, channels: int, image_size: int) -> Box:
    """Return the input pixels that place (``row``, ``col``) of ``layer``'s maps depends on, clipped to the image.

    ``image_size`` is the side of the input in pixels. The model is not changed. Raises ModelError for a layer without
    maps and ConfigError for a place that its maps do not have.
    """
    known: list[str] = []
    seen: list[Tensor] = []

    def witness(name: str, module: nn.Module, before: Tensor, after: Tensor) -> None:
        if has_maps(module, after):
            known.append(name)
            if name == layer:
                seen.append(after.clone())
                raise _Reached

    with torch.inference_mode(False), torch.enable_grad():  # whatever the caller is in
        image = torch.ones(1, channels, image_size, image_size, dtype=torch.float64, requires_grad=True)
        with contextlib.suppress(_Reached):
            watched_twin(_stand_in(model), witness)(image)
        if not seen:
            raise unknown_layer(layer, known)
        return _box(image, seen[0][0], row, col)


def outline(image: Pixels, box: Box, *, side: int = 480) -> Pixels:
    """Return the input (H, W, 3) enlarged to about ``side`` pixels, the box framed and what lies outside dimmed."""
    zoom = max(1, side // max(image.shape[:2]))
    inside = np.zeros(image.shape[:2], dtype=bool)
    inside[box.top : box.bottom, box.left : box.right] = True
    picture = enlarge(np.where(inside[..., None], image, image * 0.4).astype(np.uint8), zoom)
    top, left, bottom, right = (edge * zoom for edge in (box.top, box.left, box.bottom, box.right))
    line = 2 if zoom > 1 else 1
    framed = np.zeros(picture.shape[:2], dtype=bool)
    framed[top:bottom, left:right] = True
    framed[top + line : bottom - line, left + line : right - line] = False
    picture[framed] = FRAME
    return picture


def _box(image: Tensor, maps: Tensor, row: int, col: int) -> Box:
    """Return where the gradient of one place of ``maps`` (C, H, W) by ``image`` (1, C, S, S) is not zero."""
    _, height, width = maps.shape
    if not (0 <= row < height and 0 <= col < width):
        raise ConfigError(f"The maps have {height}×{width} places; row {row}, column {col} is not one of them.")
    (gradient,) = torch.autograd.grad(maps[0, row, col], image)
    reached = gradient[0].abs().sum(0) > 0
    rows, cols = (torch.nonzero(reached.any(axis)).flatten().tolist() for axis in (1, 0))
    return Box(top=rows[0], left=cols[0], bottom=rows[-1] + 1, right=cols[-1] + 1)


class _WindowMean(nn.Module):
    """A convolution's window with one weight for all: every filter gives the mean of all channels in it."""

    def __init__(self, layer: nn.Conv2d) -> None:
        super().__init__()
        self.filters = layer.out_channels
        self.side, self.stride = layer.kernel_size, layer.stride
        self.padding, self.dilation = layer.padding, layer.dilation

    def forward(self, x: Tensor) -> Tensor:
        weight = x.new_full((1, 1, *self.side), 1 / (self.side[0] * self.side[1]))
        mean = functional.conv2d(x.mean(1, keepdim=True), weight, None, self.stride, self.padding, self.dilation)
        return mean.repeat(1, self.filters, 1, 1)


class _Dense(nn.Module):
    """A dense layer, past the last map: only its size matters."""

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.outputs = layer.out_features

    def forward(self, x: Tensor) -> Tensor:
        return x.new_zeros(*x.shape[:-1], self.outputs)


class _Same(nn.Module):
    """A layer that works on each place alone, such as BatchNorm."""

    def forward(self, x: Tensor) -> Tensor:
        return x


def _stand_in(model: nn.Module) -> nn.Module:
    """Return a copy of the network in which no weight and no comparison decides what comes through."""
    root = nn.Sequential(private_copy(model))
    for parent in list(root.modules()):
        for name, child in parent._modules.items():
            if child is not None:
                parent._modules[name] = _replacement(child)
    return root[0]


def _replacement(module: nn.Module) -> nn.Module:
    if isinstance(module, nn.Conv2d):
        return _WindowMean(module)
    if isinstance(module, nn.MaxPool2d):
        return nn.AvgPool2d(module.kernel_size, module.stride, module.padding, module.ceil_mode)
    if isinstance(module, nn.AdaptiveMaxPool2d):
        return nn.AdaptiveAvgPool2d(module.output_size)
    if isinstance(module, nn.Linear):
        return _Dense(module)
    return _Same() if isinstance(module, _BatchNorm) else module

"""One number of a map, worked out from the learned weights: products, bias, and what follows the convolution.

The arithmetic is our own, in float64; `PlaceSum.own` is the network's number, for the comparison.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.errors import ConfigError
from core.explain.inside.layers import device_of, map_layers, unknown_layer
from core.models.architecture.watched_twin import watched_twin
from core.models.resize import Resize

Kind = Literal["batch_norm", "activation", "max_pooling", "addition", "mean"]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class ChannelPart:
    """What one input channel adds: ``inputs`` and ``weights`` (kH, kW), zeros of the padding included."""

    channel: int
    inputs: Floats
    weights: Floats

    @property
    def products(self) -> Floats:
        """Each number times its weight, (kH, kW)."""
        return self.inputs * self.weights

    @property
    def total(self) -> float:
        """The sum of the products."""
        return float(self.products.sum())


@dataclass(frozen=True, kw_only=True)
class Step:
    """What is done to a number after the convolution; ``name`` is the layer's, or says what the network's code does.

    A batch norm's ``scale`` is γ / √(σ² + ε), its ``shift`` β − mean · scale; an addition's ``shift`` is what the other
    path brings. ``place`` (row, column) is the winner of a pooling, in the map before it.
    """

    kind: Kind
    name: str
    before: float
    after: float
    scale: float = 1.0
    shift: float = 0.0
    place: tuple[int, int] | None = None


@dataclass(frozen=True, kw_only=True)
class PlaceSum:
    """How a number of a map comes about.

    ``parts`` are the convolution's input channels, the largest contribution first; they are empty, and ``convolution``
    is None, where the number is no sum over one window (``note`` says why). ``place`` is the convolution's own, which a
    pooling may have chosen. ``steps`` follow it. ``value`` is our result, ``own`` the network's.
    """

    convolution: str | None
    place: tuple[int, int]
    parts: tuple[ChannelPart, ...]
    bias: float
    steps: tuple[Step, ...]
    value: float
    own: float
    note: str = ""

    @property
    def total(self) -> float:
        """The products of all channels and the bias."""
        return sum(part.total for part in self.parts) + self.bias


@dataclass(frozen=True, kw_only=True)
class _Call:
    name: str
    module: nn.Module
    before: Tensor
    after: Tensor


class _ReachedError(Exception):
    """Ends a pass at the layer that was asked for."""


def place_sum(model: nn.Module, batch: Tensor, *, layer: str, channel: int, row: int, col: int) -> PlaceSum:
    """Return how the number at (``row``, ``col``) of map ``channel`` of a layer comes about for one picture.

    ``batch`` is float32 (1, C, S, S), normalised. The model is used in evaluation mode through a twin and stays as it
    is. Raises ModelError for a layer without maps, ConfigError for a map or a place that is not there.
    """
    calls = _calls(model, batch, layer)
    shape = tuple(calls[-1].after.shape[1:])
    if not (0 <= channel < shape[0] and 0 <= row < shape[1] and 0 <= col < shape[2]):
        raise ConfigError(
            f"The layer has {shape[0]} maps of {shape[1]}×{shape[2]}; map {channel}, row {row}, column {col} is none "
            "of their places."
        )
    own = float(calls[-1].after[0, channel, row, col])
    steps: list[Step] = []
    for place, call in reversed(list(enumerate(calls))):
        if isinstance(call.module, nn.Conv2d):
            return _from_convolution(call, channel, row, col, steps[::-1], own)
        step = _step(call, channel, row, col)
        if step is None or step.kind == "mean":
            steps += [step] if step else []
            return _without(_why_not(call), steps[::-1], row, col, own)
        if not isinstance(call.module, nn.Dropout | nn.Dropout2d | nn.Identity):
            steps.append(step)
        row, col = step.place or (row, col)
        if place:
            steps += _between(float(calls[place - 1].after[0, channel, row, col]), step.before)
    return _without("No convolution comes before this layer.", steps[::-1], row, col, own)


def _calls(model: nn.Module, batch: Tensor, layer: str) -> list[_Call]:
    """The calls from the last convolution before ``layer`` up to it."""
    calls: list[_Call] = []

    def witness(name: str, module: nn.Module, before: Tensor, after: Tensor) -> None:
        if isinstance(module, nn.Conv2d):
            calls.clear()
        calls.append(_Call(name=name, module=module, before=before.clone(), after=after.clone()))
        if name == layer:
            raise _ReachedError

    twin = watched_twin(model, witness)
    for module in twin.modules():
        if hasattr(module, "inplace"):
            module.__dict__["inplace"] = False  # the twin's own module: what went in must still be there afterwards
    try:
        with torch.no_grad():
            twin(batch.to(device_of(model)))
    except _ReachedError:
        if calls[-1].after.dim() == 4:
            return calls
    known = [one.name for one in map_layers(model, channels=batch.shape[1], image_size=batch.shape[-1])]
    raise unknown_layer(layer, known)


def _step(call: _Call, channel: int, row: int, col: int) -> Step | None:
    """What ``call`` does to one number, None where it is nothing that is followed here."""
    module, before, after = call.module, call.before, call.after
    name = type(module).__name__
    if isinstance(module, nn.BatchNorm2d):
        value = float(before[0, channel, row, col])
        scale, shift = _affine(module, channel)
        return Step(kind="batch_norm", name=name, before=value, after=value * scale + shift, scale=scale, shift=shift)
    if isinstance(module, nn.MaxPool2d | nn.AdaptiveMaxPool2d):
        place = _winner(module, before[:, channel : channel + 1], row, col)
        value = float(before[0, channel, place[0], place[1]])
        return Step(kind="max_pooling", name=name, before=value, after=value, place=place)
    if isinstance(module, nn.AvgPool2d | nn.AdaptiveAvgPool2d):
        if before.shape[2:] == (1, 1):
            value = float(before[0, channel, 0, 0])
            return Step(kind="max_pooling", name=name, before=value, after=value, place=(0, 0))
        value = float(after[0, channel, row, col])
        return Step(kind="mean", name=name, before=value, after=value)
    if before.shape != after.shape or next(module.parameters(), None) is not None:
        return None
    value = float(before[0, channel, row, col])
    with torch.no_grad():
        result = float(module(torch.tensor([value], dtype=torch.float64, device=before.device)))
    return Step(kind="activation", name=name, before=value, after=result)


def _affine(module: nn.BatchNorm2d, channel: int) -> tuple[float, float]:
    mean, variance = module.running_mean, module.running_var
    if mean is None or variance is None:
        raise ConfigError("This batch norm keeps no statistics, so its step depends on the other images of a batch.")
    gain = float(module.weight[channel].detach()) if module.affine else 1.0
    offset = float(module.bias[channel].detach()) if module.affine else 0.0
    scale = gain / math.sqrt(float(variance[channel]) + module.eps)
    return scale, offset - float(mean[channel]) * scale


def _winner(module: nn.MaxPool2d | nn.AdaptiveMaxPool2d, plane: Tensor, row: int, col: int) -> tuple[int, int]:
    """The place in ``plane`` (1, 1, H, W) of the largest number in the window of (``row``, ``col``)."""
    if isinstance(module, nn.AdaptiveMaxPool2d):
        asking: nn.Module = nn.AdaptiveMaxPool2d(module.output_size, return_indices=True)
    else:
        window = (module.kernel_size, module.stride, module.padding, module.dilation)
        asking = nn.MaxPool2d(*window, return_indices=True, ceil_mode=module.ceil_mode)
    _, where = asking(plane)
    found = divmod(int(where[0, 0, row, col]), plane.shape[3])
    return found[0], found[1]


def _between(before: float, after: float) -> list[Step]:
    """What the network's own code does between two layers, as far as one number tells."""
    if before == after:
        return []
    if after == max(0.0, before):
        return [Step(kind="activation", name="ReLU", before=before, after=after)]
    return [Step(kind="addition", name="shortcut", before=before, after=after, shift=after - before)]


def _from_convolution(call: _Call, channel: int, row: int, col: int, steps: list[Step], own: float) -> PlaceSum:
    module = call.module
    if not isinstance(module, nn.Conv2d) or isinstance(module.padding, str) or module.padding_mode != "zeros":
        raise ConfigError("Only convolutions that pad with zeros, by a number, are followed here.")
    (height, width), (down, across), (high, wide) = module.kernel_size, module.stride, module.dilation
    pad_rows, pad_cols = module.padding
    padded = F.pad(call.before[0].double(), (pad_cols, pad_cols, pad_rows, pad_rows))
    own_channels = module.in_channels // module.groups
    first = channel // (module.out_channels // module.groups) * own_channels
    top, left = row * down, col * across
    window = padded[
        first : first + own_channels,
        top : top + high * (height - 1) + 1 : high,
        left : left + wide * (width - 1) + 1 : wide,
    ]
    weights = module.weight[channel].detach().double()
    parts = [
        ChannelPart(channel=first + place, inputs=one.cpu().numpy(), weights=weight.cpu().numpy())
        for place, (one, weight) in enumerate(zip(window, weights, strict=True))
    ]
    bias = float(module.bias[channel].detach()) if module.bias is not None else 0.0
    value = sum(part.total for part in parts) + bias
    followed = []
    for step in steps:  # from our own sum on, not from the network's numbers
        result = _follow(step, value)
        followed.append(replace(step, before=value, after=result))
        value = result
    return PlaceSum(
        convolution=call.name,
        place=(row, col),
        parts=tuple(sorted(parts, key=lambda part: -abs(part.total))),
        bias=bias,
        steps=tuple(followed),
        value=value,
        own=own,
        note=_note(module),
    )


def _follow(step: Step, value: float) -> float:
    if step.kind in ("batch_norm", "addition"):
        return value * step.scale + step.shift
    if step.kind == "activation" and step.name == "ReLU":
        return max(0.0, value)
    if step.kind == "activation":
        kinds = {"ReLU6": nn.ReLU6, "GELU": nn.GELU, "SiLU": nn.SiLU, "Sigmoid": nn.Sigmoid, "Tanh": nn.Tanh}
        if step.name in kinds:
            return float(kinds[step.name]()(torch.tensor([value], dtype=torch.float64)))
        return step.after
    return value


def _note(module: nn.Conv2d) -> str:
    if module.groups == 1:
        return ""
    if module.groups == module.in_channels:
        return "This convolution is depthwise: each filter sees one channel only, its own."
    return f"This convolution has {module.groups} groups: each filter sees the channels of its group only."


def _why_not(call: _Call) -> str:
    if isinstance(call.module, nn.AvgPool2d | nn.AdaptiveAvgPool2d):
        height, width = call.before.shape[2:]
        if isinstance(call.module, nn.AdaptiveAvgPool2d):
            return (
                f"This number is the mean over all {height}×{width} places of the map before it, each with a sum of "
                "its own. Look at a place of the layer before."
            )
        return "This number is the mean of several places. Look at a place of the layer before."
    changed = "the picture itself" if isinstance(call.module, Resize) else "the maps of the layer before it"
    return f"{type(call.module).__name__} is no convolution: it changes {changed}."


def _without(note: str, steps: Sequence[Step], row: int, col: int, own: float) -> PlaceSum:
    return PlaceSum(
        convolution=None, place=(row, col), parts=(), bias=0.0, steps=tuple(steps), value=own, own=own, note=note
    )


def rounded(values: Sequence[float], *, digits: int = 4) -> tuple[list[float], float]:
    """Return the values with ``digits`` after the point so that they add up, and their sum, rounded.

    Each is rounded down or up; those whose remainder is largest are rounded up.
    """
    unit = 10**digits
    total = round(sum(values) * unit)
    floors = [math.floor(value * unit) for value in values]
    order = sorted(range(len(values)), key=lambda place: floors[place] - values[place] * unit)
    for place in order[: max(0, total - sum(floors))]:
        floors[place] += 1
    return [value / unit for value in floors], total / unit

"""Augmentations that change what pixels look like: colour, focus, a missing piece."""

import itertools
import math
from collections.abc import Mapping
from typing import Annotated

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from core.registry import Setting
from core.slow_imports import torchvision
from core.transforms.transform import Drawn, per_image, register, uniform


def _brightness(batch: Tensor, factor: Tensor) -> Tensor:
    return (batch * factor).clamp(0, 1)


def _contrast(batch: Tensor, factor: Tensor) -> Tensor:
    mean = _grey(batch).mean(dim=(1, 2, 3), keepdim=True)
    return (mean + (batch - mean) * factor).clamp(0, 1)


def _saturation(batch: Tensor, factor: Tensor) -> Tensor:
    if batch.shape[1] != 3:
        return batch
    grey = _grey(batch)
    return (grey + (batch - grey) * factor).clamp(0, 1)


_JITTERS = {"brightness": _brightness, "contrast": _contrast, "saturation": _saturation}
_ORDERS = tuple(itertools.permutations(_JITTERS))  # torchvision draws the order as well


def _apply_colour_jitter(
    batch: Tensor, drawn: Drawn, *, brightness: float, contrast: float, saturation: float
) -> Tensor:
    out = torch.empty_like(batch)
    for number, order in enumerate(_ORDERS):
        chosen = (drawn["order"] == number).nonzero().squeeze(1)
        if len(chosen):
            part = batch[chosen]
            for name in order:
                part = _JITTERS[name](part, per_image(drawn[name][chosen]))
            out[chosen] = part
    return out


def _tell_colour_jitter(drawn: Mapping[str, float], **_settings: object) -> str:
    return ", ".join(f"{name} ×{drawn[name]:.2f}" for name in _ORDERS[int(drawn["order"])])


def _grey(batch: Tensor) -> Tensor:
    if batch.shape[1] != 3:
        return batch
    return torchvision().transforms.v2.functional.rgb_to_grayscale(batch)  # type: ignore[no-any-return]


@register(
    name="colour_jitter",
    apply=_apply_colour_jitter,
    title="Colour jitter",
    summary="Changes brightness, contrast and saturation, as another camera or another hour of the day would.",
    code=lambda *, size, brightness, contrast, saturation: (
        f"v2.ColorJitter(brightness={brightness}, contrast={contrast}, saturation={saturation})"
    ),
    tell=_tell_colour_jitter,
)
def _draw_colour_jitter(
    count: int,
    generator: Generator,
    *,
    brightness: Annotated[
        float, Setting(low=0.0, high=1.0, step=0.05, help="Factor between 1 − this and 1 + this.")
    ] = 0.3,
    contrast: Annotated[
        float, Setting(low=0.0, high=1.0, step=0.05, help="Factor between 1 − this and 1 + this.")
    ] = 0.3,
    saturation: Annotated[
        float, Setting(low=0.0, high=1.0, step=0.05, help="Factor between 1 − this and 1 + this.")
    ] = 0.3,
) -> Drawn:
    widths = {"brightness": brightness, "contrast": contrast, "saturation": saturation}
    factors = {name: uniform(count, generator, 1 - width, 1 + width) for name, width in widths.items()}
    return factors | {"order": torch.randint(0, len(_ORDERS), (count,), generator=generator).float()}


def _apply_greyscale(batch: Tensor, drawn: Drawn) -> Tensor:
    return _grey(batch).expand_as(batch).contiguous()


@register(
    name="greyscale",
    apply=_apply_greyscale,
    title="Greyscale",
    summary="Takes the colour away, so that the network cannot rely on it.",
    code=lambda *, size: "v2.RandomGrayscale(p=1.0)",
)
def _draw_greyscale(count: int, generator: Generator) -> Drawn:
    return {}


def _reach(largest: float, side: int) -> int:
    """Return how many pixels a Gaussian counts on each side; a mirrored border cannot be wider than its image."""
    return min(max(1, math.ceil(2 * largest)), side - 1)


def _apply_blur(batch: Tensor, drawn: Drawn, *, largest: float) -> Tensor:
    """A Gaussian of its own width for each image: two grouped convolutions, rows then columns."""
    count, channels, height, width = batch.shape
    reach = _reach(largest, min(height, width))
    places = torch.arange(-reach, reach + 1, device=batch.device, dtype=batch.dtype)
    weights = torch.exp(-0.5 * (places / drawn["sigma"].view(-1, 1)) ** 2)
    weights = (weights / weights.sum(1, keepdim=True)).repeat_interleave(channels, 0)
    flat = F.pad(batch.reshape(1, count * channels, height, width), (reach,) * 4, mode="reflect")
    flat = F.conv2d(flat, weights.view(-1, 1, 1, 2 * reach + 1), groups=count * channels)
    flat = F.conv2d(flat, weights.view(-1, 1, 2 * reach + 1, 1), groups=count * channels)
    return flat.view(batch.shape)


@register(
    name="blur",
    apply=_apply_blur,
    title="Blur",
    summary="Softens the image with a Gaussian, as a camera out of focus would.",
    code=lambda *, size, largest: (
        f"v2.GaussianBlur(kernel_size={2 * _reach(largest, size) + 1}, sigma=(0.1, {largest}))"
    ),
    tell=lambda drawn, *, size, largest: f"σ {drawn['sigma']:.2f} px",
)
def _draw_blur(
    count: int,
    generator: Generator,
    *,
    largest: Annotated[
        float, Setting(low=0.2, high=5.0, step=0.1, unit="px", help="Largest standard deviation of the Gaussian.")
    ] = 1.0,
) -> Drawn:
    return {"sigma": uniform(count, generator, 0.1, largest)}


def _apply_erasing(batch: Tensor, drawn: Drawn, *, largest: float) -> Tensor:
    height, width = batch.shape[-2:]
    rows = torch.arange(height, device=batch.device).view(1, 1, -1, 1)
    columns = torch.arange(width, device=batch.device).view(1, 1, 1, -1)
    tall, wide = (per_image(drawn["height"]) * height).round(), (per_image(drawn["width"]) * width).round()
    top, left = (
        (per_image(drawn["down"]) * (height - tall)).round(),
        (per_image(drawn["right"]) * (width - wide)).round(),
    )
    inside = (rows >= top) & (rows < top + tall) & (columns >= left) & (columns < left + wide)
    return batch.masked_fill(inside, 0.0)


def _tell_erasing(drawn: Mapping[str, float], *, size: int, largest: float) -> str:
    tall, wide = round(drawn["height"] * size), round(drawn["width"] * size)
    top, left = round((size - tall) * drawn["down"]), round((size - wide) * drawn["right"])
    return f"{tall} px high and {wide} px wide, black from row {top}, column {left}"


@register(
    name="erasing",
    apply=_apply_erasing,
    title="Random erasing",
    summary="Blacks out a rectangle, so that the network cannot rely on one detail.",
    code=lambda *, size, largest: f"v2.RandomErasing(p=1.0, scale=(0.02, {largest}), ratio=(0.5, 2.0))",
    tell=_tell_erasing,
)
def _draw_erasing(
    count: int,
    generator: Generator,
    *,
    largest: Annotated[
        float, Setting(low=0.02, high=0.6, step=0.02, help="Largest area of the rectangle, as a share of the image.")
    ] = 0.2,
) -> Drawn:
    tall, wide = _rectangles(count, generator, largest)
    while (too_large := (tall.maximum(wide) >= 1).nonzero().squeeze(1)).numel():  # torchvision draws those again
        tall[too_large], wide[too_large] = _rectangles(len(too_large), generator, largest)
    return {
        "height": tall,
        "width": wide,
        "down": torch.rand(count, generator=generator),
        "right": torch.rand(count, generator=generator),
    }


def _rectangles(count: int, generator: Generator, largest: float) -> tuple[Tensor, Tensor]:
    """Return height and width, as shares of the image's side, of rectangles up to twice as tall as wide or as wide."""
    area = uniform(count, generator, 0.02, max(largest, 0.02))
    ratio = torch.exp(uniform(count, generator, -math.log(2), math.log(2)))
    return (area * ratio).sqrt(), (area / ratio).sqrt()

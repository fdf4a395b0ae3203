"""Augmentations that change what pixels look like: colour, focus, a missing piece."""

import math
from typing import Annotated

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from core.registry import Setting
from core.slow_imports import torchvision
from core.transforms.transform import Drawn, per_image, register, uniform


def _apply_colour_jitter(
    batch: Tensor, drawn: Drawn, *, brightness: float, contrast: float, saturation: float
) -> Tensor:
    batch = (batch * per_image(drawn["brightness"])).clamp(0, 1)
    mean = _grey(batch).mean(dim=(1, 2, 3), keepdim=True)
    batch = (mean + (batch - mean) * per_image(drawn["contrast"])).clamp(0, 1)
    if batch.shape[1] == 3:
        grey = _grey(batch)
        batch = (grey + (batch - grey) * per_image(drawn["saturation"])).clamp(0, 1)
    return batch


def _grey(batch: Tensor) -> Tensor:
    if batch.shape[1] != 3:
        return batch
    return torchvision().transforms.v2.functional.rgb_to_grayscale(batch)  # type: ignore[no-any-return]


@register(
    name="colour_jitter",
    apply=_apply_colour_jitter,
    title="Colour jitter",
    summary="Changes brightness, contrast and saturation, as another camera or another hour of the day would.",
    code=lambda *, brightness, contrast, saturation: (
        f"v2.ColorJitter(brightness={brightness}, contrast={contrast}, saturation={saturation})"
    ),
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
    return {name: uniform(count, generator, 1 - width, 1 + width) for name, width in widths.items()}


def _apply_greyscale(batch: Tensor, drawn: Drawn) -> Tensor:
    return _grey(batch).expand_as(batch).contiguous()


@register(
    name="greyscale",
    apply=_apply_greyscale,
    title="Greyscale",
    summary="Takes the colour away, so that the network cannot rely on it.",
    code=lambda: "v2.RandomGrayscale(p=1.0)",
)
def _draw_greyscale(count: int, generator: Generator) -> Drawn:
    return {}


def _apply_blur(batch: Tensor, drawn: Drawn, *, largest: float) -> Tensor:
    """A Gaussian of its own width for each image: two grouped convolutions, rows then columns."""
    count, channels, height, width = batch.shape
    reach = min(max(1, math.ceil(2 * largest)), height - 1, width - 1)
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
    code=lambda *, largest: (
        f"v2.GaussianBlur(kernel_size={2 * max(1, math.ceil(2 * largest)) + 1}, sigma=(0.1, {largest}))"
    ),
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


@register(
    name="erasing",
    apply=_apply_erasing,
    title="Random erasing",
    summary="Blacks out a rectangle, so that the network cannot rely on one detail.",
    code=lambda *, largest: f"v2.RandomErasing(p=1.0, scale=(0.02, {largest}))",
)
def _draw_erasing(
    count: int,
    generator: Generator,
    *,
    largest: Annotated[
        float, Setting(low=0.02, high=0.6, step=0.02, help="Largest area of the rectangle, as a share of the image.")
    ] = 0.2,
) -> Drawn:
    area = uniform(count, generator, 0.02, max(largest, 0.02))
    ratio = torch.exp(uniform(count, generator, -math.log(2), math.log(2)))
    return {
        "height": (area * ratio).sqrt().clamp(max=1.0),
        "width": (area / ratio).sqrt().clamp(max=1.0),
        "down": torch.rand(count, generator=generator),
        "right": torch.rand(count, generator=generator),
    }

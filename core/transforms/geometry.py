"""Augmentations that move whole pixels: flips and crops."""

from typing import Annotated

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from core.registry import Setting
from core.transforms.transform import Drawn, moved, per_image, register


def _apply_flip_horizontal(batch: Tensor, drawn: Drawn) -> Tensor:
    return batch.flip(-1)


@register(
    name="flip_horizontal",
    apply=_apply_flip_horizontal,
    title="Flip left-right",
    summary="Mirrors the image. A cat looking left becomes a cat looking right.",
    code=lambda *, size: "v2.RandomHorizontalFlip(p=1.0)",
    caution="Letters and digits change: a mirrored 2 is no longer a 2.",
)
def _draw_flip_horizontal(count: int, generator: Generator) -> Drawn:
    return {}


def _apply_flip_vertical(batch: Tensor, drawn: Drawn) -> Tensor:
    return batch.flip(-2)


@register(
    name="flip_vertical",
    apply=_apply_flip_vertical,
    title="Flip upside down",
    summary="Mirrors the image top to bottom: right for photos from above, odd for photos of animals.",
    code=lambda *, size: "v2.RandomVerticalFlip(p=1.0)",
    caution="Digits change: a flipped 6 is no 9, and no digit at all.",
)
def _draw_flip_vertical(count: int, generator: Generator) -> Drawn:
    return {}


def _apply_flip_alternating(batch: Tensor, drawn: Drawn) -> Tensor:
    return torch.where(per_image(drawn["mirrored"]) > 0, batch.flip(-1), batch)


@register(
    name="flip_alternating",
    apply=_apply_flip_alternating,
    title="Flip, taking turns",
    summary="Mirrors every image in every second epoch, so that two epochs show each one once either way round.",
    code=lambda *, size: "v2.RandomHorizontalFlip(p=0.5)",
    code_note="Mirrors by chance. The lab takes turns: each image once either way round in two epochs.",
    tell=lambda drawn, *, size: "mirrored" if drawn["mirrored"] > 0 else "as it is this epoch",
    caution="Letters and digits change: a mirrored 2 is no longer a 2.",
    takes_turns=True,
)
def _draw_flip_alternating(count: int, generator: Generator, *, indices: Tensor, epoch: int) -> Drawn:
    """Half of the images begin mirrored: those whose index, scrambled, is odd (Jordan, 2024, airbench)."""
    scrambled = (indices * 2_654_435_761) >> 16
    return {"mirrored": ((scrambled + epoch) % 2).float()}


def _mirror_widths(padding: int, side: int) -> list[int]:
    """Return the widths in which an image is padded by mirror images: one cannot be wider than what it mirrors."""
    widths = []
    while padding > 0:
        widths.append(min(padding, side - 1))
        side, padding = side + 2 * widths[-1], padding - widths[-1]
    return widths


def _apply_crop(batch: Tensor, drawn: Drawn, *, padding: int, border: str) -> Tensor:
    """Look each image's window up in a view of all windows; the offsets differ from image to image."""
    height, width = batch.shape[-2:]
    if border == "reflect":
        padded = batch
        for border_width in _mirror_widths(padding, min(height, width)):
            padded = F.pad(padded, (border_width,) * 4, mode="reflect")
    else:
        padded = F.pad(batch, (padding,) * 4)
    windows = padded.unfold(2, height, 1).unfold(3, width, 1)  # (N, C, offsets down, offsets right, H, W), no copy
    image = torch.arange(len(batch), device=batch.device)
    return windows[image, :, padding - drawn["down"].long(), padding - drawn["right"].long()]


def _crop_code(*, size: int, padding: int, border: str) -> str:
    if border == "black":
        return f"v2.RandomCrop({size}, padding={padding})"
    widths = _mirror_widths(padding, size)
    if len(widths) == 1:
        return f"v2.RandomCrop({size}, padding={padding}, padding_mode='reflect')"
    pads = ", ".join(f"v2.Pad({width}, padding_mode='reflect')" for width in widths)
    return f"v2.Compose([{pads}, v2.RandomCrop({size})])"


@register(
    name="crop",
    apply=_apply_crop,
    title="Crop with padding",
    summary="Pads the image and cuts a window of the old size at a random place: a small shift.",
    code=_crop_code,
    tell=lambda drawn, *, size, padding, border: moved(drawn["down"], drawn["right"]),
)
def _draw_crop(
    count: int,
    generator: Generator,
    *,
    padding: Annotated[int, Setting(low=1, high=32, unit="px", help="Border added on each side.")] = 4,
    border: Annotated[
        str,
        Setting(choices=("black", "reflect"), help="What the border shows: black, or the image, mirrored."),
    ] = "black",
) -> Drawn:
    """Draw how far the picture moves: a window that begins at 0 in the padded image moves it down by the padding."""
    offsets = torch.randint(0, 2 * padding + 1, (2, count), generator=generator).float()
    return {"down": padding - offsets[0], "right": padding - offsets[1]}

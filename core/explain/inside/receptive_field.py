"""Pixel ancestry: which pixels of the input can change one number in a deep map."""

from dataclasses import dataclass

import numpy as np
from torch import nn

from core.errors import ConfigError
from core.explain.drawing.colours import FRAME, Pixels, enlarge
from core.explain.inside.layers import unknown_layer
from core.models.architecture.receptive_field import receptive_fields


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


def field_of(model: nn.Module, layer: str, row: int, col: int, *, image_size: int) -> Box:
    """Return the input pixels that place (``row``, ``col``) of ``layer``'s maps depends on, clipped to the image.

    ``image_size`` is the side of the input in pixels. The model is not changed. Raises ModelError for a layer without
    maps and ConfigError for a place that its maps do not have.
    """
    fields = {name: field for name, field in receptive_fields(model, image_size=image_size).items() if field}
    if layer not in fields:
        raise unknown_layer(layer, list(fields))
    first, end = fields[layer].first, fields[layer].end
    if not (0 <= row < len(first) and 0 <= col < len(first)):
        raise ConfigError(
            f"The maps have {len(first)}×{len(first)} places; row {row}, column {col} is not one of them."
        )
    return Box(top=first[row], left=first[col], bottom=end[row], right=end[col])


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

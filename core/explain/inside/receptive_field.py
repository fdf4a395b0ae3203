"""Pixel ancestry: which pixels of the input can change one number in a deep map, and how far it reaches past them."""

import math
from dataclasses import dataclass

import numpy as np
from torch import nn

from core.errors import ConfigError
from core.explain.drawing.colours import FRAME, Pixels, enlarge
from core.explain.inside.layers import unknown_layer
from core.models.architecture.receptive_field import Field, receptive_fields

PADDING = (128, 128, 134), (96, 96, 102)  # the stripes of what lies outside the picture


@dataclass(frozen=True, kw_only=True)
class Box:
    """A rectangle of input pixels; ``bottom`` and ``right`` are the first ones outside.

    ``beyond`` is how many rows and columns the field reaches past the picture's top, left, bottom and right: there
    layers put zeros (padding). None where the field is too large to be followed that far.
    """

    top: int
    left: int
    bottom: int
    right: int
    beyond: tuple[int, int, int, int] | None = (0, 0, 0, 0)

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
        if not self.height or not self.width:
            return "This number sees no pixel of the input: its whole window lies in the padding."
        said = (
            f"This number sees {self.height}×{self.width} pixels of the input: rows {self.top} to {self.bottom - 1}, "
            f"columns {self.left} to {self.right - 1}, counted from 0. Nothing outside can change it."
        )
        if self.beyond is None or not any(self.beyond):
            return said
        sides = zip(self.beyond, ("above", "on the left", "below", "on the right"), strict=True)
        where = ", ".join(f"{count} {side}" for count, side in sides if count)
        return f"{said} It reaches past the picture, by so many pixels: {where}. There, layers put zeros: padding."


def layer_field(model: nn.Module, layer: str, *, image_size: int) -> Field:
    """Return what the places of a layer's maps see of an image ``image_size`` pixels a side.

    The model is not changed. Raises ModelError for a layer without maps.
    """
    fields = {name: field for name, field in receptive_fields(model, image_size=image_size).items() if field}
    if layer not in fields:
        raise unknown_layer(layer, list(fields))
    return fields[layer]


def field_at(field: Field, row: int, col: int, *, image_size: int) -> Box:
    """Return the input pixels that place (``row``, ``col``) depends on, and how far it reaches past the image.

    Raises ConfigError for a place that the maps do not have.
    """
    first, end = field.first, field.end
    if not (0 <= row < len(first) and 0 <= col < len(first)):
        raise ConfigError(
            f"The maps have {len(first)}×{len(first)} places; row {row}, column {col} is not one of them."
        )
    beyond = None
    if field.size is not None and field.jump is not None and field.begin is not None:
        tops = [field.begin + place * field.jump for place in (row, col)]
        before = [max(0, math.ceil(-top)) for top in tops]
        after = [max(0, math.ceil(top + field.size - image_size)) for top in tops]
        beyond = (before[0], before[1], after[0], after[1])
    return Box(top=first[row], left=first[col], bottom=end[row], right=end[col], beyond=beyond)


def outline(image: Pixels, box: Box, *, side: int = 480) -> Pixels:
    """Return the input (H, W, 3) enlarged to about ``side`` pixels, the box framed and what lies outside dimmed.

    Where the field reaches past the picture a striped margin stands for the padding, at most a quarter of the picture
    wide, on all sides alike so that pictures with their margins stay centred.
    """
    height, width = image.shape[:2]
    reach = max(box.beyond or (0,))
    margin = min(reach, max(height, width) // 4)
    zoom = max(1, side // (max(height, width) + 2 * margin))
    rows, columns = height + 2 * margin, width + 2 * margin
    stripes = (np.add.outer(np.arange(rows), np.arange(columns)) // 2 % 2).astype(bool)
    sheet = np.where(stripes[..., None], *(np.array(colour, dtype=np.uint8) for colour in PADDING))
    sheet[margin : margin + height, margin : margin + width] = image
    above, before, below, after = (min(edge, margin) for edge in box.beyond or (0, 0, 0, 0))
    top, left = box.top + margin - above, box.left + margin - before
    bottom, right = box.bottom + margin + below, box.right + margin + after
    inside = np.zeros((rows, columns), dtype=bool)
    inside[top:bottom, left:right] = True
    picture = enlarge(np.where(inside[..., None], sheet, sheet * 0.4).astype(np.uint8), zoom)
    line = 2 if zoom > 1 else 1
    top, left, bottom, right = (edge * zoom for edge in (top, left, bottom, right))
    framed = np.zeros(picture.shape[:2], dtype=bool)
    framed[top:bottom, left:right] = True
    framed[top + line : bottom - line, left + line : right - line] = False
    picture[framed] = FRAME
    return picture

"""Occlusion: hide a square of the picture, ask again, and do so at every place.

M. D. Zeiler and R. Fergus, "Visualizing and Understanding Convolutional Networks" (2014). Unlike a heat map it looks at
nothing inside the network, so it works for every one of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from core.explain.inside.layers import device_of
from core.models.answers import logits_of
from core.models.input_format import InputFormat, normalise

Filling = Literal["mean", "black", "white"]

FILLINGS: tuple[Filling, ...] = ("mean", "black", "white")
PARTS = (2, 3, 4, 6, 8, 12)  # of the picture's side that a square's side is
PLACES = 7  # along one side, at least
AT_ONCE = 16  # pictures that go through a network together


@dataclass(frozen=True, kw_only=True)
class Hidden:
    """What a network says of one picture with a square hidden, at each of n × n places.

    ``side`` is the square's in pixels, ``starts`` (n,) its first row, or column, at each place. ``before`` is float32
    (classes,), ``after`` (n, n, classes) by row and column of the place: probabilities.
    """

    side: int
    starts: tuple[int, ...]
    before: Tensor
    after: Tensor

    @property
    def start(self) -> int:
        """The class that the network gives where nothing is hidden."""
        return int(self.before.argmax())

    @property
    def falls(self) -> Tensor:
        """By how much the probability of that class falls at each place, (n, n); negative where it rises."""
        return self.before[self.start] - self.after[..., self.start]

    @property
    def worst(self) -> tuple[int, int]:
        """Row and column, among the places, at which it falls most."""
        row, column = divmod(int(self.falls.argmax()), len(self.starts))
        return row, column

    @property
    def turned(self) -> Tensor:
        """Where the answer is another class, bool (n, n)."""
        return self.after.argmax(-1) != self.start


def sides(image_size: int) -> tuple[int, ...]:
    """Return the sides in pixels of the squares that are tried, the largest first."""
    return tuple(dict.fromkeys(max(1, round(image_size / part)) for part in PARTS))


def filling_value(filling: Filling, format: InputFormat) -> Tensor:
    """Return the colour that hides, float32 (C,) in [0, 1]; ``mean`` is what normalisation makes 0."""
    if filling == "mean":
        return torch.tensor(format.mean)
    return torch.full((format.channels,), float(filling == "white"))


def hide(
    model: nn.Module,
    batch: Tensor,
    format: InputFormat,
    *,
    side: int,
    filling: Filling = "mean",
    mirrored: bool = False,
) -> Hidden:
    """Return what ``model`` says of one picture, float32 (1, C, S, S), normalised, with a square hidden everywhere.

    The places overlap and leave no pixel out. ``model`` is in evaluation mode and stays as it is; ``mirrored`` is
    `logits_of`'s.
    """
    size = batch.shape[-1]
    count = min(size - side + 1, max(PLACES, -(-size // side)))
    starts = tuple(int(start) for start in np.linspace(0, size - side, count).round())
    colour = normalise(filling_value(filling, format).view(1, -1, 1, 1), format)[0]
    places = [(row, column) for row in starts for column in starts]

    def shown(part: list[tuple[int, int]]) -> Tensor:
        pictures = batch.repeat(len(part), 1, 1, 1)
        for picture, (row, column) in zip(pictures, part, strict=True):
            picture[:, row : row + side, column : column + side] = colour
        return pictures.to(device_of(model))

    with torch.no_grad():
        before = logits_of(model, batch.to(device_of(model)), mirrored=mirrored).softmax(1)[0]
        parts = [places[first : first + AT_ONCE] for first in range(0, len(places), AT_ONCE)]
        after = torch.cat([logits_of(model, shown(part), mirrored=mirrored).softmax(1).cpu() for part in parts])
    return Hidden(
        side=side,
        starts=starts,
        before=before.cpu(),
        after=after.view(len(starts), len(starts), -1),
    )


def until_none_turns(largest_first: Iterable[Hidden]) -> list[Hidden]:
    """Return those whose square turns the answer at some place, and the first whose square does so nowhere.

    Smaller ones are not asked for: each of them hides a part of what that one hid.
    """
    tried = []
    for one in largest_first:
        tried.append(one)
        if not one.turned.any():
            break
    return tried

"""What a place of a map really sees: the effective receptive field, by gradients.

Not every pixel of the theoretical square counts alike: one in the middle reaches the place on many paths, one at the
edge on a single one. After W. Luo, Y. Li, R. Urtasun, R. Zemel, "Understanding the Effective Receptive Field in Deep
Convolutional Neural Networks" (2016): the gradient of a central place with respect to the pixels, averaged over many
pictures.
"""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from core.explain.inside.layers import device_of, map_layers, unknown_layer
from core.explain.inside.receptive_field import Box, field_at, layer_field
from core.models.architecture.receptive_field import Field
from core.models.architecture.watched_twin import watched_twin

COUNTS = 1 - 0.9545  # of the peak: a pixel with more belongs to the effective field (Luo et al., section 3)
AT_ONCE = 8  # pictures of which the layers' outputs are kept together


@dataclass(frozen=True, kw_only=True)
class EffectiveField:
    """How much each pixel counts for the place in the middle of a layer's maps.

    ``values`` (S, S), float64 in [0, 1], is the mean size of the gradient over ``pictures`` and over their channels,
    1 at its peak and 0 everywhere where the place answers to none of them. ``place`` is (row, column) in the maps,
    ``box`` the theoretical square, ``theoretical`` its side where no border cuts it (None: too large to follow).
    """

    values: npt.NDArray[np.float64]
    place: tuple[int, int]
    box: Box
    theoretical: int | None
    pictures: int

    @property
    def pixels(self) -> int:
        """How many pixels count: more than `COUNTS` of the peak."""
        return int((self.values > COUNTS).sum())

    @property
    def size(self) -> float:
        """The side in pixels of a square of as many pixels."""
        return math.sqrt(self.pixels)

    @property
    def half(self) -> int:
        """The side in pixels of the smallest square, around what counts on average, that holds half of all; 0 where
        nothing counts."""
        total = float(self.values.sum())
        if not total:
            return 0
        rows, columns = np.indices(self.values.shape)
        middle = (float((rows * self.values).sum()) / total, float((columns * self.values).sum()) / total)
        away = np.maximum(abs(rows - middle[0]), abs(columns - middle[1])).ravel()
        order = away.argsort()
        held = np.cumsum(self.values.ravel()[order])
        return round(2 * float(away[order][np.searchsorted(held, total / 2)])) + 1


def effective_field(model: nn.Module, batch: Tensor, *, layer: str, field: Field | None = None) -> EffectiveField:
    """Return the effective field of the central place of a layer's maps, all maps added up.

    ``batch`` is float32 (N, C, S, S), normalised; ``field`` is the layer's (`layer_field`), which takes seconds to find
    in a deep network, where it is known. The model is used in evaluation mode through a twin and stays as it is. Raises
    ModelError for a layer without maps.
    """
    size = batch.shape[-1]
    field = field or layer_field(model, layer, image_size=size)
    middle = (len(field.first) - 1) // 2
    total = torch.zeros(size, size, dtype=torch.float64)
    for part in batch.to(device_of(model)).split(AT_ONCE):
        total += _gradient(model, part, layer, middle).abs().double().sum((0, 1)).cpu()
    peak = float(total.max())
    return EffectiveField(
        values=(total / peak if peak > 0 else total).numpy(),
        place=(middle, middle),
        box=field_at(field, middle, middle, image_size=size),
        theoretical=field.size,
        pictures=len(batch),
    )


class _ReachedError(Exception):
    """Ends a pass at the layer that was asked for."""


def _gradient(model: nn.Module, part: Tensor, layer: str, middle: int) -> Tensor:
    """Return d(sum of all maps at the place) / d(pixels), (N, C, S, S): of each picture by itself."""
    found: list[Tensor] = []

    def witness(name: str, module: nn.Module, before: Tensor, after: Tensor) -> None:
        if name == layer:
            found.append(after[:, :, middle, middle].sum())
            raise _ReachedError

    pictures = part.detach().clone().requires_grad_()
    with torch.enable_grad():
        try:
            watched_twin(model, witness)(pictures)
        except _ReachedError:
            return torch.autograd.grad(found[0], pictures)[0]
    raise unknown_layer(
        layer, [one.name for one in map_layers(model, channels=part.shape[1], image_size=part.shape[3])]
    )


def random_pictures(*, channels: int, image_size: int, count: int, seed: int = 0) -> Tensor:
    """Return noise, float32 (count, channels, image_size, image_size), mean 0 and spread 1, the same for one seed."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, channels, image_size, image_size, generator=generator)

"""What each layer makes of a picture: its maps, its learned kernels, and their numbers.

The pictures of maps are in `core.explain.drawing.mosaic`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from core.errors import ModelError
from core.explain.drawing.colours import to_array
from core.explain.inside.layers import Layer, device_of, has_maps, map_layers, unknown_layer
from core.intervals import percent
from core.models.architecture.watched_twin import watched_twin

Maps = Tensor | npt.NDArray[np.floating]


@dataclass(frozen=True, kw_only=True)
class FilterStatistics:
    """One map in numbers: ``spread`` is the standard deviation, ``zeros`` the share of places that are exactly 0.

    ``dead`` means zero everywhere: on this picture the filter says nothing.
    """

    index: int
    mean: float
    spread: float
    zeros: float
    low: float
    high: float
    dead: bool


@dataclass(frozen=True, kw_only=True)
class LayerStatistics:
    """All maps of a layer in numbers; ``dead`` are the indices of the filters that are zero everywhere."""

    mean: float
    spread: float
    zeros: float
    dead: tuple[int, ...]
    filters: tuple[FilterStatistics, ...]

    @property
    def sentence(self) -> str:
        """What the numbers say, for people."""
        text = f"Mean {self.mean:.3g}, spread {self.spread:.3g}, {percent(self.zeros)} of the places are exactly 0."
        if not self.dead:
            return f"{text} None of the {len(self.filters)} filters is silent on this picture."
        return f"{text} {len(self.dead)} of {len(self.filters)} filters are silent on this picture: zero everywhere."


@dataclass(frozen=True, kw_only=True)
class Histogram:
    """How often values occur: ``counts`` (bins,) between neighbouring ``edges`` (bins + 1,)."""

    edges: npt.NDArray[np.float64]
    counts: npt.NDArray[np.int64]


def layers(model: nn.Module, *, channels: int, image_size: int) -> tuple[Layer, ...]:
    """Return the layers that have maps to show, in the order in which they run; none for a dense network."""
    return map_layers(model, channels=channels, image_size=image_size)


def feature_maps(model: nn.Module, batch: Tensor, names: Sequence[str] | None = None) -> dict[str, Tensor]:
    """Return the maps of the named layers (default: of all), each float32 (N, K, H, W) on the CPU.

    ``batch`` is float32 (N, C, S, S), normalised as the model expects. The model is used in evaluation mode through a
    twin and stays as it is. Raises ModelError for a layer that is not there or has no maps.
    """
    wanted = None if names is None else set(names)
    found: dict[str, Tensor] = {}
    known: list[str] = []

    def witness(name: str, module: nn.Module, before: Tensor, after: Tensor) -> None:
        if has_maps(module, after):
            known.append(name)
            if wanted is None or name in wanted:
                found[name] = after.float().cpu().clone()  # a clone: an in-place ReLU may come next

    with torch.no_grad():
        watched_twin(model, witness)(batch.to(device_of(model)))
    for name in names or ():
        if name not in found:
            raise unknown_layer(name, known)
    return found


def kernels(model: nn.Module, layer: str) -> Tensor:
    """Return the learned kernels of a convolution, float32 (out, in, kH, kW), as a copy on the CPU.

    Raises ModelError for a layer without kernels.
    """
    convolutions = {name: module for name, module in model.named_modules() if isinstance(module, nn.Conv2d)}
    if layer not in convolutions:
        known = ", ".join(convolutions) or "none: it has no convolution"
        raise ModelError(f"The layer '{layer}' has no kernels; those of this network that have are {known}.")
    return convolutions[layer].weight.detach().float().cpu().clone()


def statistics(maps: Maps) -> LayerStatistics:
    """Return the numbers of the maps (K, H, W) of one picture."""
    values = to_array(maps)
    each = values.reshape(len(values), -1)
    columns = (each.mean(1), each.std(1), (each == 0).mean(1), each.min(1), each.max(1), ~each.any(1))
    filters = tuple(
        FilterStatistics(index=index, mean=mean, spread=spread, zeros=zeros, low=low, high=high, dead=dead)
        for index, (mean, spread, zeros, low, high, dead) in enumerate(
            zip(*(column.tolist() for column in columns), strict=True)
        )
    )
    return LayerStatistics(
        mean=float(values.mean()),
        spread=float(values.std()),
        zeros=float((values == 0).mean()),
        dead=tuple(one.index for one in filters if one.dead),
        filters=filters,
    )


def histogram(maps: Maps, *, bins: int = 40) -> Histogram:
    """Return how often each value occurs in maps of any shape, in ``bins`` equal steps from lowest to highest."""
    counts, edges = np.histogram(to_array(maps), bins=bins)
    return Histogram(edges=edges, counts=counts.astype(np.int64))

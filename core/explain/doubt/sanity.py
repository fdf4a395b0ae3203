"""Doubting a heat map: does it depend on the class that was asked about, and on what the network has learned?

A map that stays as it is when the weights are random shows the picture, not the network: J. Adebayo et al., "Sanity
Checks for Saliency Maps" (2018), the model parameter randomisation test.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.checkpoints import Card
from core.explain.inside.grad_cam import Heat, heat_map
from core.models import build_model

# Chosen on 16 test images of each of the twelve networks that ship and have maps: a single untrained network reached a
# correlation of 1.00, the mean of three at most 0.70; the mean of a trained network's map was at most 0.73.
UNTRAINED = 3  # networks whose mean likeness is told
ALIKE = 0.8  # correlation from which two maps are called nearly the same
FLAT = 0.75  # mean of a map, its peak being 1, from which it is called flat


@dataclass(frozen=True, kw_only=True)
class Sanity:
    """A heat map beside those that say whether to trust it, all by one method from one layer for one picture.

    ``other`` is the map of another class; ``untrained`` are those of the same class by networks with random weights.
    """

    heat: Heat
    other: Heat
    untrained: tuple[Heat, ...]

    @property
    def like_other(self) -> float | None:
        """How like the other class's map this one is: `correlation`."""
        return correlation(self.heat.values, self.other.values)

    @property
    def like_untrained(self) -> float | None:
        """How like those of untrained networks it is on average: None where none of theirs can be compared."""
        found = [correlation(self.heat.values, one.values) for one in self.untrained]
        known = [one for one in found if one is not None]
        return sum(known) / len(known) if known else None


def sanity_check(
    model: nn.Module, batch: Tensor, heat: Heat, *, index: int, other: int, untrained: Sequence[nn.Module]
) -> Sanity:
    """Return ``heat``, a map of class ``index``, beside the map of class ``other`` and those of ``untrained`` networks.

    They have the architecture of ``model``; ``batch`` is float32 (1, C, S, S), normalised.
    """
    return Sanity(
        heat=heat,
        other=heat_map(model, batch, other, method=heat.method, layer=heat.layer),
        untrained=tuple(heat_map(one, batch, index, method=heat.method, layer=heat.layer) for one in untrained),
    )


def untrained_network(card: Card, *, seed: int) -> nn.Module:
    """Return a network as the card's was before any training, with random weights everywhere, in evaluation mode."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build_model(
            card.model,
            channels=card.channels,
            image_size=card.image_size,
            classes=len(card.classes),
            arguments=card.arguments,
        ).eval()


def correlation(first: Tensor, second: Tensor) -> float | None:
    """Return Pearson's correlation of two maps of one shape, in [−1, 1]; None where one is the same everywhere."""
    centred = [(values - values.mean()).flatten().double() for values in (first, second)]
    sizes = [float(values.norm()) for values in centred]
    if min(sizes) < 1e-9:
        return None
    return float(centred[0] @ centred[1]) / (sizes[0] * sizes[1])


def is_flat(heat: Heat) -> bool:
    """Whether a map tells no place from another: on average it has `FLAT` of its peak, or more."""
    return float(heat.values.mean()) >= FLAT

"""Which changes leave a label true: what a reader would call a digit after it, and what a network does.

A chain may not do to a training image what makes its label a lie: the network would be taught that a 9 is called 6.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from core.data.dataset_spec import DatasetSpec
from core.explain.filters.surgery import Sample
from core.explain.inside.layers import device_of
from core.intervals import wilson_interval
from core.models.answers import logits_of
from core.models.input_format import InputFormat, denormalise, normalise
from core.transforms import transforms

DIGITS = tuple(str(digit) for digit in range(10))
_AT_ONCE = 50

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Risk:
    """One change that may make a label a lie. ``change`` maps float32 (N, C, S, S) in [0, 1] to the same shape.

    ``done`` says what was done to the picture ("mirrored"), ``digits`` what a reader calls a digit after it: those that
    are not listed are no digit any more. ``drawn_by`` are the transforms of a chain that can do this to an image.
    """

    title: str
    done: str
    change: Callable[[Tensor], Tensor]
    drawn_by: tuple[str, ...]
    digits: Mapping[str, str] = field(default_factory=dict)
    may_miss: bool = False  # the object can be out of the picture, whatever it is


def _turned(degrees: float) -> Callable[[Tensor], Tensor]:
    def change(batch: Tensor) -> Tensor:
        return transforms["rotation"].apply(batch, {"angle": torch.full((len(batch),), degrees)}, degrees=180.0)

    return change


def _corner(batch: Tensor) -> Tensor:
    zero = torch.zeros(len(batch))
    return transforms["resized_crop"].apply(
        batch, {"side": torch.full((len(batch),), 0.4), "left": zero, "top": zero}, smallest=0.1
    )


RISKS = {
    "mirror": Risk(
        title="Flip left-right",
        done="mirrored",
        change=lambda batch: transforms["flip_horizontal"].apply(batch, {}),
        drawn_by=("flip_horizontal", "flip_alternating"),
        digits={one: one for one in "018"},
    ),
    "upside_down": Risk(
        title="Flip upside down",
        done="flipped upside down",
        change=lambda batch: transforms["flip_vertical"].apply(batch, {}),
        drawn_by=("flip_vertical",),
        digits={one: one for one in "0138"},
    ),
    "quarter": Risk(
        title="Quarter turn",
        done="turned by 90°",
        change=_turned(90.0),
        drawn_by=("rotation", "affine"),
        digits={"0": "0"},
    ),
    "half": Risk(
        title="Half turn",
        done="turned by 180°",
        change=_turned(180.0),
        drawn_by=("rotation", "affine"),
        digits={**{one: one for one in "01258"}, "6": "9", "9": "6"},
    ),
    "corner": Risk(
        title="Crop to a corner",
        done="cropped to a sixth, at its upper left",
        change=_corner,
        drawn_by=("resized_crop",),
        may_miss=True,
    ),
}
"""By name, in the order in which they are offered."""


def read_as(spec: DatasetSpec, risk: Risk, label: str) -> str:
    """Return what a reader calls an image of this class after the change; "" where only a look at the image tells.

    The classes of the catalogue's photographs and garments keep their names whichever way up they are.
    """
    if risk.may_miss or spec.count is not None:
        return ""
    if spec.classes != DIGITS:
        return label
    return risk.digits.get(label, "no digit")


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What a network called the images of a sample, int64 (N,), with their ``labels``: as they are, and ``after``."""

    labels: Integers
    before: Integers
    after: Integers

    def right(self, which: str) -> int:
        """Return how many are called by their label, ``before`` or ``after`` the change."""
        return int((getattr(self, which) == self.labels).sum())

    def ci95(self, which: str) -> tuple[float, float]:
        """Return the 95 % interval of that share (Wilson)."""
        return wilson_interval(self.right(which), len(self.labels))

    def called(self, label: int) -> list[tuple[int, int]]:
        """Return what images of a class are called after the change, with how often, the commonest first."""
        names, counts = np.unique(self.after[self.labels == label], return_counts=True)
        return sorted(zip(names.tolist(), counts.tolist(), strict=True), key=lambda one: -one[1])


def changed(sample: Sample, risk: Risk, format: InputFormat, places: slice = slice(None)) -> Tensor:
    """Return images of a sample as the network takes them, float32 (N, C, S, S) normalised, after the change."""
    return normalise(risk.change(denormalise(sample.images[places], format)), format)


def names_of(
    model: nn.Module, images: Tensor, format: InputFormat, *, mirrored: bool = False
) -> list[tuple[int, float]]:
    """Return a network's likeliest class of each image, float32 (N, C, S, S) in [0, 1], and its probability."""
    with torch.inference_mode():
        logits = logits_of(model, normalise(images, format).to(device_of(model)), mirrored=mirrored)
        sure, labels = logits.softmax(1).max(1)
    return list(zip(labels.tolist(), sure.tolist(), strict=True))


def answers(
    model: nn.Module,
    sample: Sample,
    risk: Risk,
    format: InputFormat,
    *,
    mirrored: bool = False,
    tell: Callable[[float], None] = lambda _done: None,
) -> Answers:
    """Return what a network in eval mode, which it shares with others, calls a sample before and after the change.

    ``tell`` is told how far it is, in [0, 1].
    """
    device, count = device_of(model), len(sample.labels)
    before, after = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    with torch.inference_mode():
        for start in range(0, count, _AT_ONCE):
            tell(start / count)
            places = slice(start, start + _AT_ONCE)
            for images, found in ((sample.images[places], before), (changed(sample, risk, format, places), after)):
                logits = logits_of(model, images.to(device), mirrored=mirrored)
                found[places] = logits.argmax(1).cpu().numpy()
    return Answers(labels=sample.labels.numpy(), before=before, after=after)

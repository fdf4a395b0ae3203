"""Confidence curve: one value of one augmentation is swept, and a network answers at every point.

What changes the picture is the very function that training applies, with the value given instead of drawn.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.explain.inside.layers import device_of
from core.intervals import minus
from core.models.answers import logits_of
from core.models.input_format import InputFormat, normalise
from core.transforms import transforms
from core.transforms.transform import Drawn

Change = Callable[[Tensor, Tensor, float], Tensor]

AT_ONCE = 8  # pictures that go through a network together: what lies between two layers then fits a CPU's caches


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """One value to sweep: from ``low`` in ``count`` steps of ``step``; at ``rest`` the picture is as it was.

    ``change(batch, values, scale)`` maps float32 (N, C, S, S) in [0, 1] with a value for each image, (N,), to the same
    shape; what is in pixels is taken times ``scale``. ``unit`` follows the number; ``digits`` stand after its point.
    """

    title: str
    change: Change
    low: float
    step: float
    count: int
    rest: float
    unit: str = ""
    digits: int = 0
    colour: bool = False  # does nothing to a grey picture

    @property
    def values(self) -> tuple[float, ...]:
        """Every value, ascending; ``rest`` is one of them."""
        return tuple(round(self.low + self.step * place, 6) for place in range(self.count))

    @property
    def resting(self) -> int:
        """The place of ``rest`` among the values."""
        return min(range(self.count), key=lambda place: abs(self.values[place] - self.rest))

    def words(self, value: float) -> str:
        """Return a value for people, with its unit and a real minus sign."""
        return minus(f"{value:.{self.digits}f}{self.unit}")


def _by(name: str, drawn: Callable[[Tensor, float], Drawn], **settings: float | str) -> Change:
    def change(batch: Tensor, values: Tensor, scale: float) -> Tensor:
        return transforms[name].apply(batch, drawn(values, scale), **settings)

    return change


def _affine(**which: Callable[[Tensor], Tensor]) -> Change:
    rest = {"angle": 0.0, "zoom": 1.0, "shear": 0.0, "right": 0.0, "down": 0.0}

    def drawn(values: Tensor, scale: float) -> Drawn:
        still = {name: torch.full_like(values, value) for name, value in rest.items()}
        return still | {name: of(values) for name, of in which.items()}

    return _by("affine", drawn, degrees=180.0, translate=0.5, scale=0.5, shear=45.0)


def _colour(name: str) -> Change:
    def drawn(values: Tensor, scale: float) -> Drawn:
        one = torch.ones_like(values)
        still = {"brightness": one, "contrast": one, "saturation": one, "order": torch.zeros_like(values)}
        return still | {name: values}

    return _by("colour_jitter", drawn, brightness=1.0, contrast=1.0, saturation=1.0)


def _middle(values: Tensor, scale: float) -> Drawn:
    half = torch.full_like(values, 0.5)
    return {"side": values / 100, "left": half, "top": half}


def _square(values: Tensor, scale: float) -> Drawn:
    half = torch.full_like(values, 0.5)
    return {"height": values / 100, "width": values / 100, "down": half, "right": half}


def _blurred(values: Tensor, scale: float) -> Drawn:
    return {"sigma": (values * scale).clamp(min=0.01)}


_LARGEST_BLUR = 20.0  # px of standard deviation that the Gaussian's window is wide enough for, at any scale

SWEEPS = {
    "angle": Sweep(
        title="Turn",
        change=_by("rotation", lambda values, scale: {"angle": values}, degrees=180.0),
        low=-180,
        step=10,
        count=37,
        rest=0,
        unit="°",
    ),
    "zoom": Sweep(title="Zoom", change=_affine(zoom=lambda v: v), low=0.4, step=0.05, count=33, rest=1, digits=2),
    "right": Sweep(
        title="Shift to the right", change=_affine(right=lambda v: v / 100), low=-50, step=2.5, count=41, rest=0,
        unit=" % of the side", digits=1,
    ),
    "down": Sweep(
        title="Shift down", change=_affine(down=lambda v: v / 100), low=-50, step=2.5, count=41, rest=0,
        unit=" % of the side", digits=1,
    ),
    "shear": Sweep(
        title="Slant", change=_affine(shear=lambda v: v), low=-60, step=3, count=41, rest=0, unit="°",
    ),
    "crop": Sweep(
        title="Crop to the middle", change=_by("resized_crop", _middle, smallest=0.1), low=10, step=2.5, count=37,
        rest=100, unit=" % of the side", digits=1,
    ),
    "brightness": Sweep(
        title="Brightness", change=_colour("brightness"), low=0, step=0.05, count=41, rest=1, unit=" times", digits=2,
    ),
    "contrast": Sweep(
        title="Contrast", change=_colour("contrast"), low=0, step=0.05, count=41, rest=1, unit=" times", digits=2,
    ),
    "saturation": Sweep(
        title="Saturation", change=_colour("saturation"), low=0, step=0.05, count=41, rest=1, unit=" times", digits=2,
        colour=True,
    ),
    "blur": Sweep(
        title="Blur", change=_by("blur", _blurred, largest=_LARGEST_BLUR), low=0, step=0.125, count=41, rest=0,
        unit=" px", digits=3,
    ),
    "erasing": Sweep(
        title="Black square in the middle", change=_by("erasing", _square, largest=0.6), low=0, step=2.5, count=37,
        rest=0, unit=" % of the side", digits=1,
    ),
}  # fmt: skip
"""By name, in the order in which they are offered."""


def swept(image: Tensor, sweep: Sweep, *, scale: float = 1.0) -> Tensor:
    """Return float32 (C, S, S) in [0, 1] at every value, (count, C, S, S); at rest it is the image itself."""
    values = torch.tensor(sweep.values, dtype=torch.float32)
    pictures = sweep.change(image.expand(sweep.count, -1, -1, -1).contiguous(), values, scale)
    pictures[sweep.resting] = image
    return pictures


@dataclass(frozen=True, kw_only=True)
class Curve:
    """A network's answers along a sweep: ``probabilities`` (count, classes), float32, and the ``sweep``."""

    sweep: Sweep
    probabilities: Tensor

    @property
    def answers(self) -> list[int]:
        """The likeliest class at every value."""
        return [int(one) for one in self.probabilities.argmax(1)]

    @property
    def first(self) -> int:
        """The likeliest class where the picture is as it was."""
        return self.answers[self.sweep.resting]

    def of(self, label: int) -> list[float]:
        """Return the probability of one class at every value."""
        return [float(one) for one in self.probabilities[:, label]]

    def breaks(self) -> tuple[int | None, int | None]:
        """Return the places, going down and going up from rest, where the answer is another one for the first time."""
        answers, rest = self.answers, self.sweep.resting
        down = next((place for place in range(rest - 1, -1, -1) if answers[place] != answers[rest]), None)
        up = next((place for place in range(rest + 1, len(answers)) if answers[place] != answers[rest]), None)
        return down, up


def curve(model: nn.Module, pictures: Tensor, format: InputFormat, sweep: Sweep, *, mirrored: bool = False) -> Curve:
    """Return what a network in eval mode answers to the pictures of a sweep (`swept`), which it shares with others."""
    device = device_of(model)
    with torch.inference_mode():
        parts = [
            logits_of(model, normalise(part, format).to(device), mirrored=mirrored).softmax(1).cpu()
            for part in pictures.split(AT_ONCE)
        ]
    return Curve(sweep=sweep, probabilities=torch.cat(parts))

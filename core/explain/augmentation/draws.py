"""What a chain of augmentations makes of one photo, and what a network is given afterwards.

The chain is the very one that training uses (`core.transforms.Chain`); here it is drawn for many copies of one image.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor

from core.config import AugmentationStep
from core.errors import ConfigError
from core.explain.convolution.convolve import show_picture
from core.explain.drawing.colours import Pixels
from core.models.input_format import InputFormat, denormalise, normalise, pixels, to_batch
from core.models.received import receive
from core.seeding import derive_seed
from core.strict_json import NotStrictJsonError, parse, typed
from core.transforms import Applied, Chain, chain_from_json

MOST_DRAWS = 64


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What decides the draws of one photo, as JSON carries it to somebody else: "" and None where that is not said."""

    steps: tuple[AugmentationStep, ...]
    dataset: str = ""
    seed: int | None = None
    draws: int | None = None

    def to_json(self) -> str:
        """Return it as JSON that `from_json` reads."""
        return json.dumps(asdict(self), indent=1, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> "Asked":
        """Return what `to_json` wrote, checked, or what a chain alone says.

        Raises ConfigError with a sentence where it is neither.
        """
        try:
            fields = parse(text)
            if not isinstance(fields, dict):
                return cls(steps=chain_from_json(text))
            asked = typed(cls, fields)
        except NotStrictJsonError as error:
            raise ConfigError(f"This is not a chain of augmentations: {error}.") from None
        return cls(
            steps=chain_from_json(json.dumps([asdict(step) for step in asked.steps])),
            dataset=asked.dataset,
            seed=asked.seed,
            draws=asked.draws,
        )


@dataclass(frozen=True, kw_only=True)
class Draws:
    """One image, drawn several times: ``before`` (C, S, S) and ``after`` (N, C, S, S), float32 in [0, 1].

    ``applied`` has for each draw the steps that were applied to it, in order, with what they did; ``notes`` say in a
    few words each what was done to the photo before any draw.
    """

    before: Tensor
    after: Tensor
    applied: tuple[tuple[Applied, ...], ...]
    notes: tuple[str, ...] = ()

    def words(self, index: int) -> str:
        """Return what was done to draw ``index``, for people."""
        return " · ".join(step.text for step in self.applied[index]) or "nothing applied"

    def picture(self, index: int | None = None) -> Pixels:
        """Return draw ``index``, or the image before any draw (None), as uint8 (S, S, 3)."""
        return show_picture(self.before if index is None else self.after[index])


@dataclass(frozen=True, kw_only=True)
class Received:
    """What the network gets of one image: normalised numbers, and the same taken back.

    ``normalised`` (C, S, S) is (x − mean) / std; ``clipped`` shows it as plotting libraries do, with everything below
    0 black and above 1 white, ``restored`` after un-normalising. ``means`` and ``spreads`` (C,) are those of
    ``normalised``.
    """

    normalised: npt.NDArray[np.float32]
    clipped: Pixels
    restored: Pixels
    means: tuple[float, ...]
    spreads: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Repeated:
    """The same image read twice on each path: the largest difference of any pixel, in units of the [0, 1] range.

    The pictures, uint8 (S, S, 3), are the two readings of each.
    """

    training: float
    test: float
    training_pictures: tuple[Pixels, Pixels]
    test_pictures: tuple[Pixels, Pixels]


def draw(photo: Image.Image, steps: Sequence[AugmentationStep], *, format: InputFormat, count: int, seed: int) -> Draws:
    """Return ``count`` draws of ``photo`` at the format's size and channels; equal seeds give equal draws.

    Raises ConfigError for an unknown transform or setting and for a count outside 1 to 64.
    """
    if not 1 <= count <= MOST_DRAWS:
        raise ConfigError(f"{count} draws were asked for; it can be 1 to {MOST_DRAWS}.")
    before = _stored(photo, format)
    batch = before.expand(count, -1, -1, -1).contiguous()
    after, applied = Chain(steps).trace(batch, _generator(seed))
    notes = receive(photo, format).notes
    return Draws(before=before[0], after=after, applied=tuple(map(tuple, applied)), notes=notes)


def received(image: Tensor, format: InputFormat) -> Received:
    """Return what a network of this format gets of ``image`` (C, S, S), float32 in [0, 1]."""
    normal = normalise(image[None], format)
    spreads, means = torch.std_mean(normal[0], dim=(1, 2), correction=0)
    return Received(
        normalised=normal[0].numpy(),
        clipped=show_picture(normal[0]),
        restored=show_picture(denormalise(normal, format)[0]),
        means=tuple(means.tolist()),
        spreads=tuple(spreads.tolist()),
    )


def read_twice(photo: Image.Image, steps: Sequence[AugmentationStep], *, format: InputFormat, seed: int) -> Repeated:
    """Read ``photo`` twice as a training image and twice as a test image, and say how far the two readings differ."""
    chain = Chain(steps)
    first, second = (chain(_stored(photo, format), _generator(derive_seed(seed, "reading", turn))) for turn in (1, 2))
    test, again = _stored(photo, format), _stored(photo, format)
    return Repeated(
        training=float((first - second).abs().max()),
        test=float((test - again).abs().max()),
        training_pictures=(show_picture(first[0]), show_picture(second[0])),
        test_pictures=(show_picture(test[0]), show_picture(again[0])),
    )


def _stored(photo: Image.Image, format: InputFormat) -> Tensor:
    image = pixels(photo.convert("RGB"), channels=format.channels, size=format.size)
    return to_batch(np.array(image[None]), format)  # a copy: Pillow's pixels are read-only


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)

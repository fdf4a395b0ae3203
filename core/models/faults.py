"""What is wrong with what a network receives of a photo: not as the images were that it learned from."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
from PIL import Image

from core.intervals import percent
from core.models.input_format import InputFormat, denormalise
from core.models.received import Received
from core.photos.handwriting import place_of_ink
from core.photos.ink_frame import InkFrame

Kind = Literal["inverted", "off-centre", "too small", "too large", "too dark", "too bright", "flat", "squeezed", "cut",
               "enlarged"]  # fmt: skip

KINDS: tuple[Kind, ...] = get_args(Kind)

_OFF = 1 / 12  # of the square, by which ink may lie beside its place
_SMALL, _LARGE = 0.7, 1.3  # of the length that ink should have
_FAR = 1.0  # spreads of the training images' pixels, by which a photo's mean may differ from theirs
_FLAT = 0.25  # of the training images' spread
_SQUEEZED = 1.2  # times as wide as high, or as high as wide
_CUT = 0.6  # of a photo should be left
_ENLARGED = 1.5  # times as many pixels on a side


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that is wrong: its ``kind``, and a ``sentence`` for people that has the figures."""

    kind: Kind
    sentence: str


def faults_of(
    given: Received, format: InputFormat, frame: InkFrame | None, *, measured: bool = True
) -> tuple[Fault, ...]:
    """Return what is wrong with what a network is given, worst first.

    ``frame`` is that of the network's own data set, where that is handwriting, whether or not the photo was made like
    it. Mean and spread of the training images are the format's where it was ``measured`` on them; elsewhere nothing is
    said of the light.
    """
    values = np.clip(denormalise(given.batch, format)[0].numpy(), 0, 1)
    found: list[Fault] = []
    if frame is not None:
        found = _of_ink(values, frame)
    elif measured:
        found = _of_light(values, format)
    return (*found, *_of_shape(given))


def _of_ink(values: npt.NDArray[np.float32], frame: InkFrame) -> list[Fault]:
    grey = Image.fromarray((values.mean(0) * 255).round().astype(np.uint8))
    ink = place_of_ink(grey, frame)
    if ink is None:
        return [Fault(kind="flat", sentence="There is no ink to be seen: bring the paper closer, or into the light.")]
    found = []
    if ink.inverted:
        found.append(
            Fault(kind="inverted", sentence="Inverted: it is dark on light, and the network knows bright on black.")
        )
    if max(abs(ink.right), abs(ink.down)) > _OFF * frame.side:
        found.append(Fault(kind="off-centre", sentence=f"Off-centre: {_beside(ink.right, ink.down, frame.side)}."))
    if not _SMALL <= ink.length / frame.box <= _LARGE:
        small = ink.length < frame.box
        said = f"its ink is {ink.length:.0f} of {frame.side} px long, and {frame.box} are usual"
        kind: Kind = "too small" if small else "too large"
        found.append(Fault(kind=kind, sentence=f"Too {'small' if small else 'large'}: {said}."))
    return found


def _beside(right: float, down: float, side: int) -> str:
    ways = [(right, "right", "left"), (down, "below", "above")]
    said = [f"{abs(by):.0f} px {one if by > 0 else other}" for by, one, other in ways if abs(by) >= 0.5]
    return f"its middle lies {' and '.join(said)} of the square's, which has {side} px on a side"


def _of_light(values: npt.NDArray[np.float32], format: InputFormat) -> list[Fault]:
    mean, usual = float(values.mean()), float(np.mean(format.mean))
    spread, usual_spread = float(values.std()), float(np.mean(format.std))
    light = f"its mean brightness is {percent(mean)}, and {percent(usual)} are usual"
    found = []
    if mean < usual - _FAR * usual_spread:
        found.append(Fault(kind="too dark", sentence=f"Too dark: {light}."))
    if mean > usual + _FAR * usual_spread:
        found.append(Fault(kind="too bright", sentence=f"Too bright: {light}."))
    if spread < _FLAT * usual_spread:
        said = f"its brightness varies by {percent(spread)}, and {percent(usual_spread)} are usual"
        found.append(Fault(kind="flat", sentence=f"Flat: {said}."))
    return found


def _of_shape(given: Received) -> list[Fault]:
    found = []
    times = max(given.squeezed, 1 / given.squeezed)
    if times > _SQUEEZED:
        way = "wide as high" if given.squeezed > 1 else "high as wide"
        said = f"it was {times:.1f} times as {way}, and is shown as a square"
        found.append(Fault(kind="squeezed", sentence=f"Squeezed: {said}."))
    if given.kept < _CUT:
        said = f"{percent(1 - given.kept)} of the photo lies outside the square"
        found.append(Fault(kind="cut", sentence=f"Cut: {said}."))
    if given.enlarged > _ENLARGED:
        said = f"the photo has {given.enlarged:.1f} times too few pixels on a side, so it is blurred"
        found.append(Fault(kind="enlarged", sentence=f"Enlarged: {said}."))
    return found

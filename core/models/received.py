"""What a network is given of a photo, and what was done to the photo for that."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image
from torch import Tensor

from core.intervals import percent
from core.models.input_format import InputFormat, normalise, pixels, square, to_batch
from core.photos.handwriting import framed
from core.photos.ink_frame import InkFrame

SEEN_SIDE = 448

Fit = Literal["crop", "squeeze"]  # how a photo becomes a square: its centre, or all of it
FITS: tuple[Fit, ...] = ("crop", "squeeze")


@dataclass(frozen=True, kw_only=True)
class Received:
    """A photo on its way into a network.

    ``seen`` is the square that was cut out of the photo, or made of it, for people: RGB or grey, at most `SEEN_SIDE`
    pixels on a side. ``batch`` is that square at the network's size, float32 (1, C, S, S), normalised. ``notes`` say
    in a few words each what was done to the photo for that; there are none where nothing was. ``kept`` is the share of
    the photo that is in the square, ``squeezed`` how many times as wide as high it was before (1: it is as it was),
    ``enlarged`` how many times as many pixels the square has on a side as the photo had (1 or less: it has none that
    were made up).
    """

    seen: Image.Image
    batch: Tensor
    notes: tuple[str, ...] = ()
    kept: float = 1.0
    squeezed: float = 1.0
    enlarged: float = 1.0


def receive(photo: Image.Image, format: InputFormat, frame: InkFrame | None = None, *, fit: Fit = "crop") -> Received:
    """Return what a network with this input is given of ``photo``, RGB.

    It is the centre square, as of the images that the networks here learn from, or all of it squeezed into a square,
    by ``fit``. With the ``frame`` of a data set of handwriting it is the ink, made as that set was; a photo without ink
    is then taken as it is, and said to be so.
    """
    written = framed(photo, frame) if frame is not None else None
    kept = squeezed = 1.0
    if written is not None:
        image, notes = written.image, list(written.notes)
    elif fit == "squeeze":
        image, notes = photo.resize((min(photo.size),) * 2, Image.Resampling.BILINEAR), _squeeze_notes(photo.size)
        squeezed = photo.width / photo.height
    else:
        image, notes = square(photo, min(photo.size)), _cut_notes(photo.size)
        kept = min(photo.size) / max(photo.size)
    if written is None and frame is not None:
        notes.insert(0, "no ink was found")
    if written is None or not written.notes:
        notes += _change_notes(image, format)
    stored = pixels(image, channels=format.channels, size=format.size)
    batch = normalise(to_batch(np.array(stored[None]), format), format)  # a copy: Pillow's own pixels are read-only
    return Received(
        seen=square(image, min(image.width, SEEN_SIDE)),
        batch=batch,
        notes=tuple(notes),
        kept=kept,
        squeezed=squeezed,
        enlarged=1.0 if written is not None else format.size / image.width,
    )


def _squeeze_notes(size: tuple[int, int]) -> list[str]:
    return [f"squeezed into a square, from {size[0]}×{size[1]} px"] if size[0] != size[1] else []


def _cut_notes(size: tuple[int, int]) -> list[str]:
    side = min(size)
    lost = 1 - side / max(size)
    return [f"cut to its centre square, which leaves out {percent(lost)} of it"] if lost else []


def _change_notes(image: Image.Image, format: InputFormat) -> list[str]:
    notes = []
    if image.width != format.size:
        made = "smaller" if image.width > format.size else "larger"
        notes.append(f"made {made}, from {image.width}×{image.height} to {format.size}×{format.size} px")
    if format.channels == 1 and _coloured(image):
        notes.append("turned grey")
    return notes


def _coloured(image: Image.Image) -> bool:
    if image.mode == "L":
        return False
    red, green, blue = (np.asarray(band) for band in image.convert("RGB").split())
    return not (np.array_equal(red, green) and np.array_equal(green, blue))

"""How well the networks for MNIST that ship read digits that are not as MNIST's: as they are, and made like them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter, ImageOps
from torch import nn

from core.checkpoints import Checkpoint, shipped
from core.checkpoints.backbones import load_network
from core.data import load, make_split
from core.judging.classification import rank, received
from core.photos.door import Photo

NETWORKS = tuple(checkpoint for checkpoint in shipped() if checkpoint.card.dataset == "mnist")


def _moved(digit: Image.Image) -> Image.Image:
    sheet = Image.new("L", digit.size)
    sheet.paste(digit, (4, -4))
    return sheet


def _filling(digit: Image.Image) -> Image.Image:
    return ImageOps.pad(digit.crop(digit.getbbox()), digit.size, Image.Resampling.BICUBIC)


VARIANTS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "plain": lambda digit: digit,
    "moved by 4 px both ways": _moved,
    "filling the frame": _filling,
    "inverted": ImageOps.invert,
    "a pixel thicker on every side": lambda digit: digit.filter(ImageFilter.MaxFilter(3)),
}


@dataclass(frozen=True, kw_only=True)
class Read:
    """How many percent of ``digits`` test digits a network reads right, by variant: as they are, and made."""

    network: str
    digits: int
    as_they_are: dict[str, float]
    made: dict[str, float]


def readings(count: int) -> Iterator[Read]:
    """Yield a row for each network; ``count`` digits are spread over the test split."""
    digits, labels = unseen_digits(count)
    for checkpoint in NETWORKS:
        model = load_network(checkpoint)
        as_they_are, made = (
            {name: accuracy(checkpoint, model, digits, labels, name, as_it_is=plain) for name in VARIANTS}
            for plain in (True, False)
        )
        yield Read(network=checkpoint.card.name, digits=len(digits), as_they_are=as_they_are, made=made)


def unseen_digits(count: int) -> tuple[list[Image.Image], npt.NDArray[np.int64]]:
    """Return ``count`` of MNIST's test digits, 28×28, and their classes."""
    data = load("mnist")
    test = make_split(data).test
    chosen = test[np.linspace(0, len(test) - 1, count).astype(int)]
    return [Image.fromarray(image[0]) for image in data.images[chosen]], data.labels[chosen]


def accuracy(
    checkpoint: Checkpoint,
    model: nn.Module,
    digits: list[Image.Image],
    labels: npt.NDArray[np.int64],
    variant: str,
    *,
    as_it_is: bool = False,
) -> float:
    """Return how many percent of the digits are read right, changed as ``variant`` says and taken for photos."""
    change = VARIANTS[variant]
    given = [
        received(checkpoint, Photo(image=change(digit).convert("RGB"), sha256="", name=""), as_it_is=as_it_is)
        for digit in digits
    ]
    found = rank(checkpoint, given, model=model, top=1)
    return 100 * float(np.mean([ranking[0].label == str(label) for ranking, label in zip(found, labels, strict=True)]))

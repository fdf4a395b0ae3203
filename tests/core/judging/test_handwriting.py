"""Every network for MNIST that ships reads digits that are not as MNIST's, once they are made like them."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import pytest
from PIL import Image, ImageFilter, ImageOps

from core.checkpoints import Checkpoint, shipped
from core.checkpoints.backbones import load_network
from core.data import load, make_split
from core.judging.classification import rank, received
from core.photos.door import Photo

N = 2_000
POINTS = 3.0
NETWORKS = [checkpoint for checkpoint in shipped() if checkpoint.card.dataset == "mnist"]


def moved(digit: Image.Image) -> Image.Image:
    """Four pixels to the right and up."""
    sheet = Image.new("L", digit.size)
    sheet.paste(digit, (4, -4))
    return sheet


def filling(digit: Image.Image) -> Image.Image:
    """Its longer side as long as the picture's."""
    return ImageOps.pad(digit.crop(digit.getbbox()), digit.size, Image.Resampling.BICUBIC)


def thickened(digit: Image.Image) -> Image.Image:
    """A pixel wider on every side."""
    return digit.filter(ImageFilter.MaxFilter(3))


VARIANTS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "moved": moved,
    "filling": filling,
    "inverted": ImageOps.invert,
    "thickened": thickened,
}


@lru_cache
def digits() -> tuple[list[Image.Image], np.ndarray]:
    data = load("mnist")
    chosen = make_split(data).test[:: 10_000 // N]
    return [Image.fromarray(image[0]) for image in data.images[chosen]], data.labels[chosen]


def accuracy(checkpoint: Checkpoint, digits: list[Image.Image], labels: np.ndarray) -> float:
    """In percent, of digits that come through the door of photos."""
    given = [received(checkpoint, Photo(image=digit.convert("RGB"), sha256="", name="")) for digit in digits]
    found = rank(checkpoint, given, model=load_network(checkpoint), top=1)
    return 100 * float(np.mean([ranking[0].label == str(label) for ranking, label in zip(found, labels, strict=True)]))


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize("checkpoint", NETWORKS, ids=lambda checkpoint: checkpoint.card.name)
def test_digits_of_another_place_size_sign_or_pen_are_read_within_three_points(
    checkpoint: Checkpoint, data_folder: object
) -> None:
    images, labels = digits()
    plain = accuracy(checkpoint, images, labels)
    assert checkpoint.card.metrics is not None
    assert plain == pytest.approx(100 * checkpoint.card.metrics.test_accuracy, abs=1)  # a fifth of the same images
    lost = {
        name: plain - accuracy(checkpoint, [change(image) for image in images], labels)
        for name, change in VARIANTS.items()
    }
    assert {name: points for name, points in lost.items() if points > POINTS} == {}

"""The printed torchvision code gives the pictures that the page shows, in distribution, from the raw photo on."""

import io
from collections.abc import Mapping

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from core.config import AugmentationStep
from core.explain.augmentation.draws import MOST_DRAWS, draw
from core.models.input_format import InputFormat
from core.photos.door import open_photo
from core.photos.samples import sample_photos
from core.registry import Value
from core.transforms import chain_code, transforms

PARTS, DRAWS = 4, 128
PHOTO = next(iter(sample_photos().values())).image.reduce(4)
EXTREMES: tuple[tuple[str, Mapping[str, Value]], ...] = (
    ("crop", {"padding": 6, "border": "reflect"}),
    ("crop", {"padding": 32, "border": "reflect"}),  # wider than the picture: torchvision's own pad refuses that
    ("rotation", {"degrees": 180.0}),
    ("affine", {"degrees": 90.0, "translate": 0.5, "scale": 0.5, "shear": 45.0}),
    ("resized_crop", {"smallest": 0.1}),
    ("perspective", {"distortion": 0.65}),
    ("colour_jitter", {"brightness": 1.0, "contrast": 1.0, "saturation": 1.0}),
    ("blur", {"largest": 5.0}),
    ("erasing", {"largest": 0.6}),
)


def page(photo: Image.Image, steps: list[AugmentationStep], format: InputFormat, seed: int) -> Tensor:
    """Return the pictures of the page, (DRAWS, C, S, S)."""
    seeds = range(seed * 1000, seed * 1000 + DRAWS // MOST_DRAWS)
    return torch.cat([draw(photo, steps, format=format, count=MOST_DRAWS, seed=one).after for one in seeds])


def printed(photo: Image.Image, steps: list[AugmentationStep], format: InputFormat, seed: int) -> Tensor:
    """Return the pictures that the printed code makes of the raw photo, (DRAWS, C, S, S)."""
    names: dict[str, object] = {}
    code = chain_code(steps, size=format.size, channels=format.channels, mean=format.mean, std=format.std)
    exec(code, names)  # our own text, and it is the thing under test
    train = names["train_transform"]
    assert callable(train)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return torch.stack([train(photo) for _ in range(DRAWS)])


def gap(some: list[Tensor], others: list[Tensor]) -> float:
    """Return how far the mean pictures of two groups of draws lie apart, over all pairs: root mean square."""
    pairs = [(one.mean(0) - other.mean(0)).abs().mean() for one in some for other in others if one is not other]
    return float(torch.stack(pairs).square().mean().sqrt())


def plain(size: int, channels: int) -> InputFormat:
    return InputFormat(channels=channels, size=size, mean=(0.0,) * channels, std=(1.0,) * channels)


@pytest.mark.parametrize(
    ("name", "settings"), [*((name, {}) for name in transforms), *EXTREMES], ids=lambda value: str(value) or "default"
)
def test_the_code_gives_the_pictures_of_the_page(name: str, settings: Mapping[str, Value]) -> None:
    steps, format = [AugmentationStep(name=name, settings=settings)], plain(32, 3)
    ours = [page(PHOTO, steps, format, seed) for seed in range(PARTS)]
    theirs = [printed(PHOTO, steps, format, seed) for seed in range(PARTS)]
    between_seeds = gap(ours, ours)
    if transforms[name].takes_turns:  # the page has no chance in it, and the code says so
        assert transforms[name].code_note
        between_seeds = gap(theirs, theirs)
    assert gap(ours, theirs) <= 3 * between_seeds + 1e-5  # rounding, where nothing is drawn


@pytest.mark.parametrize("channels", [1, 3])
def test_a_chain_by_chance_on_a_wide_photo_gives_the_pictures_of_the_page(channels: int) -> None:
    steps = [
        AugmentationStep(name="flip_vertical", probability=0.3),
        AugmentationStep(name="rotation", probability=0.5),
        AugmentationStep(name="greyscale", probability=0.2),
        AugmentationStep(name="erasing", probability=0.7),
    ]
    ours = [page(PHOTO, steps, plain(20, channels), seed) for seed in range(PARTS)]
    theirs = [printed(PHOTO, steps, plain(20, channels), seed) for seed in range(PARTS)]
    assert gap(ours, theirs) <= 3 * gap(ours, ours)


@pytest.mark.parametrize("size", [8, 28, 32, 128])
def test_without_augmentation_the_code_gives_the_very_pixels(size: int) -> None:
    for channels in (1, 3):
        format = InputFormat(channels=channels, size=size, mean=(0.4,) * channels, std=(0.2,) * channels)
        names: dict[str, object] = {}
        exec(chain_code([], size=size, channels=channels, mean=format.mean, std=format.std), names)
        test = names["test_transform"]
        assert callable(test)
        expected = draw(PHOTO, [], format=format, count=1, seed=0).before
        assert np.allclose(test(PHOTO) * 0.2 + 0.4, expected, atol=1e-5)


def test_differences_in_a_detail_are_named_beside_the_line() -> None:
    steps = [AugmentationStep(name="flip_alternating"), AugmentationStep(name="affine")]
    lines = chain_code(steps, size=32, channels=3, mean=(0.5,) * 3, std=(0.2,) * 3).splitlines()
    flip, affine = (next(at for at, line in enumerate(lines) if word in line) for word in ("HorizontalFlip", "Affine("))
    assert "takes turns" in lines[flip - 1]
    assert "whole pixels" in lines[affine - 1]


def test_a_photo_that_a_camera_has_stored_on_its_side_is_turned_as_on_the_page() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90° for showing
    stored = io.BytesIO()
    PHOTO.save(stored, "PNG", exif=exif)
    names: dict[str, object] = {}
    exec(chain_code([], size=32, channels=3, mean=(0.0,) * 3, std=(1.0,) * 3), names)
    test = names["test_transform"]
    assert callable(test)
    expected = draw(open_photo(stored.getvalue()).image, [], format=plain(32, 3), count=1, seed=0).before
    assert np.allclose(test(Image.open(stored)), expected, atol=1e-5)

"""What is wrong with what a network receives, on photos whose faults are known."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from core.data import load, make_split
from core.data.catalogue import datasets
from core.models.faults import KINDS, faults_of
from core.models.input_format import InputFormat
from core.models.received import Fit, receive

GREY = InputFormat(channels=1, size=28, mean=(0.13,), std=(0.31,))
PETS = InputFormat(channels=3, size=128, mean=(0.49, 0.46, 0.42), std=(0.26, 0.25, 0.25))
MNIST = datasets["mnist"].ink


def one(*, at: tuple[float, float] = (14, 14), length: float = 20) -> Image.Image:
    """A vertical stroke, bright on black, its middle at ``at`` (right, down) of 28 pixels; drawn at ten times that."""
    sheet = Image.new("RGB", (280, 280))
    right, down, half = 10 * at[0], 10 * at[1], 5 * length
    ImageDraw.Draw(sheet).rectangle((right - 13, down - half, right + 13, down + half), fill="white")
    return sheet


def faults(photo: Image.Image, *, made: bool = False) -> dict[str, str]:
    given = receive(photo, GREY, MNIST if made else None)
    return {fault.kind: fault.sentence for fault in faults_of(given, GREY, MNIST)}


@pytest.mark.parametrize(
    ("photo", "found"),
    [
        (one(), {}),
        (ImageOps.invert(one()), {"inverted": "Inverted: it is dark on light, and the network knows bright on black."}),
        (
            one(at=(20, 15)),
            {
                "off-centre": "Off-centre: its middle lies 6 px right and 1 px below of the square's, which has 28 px "
                "on a side."
            },
        ),
        (one(length=10), {"too small": "Too small: its ink is 12 of 28 px long, and 20 are usual."}),
        (one(length=28), {"too large": "Too large: its ink is 28 of 28 px long, and 20 are usual."}),
        (Image.new("RGB", (90, 90), "grey"), {"flat": "There is no ink to be seen: bring the paper closer, or into "
                                                      "the light."}),
    ],
    ids=["as it should be", "inverted", "off-centre", "small", "large", "an empty sheet"],
)  # fmt: skip
def test_what_is_wrong_with_a_digit_is_said_with_its_figures(photo: Image.Image, found: dict[str, str]) -> None:
    assert faults(photo) == found


@pytest.mark.parametrize("photo", [ImageOps.invert(one(at=(20, 18), length=10)), one(length=28), one(at=(6, 14))])
def test_what_is_made_like_the_data_set_has_no_fault(photo: Image.Image) -> None:
    assert faults(photo, made=True) == {}


def test_the_images_of_a_data_set_are_hardly_ever_called_wrong() -> None:
    digits, spec = load("digits"), datasets["digits"]
    test = make_split(digits).test[::4]
    format = InputFormat(channels=1, size=28, mean=(0.3,), std=(0.36,))
    wrong = 0
    for index in test:
        given = receive(Image.fromarray(np.asarray(digits.images[index, 0])).convert("RGB"), format)
        wrong += bool(faults_of(given, format, spec.ink))
    assert wrong / len(test) < 0.05


@pytest.mark.parametrize(
    ("size", "colour", "fit", "found"),
    [
        ((200, 200), "noise", "crop", {}),
        ((200, 150), "noise", "crop", {}),
        ((400, 200), "noise", "crop", {"cut": "Cut: 50 % of the photo lies outside the square."}),
        ((400, 200), "noise", "squeeze", {"squeezed": "Squeezed: it was 2.0 times as wide as high, and is shown as a "
                                                      "square."}),
        ((200, 300), "noise", "squeeze", {"squeezed": "Squeezed: it was 1.5 times as high as wide, and is shown as a "
                                                      "square."}),
        ((32, 32), "noise", "crop", {"enlarged": "Enlarged: the photo has 4.0 times too few pixels on a side, so it is "
                                                 "blurred."}),
        ((200, 200), "dark", "crop", {"too dark": "Too dark: its mean brightness is 10 %, and 46 % are usual."}),
        ((200, 200), "bright", "crop", {"too bright": "Too bright: its mean brightness is 90 %, and 46 % are usual."}),
        ((200, 200), "grey", "crop", {"flat": "Flat: its brightness varies by 0 %, and 25 % are usual."}),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_photo_is_said_with_its_figures(
    size: tuple[int, int], colour: str, fit: Fit, found: dict[str, str]
) -> None:
    tiles = np.indices((size[1] // 2, size[0] // 2)).sum(0) // 16 % 2  # squares of 32 pixels
    board = np.kron(tiles, np.ones((2, 2)))
    low, high = {"noise": (40, 200), "dark": (0, 51), "bright": (204, 255), "grey": (117, 117)}[colour]
    photo = Image.fromarray(np.where(board > 0, high, low).astype(np.uint8)).convert("RGB")
    given = receive(photo, PETS, fit=fit)
    assert {fault.kind: fault.sentence for fault in faults_of(given, PETS, None)} == found


def test_kinds_are_named_once() -> None:
    assert len(set(KINDS)) == len(KINDS) == 10

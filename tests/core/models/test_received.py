"""What a network is given of a photo, and the words for what was done to it."""

import pytest
import torch
from PIL import Image, ImageDraw

from core.data.catalogue import datasets
from core.models.input_format import InputFormat
from core.models.received import FITS, receive

RGB = InputFormat(channels=3, size=4, mean=(0.5, 0.4, 0.3), std=(0.25, 0.2, 0.2))
GREY = InputFormat(channels=1, size=28, mean=(0.0,), std=(1.0,))
MNIST = datasets["mnist"].ink


def test_a_photo_becomes_one_normalised_image() -> None:
    batch = receive(Image.new("RGB", (8, 8), (255, 255, 255)), RGB).batch
    assert batch.shape == (1, 3, 4, 4)
    assert torch.allclose(batch[0, :, 0, 0], (1 - torch.tensor(RGB.mean)) / torch.tensor(RGB.std))


@pytest.mark.parametrize(
    ("size", "colour", "format", "notes"),
    [
        ((4, 4), "red", RGB, ()),
        ((8, 8), "red", RGB, ("made smaller, from 8×8 to 4×4 px",)),
        ((2, 2), "red", RGB, ("made larger, from 2×2 to 4×4 px",)),
        ((4, 5), "red", RGB, ("cut to its centre square, which leaves out 20 % of it",)),
        ((28, 28), "grey", GREY, ()),
        ((28, 28), "red", GREY, ("turned grey",)),
        (
            (400, 300),
            "red",
            GREY,
            (
                "cut to its centre square, which leaves out 25 % of it",
                "made smaller, from 300×300 to 28×28 px",
                "turned grey",
            ),
        ),
    ],
)
def test_everything_that_is_done_to_a_photo_is_said(
    size: tuple[int, int], colour: str, format: InputFormat, notes: tuple[str, ...]
) -> None:
    given = receive(Image.new("RGB", size, colour), format)
    assert given.notes == notes
    assert given.seen.size == (min(size),) * 2


def test_handwriting_is_made_as_its_data_set_was() -> None:
    sheet = Image.new("RGB", (200, 100), "white")
    ImageDraw.Draw(sheet).line([(150, 20), (150, 90)], fill="navy", width=10)
    as_it_is, made = receive(sheet, GREY), receive(sheet, GREY, MNIST)
    assert as_it_is.batch.mean() > 0.9
    assert made.seen.size == (28, 28)
    assert made.batch[0, 0, :, 14].max() > 0.9
    assert made.batch[0, 0, 0].max() == made.batch[0, 0, :, 0].max() == 0
    assert made.notes[0] == "inverted, to bright on black"


def test_an_empty_sheet_is_taken_as_it_is_and_said_to_be_empty() -> None:
    given = receive(Image.new("RGB", (40, 30), "white"), GREY, MNIST)
    assert given.notes[0] == "no ink was found"
    assert given.batch.min() == 1


def test_a_photo_can_be_squeezed_instead_of_cut() -> None:
    photo = Image.new("RGB", (40, 20), "black")
    photo.paste((255, 255, 255), (0, 0, 10, 20))
    cut, squeezed = receive(photo, RGB), receive(photo, RGB, fit="squeeze")
    seen = [given.batch[0, 0, 2].mul(0.25).add(0.5).tolist() for given in (cut, squeezed)]
    assert seen[0] == pytest.approx([0, 0, 0, 0], abs=1e-6), "the white quarter lies outside the centre square"
    assert seen[1][0] > 0.8
    assert seen[1][2:] == pytest.approx([0, 0], abs=1e-6)
    assert squeezed.notes == ("squeezed into a square, from 40×20 px", "made smaller, from 20×20 to 4×4 px")
    assert (cut.kept, cut.squeezed, squeezed.kept, squeezed.squeezed) == (0.5, 1, 1, 2)
    assert squeezed.seen.size == (20, 20)


def test_of_handwriting_that_is_made_nothing_is_squeezed() -> None:
    sheet = Image.new("RGB", (200, 100), "white")
    ImageDraw.Draw(sheet).line([(150, 20), (150, 90)], fill="navy", width=10)
    for fit in FITS:
        given = receive(sheet, GREY, MNIST, fit=fit)
        assert (given.kept, given.squeezed, given.enlarged) == (1, 1, 1)

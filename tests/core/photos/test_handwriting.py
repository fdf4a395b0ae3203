"""Handwriting on any sheet comes out as the data set's own: bright on black, of one size and stroke, in one place."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFilter

from core.data.catalogue import datasets
from core.photos.handwriting import framed
from core.photos.ink_frame import InkFrame

FRAMES = {name: spec.ink for name, spec in datasets.items() if spec.ink is not None}
MNIST = FRAMES["mnist"]


def seven(
    *, size: tuple[int, int] = (280, 280), at: tuple[int, int] = (90, 40), height: int = 200, pen: int = 28
) -> Image.Image:
    """A 7, black on white, its upper left at ``at``."""
    image = Image.new("L", size, 255)
    left, top = at
    width = height * 6 // 10
    corners = [(left, top), (left + width, top), (left + width // 3, top + height)]
    ImageDraw.Draw(image).line(corners, fill=0, width=pen, joint="curve")
    return image


def made(photo: Image.Image, frame: InkFrame = MNIST) -> np.ndarray:
    written = framed(photo.convert("RGB"), frame)
    assert written is not None
    assert (written.image.mode, written.image.size) == ("L", (frame.side, frame.side))
    return np.asarray(written.image) / 255


def notes(photo: Image.Image, frame: InkFrame = MNIST) -> str:
    written = framed(photo.convert("RGB"), frame)
    assert written is not None
    return "; ".join(written.notes)


def extent(image: np.ndarray) -> tuple[int, int]:
    """Height and width of what is brighter than a tenth."""
    return tuple(int(np.ptp(np.flatnonzero((image > 0.1).any(axis)))) + 1 for axis in (1, 0))  # type: ignore[return-value]


def centre_of_mass(image: np.ndarray) -> tuple[float, float]:
    rows, columns = np.indices(image.shape)
    return float((image * rows).sum() / image.sum()), float((image * columns).sum() / image.sum())


def unlike(first: np.ndarray, second: np.ndarray) -> float:
    """Mean difference of two pictures, as a share of what is written in them."""
    return float(np.abs(first - second).sum() / first.sum())


def test_black_on_white_becomes_bright_on_black_in_20_pixels_of_28() -> None:
    image = made(seven())
    assert image[0].max() == image[:, 0].max() == 0
    assert image.max() > 0.95
    assert extent(image)[0] == 20
    assert centre_of_mass(image) == pytest.approx((14, 14), abs=0.5)  # placed by whole pixels
    said = notes(seven())
    assert said.startswith("inverted, to bright on black; cut to the ink, ")
    assert said.endswith("scaled to 12 px wide and 20 px high, with its centre of mass in the middle of 28×28")


@pytest.mark.parametrize(
    "other",
    [
        seven(at=(20, 60)),
        seven(size=(640, 480), at=(400, 200)),
        seven(size=(200, 240), at=(40, 18)),
        seven(height=100, pen=14),
        seven().point(lambda value: 255 - value),
        seven().point(lambda value: 150 + value // 3),
        seven().filter(ImageFilter.GaussianBlur(2)),
    ],
    ids=["moved", "in a corner of a photo", "filling it", "half as large", "inverted", "pencil", "out of focus"],
)
def test_size_place_contrast_and_sign_make_no_difference(other: Image.Image) -> None:
    assert unlike(made(seven()), made(other)) < 0.35  # it may come to lie a pixel aside; upside down it would be 1.3


def test_paper_that_is_lit_from_one_side_has_no_ink_of_its_own() -> None:
    paper = np.asarray(seven(size=(480, 360), at=(100, 60)), dtype=float)
    slope = np.linspace(0.55, 0.95, 480)[None]  # as between a window and the wall
    grain = np.random.default_rng(0).normal(0, 4, paper.shape)
    photo = Image.fromarray(np.clip((40 + paper * 0.84) * slope + grain, 0, 255).astype(np.uint8))
    assert unlike(made(seven()), made(photo)) < 0.2


def test_dirt_is_not_written() -> None:
    dirty = seven()
    for x, y in ((5, 270), (270, 8), (60, 200)):
        dirty.paste(0, (x, y, x + 6, y + 6))
    assert unlike(made(seven()), made(dirty)) < 0.05


def test_a_stroke_that_stands_by_itself_is_kept() -> None:
    five = seven()
    five.paste(0, (20, 230, 120, 250))
    assert unlike(made(seven()), made(five)) > 0.3


@pytest.mark.parametrize(("pen", "words"), [(8, "thickened from 1.0 to 2.2"), (70, "thinned from 6.0 to 4.0")])
def test_a_stroke_of_unusual_width_is_redrawn(pen: int, words: str) -> None:
    said = notes(seven(pen=pen))
    kind = words.split(" ")[0]
    assert f"strokes {kind} from" in said
    assert f"to {words.split(' ')[-1]} px" in said
    assert unlike(made(seven(pen=36)), made(seven(pen=pen))) < 0.65  # it would be 0.73 and 0.77 without


def test_thinning_breaks_no_stroke() -> None:
    from scipy import ndimage

    image = seven(pen=70)
    ImageDraw.Draw(image).line([(110, 220), (200, 235)], fill=0, width=16)  # a thin tail on a thick letter
    _pieces, count = ndimage.label(made(image) > 0.2, np.ones((3, 3)))
    assert count == 1


def test_an_image_that_is_in_place_comes_back_pixel_by_pixel() -> None:
    own = framed(seven().convert("RGB"), MNIST)
    assert own is not None
    again = framed(own.image.convert("RGB"), MNIST)
    assert again is not None
    assert again.notes == ()
    assert again.image.tobytes() == own.image.tobytes()


@pytest.mark.parametrize("sheet", [Image.new("L", (200, 100), 240), Image.new("L", (1, 1), 0)])
def test_an_empty_sheet_holds_no_ink(sheet: Image.Image) -> None:
    assert framed(sheet.convert("RGB"), MNIST) is None


def test_what_hardly_differs_from_the_sheet_is_no_ink() -> None:
    assert framed(seven().point(lambda value: 230 + value // 20).convert("RGB"), MNIST) is None


@pytest.mark.parametrize("name", FRAMES)
def test_every_frame_is_filled_as_its_images_are(name: str) -> None:
    frame = FRAMES[name]
    image = made(seven(), frame)
    assert extent(image)[0] == frame.box
    if frame.centre == "box":
        columns = np.flatnonzero((image > 0.1).any(0))
        assert (columns[0] + columns[-1] + 1) / 2 == pytest.approx(frame.side / 2, abs=1)


def test_ink_whose_weight_lies_far_aside_stays_in_the_picture() -> None:
    image = Image.new("L", (100, 200), 255)
    image.paste(0, (10, 10, 90, 40))
    image.paste(0, (48, 10, 52, 190))
    assert extent(made(image, InkFrame(side=28, box=27, centre="mass")))[0] == 27


@given(
    st.integers(1, 40),
    st.integers(1, 40),
    st.integers(0, 2**32 - 1),
    st.sampled_from([1, 20, 255]),
    st.sampled_from(list(FRAMES)),
)
def test_any_picture_is_made_or_said_to_hold_no_ink(width: int, height: int, seed: int, span: int, name: str) -> None:
    values = np.random.RandomState(seed).randint(0, span + 1, (height, width, 3)).astype(np.uint8)
    written = framed(Image.fromarray(values), FRAMES[name])
    assert written is None or written.image.size in ((FRAMES[name].side,) * 2, (width, height))

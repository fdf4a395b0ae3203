import io

import numpy as np
import pytest
from PIL import Image

from core.data.own.stored_picture import LONGEST_SIDE, stored_picture
from core.photos.door import open_photo
from tests.core.data.own.conftest import picture


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize(
    ("size", "kept", "form"),
    [
        ((1600, 1200), (512, 384), "JPEG"),
        ((512, 100), (512, 100), "JPEG"),
        ((65, 3), (65, 3), "JPEG"),
        ((64, 28), (64, 28), "PNG"),
        ((1, 1), (1, 1), "PNG"),
        ((8000, 2), (512, 1), "JPEG"),
    ],
)
def test_a_picture_is_made_smaller_never_larger_and_a_tiny_one_loses_nothing(
    size: tuple[int, int], kept: tuple[int, int], form: str
) -> None:
    stored = stored_picture(picture(size=size, form="PNG"))
    assert (stored.size, opened(stored.data).size, opened(stored.data).format) == (kept, kept, form)
    if form == "PNG":
        assert np.array_equal(np.asarray(opened(stored.data)), np.asarray(opened(picture(size=size, form="PNG"))))


def test_nothing_but_pixels_is_kept() -> None:
    stream = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E], exif[0x0112] = "where I live", 6
    opened(picture(size=(300, 200))).save(stream, "JPEG", exif=exif, comment=b"secret")
    stored = stored_picture(stream.getvalue())
    assert b"secret" not in stored.data
    assert b"where I live" not in stored.data
    assert stored.size == (200, 300)
    assert "turned upright" in stored.notes


@pytest.mark.parametrize("size", [(1000, 750), (512, 512), (30, 20)])
def test_what_is_in_this_form_already_is_kept_bit_by_bit_under_the_same_id(size: tuple[int, int]) -> None:
    """So a set that is saved and opened again has the same pictures, and none is spoiled a little more each time."""
    once = stored_picture(picture(size=size))
    again = stored_picture(once.data)
    assert (again.id, again.data, again.look) == (once.id, once.data, once.look)


@pytest.mark.parametrize("more", [b"trailing", b"\xff\xd8\xff\xe1more\xff\xd9", b"\xff\xd9"])
def test_what_has_more_than_pixels_is_written_anew(more: bytes) -> None:
    once = stored_picture(picture(size=(300, 200)))
    again = stored_picture(once.data + more)
    assert again.data != once.data + more
    assert (again.data.find(b"\xff\xd9"), again.data.find(b"trailing")) == (len(again.data) - 2, -1)


def test_a_comment_before_the_pixels_is_written_anew() -> None:
    once = stored_picture(picture(size=(300, 200)))
    again = stored_picture(once.data[:2] + b"\xff\xfe\x00\x08secret" + once.data[2:])
    assert b"secret" not in again.data


def test_another_picture_has_another_id() -> None:
    ids = {stored_picture(picture(seed, size=size)).id for seed in range(3) for size in ((100, 80), (40, 30))}
    assert len(ids) == 6


def test_the_kept_form_goes_through_the_door_without_a_note() -> None:
    stored = stored_picture(picture(size=(2000, 1500)))
    photo = open_photo(stored.data)
    assert (max(photo.size), photo.notes) == (LONGEST_SIDE, ())

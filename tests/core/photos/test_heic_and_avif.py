"""HEIC and AVIF through the photo door: opened, upright, in sRGB; sizes are read before a decoder sees the file."""

import io
import struct
import sys

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from core.errors import PhotoError
from core.photos.boxes import MAX_BOXES, container, largest_size
from core.photos.door import open_photo
from core.photos.parts import pixel_parts

pillow_heif.register_heif_opener(thumbnails=False)

FORMS = ("HEIF", "AVIF")


def picture() -> Image.Image:
    """Red on the left, blue on the right, green below."""
    pixels = np.zeros((96, 128, 3), np.uint8)
    pixels[:64, :64], pixels[:64, 64:], pixels[64:] = (220, 30, 30), (30, 30, 220), (30, 200, 30)
    return Image.fromarray(pixels)


def encoded(form: str, *, orientation: int = 1, taken: str = "", **more: object) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    if taken:
        exif.get_ifd(0x8769)[0x9003] = taken
    stream = io.BytesIO()
    picture().save(stream, form, quality=90, exif=exif.tobytes(), **more)
    return stream.getvalue()


def claiming(data: bytes, width: int, height: int) -> bytes:
    """The file with another size written into each of its ispe boxes."""
    changed, at = bytearray(data), data.find(b"ispe")
    while at >= 0:
        struct.pack_into(">II", changed, at + 8, width, height)
        at = data.find(b"ispe", at + 4)
    return bytes(changed)


def refusal(data: bytes) -> str:
    with pytest.raises(PhotoError) as caught:
        open_photo(data)
    return str(caught.value)


@pytest.mark.parametrize("form", FORMS)
def test_it_is_opened_as_it_was_seen(form: str) -> None:
    photo = open_photo(encoded(form, taken="2026:11:27 23:15:04"))
    assert photo.size == (128, 96)
    off = np.abs(np.asarray(photo.image, np.int64) - np.asarray(picture()))
    assert off.mean() < 6  # what the encoder loses
    assert (photo.notes, photo.taken) == ((), 1795821304.0)


@pytest.mark.parametrize("form", FORMS)
def test_it_is_turned_upright_once(form: str) -> None:
    photo = open_photo(encoded(form, orientation=6))
    assert photo.size == (96, 128)
    assert photo.image.getpixel((80, 20))[0] > 150  # red, once left, is above right
    assert photo.image.getpixel((10, 60))[1] > 150  # green, once below, is left


@pytest.mark.parametrize("form", FORMS)
def test_its_colour_profile_is_used(form: str) -> None:
    from tests.core.photos.test_colours import P3

    photo = open_photo(encoded(form, icc_profile=P3))
    assert any(note.startswith("colours converted from") for note in photo.notes)


@pytest.mark.parametrize("form", FORMS)
def test_colours_that_its_box_names_by_numbers_are_converted(form: str) -> None:
    plain = encoded(form)
    at = plain.index(b"colrnclx") + 8
    in_p3 = plain[:at] + struct.pack(">HH", 12, 13) + plain[at + 4 :]
    photo, same = open_photo(in_p3), open_photo(plain)
    assert photo.notes == ("colours converted from Display P3",)
    more = np.asarray(photo.image, np.int64)[:60, :60] - np.asarray(same.image)[:60, :60]
    assert more[..., 0].mean() > 8  # P3's red is redder than sRGB's


@pytest.mark.parametrize("form", FORMS)
def test_its_size_is_read_from_its_boxes(form: str) -> None:
    data = encoded(form)
    assert (container(data), largest_size(data)) == (form, (128, 96))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("size", [(9_000, 100), (8_000, 8_000), (2**31, 2**31)])
def test_one_that_claims_too_many_pixels_never_reaches_a_decoder(
    form: str, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = claiming(encoded(form), *size)
    monkeypatch.setattr("core.photos.door._decode", lambda _parts: pytest.fail("it was decoded"))
    assert "at most 8,192 on a side" in refusal(data)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("length", [20, 100, 200, 0.5, -3])
def test_one_that_is_cut_short_is_said(form: str, length: float) -> None:
    data = encoded(form)
    cut = data[: int(len(data) * length)] if isinstance(length, float) else data[:length]
    assert "cut short or damaged" in refusal(cut)


@pytest.mark.parametrize("form", FORMS)
def test_one_without_a_size_is_said_to_be_damaged(form: str) -> None:
    assert "cut short or damaged" in refusal(encoded(form).replace(b"ispe", b"free"))


def test_boxes_beyond_number_are_not_looked_through() -> None:
    head = struct.pack(">I4s4sI4s", 20, b"ftyp", b"heic", 0, b"mif1")
    assert "far too many pieces" in refusal(head + struct.pack(">I4s", 8, b"free") * (MAX_BOXES + 1))


@pytest.mark.parametrize("length", [0, 1, 7, 2**32 - 1])
def test_a_box_of_an_impossible_length_ends_the_search(length: int) -> None:
    head = struct.pack(">I4s4sI4s", 20, b"ftyp", b"heic", 0, b"mif1")
    assert "cut short or damaged" in refusal(head + struct.pack(">I4s", length, b"free") + b"\0" * 4)


def test_another_kind_of_media_file_is_no_picture() -> None:
    assert pixel_parts(struct.pack(">I4s4sI4s", 20, b"ftyp", b"isom", 0, b"mp42")) is None


def test_without_its_decoder_a_heic_photo_is_told_apart_and_a_way_out_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from core.photos import door

    door._know_heif.cache_clear()
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    assert "pillow-heif" in refusal(encoded("HEIF"))
    assert "Most Compatible" in refusal(encoded("HEIF"))
    door._know_heif.cache_clear()


@pytest.mark.parametrize("form", FORMS)
def test_one_without_any_metadata_is_opened(form: str) -> None:
    stream = io.BytesIO()
    picture().save(stream, form, quality=90)
    assert (open_photo(stream.getvalue()).size, open_photo(stream.getvalue()).taken) == ((128, 96), None)

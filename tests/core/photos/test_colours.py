"""Colour profiles: what a camera meant is what is seen, whatever file it comes in; what cannot be used is said."""

import io
import struct
import time
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from core.photos.appearance import as_seen
from core.photos.colours import NOT_USED
from core.photos.door import open_photo
from core.photos.parts import MAX_PROFILE_BYTES, pixel_parts

RED = (255, 0, 0)
# The primaries of Display P3 (SMPTE EG 432-1) with the white point D65, adapted to D50 by Bradford's matrix.
DISPLAY_P3 = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
RED_IN_P3 = (234, 51, 35)  # sRGB's red in the numbers of Display P3


def fixed(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))


def profile(
    *, name: str = "Display P3", space: bytes = b"RGB ", kind: bytes = b"mntr", extra: dict[bytes, bytes] | None = None
) -> bytes:
    """An ICC profile of version 2 by hand: three primaries and sRGB's curve (grey: a curve of gamma 1.0)."""
    curve = b"para" + bytes(4) + struct.pack(">HH", 3, 0)
    curve += b"".join(map(fixed, (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)))
    text = name.encode("ascii") + b"\0"
    tags = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", len(text)) + text + bytes(78),
        b"wtpt": b"XYZ " + bytes(4) + b"".join(map(fixed, (0.9642, 1.0, 0.8249))),
    }
    if space == b"GRAY":
        tags[b"kTRC"] = b"curv" + bytes(4) + struct.pack(">I", 0)
    else:
        for letter, primary in zip((b"r", b"g", b"b"), DISPLAY_P3, strict=True):
            tags[letter + b"XYZ"] = b"XYZ " + bytes(4) + b"".join(map(fixed, primary))
            tags[letter + b"TRC"] = curve
    tags |= extra or {}
    table, body, at = b"", b"", 132 + 12 * len(tags)
    for tag, data in tags.items():
        padded = data + bytes(-len(data) % 4)
        table += struct.pack(">4sII", tag, at + len(body), len(data))
        body += padded
    head = struct.pack(">I4s", at + len(body), bytes(4)) + b"\x04\x20\0\0" + kind + space + b"XYZ " + bytes(12)
    head += b"acsp" + bytes(28) + b"".join(map(fixed, (0.9642, 1.0, 0.8249))) + bytes(48)
    return head + struct.pack(">I", len(tags)) + table + body


P3 = profile()


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def flat(mode: str, colour: Any, size: tuple[int, int] = (32, 32)) -> Image.Image:
    return Image.new(mode, size, colour)


def first(data: bytes) -> tuple[tuple[int, ...], tuple[str, ...]]:
    photo = open_photo(data)
    value = photo.image.getpixel((8, 8))
    assert isinstance(value, tuple)
    return value, photo.notes


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_picture_that_was_made_grey_and_kept_its_profile_has_its_greys(kind: str) -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert first(encoded(flat("L", 100), kind, icc_profile=srgb)) == ((100, 100, 100), ())
    assert first(encoded(flat("L", 100), kind, icc_profile=P3)) == (
        (100, 100, 100),
        ("colours converted from Display P3",),
    )


@pytest.mark.parametrize(
    ("kind", "options"), [("PNG", {}), ("WEBP", {"lossless": True}), ("JPEG", {"quality": 100, "subsampling": 0})]
)
def test_the_red_that_a_phone_saved_is_red(kind: str, options: dict[str, Any]) -> None:
    colour, notes = first(encoded(flat("RGB", RED_IN_P3), kind, icc_profile=P3, **options))
    assert np.abs(np.subtract(colour, RED)).max() <= 1
    assert notes == ("colours converted from Display P3",)


def test_every_colour_of_a_p3_picture_is_littlecms_own_answer() -> None:
    pixels = np.random.RandomState(0).randint(0, 256, (40, 50, 3), dtype=np.uint8)
    srgb = ImageCms.profileToProfile(Image.fromarray(pixels), io.BytesIO(P3), ImageCms.createProfile("sRGB"))
    photo = open_photo(encoded(Image.fromarray(pixels), "PNG", icc_profile=P3))
    assert srgb is not None
    assert np.array_equal(np.asarray(photo.image), np.asarray(srgb))


def with_codes(png: bytes, *codes: int) -> bytes:
    """The PNG with a cICP chunk behind its header: primaries, transfer, matrix 0 and full range."""
    body = b"cICP" + bytes((*codes, 0, 1))
    return png[:33] + struct.pack(">I", 4) + body + struct.pack(">I", zlib.crc32(body)) + png[33:]


def test_colours_named_by_numbers_are_those_of_the_profile() -> None:
    pixels = np.random.RandomState(0).randint(0, 256, (40, 50, 3), dtype=np.uint8)
    plain = encoded(Image.fromarray(pixels), "PNG")
    by_profile = open_photo(encoded(Image.fromarray(pixels), "PNG", icc_profile=P3))
    by_numbers = open_photo(with_codes(plain, 12, 13))
    assert by_numbers.notes == by_profile.notes == ("colours converted from Display P3",)
    assert np.abs(np.subtract(by_numbers.image, by_profile.image, dtype=int)).max() <= 1  # two roundings of primaries
    assert open_photo(with_codes(encoded(Image.fromarray(pixels), "PNG", icc_profile=P3), 1, 13)).notes == ()


@pytest.mark.parametrize(
    ("codes", "note"),
    [
        ((1, 13), ()),
        ((2, 2), ()),
        ((9, 14), ("colours converted from BT.2020",)),
        ((1, 8), ("colours converted from sRGB with another curve",)),
        ((9, 16), (NOT_USED,)),  # PQ
        ((12, 18), (NOT_USED,)),  # HLG
        ((22, 13), (NOT_USED,)),
    ],
)
def test_what_numbers_mean_is_said(codes: tuple[int, int], note: tuple[str, ...]) -> None:
    colour, notes = first(with_codes(encoded(flat("RGB", (120, 120, 120)), "PNG"), *codes))
    assert notes == note
    grey = 183 if codes[1] == 8 else 120  # 255 times sRGB's code for 120 / 255 of the light; grey has no hue to move
    assert np.abs(np.subtract(colour, grey)).max() <= 1


def test_a_grey_picture_has_no_hue_that_numbers_could_move() -> None:
    grey = encoded(flat("L", 120), "PNG")
    assert first(with_codes(grey, 12, 13)) == ((120, 120, 120), ())
    assert first(with_codes(grey, 12, 16)) == ((120, 120, 120), (NOT_USED,))


@pytest.mark.parametrize(
    ("index", "red", "note"), [("R03", 255, ("colours converted from Adobe RGB",)), ("R98", 219, ())]
)
def test_a_camera_set_to_adobe_rgb_names_it_in_exif_alone(index: str, red: int, note: tuple[str, ...]) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA005] = {1: index}
    data = encoded(flat("RGB", (219, 0, 0)), "JPEG", quality=100, subsampling=0, exif=exif.tobytes())  # sRGB's red
    colour, notes = first(data)
    assert notes == note
    assert abs(colour[0] - red) <= 1


def test_training_images_are_converted_as_photos_are() -> None:
    data = encoded(flat("RGB", RED_IN_P3), "PNG", icc_profile=P3)
    with Image.open(io.BytesIO(data)) as image:
        assert np.array_equal(np.asarray(as_seen(image)), np.asarray(open_photo(data).image))


def test_transparency_survives_the_conversion() -> None:
    image = flat("RGBA", (*RED_IN_P3, 255))
    image.paste((0, 0, 0, 0), (16, 0, 32, 32))
    photo = open_photo(encoded(image, "PNG", icc_profile=P3))
    assert np.abs(np.subtract(photo.image.getpixel((4, 4)), RED)).max() <= 1  # type: ignore[arg-type]
    assert photo.image.getpixel((20, 4)) == (255, 255, 255)


def test_grey_is_converted_by_a_grey_profile() -> None:
    grey = profile(name="Linear grey", space=b"GRAY")
    colour, notes = first(encoded(flat("L", 55), "PNG", icc_profile=grey))
    assert np.abs(np.subtract(colour, 128)).max() <= 1  # 55/255 of the light is half of the way in sRGB
    assert notes == ("colours converted from Linear grey",)


def test_a_picture_in_srgb_is_left_as_it_is_and_nothing_is_said() -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert first(encoded(flat("RGB", (12, 200, 77)), "PNG", icc_profile=srgb)) == ((12, 200, 77), ())


def cut(data: bytes) -> bytes:
    return data[:200]


@pytest.mark.parametrize(
    "unusable",
    [
        b"x" * 200,
        cut(P3),
        profile(kind=b"prtr"),
        profile(space=b"CMYK"),
        profile(extra={b"A2B0": bytes(64)}),
        profile(extra={f"x{number:03}".encode(): bytes(4) for number in range(70)}),
        profile(space=b"GRAY"),
        P3.replace(b"acsp", b"acsq"),
        profile(extra={b"pad ": bytes(MAX_PROFILE_BYTES)}),
    ],
    ids=["text", "cut short", "printer", "CMYK", "tables", "many tags", "grey for colours", "no profile", "large"],
)
@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG"])
def test_what_cannot_be_used_is_said_and_the_colours_stay(unusable: bytes, kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {"quality": 100, "subsampling": 0} if kind == "JPEG" else {}
    colour, notes = first(encoded(flat("RGB", RED_IN_P3), kind, icc_profile=unusable, **options))
    assert np.abs(np.subtract(colour, RED_IN_P3)).max() <= 1
    assert notes == (NOT_USED,)


def test_a_profile_that_inflates_a_thousandfold_is_not_inflated() -> None:
    whole = encoded(flat("RGB", RED), "PNG")
    body = b"name\0\0" + zlib.compress(bytes(2**27), 9)
    bomb = struct.pack(">I", len(body)) + b"iCCP" + body + struct.pack(">I", zlib.crc32(b"iCCP" + body))
    started = time.process_time()
    parts = pixel_parts(whole[:33] + bomb * 50 + whole[33:])
    assert parts is not None
    assert parts.profile is None
    assert time.process_time() - started < 0.2, "a millisecond; 50 of them whole would take ten seconds"


def test_a_name_from_outside_is_one_short_line() -> None:
    _colour, (note,) = first(encoded(flat("RGB", RED), "PNG", icc_profile=profile(name="<b>\n\t\x07" + "long " * 30)))
    assert len(note) < 80
    assert note.isprintable()

"""Colour profiles: what a camera meant by its numbers, said in sRGB, which is what screens and networks here expect.

A profile comes from outside, so littleCMS sees it only where it is small, of a screen or a camera's RGB or of grey, and
made of a matrix and curves, as those of phones are; tables and programs inside a profile are left alone. What cannot
be used is said, and the numbers are then taken as they are.
"""

import io
import struct
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

from core.photos.parts import MAX_PROFILE_BYTES

MAX_TAGS = 64

NOT_USED = "its colour profile could not be used, so its colours may be off"

_CURVES = {b"RGB ": {b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC", b"gTRC", b"bTRC"}, b"GRAY": {b"kTRC"}}
_BANDS = {b"RGB ": "RGB", b"GRAY": "L"}
_TABLES = (b"A2B", b"D2B")  # littleCMS would take these instead of matrix and curves
_CLOSE = 2  # steps of 255 by which a profile may differ from sRGB before it counts as another


@dataclass(frozen=True, kw_only=True)
class _Conversion:
    """How pixels of mode ``bands`` become sRGB; ``transform`` is None where they are so already."""

    bands: str
    name: str
    transform: ImageCms.ImageCmsTransform | None


def in_srgb(image: Image.Image, profile: bytes | None) -> tuple[Image.Image, str]:
    """Return a picture of 8 bits a channel with its colours in sRGB, and in a few words what was done (empty: nothing).

    ``profile`` is the ICC profile that came with it: empty where none did, None where one was too large to be taken.
    """
    if profile == b"":
        return image, ""
    conversion = _conversion(profile) if profile else None
    if conversion is not None and conversion.bands == "RGB" and image.mode in ("L", "LA"):
        image = image.convert(image.mode.replace("L", "RGB"))  # made grey by a program that left the profile as it was
    if conversion is None or conversion.bands != image.mode.rstrip("A"):
        return image, NOT_USED
    if conversion.transform is None:
        return image, ""
    converted = ImageCms.applyTransform(image.convert(conversion.bands), conversion.transform)
    if converted is None:
        return image, NOT_USED
    if "A" in image.getbands():
        converted.putalpha(image.getchannel("A"))
    return converted, f"colours converted from {conversion.name}"


@lru_cache(maxsize=16)
def _conversion(profile: bytes) -> _Conversion | None:
    space = profile[16:20]
    if not _is_plain(profile):
        return None
    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        transform = ImageCms.buildTransform(opened, ImageCms.createProfile("sRGB"), _BANDS[space], "RGB")
        name = _shown(ImageCms.getProfileDescription(opened))
        same = _is_srgb(transform, _BANDS[space])
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
    return _Conversion(bands=_BANDS[space], name=name, transform=None if same else transform)


def _is_plain(profile: bytes) -> bool:
    """Say whether this is a small RGB or grey profile of matrix and curves, whose parts lie inside it."""
    if len(profile) > MAX_PROFILE_BYTES or profile[36:40] != b"acsp":
        return False
    if profile[12:16] not in (b"mntr", b"scnr", b"spac") or profile[16:20] not in _CURVES or profile[20:24] != b"XYZ ":
        return False
    try:
        (count,) = struct.unpack_from(">I", profile, 128)
        tags = [struct.unpack_from(">4sII", profile, 132 + 12 * number) for number in range(min(count, MAX_TAGS + 1))]
    except struct.error:
        return False
    return (
        len(tags) <= MAX_TAGS
        and _CURVES[profile[16:20]] <= {name for name, _at, _length in tags}
        and not any(name.startswith(_TABLES) for name, _at, _length in tags)
        and all(at + length <= len(profile) for _name, at, length in tags)
    )


def _is_srgb(transform: ImageCms.ImageCmsTransform, bands: str) -> bool:
    """Say whether a transform leaves every colour of a coarse cube where it is, but for rounding."""
    steps = np.arange(0, 256, 17, dtype=np.uint8)
    cube = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(16, -1, 3)
    before = Image.fromarray(cube if bands == "RGB" else np.ascontiguousarray(cube[..., 0]))
    after = ImageCms.applyTransform(before, transform)
    if after is None:
        return True
    change = np.asarray(after).astype(int) - np.asarray(before.convert("RGB"))
    return int(np.abs(change).max()) <= _CLOSE


def _shown(name: str) -> str:
    """A profile's name on one line; it is whatever somebody wrote there."""
    words = " ".join("".join(sign if sign.isprintable() else " " for sign in name[:200]).split())
    return (words if len(words) <= 40 else f"{words[:39]}…") or "another colour space"

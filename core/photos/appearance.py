"""How a stored picture is meant to be seen: upright, in sRGB, eight bits a channel, transparency on white.

Photos that come through the door and the images of data sets are made by the same rules, so that a network is shown
a photo as it was shown what it learned from.
"""

import numpy as np
from PIL import Image

from core.photos.colours import in_srgb
from core.photos.exif import orientation

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def as_seen(image: Image.Image) -> Image.Image:
    """Return an opened picture file as a person sees it: in sRGB by its profile, upright by its EXIF orientation."""
    coloured, _note = in_srgb(without_palette(image), image.info.get("icc_profile") or b"")
    return turned(to_rgb(coloured), orientation(image.info.get("exif", b"")))  # some formats tell it behind the pixels


def turned(image: Image.Image, turn: int) -> Image.Image:
    """Return ``image`` upright, given the orientation (1 to 8) that EXIF has for it."""
    return image.transpose(_TURNS[turn]) if turn in _TURNS else image


def to_rgb(image: Image.Image) -> Image.Image:
    """Return ``image`` as RGB, whatever its mode: transparency on white, 16 bits scaled (not clipped) to 8.

    Numbers without a range of their own (modes I and F) are stretched from their lowest to their highest.
    """
    smooth = without_palette(image)
    if "A" not in smooth.getbands():
        return smooth.convert("RGB")
    coloured = smooth.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", coloured.size, "white"), coloured).convert("RGB")


def without_palette(image: Image.Image) -> Image.Image:
    """Return ``image`` in a mode that can be shrunk by averaging: 8 bits a channel, transparency as a channel.

    Where it is in one, it is returned itself: a copy of 48 megapixels takes 195 MB.
    """
    if image.mode.startswith(("I", "F")):
        return _eight_bits(image)
    mode = "RGBA" if image.has_transparency_data else {"1": "L", "P": "RGB", "PA": "RGBA"}.get(image.mode, image.mode)
    image.load()
    return image if mode == image.mode else image.convert(mode)


def _eight_bits(image: Image.Image) -> Image.Image:
    numbers = np.asarray(image)
    if image.mode.startswith("I;16"):
        scaled = numbers >> 8
    else:
        known = np.nan_to_num(numbers.astype(np.float32), posinf=0.0, neginf=0.0)
        scaled = (known - known.min()) * (255 / max(float(np.ptp(known)), 1e-6))
    grey = Image.fromarray(scaled.astype(np.uint8))
    colour_key = image.info.get("transparency")
    if isinstance(colour_key, int):
        grey.putalpha(Image.fromarray((numbers != colour_key) * np.uint8(255)))
    return grey

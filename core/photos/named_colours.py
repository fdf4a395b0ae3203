"""Colours that a picture names instead of bringing an ICC profile of them: the profile of what is named.

PNG's cICP, HEIC and AVIF name them by the numbers of ITU-T H.273; a camera that is set to Adobe RGB says so in its EXIF
block (DCF 2.0's "R03"). Pillow hands out the picture's own numbers either way. Pictures of a high dynamic range (PQ and
HLG) have no answer in sRGB that everybody agrees on.
"""

import struct
from collections.abc import Callable
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from core.photos.boxes import Codes

SRGB = 1  # its primaries, which are BT.709's
_UNSPECIFIED = 2
ADOBE_RGB = -1, 4  # which H.273 does not number; its curve is that of a gamma of 2.2
_WHITE_D65 = (0.3127, 0.3290)
_PRIMARIES = {  # the chromaticities (x, y) of red, green and blue; all have the white point D65
    SRGB: ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06)),
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    ADOBE_RGB[0]: ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06)),
}
_NAMES = {SRGB: "sRGB", 9: "BT.2020", 12: "Display P3", ADOBE_RGB[0]: "Adobe RGB"}
_D50 = np.array([0.9642, 1.0, 0.8249])  # XYZ of the white that profiles refer to
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def _srgb(value: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


# To light, from 0 to 1. The curves of television (1, 6, 14, 15) are meant for screens as sRGB's is.
_CURVES: dict[int, Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]] = {
    **dict.fromkeys((1, _UNSPECIFIED, 6, 13, 14, 15), _srgb),
    4: lambda value: value**2.2,
    5: lambda value: value**2.8,
    8: lambda value: value,
}


@lru_cache(maxsize=16)
def profile_of(codes: Codes | None) -> bytes | None:
    """Return an ICC profile of what the codes name: empty for sRGB and for None, None where sRGB has no answer."""
    if codes is None:
        return b""
    primaries, transfer = SRGB if codes[0] == _UNSPECIFIED else codes[0], codes[1]
    if primaries not in _PRIMARIES or transfer not in _CURVES:
        return None
    if primaries == SRGB and _CURVES[transfer] is _srgb:
        return b""
    curve = _CURVES[transfer]
    name = _NAMES[primaries] if curve is _srgb or codes == ADOBE_RGB else f"{_NAMES[primaries]} with another curve"
    return _profile(name, _at_d50(primaries), curve(np.linspace(0, 1, 1024)))


def _at_d50(primaries: int) -> npt.NDArray[np.float64]:
    """The XYZ of red, green and blue, one a row, with the white moved to D50 as Bradford's matrix does."""
    x, y = np.array(_PRIMARIES[primaries]).T
    at_equal_light = np.stack([x / y, np.ones(3), (1 - x - y) / y])
    x_white, y_white = _WHITE_D65
    white = np.array([x_white / y_white, 1.0, (1 - x_white - y_white) / y_white])
    to_xyz = at_equal_light * np.linalg.solve(at_equal_light, white)
    moved = np.linalg.inv(_BRADFORD) @ np.diag((_BRADFORD @ _D50) / (_BRADFORD @ white)) @ _BRADFORD
    return np.asarray((moved @ to_xyz).T)


def _profile(name: str, colours: npt.NDArray[np.float64], curve: npt.NDArray[np.float64]) -> bytes:
    """Return a profile of version 2 (ICC.1:2001-04): a description, the white, three colours and one curve for them."""
    text = name.encode() + b"\0"
    steps = np.round(curve * 65_535).astype(">u2").tobytes()
    parts = {
        b"desc": b"desc" + struct.pack(">II", 0, len(text)) + text + bytes(78),
        b"wtpt": _xyz(_D50),
        **{kind: _xyz(colour) for kind, colour in zip((b"rXYZ", b"gXYZ", b"bXYZ"), colours, strict=True)},
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), b"curv" + struct.pack(">II", 0, len(curve)) + steps),
    }
    table, body, at = b"", b"", 132 + 12 * len(parts)
    for kind, part in parts.items():
        table += struct.pack(">4sII", kind, at + len(body), len(part))
        body += part + bytes(-len(part) % 4)
    head = struct.pack(">I4xI4s4s4s12x4s", at + len(body), 0x02100000, b"mntr", b"RGB ", b"XYZ ", b"acsp")
    return head.ljust(68, b"\0") + _xyz(_D50)[8:] + bytes(48) + struct.pack(">I", len(parts)) + table + body


def _xyz(colour: npt.NDArray[np.float64]) -> bytes:
    return b"XYZ " + struct.pack(">I3i", 0, *(round(float(value) * 65_536) for value in colour))

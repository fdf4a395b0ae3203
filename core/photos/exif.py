"""What the lab takes from a photo's EXIF block: how the camera was held, when the shutter fell, and whether the camera
was set to Adobe RGB.

Whatever is damaged or absent counts as not said. Standard library only.
"""

import datetime
import struct
from collections.abc import Iterator

MAX_EXIF_BYTES = 2**16  # what fits a JPEG segment

_ORIENTATION, _MORE, _TAKEN, _INTEROPERABILITY, _INDEX = 0x0112, 0x8769, 0x9003, 0xA005, 0x0001
_TIME_BYTES = 20  # "2026:11:27 23:15:04" and a zero


def orientation(exif: bytes) -> int:
    """Return the orientation (1 to 8) that an EXIF block names; 1 where it names none."""
    value = _whole_number(exif, _ORIENTATION)
    return value if 1 <= value <= 8 else 1


def shutter_time(exif: bytes) -> float | None:
    """Return when the shutter fell, in seconds since 1970 by the camera's own clock, which knows no time zone; None
    where that is not said."""
    directory = _whole_number(exif, _MORE)
    for kind, count, block, _order, at in _entries(exif, _TAKEN, directory) if directory else ():
        if kind == 2 and count == _TIME_BYTES:
            (start,) = struct.unpack_from(_order + "I", block, at)
            try:
                text = block[start : start + _TIME_BYTES - 1].decode("ascii")
                moment = datetime.datetime.strptime(text, "%Y:%m:%d %H:%M:%S").replace(tzinfo=datetime.UTC)
            except ValueError:
                return None
            return moment.timestamp()
    return None


def is_adobe_rgb(exif: bytes) -> bool:
    """Say whether the camera was set to Adobe RGB, which it then names here and nowhere else."""
    more = _whole_number(exif, _MORE)
    directory = _whole_number(exif, _INTEROPERABILITY, more) if more else 0
    entries = _entries(exif, _INDEX, directory) if directory else ()
    return any(kind == 2 and count == 4 and block[at : at + 3] == b"R03" for kind, count, block, _order, at in entries)


def _whole_number(exif: bytes, wanted: int, directory: int | None = None) -> int:
    for kind, count, block, order, at in _entries(exif, wanted, directory):
        if count == 1 and kind in (3, 4):
            return int(struct.unpack_from(order + ("H" if kind == 3 else "I"), block, at)[0])
    return 0


def _entries(exif: bytes, wanted: int, directory: int | None) -> Iterator[tuple[int, int, bytes, str, int]]:
    """The entry of a tag in a directory (None: the first): its kind and count, the block, its byte order, and where in
    it the value stands."""
    block = exif[:MAX_EXIF_BYTES].removeprefix(b"Exif\0\0")
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])
    if order is None:
        return
    try:
        start = struct.unpack_from(order + "I", block, 4)[0] if directory is None else directory
        (entries,) = struct.unpack_from(order + "H", block, start)
        for at in range(start + 2, start + 2 + 12 * entries, 12):
            tag, kind, count = struct.unpack_from(order + "HHI", block, at)
            if tag == wanted:
                yield kind, count, block, order, at + 8
                return
    except struct.error:
        return

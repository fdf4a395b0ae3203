"""HEIC and AVIF files by their boxes: which of the two it is, and how large its pictures claim to be.

Both are ISO base media files (ISO/IEC 14496-12, 23008-12): boxes of a length, a kind and a body, some within others.
The size of every picture in the file, of its tiles and of its thumbnail stands in an ``ispe`` box; the largest counts.
What its colours mean stands in ``colr``. Standard library only.
"""

import struct
from collections.abc import Iterator
from typing import Literal

Codes = tuple[int, int]  # ITU-T H.273's, of the primaries and of the transfer characteristics

MAX_BOXES = 5_000  # a phone's HEIC has about 200, most of them tiles' properties

_AVIF = frozenset((b"avif", b"avis"))
_HEIF = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"))
_WITHIN = {
    b"meta": 4,
    b"iprp": 0,
    b"ipco": 0,
}  # holding what is asked for, behind so many bytes
_MOST_BRANDS = 64


def container(data: bytes) -> Literal["HEIF", "AVIF"] | None:
    """Say which of the two a file is by the brands that it names; None for anything else."""
    if data[4:8] != b"ftyp" or len(data) < 16:
        return None
    end = min(int.from_bytes(data[:4], "big"), 16 + 4 * _MOST_BRANDS, len(data))
    brands = {data[8:12], *(data[at : at + 4] for at in range(16, end - 3, 4))}
    return "AVIF" if brands & _AVIF else "HEIF" if brands & _HEIF else None


def largest_size(data: bytes) -> tuple[int, int] | None:
    """Return the largest width and height, in pixels, that any picture in the file claims; None where none does.

    Raises struct.error or IndexError where the boxes do not fit into the file, OverflowError where there are too many.
    """
    sizes = [struct.unpack_from(">II", body, 4) for body in _bodies(data, b"ispe", 12)]
    if not sizes:
        return None
    return max(width for width, _height in sizes), max(height for _width, height in sizes)


def colour_codes(data: bytes) -> Codes | None:
    """Return the primaries and the transfer curve that the file names by numbers, None where it does not.

    Pictures of one file that name different ones (a photo and its gain map) are taken to name none. Raises as
    `largest_size` does.
    """
    named = {struct.unpack_from(">HH", body, 4) for body in _bodies(data, b"colr", 8) if body[:4] == b"nclx"}
    return named.pop() if len(named) == 1 else None


def _bodies(data: bytes, wanted: bytes, most: int) -> Iterator[bytes]:
    """The bodies of all boxes of one kind, at most so many bytes of each."""
    left = MAX_BOXES
    inside = [(0, len(data))]
    while inside:
        at, end = inside.pop()
        while at + 8 <= end:
            left -= 1
            if left < 0:
                raise OverflowError("too many boxes")
            length, kind = struct.unpack_from(">I4s", data, at)
            head = 8
            if length == 1:
                (length,) = struct.unpack_from(">Q", data, at + 8)
                head = 16
            stop = end if length == 0 else at + length
            if stop > end or stop < at + head:
                raise struct.error("a box is longer than what holds it")
            if kind in _WITHIN:
                inside.append((at + head + _WITHIN[kind], stop))
            elif kind == wanted:
                yield data[at + head : min(stop, at + head + most)]
            at = stop

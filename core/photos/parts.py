"""A picture file reduced to the parts that hold its pixels, before any decoder sees it.

Pillow parses everything that a file carries, and a file of 10 MB can carry much: 9,500 colour profiles that inflate
to 1 MB each took Pillow 13 19 s, a million one-byte EXIF segments 7 s and 350 MB. So sizes are read here from the
headers, metadata and later frames are left out, and a file in too many pieces is refused. The first colour profile
is taken out as far as it is small. Standard library only.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from core.errors import PhotoError
from core.photos.boxes import Codes, colour_codes, container, largest_size
from core.photos.exif import MAX_EXIF_BYTES

Format = Literal["JPEG", "PNG", "WEBP", "GIF", "BMP", "HEIF", "AVIF"]

MAX_PARTS = 20_000  # a 25 MB PNG or GIF in everyday pieces has 3,200 chunks or 103,000 sub-blocks of 255 bytes
MAX_SUB_BLOCKS = 200_000
MAX_SCANS = 100  # a progressive JPEG has about ten; each one passes over every block of the picture
MAX_SCANNED = 1_500_000_000  # pixels times scans: 0.9 s
MAX_PROFILE_BYTES = 2**16  # those of phones and cameras have 500 to 4,000

_CUT_SHORT = "This picture is cut short or damaged; save or copy it again."
_IN_PIECES = "This picture is stored in far too many pieces to be a photo; save it again with another program."
_JPEG_KEPT = {0xE0, 0xEE}  # JFIF and Adobe say how colours are stored; every other APPn is metadata
_BMP_HEADERS = {struct.pack("<I", length) for length in (12, 40, 52, 56, 64, 108, 124)}
_PNG_KEPT = {b"IHDR", b"PLTE"}


@dataclass(frozen=True, kw_only=True)
class PixelParts:
    """What is needed to decode one picture, and what its headers claim.

    ``size`` is (width, height) in pixels; ``exif`` the EXIF block or empty; ``one_pass`` says that a JPEG can be
    decoded row by row, without holding all of it; ``profile`` is the ICC profile, empty where there is none, None where
    it is too large or damaged; ``colours`` are the codes of a PNG, HEIC or AVIF that names its colours by numbers.
    """

    format: Format
    data: bytes
    size: tuple[int, int]
    exif: bytes = b""
    animated: bool = False
    one_pass: bool = False
    profile: bytes | None = b""
    colours: Codes | None = None


def pixel_parts(data: bytes) -> PixelParts | None:
    """Return the parts of a JPEG, PNG, WebP, GIF, BMP, HEIC or AVIF, or None for anything else.

    Raises PhotoError, one sentence, where the file is cut short, damaged or in too many pieces.
    """
    try:
        if data.startswith(b"\xff\xd8\xff"):
            return _jpeg(data)
        if data.startswith(b"\x89PNG\r\n\x1a\n"):
            return _png(data)
        if data.startswith((b"GIF87a", b"GIF89a")):
            return _gif(data)
        if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
            animated = data[12:16] == b"VP8X" and bool(data[20] & 2)
            size = _webp_size(data)
            return PixelParts(format="WEBP", data=data, size=size, animated=animated, profile=_webp_profile(data))
        if data.startswith(b"BM") and data[14:18] in _BMP_HEADERS:
            return PixelParts(format="BMP", data=data, size=_bmp_size(data))
        if (kind := container(data)) is not None:
            size = largest_size(data) or (0, 0)  # no size: the door calls it damaged
            return PixelParts(format=kind, data=data, size=size, profile=None, colours=colour_codes(data))
    except (struct.error, IndexError):
        raise PhotoError(_CUT_SHORT) from None
    except OverflowError:
        raise PhotoError(_IN_PIECES) from None
    return None


def _jpeg(data: bytes) -> PixelParts:
    kept, exif, size, components, progressive = [b"\xff\xd8"], b"", (0, 0), 0, False
    profile: list[bytes] = []
    for marker, at, segment in _jpeg_segments(data):
        if marker == 0xDA:
            scans = data.count(b"\xff\xda", at)
            if scans > MAX_SCANS or scans * size[0] * size[1] > MAX_SCANNED:
                raise PhotoError(_IN_PIECES)
            one_pass = not progressive and segment[4] == components
            whole = b"".join((*kept, data[at:]))
            return PixelParts(
                format="JPEG", data=whole, size=size, exif=exif, one_pass=one_pass, profile=_joined(profile)
            )
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):  # a frame header, of whatever process
            height, width, components = struct.unpack_from(">HHB", segment, 5)
            size = max(size, (width, height))
            progressive = progressive or marker not in (0xC0, 0xC1)
        if marker == 0xE1 and not exif and segment[4:10] == b"Exif\0\0":
            exif = segment[4:]
        if marker == 0xE2 and segment[4:16] == b"ICC_PROFILE\0" and len(profile) <= 1:
            profile.append(segment[16:])
        if marker in _JPEG_KEPT or not (0xE0 <= marker <= 0xEF or marker == 0xFE):
            kept.append(segment)
    raise PhotoError(_CUT_SHORT)


def _joined(segments: list[bytes]) -> bytes | None:
    """The profile of a JPEG; one that is in pieces is larger than any that is taken."""
    if not segments:
        return b""
    return segments[0][2:] if len(segments) == 1 and segments[0][:2] == b"\1\1" else None


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield each marker that has a body, its place and its bytes, as far as the first scan or the end."""
    at = 2
    for _part in range(MAX_PARTS):
        at = data.find(b"\xff", at)
        if at < 0 or data[at + 1] == 0xD9:
            return
        marker = data[at + 1]
        if marker in (0x00, 0x01, 0xFF) or 0xD0 <= marker <= 0xD8:  # filling, and markers without a body
            at += 1 if marker == 0xFF else 2
            continue
        (length,) = struct.unpack_from(">H", data, at + 2)
        yield marker, at, data[at : at + 2 + length]
        at += 2 + length
    raise PhotoError(_IN_PIECES)


def _png(data: bytes) -> PixelParts:
    kept, pixels, exif, animated = [data[:8]], [], b"", False
    profile: bytes | None = b""
    colours: Codes | None = None
    if data[12:16] != b"IHDR":
        raise PhotoError(_CUT_SHORT)
    width, height = struct.unpack_from(">II", data, 16)
    at = 8
    for _part in range(MAX_PARTS):
        if at + 8 > len(data):  # no end chunk: the decoder says whether the pixels are whole
            break
        (length,) = struct.unpack_from(">I", data, at)
        kind, end = data[at + 4 : at + 8], at + 12 + length
        if kind == b"IDAT":
            pixels.append(data[at + 8 : end - 4])
        elif kind == b"tRNS" and not pixels:
            kept.append(_chunk(kind, _as_decoded(data[at + 8 : end - 4], depth=data[24], colour=data[25])))
        elif kind in _PNG_KEPT and not pixels:
            kept.append(data[at:end])
        elif kind == b"eXIf" and not exif:
            exif = data[at + 8 : at + 8 + min(length, MAX_EXIF_BYTES)]
        elif kind == b"iCCP" and profile == b"" and not pixels:
            profile = _inflated(data[at + 8 : end - 4])
        elif kind == b"cICP" and length == 4 and not pixels:
            colours = data[at + 8], data[at + 9]
        elif kind == b"acTL":
            animated = True
        elif kind == b"IEND":
            break
        at = end
    else:
        raise PhotoError(_IN_PIECES)
    kept += [_chunk(b"IDAT", b"".join(pixels)), _chunk(b"IEND", b"")]
    whole = b"".join(kept)
    size = width, height
    return PixelParts(
        format="PNG", data=whole, size=size, exif=exif, animated=animated, profile=profile, colours=colours
    )


def _inflated(body: bytes) -> bytes | None:
    """The profile in a PNG's chunk: a name of at most 79 bytes, a zero, the method, and the rest compressed."""
    name, _zero, packed = body[: MAX_PROFILE_BYTES + 82].partition(b"\0")
    try:
        profile = zlib.decompressobj().decompress(packed[1:], MAX_PROFILE_BYTES + 1)
    except zlib.error:
        return None
    return profile if 0 < len(profile) <= MAX_PROFILE_BYTES and len(name) < 80 else None


def _as_decoded(key: bytes, *, depth: int, colour: int) -> bytes:
    """The colour that stands for transparency, as Pillow decodes pixels: greys of 2 or 4 bits, and colours of 16, have
    eight then, and it looks for the numbers of the file among these."""
    if (colour, depth) not in ((0, 2), (0, 4), (2, 16)):
        return key
    numbers = struct.unpack(f">{len(key) // 2}H", key[: len(key) // 2 * 2])
    eight = (each >> 8 if depth == 16 else each * 255 // (2**depth - 1) & 255 for each in numbers)
    return struct.pack(f">{len(numbers)}H", *eight)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))


def _gif(data: bytes) -> PixelParts:
    """Keep the header, the first picture and the settings (duration, transparent colour) just before it."""
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    header = at = 13 + _palette_bytes(flags)
    settings = b""
    for _part in range(MAX_PARTS):
        if data[at] != 0x21:
            break
        end = _after_sub_blocks(data, at + 2)
        if data[at + 1] == 0xF9:
            settings = data[at:end]
        at = end
    else:
        raise PhotoError(_IN_PIECES)
    if data[at] != 0x2C:
        raise PhotoError(_CUT_SHORT)
    left, top, wide, high, flags = struct.unpack_from("<4HB", data, at + 1)
    end = _after_sub_blocks(data, at + 11 + _palette_bytes(flags))
    size = (max(width, left + wide), max(height, top + high))
    picture = b"".join((data[:header], settings, data[at:end], b";"))
    return PixelParts(format="GIF", data=picture, size=size, animated=_another_picture(data, end))


def _palette_bytes(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _after_sub_blocks(data: bytes, at: int) -> int:
    for _block in range(MAX_SUB_BLOCKS):
        length = data[at]
        at += 1 + length
        if not length:
            return at
    raise PhotoError(_IN_PIECES)


def _another_picture(data: bytes, at: int) -> bool:
    try:
        for _part in range(MAX_PARTS):
            if data[at] != 0x21:
                return data[at] == 0x2C
            at = _after_sub_blocks(data, at + 2)
    except (IndexError, PhotoError):
        pass
    return False


def _webp_size(data: bytes) -> tuple[int, int]:
    kind = data[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = struct.unpack_from("<HH", data, 26)
    return width & 0x3FFF, height & 0x3FFF


def _webp_profile(data: bytes) -> bytes | None:
    if data[12:16] != b"VP8X" or data[30:34] != b"ICCP":
        return b""
    (length,) = struct.unpack_from("<I", data, 34)
    return data[38 : 38 + length] if 0 < length <= MAX_PROFILE_BYTES else None


def _bmp_size(data: bytes) -> tuple[int, int]:
    (header,) = struct.unpack_from("<I", data, 14)
    width, height = struct.unpack_from("<HH" if header == 12 else "<ii", data, 18)
    return abs(width), abs(height)

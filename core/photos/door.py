"""The one door for pictures from outside: bytes in, a clean upright RGB picture out, or one sentence.

What a student uploads is hostile until shown otherwise. Size, format and number of pixels are checked from the
headers (`core.photos.parts`) before Pillow sees a byte; Pillow decodes the first frame and nothing else; what comes
out is a copy that holds pixels only, in sRGB.

Costs on one core of the reference machine, for a photo of 48 megapixels: a JPEG 0.2 s and 30 MB (decoded at an eighth
through ``draft``), a progressive one 0.9 s and 305 MB, a PNG up to 1.6 s and 590 MB, a WebP 0.4 to 1.8 s by its
bytes and 770 MB, of which libwebp's own decoding, which has no smaller size to offer, is four fifths.
At most two pictures are decoded at a time, and together in 800 MB.
"""

import hashlib
import io
import math
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from PIL import Image

from core.errors import PhotoError
from core.photos.appearance import to_rgb, turned, without_palette
from core.photos.colours import in_srgb
from core.photos.exif import is_adobe_rgb, orientation, shutter_time
from core.photos.named_colours import ADOBE_RGB, SRGB, profile_of
from core.photos.parts import MAX_PROFILE_BYTES, PixelParts, pixel_parts
from core.photos.turns import Turns

MAX_BYTES = 25 * 2**20  # 48 megapixels of a phone are 12 to 20 MB; .streamlit/config.toml says the same
MAX_SIDE = 8192
MAX_PIXELS = 50_000_000
MAX_JPEG_PIXELS = 89_000_000  # just below Pillow's own warning; only for JPEGs that decode small, row by row
MAX_SIDE_KEPT = 1024  # twice what the pages show or any network takes; an open photo of 4:3 has 3 MB
MAX_NAME = 80

_DRAFT_SIDE = MAX_SIDE_KEPT // 2  # draft halves while this still fits, which leaves at most MAX_SIDE_KEPT
_FORMATS = "JPEG, PNG, WebP, GIF, BMP, HEIC or AVIF"
_BYTES_A_PIXEL = {
    "JPEG": 7,
    "PNG": 12,
    "WEBP": 16,
    "GIF": 6,
    "BMP": 9,
    "HEIF": 12,
    "AVIF": 12,
}  # at the highest, while it is decoded
_DECODING = Turns(places=2, room=800 * 10**6)
_GREY = ("1", "L", "LA", "I", "I;16", "F")
_DAMAGED = "This picture is cut short or damaged; save or copy it again."


@dataclass(frozen=True, kw_only=True)
class Photo:
    """A picture that came through the door.

    ``image`` is RGB, upright, at most `MAX_SIDE_KEPT` pixels on its long side, without metadata: share it, do not
    change it. ``sha256`` is that of the uploaded bytes and is the photo's identity; ``name`` is for showing only,
    never a path; ``notes`` say in a few words each what was done to it; ``taken`` is when the shutter fell, in seconds
    since 1970 by the camera's clock (None: the file does not say).
    """

    image: Image.Image = field(compare=False)
    sha256: str
    name: str
    notes: tuple[str, ...] = ()
    taken: float | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.image.size


def open_photo(data: bytes, name: str = "photo") -> Photo:
    """Return the photo in ``data``, a whole file's bytes; ``name`` is what the sender calls it.

    Raises PhotoError with one sentence for people, which names neither a path nor the file.
    """
    if not data:
        raise PhotoError("This file is empty; choose a photo.")
    if len(data) > MAX_BYTES:
        raise PhotoError(too_heavy(len(data)))
    parts = pixel_parts(data)
    if parts is None:
        raise PhotoError(_what_it_is(data))
    _check_size(parts, parts.size)
    try:
        with _DECODING.take(parts.size[0] * parts.size[1] * (1 if parts.one_pass else _BYTES_A_PIXEL[parts.format])):
            image, notes, taken = _decode(parts)
    except PhotoError:
        raise
    except MemoryError as error:
        raise PhotoError("There is not enough memory to open this picture; make it smaller.") from error
    except Exception as error:  # Pillow's decoders raise some fifteen kinds on bytes like these
        raise PhotoError(_DAMAGED) from error
    return Photo(image=image, sha256=hashlib.sha256(data).hexdigest(), name=shown_name(name), notes=notes, taken=taken)


def read_photo(path: Path | str) -> Photo:
    """Return the photo in a file, by the same rules as `open_photo`; raises PhotoError where there is none."""
    file = Path(path)
    try:
        if not file.exists():
            raise PhotoError("There is no such file.")
        if not file.is_file():  # a folder; or a pipe or device, which might never end
            raise PhotoError("This is not a file but a folder or a device.")
        if file.stat().st_size > MAX_BYTES:
            raise PhotoError(too_heavy(file.stat().st_size))
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name cannot be used"
        raise PhotoError(f"This file cannot be read ({reason}).") from None
    return open_photo(data, file.name)


def shown_name(name: str) -> str:
    """Return a file name fit for showing: the last part of a path, on one line, at most `MAX_NAME` characters.

    Control characters and those that change the direction of writing are left out; text is not escaped here.
    """
    last = name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    printable = "".join(" " if character.isspace() else character for character in last[: 8 * MAX_NAME])
    printable = "".join(character for character in printable if unicodedata.category(character)[0] != "C")
    clean = " ".join(printable.split())
    return (clean if len(clean) <= MAX_NAME else clean[: MAX_NAME - 1] + "…") or "photo"


def _decode(parts: PixelParts) -> tuple[Image.Image, tuple[str, ...], float | None]:
    notes = ["first frame of an animation"] if parts.animated else []
    if parts.format == "HEIF":
        _know_heif()
    with Image.open(io.BytesIO(parts.data), formats=(parts.format,)) as file:
        _check_size(parts, file.size)
        if parts.format == "BMP" and file.info.get("compression") not in (0, 3):
            # Pillow unpacks these in Python, pixel by pixel: 2 s for 25 megapixels.
            raise PhotoError("This BMP is stored in a compressed form that the lab does not open; save it as PNG.")
        exif = parts.exif or file.info.get("exif") or b""
        turn = orientation(exif)
        before = file.size if turn < 5 else file.size[::-1]
        if parts.format == "JPEG" and max(file.size) > MAX_SIDE_KEPT:
            file.draft(None, _scaled(file.size, _DRAFT_SIDE))
        file.load()
        profile = _profile(file, parts, exif)
        image = without_palette(file)
    image = image.reduce(math.ceil(max(image.size) / MAX_SIDE_KEPT))  # averages blocks; 1 leaves it as it is
    if "A" in image.getbands() and image.getchannel("A").getextrema() != (255, 255):
        notes.append("transparency shown on white")
    image, converted = in_srgb(image, profile)
    flat = to_rgb(image)
    clean = Image.frombytes("RGB", flat.size, flat.tobytes())
    if turn != 1:
        clean = turned(clean, turn)
        notes.append("turned upright")
    if converted:
        notes.append(converted)
    if clean.size != before:
        notes.append(f"made smaller, from {_by(before)} to {_by(clean.size)} pixels")
    return clean, tuple(notes), shutter_time(exif)


@lru_cache(maxsize=1)
def _know_heif() -> None:
    """Let Pillow open HEIC; the decoder takes a second to import, so the first such photo brings it along."""
    try:
        import pillow_heif
    except ImportError:
        raise PhotoError(
            "This is a HEIC photo, and what opens it (pillow-heif) is not installed here; export it as JPEG "
            "(on an iPhone: Settings, Camera, Formats, Most Compatible)."
        ) from None
    pillow_heif.register_heif_opener(thumbnails=False)


def _profile(file: Image.Image, parts: PixelParts, exif: bytes) -> bytes | None:
    """The picture's colour profile, or that of the colours it names; None where it is too large or cannot be said."""
    profile = parts.profile
    if parts.format in ("HEIF", "AVIF"):
        profile = file.info.get("icc_profile") or b""
        profile = profile if len(profile) <= MAX_PROFILE_BYTES else None
    named = parts.colours or (ADOBE_RGB if is_adobe_rgb(exif) else None)
    if named is None or not (profile == b"" or (parts.format == "PNG" and parts.colours)):  # a PNG's numbers go first
        return profile
    if file.mode in _GREY:  # without hue the curve alone counts
        return b"" if profile_of((SRGB, named[1])) == b"" else None
    return profile_of(named)


def _check_size(parts: PixelParts, size: tuple[int, int]) -> None:
    """Refuse what is too large to decode, before a pixel is touched."""
    pixels = size[0] * size[1]
    if not pixels:
        raise PhotoError(_DAMAGED)
    if max(size) <= MAX_SIDE and pixels <= MAX_PIXELS:
        return
    if parts.format == "JPEG" and parts.one_pass and pixels <= MAX_JPEG_PIXELS:
        return
    raise PhotoError(
        f"This picture has {_by(size)} pixels; at most {MAX_SIDE:,} on a side and {MAX_PIXELS // 1_000_000} million "
        "in all can be opened. Make it smaller first."
    )


def _scaled(size: tuple[int, int], side: int) -> tuple[int, int]:
    """Return the size at which the long side of ``size`` is ``side``."""
    return max(1, size[0] * side // max(size)), max(1, size[1] * side // max(size))


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]:,}×{size[1]:,}"


def too_heavy(count: int) -> str:
    """Return the sentence for a file of so many bytes, which are more than `MAX_BYTES`."""
    return (
        f"This file has {count / 2**20:,.1f} MB; a photo may have at most {MAX_BYTES // 2**20} MB. "
        "Make it smaller, or save it as JPEG."
    )


def _what_it_is(data: bytes) -> str:
    """Say what a file is that the lab cannot open, and what to do about it."""
    head = data[:4096]
    if b"<svg" in head.lower():
        return "This is an SVG drawing, which the lab does not open; export it as PNG."
    if head.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        return "This is a TIFF or camera raw file, which the lab does not open; save it as JPEG or PNG."
    if head.startswith(b"%PDF"):
        return "This is a PDF document, not a picture; save the picture in it as JPEG or PNG."
    return f"This is not a picture the lab can open; choose a {_FORMATS} file."

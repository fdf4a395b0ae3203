"""The form in which a picture is kept: through the photo door, made smaller, written anew, named by its content.

A photo becomes a JPEG with its long side at most 512 pixels, what is tiny a PNG, which loses nothing. A JPEG that is in
this form already is kept bit by bit, so that a set which is saved and opened again has the same pictures under the
same ids, and none is spoiled a little more each time.
"""

import hashlib
import io
from dataclasses import dataclass
from typing import Literal

from PIL import Image

from core.photos.door import open_photo

LONGEST_SIDE = 512  # pixels; the largest side that a training can ask for
TINY_SIDE = 64  # up to here a picture is kept without loss
QUALITY = 90
LOOK_SIDE = 32  # of the miniature that near-duplicates are found by

_MARKER, _END = 0xFF, b"\xff\xd9"


@dataclass(frozen=True, kw_only=True)
class StoredPicture:
    """A picture as it is kept: ``data`` is the whole file, ``size`` (width, height) in pixels, ``notes`` say what was
    done to it. ``look`` is a miniature of 32×32 pixels, RGB, uint8 row by row, 3,072 bytes; ``taken`` when the shutter
    fell, in seconds by the camera's clock (None: the file does not say)."""

    id: str
    form: Literal["jpg", "png"]
    data: bytes
    size: tuple[int, int]
    look: bytes
    taken: float | None = None
    notes: tuple[str, ...] = ()

    @property
    def file_name(self) -> str:
        """What its file is called in the folder of its set."""
        return f"{self.id}.{self.form}"


def stored_picture(data: bytes) -> StoredPicture:
    """Return the form in which the picture in ``data``, a whole file's bytes, is kept.

    Raises PhotoError with one sentence for what the photo door refuses.
    """
    photo = open_photo(data)
    image = _shrunk(photo.image)
    tiny = max(image.size) <= TINY_SIDE
    written = _png(image) if tiny else _jpeg(image)
    if not tiny and image.size == photo.image.size and not photo.notes and _is_kept_form(data, written):
        written = data
    content = image.tobytes() if tiny else written
    return StoredPicture(
        id=hashlib.sha256(b"%d %d " % image.size + content).hexdigest()[:32],
        form="png" if tiny else "jpg",
        data=written,
        size=image.size,
        look=_look(written),
        taken=photo.taken,
        notes=photo.notes,
    )


def _shrunk(image: Image.Image) -> Image.Image:
    if max(image.size) <= LONGEST_SIDE:
        return image
    ratio = LONGEST_SIDE / max(image.size)
    width, height = (max(1, round(side * ratio)) for side in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS)


def _png(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def _jpeg(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=QUALITY)
    return stream.getvalue()


def _look(data: bytes) -> bytes:
    """Of what is kept, not of what came: so it is the same when the picture is taken to another lab."""
    with Image.open(io.BytesIO(data)) as image:
        return image.resize((LOOK_SIDE, LOOK_SIDE), Image.Resampling.BOX).tobytes()


def _is_kept_form(data: bytes, ours: bytes) -> bool:
    """Say whether a JPEG has, byte for byte, the headers that this module writes for a picture of its size, then pixels
    and nothing else."""
    start = ours.index(b"\xff\xda")  # no table of the headers holds these two bytes: the tables are always the same
    start += 2 + int.from_bytes(ours[start + 2 : start + 4], "big")
    if data[:start] != ours[:start] or not data.endswith(_END):
        return False
    at = data.find(_MARKER, start)
    while at < len(data) - 2:
        if data[at + 1] != 0:
            return False
        at = data.find(_MARKER, at + 2)
    return True

"""IDX files, as MNIST's: a file of pictures and a file of labels, plain or packed by gzip.

The format is a magic number (two zeros, the type of a number, how many dimensions), the dimensions, then the numbers
(Y. LeCun, C. Cortes, C. Burges). What the header claims is held against the length of the file.
"""

import gzip
import io
import struct
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from core.data.own.ways_in.found import Found, NotFoundHereError, Source
from core.photos.door import shown_name

MOST_BYTES = 2**28  # of an unpacked file; MNIST's 60,000 pictures have 45 MB
_MOST_SIDE = 512
_BYTE = 0x08  # numbers of one byte, without a sign
_GZIP = b"\x1f\x8b"


def idx_pairs(folder: Path) -> list[tuple[Path, Path]]:
    """Return the pairs of pictures and labels in a folder, by their names."""
    found = sorted(path for path in folder.iterdir() if "images" in path.name and "idx" in path.name.casefold())
    return [(path, labels) for path in found if (labels := labels_beside(path)).is_file()]


def labels_beside(images: Path) -> Path:
    """Return where the labels of a file of pictures lie: beside it, with MNIST's names."""
    name = images.name.replace("images", "labels")
    for pictures, labels in (("idx3", "idx1"), ("idx4", "idx1")):
        name = name.replace(pictures, labels)
    return images.with_name(name)


def is_idx(head: bytes) -> bool:
    """Say whether a file that begins like this (unpacked) is one of pictures in IDX's form."""
    return head[:3] == bytes((0, 0, _BYTE)) and head[3:4] in (b"\3", b"\4")


def idx_source(pairs: list[tuple[Path, Path]]) -> Source:
    """Return the pictures of pairs of IDX files; classes are named by their numbers.

    Raises NotFoundHereError, one sentence, where a file is not what it says, or a pair does not fit together.
    """
    read = [(images, *_pair(images, labels)) for images, labels in pairs]
    known = sorted({int(label) for _path, _pictures, labels in read for label in np.unique(labels)})
    return Source(
        classes=tuple(map(str, known)),
        count=sum(len(labels) for _path, _pictures, labels in read),
        pictures=_pictures(read),
    )


def unpacked_head(path: Path) -> bytes:
    """Return the first bytes of a file, unpacked where it is packed by gzip; raises OSError."""
    with path.open("rb") as file:
        head = file.read(4096)
    return zlib.decompressobj(wbits=31).decompress(head, 16) if head.startswith(_GZIP) else head[:16]


def _pair(images: Path, labels: Path) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    pictures, numbers = _array(images), _array(labels)
    if pictures.ndim not in (3, 4) or (pictures.ndim == 4 and pictures.shape[3] != 3) or numbers.ndim != 1:
        raise NotFoundHereError(f"'{shown_name(images.name)}' and its labels are not pictures and a label for each.")
    if not 1 <= min(pictures.shape[1:3]) <= max(pictures.shape[1:3]) <= _MOST_SIDE:
        raise NotFoundHereError(
            f"The pictures in '{shown_name(images.name)}' have sides beyond 1 to {_MOST_SIDE} pixels."
        )
    if len(pictures) != len(numbers):
        raise NotFoundHereError(
            f"'{shown_name(images.name)}' has {len(pictures):,} pictures and its labels are {len(numbers):,}."
        )
    return pictures, numbers


def _array(path: Path) -> npt.NDArray[np.uint8]:
    name = shown_name(path.name)
    try:
        with path.open("rb") as file:
            packed = file.read(2) == _GZIP
        with gzip.open(path, "rb") if packed else path.open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error):
        raise NotFoundHereError(f"'{name}' cannot be read, or is damaged; get it again.") from None
    if len(data) > MOST_BYTES:
        raise NotFoundHereError(f"'{name}' has more than {MOST_BYTES // 2**20} MB; take a part of it.")
    dimensions = data[3] if len(data) > 3 else 0
    if data[:3] != bytes((0, 0, _BYTE)) or not 1 <= dimensions <= 4 or len(data) < 4 + 4 * dimensions:
        raise NotFoundHereError(f"'{name}' is no IDX file of bytes; MNIST's begin with 0, 0, 8.")
    shape = struct.unpack_from(f">{dimensions}I", data, 4)
    body = memoryview(data)[4 + 4 * dimensions :]
    claimed = 1
    for side in shape:
        claimed *= side
    if claimed != len(body):
        raise NotFoundHereError(
            f"'{name}' says that it holds {claimed:,} numbers, and holds {len(body):,}; get it again."
        )
    return np.frombuffer(body, np.uint8).reshape(shape)


def _pictures(read: list[tuple[Path, npt.NDArray[np.uint8], npt.NDArray[np.uint8]]]) -> Iterator[Found]:
    for path, pictures, labels in read:
        for place, label in enumerate(labels.tolist()):
            name = f"{shown_name(path.name)}, picture {place:,}"
            yield Found(class_name=str(label), file=name, read=partial(_png, pictures[place]))


def _png(pixels: npt.NDArray[np.uint8]) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG", compress_level=1)
    return stream.getvalue()

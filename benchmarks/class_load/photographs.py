"""Photographs for a class: JPEG files as a phone makes them, each another one, none of a real person or place."""

import io
import itertools

import numpy as np
from PIL import Image

PHONE = (4000, 3000)  # pixels
SMALL = (640, 480)


VARIANTS = 60


class Album:
    """A few drawn photographs and, from them, as many files as are asked for, no two with the same bytes."""

    def __init__(self, *, size: tuple[int, int] = PHONE, count: int = 4) -> None:
        self._files = [_photograph(seed, size) for seed in range(count)]
        self._numbers = itertools.count(1)

    def another(self) -> tuple[str, bytes]:
        """Return a name and a photo that is no other's to the last pixel: its coefficients count a little otherwise.

        There are `VARIANTS` of each drawn photograph.
        """
        number = next(self._numbers)
        variant, place = divmod(number - 1, len(self._files))
        if variant >= VARIANTS:
            raise ValueError(f"there are {VARIANTS} variants of each photograph")
        return f"photo-{number}.jpg", _scaled(self._files[place], variant)

    def next(self) -> tuple[str, bytes]:
        """Return a name and a file; what follows a JPEG's end changes its bytes and not its picture."""
        number = next(self._numbers)
        return f"photo-{number}.jpg", self._files[number % len(self._files)] + f"\n{number}".encode()


def _scaled(file: bytes, variant: int) -> bytes:
    """A JPEG whose tables for brightness and colour begin with another entry: another contrast, the same file else."""
    data, first = bytearray(file), file.index(b"\xff\xdb")
    data[first + 5] = 3 + variant % 20
    data[file.index(b"\xff\xdb", first + 2) + 5] = 4 + variant // 20
    return bytes(data)


def _photograph(seed: int, size: tuple[int, int]) -> bytes:
    """A smooth scene with grain, which takes a JPEG as many bytes as a photograph's detail does."""
    random = np.random.default_rng(seed)
    scene = Image.fromarray(random.integers(0, 256, (9, 12, 3), dtype=np.uint8)).resize(size, Image.Resampling.BICUBIC)
    grain = random.normal(0, 9, (size[1], size[0], 1))
    pixels = np.clip(np.asarray(scene, dtype=np.float32) + grain, 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=85)
    return buffer.getvalue()

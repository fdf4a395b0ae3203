"""The two data sets that need no download: scikit-learn's digits and the generated shapes."""

import gzip
import math
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from core.errors import DataError

Pixels = npt.NDArray[np.uint8]
Labels = npt.NDArray[np.int64]
Plane = npt.NDArray[np.float64]

SHAPES_COUNT = 3000


def digits() -> tuple[list[Image.Image], Labels]:
    """Return the 1,797 digits bundled with scikit-learn as 8×8 grey pictures (0 black to 255 white), and labels.

    The file is read without the package: importing it, and SciPy with it, takes two seconds and 70 MB.
    """
    package = find_spec("sklearn")
    if package is None or package.origin is None:
        raise DataError("The digits come with scikit-learn, which is not installed here.")
    with gzip.open(Path(package.origin).parent / "datasets" / "data" / "digits.csv.gz", "rt", encoding="ascii") as file:
        rows = np.loadtxt(file, delimiter=",")
    pixels = np.clip(rows[:, :-1].reshape(-1, 8, 8) * (255 / 16), 0, 255).round().astype(np.uint8)
    return [Image.fromarray(picture) for picture in pixels], rows[:, -1].astype(np.int64)


def shapes(count: int = SHAPES_COUNT, *, side: int = 32) -> tuple[list[Image.Image], Labels]:
    """Return ``count`` generated RGB pictures and their labels; the same ones on every machine.

    Each holds one of six shapes, at a random place, size, angle and colour, on a noisy background.
    """
    random = np.random.RandomState(1729)  # the legacy generator: its stream is frozen for all time
    labels = np.arange(count, dtype=np.int64) % len(_DISTANCES)
    random.shuffle(labels)
    return [Image.fromarray(_draw(int(label), random, side)) for label in labels], labels


def _draw(label: int, random: np.random.RandomState, side: int) -> Pixels:
    centre = side / 2 + random.uniform(-side / 6, side / 6, 2)
    radius = random.uniform(side / 5, side / 2.8)
    angle = random.uniform(-math.pi, math.pi)
    rows, columns = np.mgrid[0:side, 0:side].astype(np.float64) + 0.5
    x, y = columns - centre[0], rows - centre[1]
    x, y = x * math.cos(angle) + y * math.sin(angle), y * math.cos(angle) - x * math.sin(angle)
    distance = _DISTANCES[label](x / radius, y / radius) * radius
    cover = np.clip(0.5 - distance, 0, 1)[..., None]
    background, colour = _two_colours(random)
    slope = (rows + columns)[..., None] / (2 * side) * random.uniform(-50, 50)
    picture = cover * colour + (1 - cover) * (background + slope)
    return np.asarray(np.clip(picture + random.normal(0, 9, picture.shape), 0, 255).astype(np.uint8))


def _two_colours(random: np.random.RandomState) -> tuple[Plane, Plane]:
    """Two colours far enough apart to be told from each other."""
    while True:
        background, colour = random.uniform(0, 255, 3), random.uniform(0, 255, 3)
        if np.abs(background - colour).sum() > 180:
            return background, colour


def _polygon(x: Plane, y: Plane, sides: int) -> Plane:
    """Distance to a regular polygon whose inner circle has radius 0.8: the furthest of its edges' half planes."""
    turns = (2 * math.pi * edge / sides for edge in range(sides))
    return np.asarray(np.max([x * math.cos(turn) + y * math.sin(turn) for turn in turns], axis=0) - 0.8)


def _triangle(x: Plane, y: Plane) -> Plane:
    return _polygon(x, y, 3) + 0.3


def _cross(x: Plane, y: Plane) -> Plane:
    along = np.maximum(np.abs(x) - 1.0, np.abs(y) - 0.3)
    across = np.maximum(np.abs(y) - 1.0, np.abs(x) - 0.3)
    return np.minimum(along, across)


def _star(x: Plane, y: Plane) -> Plane:
    """A five-pointed star: its outline swings between radius 0.42 and 1.0 with the angle."""
    wave = np.abs(((np.arctan2(y, x) * 5 / (2 * math.pi)) % 1) - 0.5) * 2
    return np.asarray(np.hypot(x, y) - (0.42 + 0.68 * wave**1.5))


_DISTANCES = (
    lambda x, y: np.hypot(x, y) - 0.9,
    lambda x, y: _polygon(x, y, 4),
    _triangle,
    lambda x, y: np.abs(np.hypot(x, y) - 0.75) - 0.2,
    _cross,
    _star,
)

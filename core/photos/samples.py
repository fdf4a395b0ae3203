"""Photographs that packages bring: something to look at before anybody has chosen a photo."""

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from core.errors import PhotoError
from core.photos.door import Photo, read_photo

_FILES = {
    "china.jpg": ("sklearn", "datasets/images"),
    "flower.jpg": ("sklearn", "datasets/images"),
    "chelsea.png": ("skimage", "data"),
}
PACKAGES = {"sklearn": "scikit-learn", "skimage": "scikit-image"}
SHOWS = {"chelsea.png": "cat"}
"""Which class of a data set is on a photo; the others, a Chinese temple and a flower, are of none."""


def sample_photos() -> dict[str, Photo]:
    """Return the photographs by name, as far as their packages are installed; raises PhotoError where none is."""
    return dict(_samples())


def package_of(name: str) -> str:
    """Return the package that brings a photograph, as pip calls it."""
    return PACKAGES[_FILES[name][0]]


@lru_cache(maxsize=1)
def _samples() -> tuple[tuple[str, Photo], ...]:
    # Finding a package is instant; importing one of these takes two seconds.
    origins = {package: found.origin for package in PACKAGES if (found := find_spec(package)) and found.origin}
    if not origins:
        raise PhotoError(
            f"The sample photos come with {' and '.join(PACKAGES.values())}, which are not installed here."
        )
    return tuple(
        (name, read_photo(Path(origins[package]).parent / within / name))
        for name, (package, within) in _FILES.items()
        if package in origins
    )

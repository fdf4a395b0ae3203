"""Own sets to try things on, in a home of their own."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.data.own import NewPicture, OwnPictures, OwnSet, OwnSets
from core.rights import Person

ADA, BEN = Person(owner="browser-ada"), Person(owner="browser-ben")
OPERATOR = Person(owner="*", runs_the_lab=True)

Make = Callable[..., bytes]


def picture(seed: int = 0, *, size: tuple[int, int] = (90, 70), form: str = "JPEG") -> bytes:
    """A file with a picture of its own for each seed: blocks of random colours."""
    random = np.random.default_rng(seed)
    blocks = Image.fromarray(random.integers(0, 255, (6, 8, 3), dtype=np.uint8)).resize(size, Image.Resampling.NEAREST)
    stream = io.BytesIO()
    blocks.save(stream, form)
    return stream.getvalue()


def new(seed: int = 0, **more: str | None) -> NewPicture:
    return NewPicture(data=picture(seed), file_name=f"{seed}.jpg", **more)


def smallest_set(sets: OwnSets) -> OwnSet:
    """One of two pictures, in two classes, whose title others have as well."""
    own = sets.create("Mugs", by=ADA, classes=("cup", "mug"))
    for seed, each in enumerate(own.classes):
        OwnPictures(sets).add(own.id, each.id, new(seed), by=ADA)
    return sets.get(own.id)


@pytest.fixture
def sets(home: Path) -> Iterator[OwnSets]:
    opened = OwnSets(home)
    yield opened
    opened.close()


@pytest.fixture
def pictures(sets: OwnSets) -> OwnPictures:
    return OwnPictures(sets)

"""Images that show nothing of what a network knows, as photos: what its judgement of strangeness is measured on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image
from torch import Tensor, cat

from core.data import LabelledImages, availability, datasets, load, make_split
from core.data.catalogue import ink_frame
from core.models.input_format import InputFormat, square
from core.models.received import receive

Indices = npt.NDArray[np.int64]

AT_ONCE = 50
_SOURCES = {1: ("shapes", "digits"), 3: ("cifar10", "shapes", "digits")}  # by the network's channels, the best first


@dataclass(frozen=True, kw_only=True)
class ForeignImages:
    """Test images of a data set, ``indices`` of ``data``, without the classes that the network knows.

    ``title`` names them for people.
    """

    data: LabelledImages
    indices: Indices
    title: str


def foreign_images(dataset: str, classes: Sequence[str], *, channels: int, at_most: int) -> ForeignImages:
    """Return images of something else than ``classes``, of what is on this machine, spread over their test split.

    For networks of photos they are of CIFAR-10 where it is at hand, else what the lab brings itself.
    """
    for name in _SOURCES[channels]:
        spec = datasets[name]
        others = [place for place, title in enumerate(spec.classes) if title not in classes]
        if name == dataset or not others or availability(name) == "hub":
            continue
        data = load(name)
        test = make_split(data).test
        test = test[np.isin(data.labels[test], others)]
        left_out = [title for title in spec.classes if title in classes]
        title = f"{spec.title} without {' and '.join(left_out)}" if left_out else spec.title
        return ForeignImages(data=data, indices=spread(test, at_most), title=title)
    raise AssertionError("a built-in data set is always there")  # pragma: no cover


def spread(indices: Indices, at_most: int) -> Indices:
    """Return all indices, or ``at_most`` of them, evenly spread."""
    if len(indices) <= at_most:
        return indices
    return indices[np.linspace(0, len(indices) - 1, at_most).round().astype(np.int64)]


def as_received(images: ForeignImages, format: InputFormat, dataset: str) -> Iterator[Tensor]:
    """Yield batches (N, C, S, S) as a network is given photos: handwriting made as its ``dataset`` was."""
    frame = ink_frame(dataset)
    for start in range(0, len(images.indices), AT_ONCE):
        part = images.indices[start : start + AT_ONCE]
        yield cat([receive(_photo(images.data, int(index)), format, frame).batch for index in part])


def as_small(data: LabelledImages, indices: Indices, foreign: ForeignImages, format: InputFormat) -> Iterator[Tensor]:
    """Yield batches (N, C, S, S) of images made as small as foreign ones and enlarged again; none where those are not
    smaller.

    Foreign images that are enlarged are blurred: against these stands what is left when its own are blurred alike.
    """
    side = foreign.data.size
    if side >= data.size:
        return
    for start in range(0, len(indices), AT_ONCE):
        photos = [_photo(data, int(index)) for index in indices[start : start + AT_ONCE]]
        yield cat([receive(square(photo, side), format).batch for photo in photos])


def _photo(data: LabelledImages, index: int) -> Image.Image:
    pixels = np.ascontiguousarray(data.images[index])
    return Image.fromarray(pixels[0] if len(pixels) == 1 else np.moveaxis(pixels, 0, -1)).convert("RGB")

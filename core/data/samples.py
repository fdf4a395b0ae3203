"""A few test images of a data set, as photos: what a network that learned from it can be tried on at once.

Where the data set is in the data folder, its first test rows are read from the Parquet file (some 10 ms), whether or
not it has been decoded: reading it as training does takes 5 s and a gigabyte for cats and dogs.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count as from_zero
from itertools import islice

import numpy as np
from PIL import Image

from core.data.catalogue import DatasetSpec, datasets
from core.data.class_names import agreed_names, reader_of_names, reader_of_numbers
from core.data.loading import availability, load
from core.data.picture_files import PictureFiles
from core.data.prepared import LabelledImages
from core.data.source import source_folder
from core.data.splits import held_out_at_random, make_split
from core.errors import DataError, PhotoError
from core.photos.door import Photo, open_photo

_ROWS = 64  # of a Parquet file, read at a time
_PATIENCE = 2_000  # images that are looked at


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A test image and its class."""

    photo: Photo
    label: str


def held_out_samples(name: str, count: int = 4) -> tuple[Sample, ...]:
    """Return the first ``count`` test images of a data set, each of another class as far as there are any.

    Empty where the data set would have to be downloaded or decoded first. Raises DataError where it cannot be read.
    """
    spec = datasets[name]
    if source_folder(spec) is not None:
        rows = _from_folder(spec)
    elif availability(name) in ("builtin", "prepared"):
        rows = _from_arrays(load(name))
    else:
        return ()
    wanted = Counter(spec.classes[place % len(spec.classes)] for place in range(count))
    found: list[Sample] = []
    for sample in islice(rows, _PATIENCE):
        if wanted[sample.label] > 0:
            wanted[sample.label] -= 1
            found.append(sample)
        if len(found) == count:
            break
    order = {label: place for place, label in enumerate(spec.classes)}
    return tuple(sorted(found, key=lambda sample: order[sample.label]))


def sample_of(data: LabelledImages, index: int) -> Sample:
    """Return one image of a decoded data set."""
    pixels = np.ascontiguousarray(data.images[index])
    grey = pixels.shape[0] == 1
    image = Image.fromarray(pixels[0] if grey else np.moveaxis(pixels, 0, -1)).convert("RGB")
    label = data.spec.classes[int(data.labels[index])]
    photo = Photo(image=image, sha256=hashlib.sha256(pixels.tobytes()).hexdigest(), name=_name(data.spec, label))
    return Sample(photo=photo, label=label)


def _from_arrays(data: LabelledImages) -> Iterator[Sample]:
    return (sample_of(data, int(index)) for index in make_split(data).test)


def _from_folder(spec: DatasetSpec) -> Iterator[Sample]:
    """Yield the test images in the order of their file."""
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    folder = source_folder(spec)
    part = "test" if spec.official_test else "train"
    files = sorted(file for file in folder.glob("**/*.parquet") if part in file.name) if folder else []
    pictures = PictureFiles(spec, folder)
    try:
        numbered = reader_of_numbers(spec, agreed_names(spec, files))
        parts = [ParquetFile(file) for file in files]
        total = sum(file.metadata.num_rows for file in parts)
        test = None if spec.official_test else set(held_out_at_random(total).tolist())
        places = from_zero()
        for file in parts:
            for batch in file.iter_batches(batch_size=_ROWS, columns=[spec.image_column, spec.label_column]):
                for row, index in zip(batch.to_pylist(), places, strict=False):
                    if test is None or index in test:
                        stored = row[spec.label_column]
                        number_of = reader_of_names(spec, [stored]) if isinstance(stored, str) else numbered
                        yield _sample(spec, pictures.bytes_of(row[spec.image_column]), number_of(stored))
    except (OSError, ArrowException, KeyError, TypeError, IndexError, PhotoError) as error:
        raise DataError(
            f"{spec.title} in the data folder holds something else than was expected; get a fresh copy of it."
        ) from error


def _sample(spec: DatasetSpec, data: bytes, label: int) -> Sample:
    if label < 0:
        raise DataError(f"{spec.title} is not what was expected: a label is out of range.")
    name = spec.classes[label]
    return Sample(photo=replace(open_photo(data), name=_name(spec, name)), label=name)


def _name(spec: DatasetSpec, label: str) -> str:
    return f"{spec.title}: {label}"

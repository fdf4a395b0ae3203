"""A prepared copy: a data set decoded once, as one memory-mapped uint8 array that pages and workers share.

Its folder is named after the source (`core.data.source.source_key`) and is there whole or not at all.
"""

import contextlib
import hashlib
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
import numpy.typing as npt

from core.data.array_file import array_file
from core.data.class_names import numbers_of
from core.data.dataset_spec import DatasetSpec
from core.data.own.as_data_set import manifest_of
from core.data.own.honest_split import HonestSplit
from core.data.own.manifests import Manifest
from core.data.picture_files import pictures_key
from core.data.source import Row, Source, open_source, source_folder, source_key, stored_names
from core.errors import DataError
from core.home import home
from core.photos.appearance import as_seen
from core.strict_json import read_object, typed
from core.whole_files import beside_of, write_file

Progress = Callable[[str, float], None]

_opened: "WeakValueDictionary[tuple[str, int, int], LabelledImages]" = WeakValueDictionary()
_opening = threading.Lock()

_CHUNK = 512
_COPIES_KEPT = 3  # of an own set, at one size: of its newest versions


@dataclass(frozen=True, kw_only=True)
class LabelledImages:
    """A prepared data set: ``images`` uint8 (N, C, size, size), memory-mapped; ``labels`` int64 (N,).

    ``fingerprint`` covers the source's bytes and labels in their order, whatever size they were decoded to.
    ``official_test_start`` is the index at which the official test split begins (None: there is none); ``note`` is a
    sentence on what had to be believed of the source, or empty.

    Of an own set are known as well: ``contents``, the hash of each picture; ``groups`` int64 (N,), equal for
    near-copies and pictures of one burst; ``contributors``, who took each (None: nobody said); ``kept_split``, how it
    was split when it was first trained on (None: it has not been).
    """

    spec: DatasetSpec
    size: int
    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]
    fingerprint: str
    official_test_start: int | None
    note: str = ""
    contents: tuple[str, ...] = ()
    groups: npt.NDArray[np.int64] | None = None
    contributors: tuple[str | None, ...] = ()
    kept_split: HonestSplit | None = None


@dataclass(frozen=True, kw_only=True)
class _About:
    """What ``about.json`` says of a prepared copy.

    ``by_name`` says that labels were taken by the names of their classes (False in copies of earlier builds);
    ``pictures`` is the key of the files that a folder's pictures were read from, where they lay beside its Parquet.
    ``contents`` are the names of the pictures, in order, where the source has names that are made of their content.
    """

    fingerprint: str
    official_test_start: int | None
    by_name: bool = False
    pictures: str | None = None
    note: str = ""
    contents: tuple[str, ...] = ()


def prepared_root() -> Path:
    """Return the folder of all prepared copies."""
    return home() / "prepared"


def prepared_copy(spec: DatasetSpec, size: int) -> Path | None:
    """Return the folder of the prepared copy of a data set as its source is now, or None; reads nothing but folders."""
    folder = place_of(spec, size)
    return folder if (folder / "about.json").is_file() else None


def is_current(spec: DatasetSpec, copy: Path) -> bool:
    """Say whether a prepared copy is what its source would be decoded to, as far as its name does not tell.

    Raises DataError where the source's classes are not those of the data set.
    """
    source = source_folder(spec)
    with contextlib.suppress(OSError, ValueError):  # a damaged one is told of when it is opened
        about = typed(_About, read_object(copy / "about.json"))
        if source and not about.by_name and (names := stored_names(spec)):
            return numbers_of(spec, names) == tuple(range(len(names)))
        if source and about.pictures:
            return about.pictures == pictures_key(source)
    return True


def open_copy(spec: DatasetSpec, size: int, folder: Path) -> LabelledImages:
    """Return what a prepared copy holds; raises DataError where it is damaged.

    What somebody in this process still holds of a published set is not opened a second time: thirty trainings of MNIST
    share its 47 MB.
    """
    own = manifest_of(spec.name)
    if own is not None:
        return _open(spec, size, folder, own)
    try:
        at = (folder / "about.json").stat()
    except OSError:
        return _open(spec, size, folder, None)
    key = str(folder), at.st_ino, at.st_mtime_ns
    with _opening:
        data = _opened.get(key)
        if data is None:
            data = _opened[key] = _open(spec, size, folder, None)
    return data


def _open(spec: DatasetSpec, size: int, folder: Path, own: Manifest | None) -> LabelledImages:
    try:
        about = typed(_About, read_object(folder / "about.json"))
        images = np.load(folder / "images.npy", mmap_mode="r")
        labels = np.load(folder / "labels.npy")
        _check_arrays(spec, size, images, labels, about)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(
            f"The prepared copy of {spec.title} is damaged ({error}); "
            f"delete {folder.name} in the lab's folder 'prepared'."
        ) from None
    return LabelledImages(
        spec=spec,
        size=size,
        images=images,
        labels=labels,
        fingerprint=about.fingerprint,
        official_test_start=about.official_test_start,
        note=about.note,
        contents=about.contents,
        groups=np.array([each.group for each in own.pictures], np.int64) if own else None,
        contributors=tuple(each.contributor for each in own.pictures) if own else (),
        kept_split=own.split if own else None,
    )


def named_fingerprint(version: Manifest) -> str:
    """Return the fingerprint that the images of a version of an own set have once they are decoded."""
    return _fingerprint((each.id.encode(), each.label) for each in version.pictures)


def prepare(spec: DatasetSpec, size: int, progress: Progress) -> Path:
    """Decode the source beside its final place and rename it there; return that folder.

    Raises DataError where the source is not what was expected, OSError where the disk refuses.
    """
    progress(f"Looking for {spec.title}", 0.0)
    final = place_of(spec, size)
    work = beside_of(final)
    try:
        work.mkdir()
        about = _decode(spec, open_source(spec), size, work, progress)
        write_file(work / "about.json", json.dumps(asdict(about)).encode())
        shutil.rmtree(final, ignore_errors=True)  # a copy that is no longer current
        work.replace(final)
        for copy in _copies(spec, size)[_COPIES_KEPT:]:
            shutil.rmtree(copy, ignore_errors=True)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return final


def fingerprint_of(copy: Path) -> str:
    """Return the fingerprint of the images in a prepared copy; '' where it cannot be read."""
    try:
        return typed(_About, read_object(copy / "about.json")).fingerprint
    except (OSError, ValueError):
        return ""


def place_of(spec: DatasetSpec, size: int) -> Path:
    """Return where the prepared copy of a data set lies, or will lie, as its source is now."""
    key = hashlib.sha256(source_key(spec).encode()).hexdigest()[:16]
    return prepared_root() / f"{spec.name}-{size}-{key}"


def _check_arrays(
    spec: DatasetSpec, size: int, images: npt.NDArray[Any], labels: npt.NDArray[Any], about: _About
) -> None:
    """Raise ValueError where a prepared copy is not of this data set's shape."""
    count = len(labels) if labels.ndim == 1 else -1
    if images.shape != (count, spec.channels, size, size) or images.dtype != np.uint8 or labels.dtype != np.int64:
        raise ValueError("its arrays are of another shape")
    if not count or labels.min() < 0 or labels.max() >= len(spec.classes):
        raise ValueError("a label is out of range")
    if about.official_test_start is not None and not 0 < about.official_test_start < count:
        raise ValueError("its test split is empty")


def _decode(spec: DatasetSpec, source: Source, size: int, work: Path, progress: Progress) -> _About:
    from core.models.input_format import pixels

    known = _decoded_before(spec, size) if source.named else {}

    def decode(data: bytes) -> npt.NDArray[np.uint8]:
        if data in known:
            images, row = known[data]
            return np.asarray(images[row])
        try:
            with source.read(data) as image:
                return pixels(as_seen(image), channels=spec.channels, size=size)
        except (OSError, ValueError, SyntaxError):
            raise DataError(f"{spec.title} holds an image that cannot be decoded; get a fresh copy of it.") from None

    count = source.count
    labels = np.empty(count, dtype=np.int64)
    digest = hashlib.sha256()
    contents: list[str] = []
    done = 0
    shape = (count, spec.channels, size, size)
    with array_file(work / "images.npy", shape) as append, ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for chunk in _chunks(source.rows):
            for data, label in chunk:
                digest.update(_said(data, label))
            append(np.stack(list(pool.map(decode, (data for data, _label in chunk)))))
            contents += [data.decode() for data, _label in chunk if source.named]
            labels[done : done + len(chunk)] = [label for _data, label in chunk]
            done += len(chunk)
            progress(f"Decoding {spec.title}: {done:,} of {count:,} images", done / count)
    if not done or done != count or labels.min() < 0:
        raise DataError(
            f"{spec.title} is not what was expected: {done:,} images of {count:,}, or a label out of range."
        )
    np.save(work / "labels.npy", labels)
    folder = source_folder(spec) if source.pictures and source.pictures.used else None
    return _About(
        fingerprint=digest.hexdigest()[:32],
        official_test_start=source.official_test_start,
        by_name=True,
        pictures=pictures_key(folder) if folder else None,
        note=source.note,
        contents=tuple(contents),
    )


def _fingerprint(rows: Iterable[Row]) -> str:
    digest = hashlib.sha256()
    for data, label in rows:
        digest.update(_said(data, label))
    return digest.hexdigest()[:32]


def _said(data: bytes, label: int) -> bytes:
    """What a row gives to the fingerprint."""
    return len(data).to_bytes(8, "little") + data + label.to_bytes(8, "little", signed=True)


def _copies(spec: DatasetSpec, size: int) -> list[Path]:
    """The prepared copies of an own set at one size, of whatever version, newest first; none of any other set."""
    base, version, _number = spec.name.partition("@")
    found = prepared_root().glob(f"{base}@*-{size}-*/about.json") if version else ()
    return [file.parent for file in sorted(found, key=lambda file: -file.stat().st_mtime_ns)]


def _decoded_before(spec: DatasetSpec, size: int) -> dict[bytes, tuple[npt.NDArray[np.uint8], int]]:
    """Where pictures of an own set have been decoded for an earlier version of it, by their names."""
    known: dict[bytes, tuple[npt.NDArray[np.uint8], int]] = {}
    for copy in _copies(spec, size):
        with contextlib.suppress(OSError, ValueError, EOFError):  # a damaged one is of no use
            contents = typed(_About, read_object(copy / "about.json")).contents
            images = np.load(copy / "images.npy", mmap_mode="r")
            if images.shape == (len(contents), spec.channels, size, size) and images.dtype == np.uint8:
                known = {name.encode(): (images, row) for row, name in enumerate(contents)} | known
    return known


def _chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    iterator = iter(rows)
    while chunk := list(islice(iterator, _CHUNK)):
        yield chunk

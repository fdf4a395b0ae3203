"""Decode once: every data set as one memory-mapped uint8 array, shared by pages and workers.

Looked for in this order: already prepared, built in, the data folder (``CNN_LAB_DATA``), the Hugging Face Hub.
"""

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
from filelock import FileLock
from PIL import Image

from core.data import builtin
from core.data.array_file import array_file
from core.data.catalogue import DatasetSpec, datasets
from core.disk import refusal, sentence
from core.errors import DataError
from core.home import data_folder, home
from core.strict_json import read_object, typed
from core.whole_files import beside_of, write_file

if TYPE_CHECKING:
    pass

Availability = Literal["builtin", "prepared", "folder", "hub"]
Progress = Callable[[str, float], None]
Row = tuple[bytes, int]

_CHUNK = 512


@dataclass(frozen=True, kw_only=True)
class LabelledImages:
    """A prepared data set: ``images`` uint8 (N, C, size, size), memory-mapped; ``labels`` int64 (N,).

    ``fingerprint`` covers the source's bytes and labels in their order, whatever size they were decoded to.
    ``official_test_start`` is the index at which the official test split begins (None: there is none).
    """

    spec: DatasetSpec
    size: int
    images: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]
    fingerprint: str
    official_test_start: int | None


@dataclass(frozen=True, kw_only=True)
class _About:
    """What ``about.json`` says of a prepared copy."""

    fingerprint: str
    official_test_start: int | None


def availability(name: str, size: int | None = None) -> Availability:
    """Say where `load` would find a data set: no network is touched and nothing is read but folders."""
    spec = datasets[name]
    if _prepared(spec, size or spec.size) is not None:
        return "prepared"
    if spec.hub_id is None:
        return "builtin"
    return "hub" if source_folder(spec) is None else "folder"


def load(name: str, *, size: int | None = None, progress: Progress | None = None) -> LabelledImages:
    """Return a data set decoded to ``size``×``size`` pixels (default: its own size), preparing it at first use.

    ``progress`` is told what is being done and how far it is, in [0, 1]. Raises DataError, with a sentence that says
    what to do, where the data cannot be had or read.
    """
    spec = datasets[name]
    side = size or spec.size
    if not 8 <= side <= 512:
        raise DataError(f"Images cannot be decoded to {side} pixels; choose a side between 8 and 512.")
    folder = _prepared(spec, side)
    if folder is None:
        root = _root()
        with _disk_in_words(spec):
            root.mkdir(parents=True, exist_ok=True)
            with FileLock(root / f"{name}-{side}.lock"):
                folder = _prepared(spec, side) or _prepare(spec, side, progress or (lambda _text, _fraction: None))
    return _open(spec, side, folder)


@contextlib.contextmanager
def _disk_in_words(spec: DatasetSpec) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DataError(sentence(f"{spec.title} could not be prepared", error)) from error


def _root() -> Path:
    return home() / "prepared"


def source_folder(spec: DatasetSpec) -> Path | None:
    """Return the folder inside the data folder that holds a data set's Parquet files; None where there is none."""
    base = data_folder()
    if base is None or spec.folder_name is None:
        return None
    folder = base / spec.folder_name
    return folder if any(folder.glob("**/*.parquet")) else None


def _source_key(spec: DatasetSpec) -> str:
    """Name the source without reading it: a folder by its files' names, sizes and times, the Hub by the id."""
    folder = source_folder(spec)
    if folder is None:
        return f"hub:{spec.hub_id}" if spec.hub_id else f"builtin:{spec.name}:1"
    files = sorted(folder.glob("**/*.parquet"))
    stats = [(str(file.relative_to(folder)), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    return hashlib.sha256(json.dumps([str(folder), stats]).encode()).hexdigest()


def _prepared(spec: DatasetSpec, size: int) -> Path | None:
    key = hashlib.sha256(_source_key(spec).encode()).hexdigest()[:16]
    folder = _root() / f"{spec.name}-{size}-{key}"
    return folder if (folder / "about.json").is_file() else None


def _open(spec: DatasetSpec, size: int, folder: Path) -> LabelledImages:
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
    )


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


def _prepare(spec: DatasetSpec, size: int, progress: Progress) -> Path:
    """Decode the source beside its final place and rename it there: a prepared folder is always whole."""
    progress(f"Looking for {spec.title}", 0.0)
    key = hashlib.sha256(_source_key(spec).encode()).hexdigest()[:16]
    final = _root() / f"{spec.name}-{size}-{key}"
    work = beside_of(final)
    try:
        work.mkdir()
        about = _decode(spec, size, work, progress)
        write_file(work / "about.json", json.dumps(about).encode())
        work.replace(final)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return final


def _decode(spec: DatasetSpec, size: int, work: Path, progress: Progress) -> dict[str, Any]:
    if spec.hub_id is None:
        pictures, labels = builtin.digits() if spec.name == "digits" else builtin.shapes()
        rows: Iterable[Row] = zip((_raw(picture) for picture in pictures), labels.tolist(), strict=True)
        mode, side = pictures[0].mode, pictures[0].size

        def read(data: bytes) -> Image.Image:
            return Image.frombytes(mode, side, data)

        return _write(spec, size, work, rows, len(labels), None, read, progress)
    parts = _parts(spec)
    counts = [count for count, _rows in parts]
    rows = (row for _count, part in parts for row in part)
    test_start = counts[0] if spec.official_test else None
    return _write(spec, size, work, rows, sum(counts), test_start, _read, progress)


def _raw(picture: Image.Image) -> bytes:
    return picture.tobytes()


def _read(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data))


def _write(
    spec: DatasetSpec,
    size: int,
    work: Path,
    rows: Iterable[Row],
    count: int,
    test_start: int | None,
    read: Callable[[bytes], Image.Image],
    progress: Progress,
) -> dict[str, Any]:
    from core.models.input_format import pixels

    def decode(data: bytes) -> npt.NDArray[np.uint8]:
        try:
            with read(data) as image:
                return pixels(image, channels=spec.channels, size=size)
        except (OSError, ValueError, SyntaxError):
            raise DataError(f"{spec.title} holds an image that cannot be decoded; get a fresh copy of it.") from None

    shape = (count, spec.channels, size, size)
    labels = np.empty(count, dtype=np.int64)
    digest = hashlib.sha256()
    done = 0
    with array_file(work / "images.npy", shape) as append, ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for chunk in _chunks(rows):
            for data, label in chunk:
                digest.update(len(data).to_bytes(8, "little") + data + label.to_bytes(8, "little", signed=True))
            append(np.stack(list(pool.map(decode, (data for data, _label in chunk)))))
            labels[done : done + len(chunk)] = [label for _data, label in chunk]
            done += len(chunk)
            progress(f"Decoding {spec.title}: {done:,} of {count:,} images", done / count)
    if not done or done != count or labels.min() < 0 or labels.max() >= len(spec.classes):
        raise DataError(
            f"{spec.title} is not what was expected: {done:,} images of {count:,}, or a label out of range."
        )
    np.save(work / "labels.npy", labels)
    return {"fingerprint": digest.hexdigest()[:32], "official_test_start": test_start}


def _chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    iterator = iter(rows)
    while chunk := list(islice(iterator, _CHUNK)):
        yield chunk


def _parts(spec: DatasetSpec) -> list[tuple[int, Iterator[Row]]]:
    """Each split of the source with its length, as encoded bytes and labels, by ``datasets.load_dataset``."""
    names = ("train", "test") if spec.official_test else ("train",)
    return [_rows(spec, _load_split(spec, name), name) for name in names]


def _load_split(spec: DatasetSpec, split: str) -> Any:
    from datasets import disable_progress_bars, load_dataset

    disable_progress_bars()
    folder = source_folder(spec)
    try:
        if folder is not None:
            return load_dataset(str(folder), split=split, streaming=True)
        return load_dataset(str(spec.hub_id), split=split)
    except Exception as error:  # the libraries below raise some twenty kinds; each becomes one sentence
        where = f"the folder {folder.name} of CNN_LAB_DATA" if folder else "the Hugging Face Hub"
        advice = (
            "Check that the folder holds its Parquet files, whole."
            if folder
            else "Connect to the internet and try again, name a folder that holds it by CNN_LAB_DATA, "
            "or use the built-in digits or shapes."
        )
        if refused := refusal(error):
            raise DataError(f"{spec.title} could not be loaded from {where}: {refused}.") from error
        raise DataError(f"{spec.title} could not be loaded from {where} ({type(error).__name__}). {advice}") from error


def _rows(spec: DatasetSpec, split: Any, name: str) -> tuple[int, Iterator[Row]]:
    from datasets import Image as ImageFeature

    for column in (spec.image_column, spec.label_column):
        if column not in (split.features or {}):
            raise DataError(f"{spec.title}'s {name} split has no column '{column}'; this is not the data set expected.")
    stored = getattr(split.features[spec.label_column], "names", None)
    if stored is not None and len(stored) != len(spec.classes):
        raise DataError(f"{spec.title} has {len(stored)} classes here; {len(spec.classes)} were expected.")
    encoded = split.cast_column(spec.image_column, ImageFeature(decode=False))
    count = split.info.splits[name].num_examples if split.info.splits else None
    if count is None:
        count = sum(1 for _row in split.select_columns([spec.label_column]))
    return count, ((row[spec.image_column]["bytes"], row[spec.label_column]) for row in encoded)

"""Where a data set comes from: built in, the data folder (``CNN_LAB_DATA``), or the Hugging Face Hub."""

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from core.data import builtin
from core.data.catalogue import DatasetSpec
from core.data.class_names import agreed_names, reader_of_names, reader_of_numbers, without_names
from core.data.own.as_data_set import manifest_of, picture_file
from core.data.own.manifests import Manifest
from core.data.own.versions import split_name
from core.data.picture_files import PictureFiles
from core.disk import refusal
from core.errors import DataError
from core.home import data_folder

Row = tuple[bytes, int]


@dataclass(frozen=True, kw_only=True)
class Source:
    """``count`` rows, each the bytes of a picture that ``read`` opens and the number of its class (-1: of none).

    With ``named`` a row holds, instead of the bytes, a name that is made of the content. ``pictures`` are the files
    beside the Parquet files (None: built in); ``note`` says what had to be believed.
    """

    rows: Iterator[Row]
    count: int
    read: Callable[[bytes], Image.Image]
    official_test_start: int | None = None
    pictures: PictureFiles | None = None
    note: str = ""
    named: bool = False


def source_folder(spec: DatasetSpec) -> Path | None:
    """Return the folder of the data folder that holds a set's Parquet files, or None."""
    base = data_folder()
    if base is None or spec.folder_name is None:
        return None
    folder = base / spec.folder_name
    return folder if any(folder.glob("**/*.parquet")) else None


def source_key(spec: DatasetSpec) -> str:
    """Name the source without reading it: a folder by its files' names, sizes and times, the Hub by the id."""
    if split_name(spec.name):
        return spec.name  # the version in it is made of its content
    folder = source_folder(spec)
    if folder is None:
        return f"hub:{spec.hub_id}" if spec.hub_id else f"builtin:{spec.name}:1"
    stats = [(str(file.relative_to(folder)), file.stat().st_size, file.stat().st_mtime_ns) for file in _files(folder)]
    return hashlib.sha256(json.dumps([str(folder), stats]).encode()).hexdigest()


def stored_names(spec: DatasetSpec) -> tuple[str, ...] | None:
    """Return the class names that the data folder's files hold, in order; None where there are none.

    Raises DataError where two files differ, or cannot be read.
    """
    folder = source_folder(spec)
    with _in_words(spec, folder):
        return agreed_names(spec, _files(folder)) if folder else None


def open_source(spec: DatasetSpec) -> Source:
    """Return a data set's pictures and labels; raises DataError where they cannot be had or are not those expected."""
    if (version := manifest_of(spec.name)) is not None:
        return _own(version)
    if spec.hub_id is None:
        return _built_in(spec)
    folder = source_folder(spec)
    pictures = PictureFiles(spec, folder)
    parts = [
        _part(spec, folder, split, pictures) for split in (("train", "test") if spec.official_test else ("train",))
    ]
    return Source(
        rows=(row for part in parts for row in part.rows),
        count=sum(part.count for part in parts),
        read=_open,
        official_test_start=parts[0].count if spec.official_test else None,
        pictures=pictures,
        note=parts[0].note,
    )


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("**/*.parquet"))


def _built_in(spec: DatasetSpec) -> Source:
    pictures, labels = builtin.digits() if spec.name == "digits" else builtin.shapes()
    mode, side = pictures[0].mode, pictures[0].size
    rows = zip((picture.tobytes() for picture in pictures), labels.tolist(), strict=True)
    return Source(rows=rows, count=len(labels), read=lambda data: Image.frombytes(mode, side, data))


def _own(version: Manifest) -> Source:
    """Rows that hold the ids of pictures, which are hashes of their content, instead of their bytes."""
    forms = {each.id.encode(): each.form for each in version.pictures}
    return Source(
        rows=((each.id.encode(), each.label) for each in version.pictures),
        count=len(version.pictures),
        read=lambda name: _open(picture_file(version, name.decode(), forms[name])),
        named=True,
    )


@contextlib.contextmanager
def _in_words(spec: DatasetSpec, folder: Path | None) -> Iterator[None]:
    try:
        yield
    except DataError:
        raise
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


def _part(spec: DatasetSpec, folder: Path | None, name: str, pictures: PictureFiles) -> Source:
    """One split, as encoded bytes and labels, by ``datasets.load_dataset``."""
    from datasets import Image as ImageFeature
    from datasets import disable_progress_bars, load_dataset

    disable_progress_bars()
    with _in_words(spec, folder):
        if folder is not None:
            split = load_dataset(str(folder), split=name, streaming=True)
        else:
            split = load_dataset(str(spec.hub_id), split=name)
        for column in (spec.image_column, spec.label_column):
            if column not in (split.features or {}):
                raise DataError(
                    f"{spec.title}'s {name} split has no column '{column}'; this is not the data set expected."
                )
        number_of, note = _label_reader(spec, folder, split)
        encoded = split.cast_column(spec.image_column, ImageFeature(decode=False))
        count = split.info.splits[name].num_examples if split.info.splits else None
        if count is None:
            count = sum(1 for _row in split.select_columns([spec.label_column]))

    def rows() -> Iterator[Row]:
        with _in_words(spec, folder):
            for row in encoded:
                yield pictures.bytes_of(row[spec.image_column]), number_of(row[spec.label_column])

    return Source(rows=rows(), count=count, read=_open, note=note)


def _open(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data))


def _label_reader(spec: DatasetSpec, folder: Path | None, split: Any) -> tuple[Callable[[object], int], str]:
    """What turns a stored label into a class's number, and what had to be believed for it."""
    feature = split.features[spec.label_column]
    kind = str(getattr(feature, "dtype", feature))
    if "string" in kind:
        labels = split.select_columns([spec.label_column])
        return reader_of_names(spec, {str(row[spec.label_column]) for row in labels}), ""
    if "int" not in kind:
        raise DataError(
            f"{spec.title}'s column '{spec.label_column}' holds {kind[:40]}, where names of classes or whole numbers "
            "were expected; this is not the data set expected."
        )
    names = agreed_names(spec, _files(folder) if folder else (), declared=getattr(feature, "names", None))
    return reader_of_numbers(spec, names), "" if names else without_names(spec)

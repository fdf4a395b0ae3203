"""A version of an own set as class folders, or as a Parquet file in the layout of the Hugging Face Hub."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.data.own.as_data_set import picture_file
from core.data.own.manifests import Manifest
from core.data.own.records import OwnSetError
from core.data.own.ways_out.safe_names import class_folders_of, picture_name
from core.disk import sentence
from core.whole_files import beside_of, write_file

Tell = Callable[[str, float], None]

_ROWS = 100  # that a row group of Parquet has


def as_folders(manifest: Manifest, target: Path, *, tell: Tell | None = None) -> int:
    """Write a folder for each class with its pictures into the new folder ``target``; returns how many pictures.

    It is there whole or not at all. Raises OwnSetError where it is there already, a picture is gone, the disk refuses.
    """
    folders = class_folders_of(manifest.classes)
    with _new_folder(target) as work:
        for folder in folders:
            (work / folder).mkdir()
        for place, (picture, data) in enumerate(_files(manifest, tell)):
            write_file(work / folders[picture.label] / picture_name(place, picture.id, picture.form), data)
    return len(manifest.pictures)


def as_parquet(manifest: Manifest, target: Path, *, tell: Tell | None = None) -> int:
    """Write ``target``/data/train-00000-of-00001.parquet, which ``datasets.load_dataset(target)`` reads.

    Its columns are image (the file's bytes), label (with the classes' names), contributor and group. Returns how many
    pictures; raises OwnSetError as `as_folders` does.
    """
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    fields = [("image", kind), ("label", pa.int64()), ("contributor", pa.string()), ("group", pa.int64())]
    schema = pa.schema(fields, metadata={"huggingface": json.dumps(_features(manifest))})
    with _new_folder(target) as work:
        (work / "data").mkdir()
        with ParquetWriter(work / "data" / "train-00000-of-00001.parquet", schema) as writer:
            rows: list[dict[str, Any]] = []
            for place, (picture, data) in enumerate(_files(manifest, tell)):
                image = {"bytes": data, "path": picture_name(place, picture.id, picture.form)}
                rows.append(
                    {"image": image, "label": picture.label, "contributor": picture.contributor, "group": picture.group}
                )
                if len(rows) == _ROWS:
                    writer.write_table(pa.Table.from_pylist(rows, schema=schema))
                    rows = []
            if rows:
                writer.write_table(pa.Table.from_pylist(rows, schema=schema))
    return len(manifest.pictures)


def _features(manifest: Manifest) -> dict[str, Any]:
    return {
        "info": {
            "features": {
                "image": {"_type": "Image"},
                "label": {"names": list(manifest.classes), "_type": "ClassLabel"},
                "contributor": {"dtype": "string", "_type": "Value"},
                "group": {"dtype": "int64", "_type": "Value"},
            }
        }
    }


def _files(manifest: Manifest, tell: Tell | None) -> Iterator[Any]:
    """Each picture with its file's bytes, in order."""
    count = len(manifest.pictures)
    for done, picture in enumerate(manifest.pictures, start=1):
        yield picture, picture_file(manifest, picture.id, picture.form)
        if tell is not None and done % _ROWS == 0:
            tell(f"{done:,} of {count:,} pictures", done / count)


@contextmanager
def _new_folder(target: Path) -> Iterator[Path]:
    """A folder to write into, which becomes ``target`` once it is whole."""
    try:
        if os.path.lexists(target) and not (target.is_dir() and not any(target.iterdir())):
            raise OwnSetError(f"'{target.name}' is there already, and not empty; name a new folder.")
        target.parent.mkdir(parents=True, exist_ok=True)
        work = beside_of(target)
        work.mkdir()
        try:
            yield work
            if target.exists():
                target.rmdir()
            work.replace(target)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    except OSError as error:
        raise OwnSetError(sentence(f"'{target.name}' could not be written", error)) from error

"""Parquet files in the layout of the Hugging Face Hub: a column of pictures with their bytes, a column of labels.

Which column is which is said by the Hub's own description in the file, else by the columns' types. For whoever has a
shell on the machine, not for uploads: the format is not one for bytes from strangers.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from core.data.own.records import OwnSetError, check_class_name
from core.data.own.ways_in.found import Found, NotFoundHereError, Skipped, Source, one_to_people
from core.errors import LabError
from core.names import folded
from core.photos.door import shown_name
from core.strict_json import NotStrictJsonError, parse

MOST_ROWS = 200_000
_ROWS = 64  # that are in memory at a time
_MOST_CLASSES = 1_000


@dataclass(frozen=True, kw_only=True)
class _Columns:
    """Which column holds pictures, which labels, and what the labels' numbers are called (None: labels are text)."""

    image: str
    label: str
    names: tuple[str, ...] | None


@dataclass(frozen=True, kw_only=True)
class _Opened:
    """A ``file`` with its ``name`` for people; each says by itself which its columns are and what its numbers mean."""

    name: str
    file: Any
    columns: _Columns


Label = tuple[object, tuple[str, ...] | None]  # as it is stored, and what numbers are called in its file


def parquet_source(files: Sequence[Path]) -> Source:
    """Return the pictures in Parquet files, in their order, with the classes that their labels name.

    Raises NotFoundHereError, one sentence, where they cannot be read or have no such columns.
    """
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    try:
        opened = [_opened(path.name, ParquetFile(path)) for path in files]
        count = sum(each.file.metadata.num_rows for each in opened)
        if count > MOST_ROWS:
            raise NotFoundHereError(f"There are {count:,} rows, and at most {MOST_ROWS:,} are looked through.")
        classes, skipped = _classes(opened)
    except (OSError, ArrowException, KeyError, ValueError, TypeError) as error:
        raise NotFoundHereError(
            f"These Parquet files cannot be read ({type(error).__name__}); get them again."
        ) from None
    return Source(
        classes=tuple(dict.fromkeys(classes.values())),
        count=count,
        pictures=_pictures(opened, classes),
        skipped=tuple(skipped),
    )


def _opened(name: str, file: Any) -> _Opened:
    return _Opened(name=shown_name(name), file=file, columns=_columns(file.schema_arrow))


def _columns(schema: Any) -> _Columns:
    described = _described(schema)
    images = [name for name, about in described.items() if about.get("_type") == "Image"] or [
        field.name for field in schema if _holds_bytes(field.type)
    ]
    labels = [name for name, about in described.items() if about.get("_type") == "ClassLabel"] or [
        field.name
        for field in schema
        if re.fullmatch(r"(fine_)?(label|labels|class|category)", field.name) and _is_label(field.type)
    ]
    if not images or not labels:
        raise NotFoundHereError(
            f"These Parquet files have the columns {', '.join(schema.names)[:200]}; one that holds pictures and one "
            "called label are needed."
        )
    names = described.get(labels[0], {}).get("names")
    known = tuple(names) if isinstance(names, list) and all(isinstance(name, str) for name in names) else None
    if known is not None and len(known) > _MOST_CLASSES:
        raise NotFoundHereError(f"These Parquet files name {len(known):,} classes; a set may have 50.")
    return _Columns(image=images[0], label=labels[0], names=known)


def _described(schema: Any) -> dict[str, dict[str, Any]]:
    """What the Hub's own description says of each column; nothing where there is none."""
    try:
        features = parse((schema.metadata or {})[b"huggingface"])["info"]["features"]
        return {name: about for name, about in features.items() if isinstance(about, dict) and name in schema.names}
    except (NotStrictJsonError, KeyError, TypeError, AttributeError):
        return {}


def _holds_bytes(kind: Any) -> bool:
    from pyarrow import types

    if types.is_struct(kind):
        return any(field.name == "bytes" and types.is_binary(field.type) for field in kind)
    return bool(types.is_binary(kind) or types.is_large_binary(kind))


def _is_label(kind: Any) -> bool:
    from pyarrow import types

    return bool(types.is_integer(kind) or types.is_string(kind) or types.is_large_string(kind))


def _classes(opened: Sequence[_Opened]) -> tuple[dict[Label, str], list[Skipped]]:
    """The class's name for each label that occurs, and what is said of those that cannot be classes."""
    labels: dict[Label, None] = {}
    for each in opened:
        column = each.columns.label
        for batch in each.file.iter_batches(columns=[column]):
            labels |= dict.fromkeys((label, each.columns.names) for label in batch[0].to_pylist())
            if len(labels) > _MOST_CLASSES:
                raise NotFoundHereError(f"The column '{column}' has very many different labels; 50 are allowed.")
    classes: dict[Label, str] = {}
    taken: dict[str, str] = {}
    skipped = []
    files = [each.columns.names for each in opened]
    for stored, names in sorted(labels, key=lambda label: (files.index(label[1]), *_in_order(label[0]))):
        said = f"label {str(stored)[:40]}"
        try:
            name = check_class_name(_name_of(stored, names))
        except LabError as error:
            skipped.append(Skipped(file=said, error=str(error)))
            continue
        classes[stored, names] = there = taken.setdefault(folded(name), name)
        if there != name:
            skipped.append(Skipped(file=said, error=one_to_people(there)))
    return classes, skipped


def _in_order(stored: object) -> tuple[str, int | str]:
    return str(type(stored)), stored if isinstance(stored, int | str) else 0


def _name_of(label: object, names: tuple[str, ...] | None) -> str:
    if label is None or (isinstance(label, int) and label < 0):
        raise OwnSetError("Its label is empty, so it is of no class.")
    if names is None or not isinstance(label, int):
        return str(label)
    if label >= len(names):
        raise OwnSetError(f"There are {len(names):,} names of classes, and this label is beyond them.")
    return names[label]


def _pictures(opened: Sequence[_Opened], classes: dict[Label, str]) -> Iterator[Found]:
    for each in opened:
        row, columns = 0, each.columns
        for batch in each.file.iter_batches(batch_size=_ROWS, columns=[columns.image, columns.label]):
            stored = zip(batch[columns.image].to_pylist(), batch[columns.label].to_pylist(), strict=True)
            for picture, label in stored:
                if (name := classes.get((label, columns.names))) is not None:
                    yield Found(class_name=name, file=f"{each.name}, row {row:,}", read=partial(_bytes_of, picture))
                row += 1


def _bytes_of(stored: Any) -> bytes:
    held = stored.get("bytes") if isinstance(stored, dict) else stored
    if not isinstance(held, bytes):
        raise OwnSetError("This row holds no picture, at most the name of one.")
    return held

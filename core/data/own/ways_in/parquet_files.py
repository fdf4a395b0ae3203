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
from core.data.own.ways_in.found import Found, NotFoundHereError, Skipped, Source
from core.errors import LabError
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


def parquet_source(files: Sequence[Path]) -> Source:
    """Return the pictures in Parquet files, in their order, with the classes that their labels name.

    Raises NotFoundHereError, one sentence, where they cannot be read or have no such columns.
    """
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    try:
        opened = [ParquetFile(file) for file in files]
        count = sum(file.metadata.num_rows for file in opened)
        if count > MOST_ROWS:
            raise NotFoundHereError(f"There are {count:,} rows, and at most {MOST_ROWS:,} are looked through.")
        columns = _columns(opened[0].schema_arrow)
        classes, skipped = _classes(opened, columns)
    except (OSError, ArrowException, KeyError, ValueError, TypeError) as error:
        raise NotFoundHereError(
            f"These Parquet files cannot be read ({type(error).__name__}); get them again."
        ) from None
    return Source(
        classes=tuple(dict.fromkeys(classes.values())),
        count=count,
        pictures=_pictures([shown_name(file.name) for file in files], opened, columns, classes),
        skipped=tuple(skipped),
    )


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


def _classes(opened: Sequence[Any], columns: _Columns) -> tuple[dict[object, str], list[Skipped]]:
    """The class's name for each label that occurs, and what is said of those that cannot be classes."""
    labels: set[object] = set()
    for file in opened:
        for batch in file.iter_batches(columns=[columns.label]):
            labels.update(batch[0].to_pylist())
            if len(labels) > _MOST_CLASSES:
                raise NotFoundHereError(f"The column '{columns.label}' has very many different labels; 50 are allowed.")
    classes: dict[object, str] = {}
    skipped = []
    for label in sorted(labels, key=lambda label: (str(type(label)), label if isinstance(label, int | str) else 0)):
        try:
            classes[label] = check_class_name(_name_of(label, columns.names))
        except LabError as error:
            skipped.append(Skipped(file=f"label {str(label)[:40]}", error=str(error)))
    return classes, skipped


def _name_of(label: object, names: tuple[str, ...] | None) -> str:
    if label is None or (isinstance(label, int) and label < 0):
        raise OwnSetError("Its label is empty, so it is of no class.")
    if names is None or not isinstance(label, int):
        return str(label)
    if label >= len(names):
        raise OwnSetError(f"There are {len(names):,} names of classes, and this label is beyond them.")
    return names[label]


def _pictures(
    names: Sequence[str], opened: Sequence[Any], columns: _Columns, classes: dict[object, str]
) -> Iterator[Found]:
    for name, file in zip(names, opened, strict=True):
        row = 0
        for batch in file.iter_batches(batch_size=_ROWS, columns=[columns.image, columns.label]):
            stored = zip(batch[columns.image].to_pylist(), batch[columns.label].to_pylist(), strict=True)
            for picture, label in stored:
                if label in classes:
                    yield Found(
                        class_name=classes[label], file=f"{name}, row {row:,}", read=partial(_bytes_of, picture)
                    )
                row += 1


def _bytes_of(stored: Any) -> bytes:
    held = stored.get("bytes") if isinstance(stored, dict) else stored
    if not isinstance(held, bytes):
        raise OwnSetError("This row holds no picture, at most the name of one.")
    return held

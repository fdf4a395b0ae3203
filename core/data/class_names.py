"""Which class a stored label means: names decide wherever the source has some, never their position.

A folder whose first name is dog counts its dogs as 0; taken by position, every cat would be learned as a dog.
"""

import contextlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from core.data.catalogue import DatasetSpec
from core.errors import DataError
from core.strict_json import NotStrictJsonError, parse

_NO_CLASS = -1
_MOST_SHOWN, _LONGEST_SHOWN = 20, 40


def numbers_of(spec: DatasetSpec, names: Sequence[str]) -> tuple[int, ...]:
    """Return, for each of the source's ``names``, the number that the class has in the catalogue.

    Capitals, spaces and punctuation do not count. Raises DataError, with both lists, where the names are others.
    """
    number = {_plain(name): place for place, name in enumerate(spec.classes)}
    found = [number.get(_plain(name), _NO_CLASS) for name in names]
    if sorted(found) != list(range(len(spec.classes))):
        raise DataError(_other_classes(spec, names))
    return tuple(found)


def reader_of_names(spec: DatasetSpec, names: Iterable[str]) -> Callable[[object], int]:
    """Return what turns a label that is stored as text into the number of its class; ``names`` are all that occur.

    Raises DataError, with both lists, where one of them is no class of the data set.
    """
    number = {_plain(name): place for place, name in enumerate(spec.classes)}
    table = {name: number.get(_plain(name), _NO_CLASS) for name in names}
    if _NO_CLASS in table.values():
        raise DataError(_other_classes(spec, sorted(table)))
    return lambda label: table.get(label, _NO_CLASS) if isinstance(label, str) else _NO_CLASS


def reader_of_numbers(spec: DatasetSpec, names: Sequence[str] | None) -> Callable[[object], int]:
    """Return what turns a stored number into that of its class, by the source's ``names`` where it has some."""
    table = dict(enumerate(range(len(spec.classes)) if names is None else numbers_of(spec, names)))
    return lambda label: table.get(label, _NO_CLASS) if isinstance(label, int) else _NO_CLASS


def without_names(spec: DatasetSpec) -> str:
    """Return the sentence for labels that are numbers and nothing else."""
    meant = ", ".join(f"{place} is {name}" for place, name in enumerate(spec.classes))
    return f"The labels of this copy of {spec.title} have no names, so their numbers are believed: {meant}."


def agreed_names(
    spec: DatasetSpec, files: Iterable[Path], *, declared: Sequence[str] | None = None
) -> tuple[str, ...] | None:
    """Return the class names that a set declares or its Parquet files hold, in order; None where there are none.

    ``load_dataset`` takes those of the first file for all of them. Raises DataError where two differ.
    """
    first = tuple(declared) if declared else None
    for file in files:
        names = _names_in(file, spec.label_column)
        if names is None:
            continue
        if first is not None and [_plain(name) for name in first] != [_plain(name) for name in names]:
            raise DataError(
                f"{spec.title} has Parquet files that number the classes differently ({_listed(first)}; in {file.name} "
                f"{_listed(names)}); keep those of one kind."
            )
        first = first or names
    return first


def _names_in(file: Path, column: str) -> tuple[str, ...] | None:
    import pyarrow.parquet as parquet

    with contextlib.suppress(NotStrictJsonError, KeyError, TypeError):
        described = parse((parquet.read_schema(file).metadata or {})[b"huggingface"])
        names = described["info"]["features"][column]["names"]
        if isinstance(names, list) and all(isinstance(name, str) for name in names):
            return tuple(names)
    return None


def _plain(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum()) or name


def _other_classes(spec: DatasetSpec, names: Sequence[str]) -> str:
    return (
        f"{spec.title} has {len(names)} classes here: {_listed(names)}. Expected were {len(spec.classes)}: "
        f"{_listed(spec.classes)}. This is not the data set expected; rename its classes or take another copy."
    )


def _listed(names: Sequence[str]) -> str:
    shown = [name if len(name) <= _LONGEST_SHOWN else f"{name[:_LONGEST_SHOWN]}…" for name in names[:_MOST_SHOWN]]
    return ", ".join(shown + ["…"] * (len(names) > _MOST_SHOWN))

"""The one reader of JSON that was stored or comes from outside: strict, bounded, and typed field by field.

Python's own reader takes more than JSON and promises less than it seems: it follows nesting until the interpreter's
stack is used up, makes infinity of 1e999, reads a number of any length, and lets the second of two equal names win.
Everything that this module refuses is a `NotStrictJsonError`, whose text fits behind "… cannot be read: ". Standard
library only.
"""

import dataclasses
import json
import math
import types
import typing
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NoReturn, TypeVar, Union

from core.whole_files import read_file

DEEPEST = 32  # brackets within brackets; what the lab writes has at most seven
LONGEST = 10 * 2**20  # bytes of one text
LARGEST = 2**64  # of whole numbers, in size

T = TypeVar("T")
_KINDS = {int: "a whole number", float: "a number", str: "text", bool: "true or false", type(None): "null"}


class NotStrictJsonError(ValueError):
    """A text is no strict JSON, or not what was to be read from it; ``str(error)`` is a clause without a full stop."""


def parse(text: str | bytes, *, at_most: int = LONGEST) -> Any:
    """Return what a JSON text of at most ``at_most`` bytes (characters, where it is decoded already) holds.

    Raises NotStrictJsonError for one that is longer, not UTF-8, cut short, nested more than `DEEPEST` deep, and for
    NaN, infinity, a number beyond `LARGEST` and two equal names in one object.
    """
    if len(text) > at_most:
        raise NotStrictJsonError(f"it is longer than {at_most:,} bytes")
    try:
        decoded = text.decode("utf-8") if isinstance(text, bytes) else text
        value = json.loads(
            decoded,
            parse_constant=_refuse_constant,
            parse_int=_whole_number,
            parse_float=_number,
            object_pairs_hook=_object,
        )
    except UnicodeDecodeError:
        raise NotStrictJsonError("it is not UTF-8 text") from None
    except json.JSONDecodeError as error:
        raise NotStrictJsonError(f"it is not JSON ({error})") from None
    except RecursionError:
        _too_deep()
    _check_inside(value)
    return value


def parse_object(text: str | bytes, *, at_most: int = LONGEST) -> dict[str, Any]:
    """Return the JSON object that a text holds; raises NotStrictJsonError as `parse` does, and for anything else."""
    value = parse(text, at_most=at_most)
    if not isinstance(value, dict):
        raise NotStrictJsonError("it is not a JSON object")
    return value


def read_object(path: Path, *, at_most: int = LONGEST) -> dict[str, Any]:
    """Return the JSON object in a regular file.

    Raises OSError where there is no such file (see `core.whole_files.read_file`), NotStrictJsonError as `parse_object`.
    """
    return parse_object(read_file(path, at_most=at_most), at_most=at_most)


def typed(kind: type[T], value: object, *, name: str = "") -> T:
    """Return ``value``, as JSON gave it, as ``kind``: a dataclass, a tuple, a mapping, a union or a plain type.

    Lists become tuples and whole numbers floats where those are wanted; a dataclass takes its fields by name, those
    with a default may be missing. ``name`` is what the sentence calls the value. Raises NotStrictJsonError for another
    type, a field that is missing and one that is unknown; what a dataclass itself refuses is raised as it is.
    """
    return typing.cast(T, _typed(kind, value, name))


def _typed(kind: Any, value: object, name: str) -> Any:
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (Union, types.UnionType):
        return _one_of(inner, value, name)
    if origin is typing.Literal:
        return value if value in inner else _refuse(name, value, f"one of {', '.join(map(str, inner))}")
    if origin is tuple:
        return _tuple(inner, value, name)
    if origin in (Mapping, dict):
        if not isinstance(value, dict):
            return _refuse(name, value, "an object")
        return {key: _typed(inner[1], entry, f"{name}.{key}") for key, entry in value.items()}
    if dataclasses.is_dataclass(kind):
        return _dataclass(kind, value, name)
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if kind is Any or type(value) is kind:
        return value
    return _refuse(name, value, _KINDS.get(kind, str(kind)))


def _one_of(kinds: tuple[Any, ...], value: object, name: str) -> Any:
    """The first kind that fits, an exact one before one that would change the value (3 stays whole, not 3.0)."""
    for kind in kinds:
        if type(value) is kind:
            return value
    for kind in kinds:
        try:
            return _typed(kind, value, name)
        except NotStrictJsonError:
            if dataclasses.is_dataclass(kind) and isinstance(value, dict):
                raise  # its sentence says which field is wrong
    return _refuse(name, value, " or ".join(_KINDS.get(kind, "a list") for kind in kinds if kind is not type(None)))


def _tuple(inner: tuple[Any, ...], value: object, name: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        return _refuse(name, value, "a list")
    if inner[-1] is Ellipsis and inner[0] in _KINDS and all(type(entry) is inner[0] for entry in value):
        return tuple(value)  # names of pictures by the thousand: a tenth of the time
    kinds = (inner[0],) * len(value) if inner[-1] is Ellipsis else inner
    if len(kinds) != len(value):
        return _refuse(name, value, f"a list of {len(kinds)}")
    pairs = enumerate(zip(kinds, value, strict=True))
    return tuple(_typed(kind, entry, f"{name}[{place}]") for place, (kind, entry) in pairs)


def _dataclass(kind: Any, value: object, name: str) -> Any:
    if not isinstance(value, dict):
        return _refuse(name, value, "an object")
    fields, hints = _fields_of(kind)
    inside = f"{name}." if name else ""
    for key in value:
        if key not in hints:
            raise NotStrictJsonError(f"it has a field '{_short(inside + key)}' that is unknown here")
    for field in fields:
        needed = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if needed and field.name not in value:
            raise NotStrictJsonError(f"its field '{inside}{field.name}' is missing")
    return kind(**{key: _typed(hints[key], entry, inside + key) for key, entry in value.items()})


@cache
def _fields_of(kind: Any) -> tuple[tuple[dataclasses.Field[Any], ...], dict[str, Any]]:
    fields = dataclasses.fields(kind)
    hints = typing.get_type_hints(kind)
    return fields, {field.name: hints[field.name] for field in fields}


def _refuse(name: str, value: object, wanted: str) -> NoReturn:
    raise NotStrictJsonError(f"{_short(name) or 'it'} is {_short(repr(value))}, which is not {wanted}")


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}…"


def _refuse_constant(text: str) -> NoReturn:
    raise NotStrictJsonError(f"{text} is not a number of strict JSON")


def _whole_number(text: str) -> int:
    if len(text) > len(str(LARGEST)) + 1 or abs(int(text)) > LARGEST:
        raise NotStrictJsonError(f"{_short(text)} is too large a number")
    return int(text)


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise NotStrictJsonError(f"{_short(text)} is too large a number")
    return number


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise NotStrictJsonError(f"the name '{_short(name)}' stands twice in one object")
        found[name] = value
    return found


def _check_inside(value: Any) -> None:
    """Look, level by level and without recursion, for what is too deep and for text that no file could hold."""
    level = [value]
    for _depth in range(DEEPEST + 1):
        inside: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                inside += each.keys()
                inside += each.values()
            elif isinstance(each, list):
                inside += each
            elif isinstance(each, str) and not each.isascii() and any("\ud800" <= sign <= "\udfff" for sign in each):
                raise NotStrictJsonError("it holds half a character (a lone surrogate)")
        if not inside:
            return
        level = inside
    _too_deep()


def _too_deep() -> NoReturn:
    raise NotStrictJsonError(f"it is nested more than {DEEPEST} deep")

"""One registry for every named thing of the lab, and the description of its settings.

A builder's keyword arguments are its form on the page, its configuration in JSON and its tests. They are
declared once, in the signature: ``def lenet(*, kernel: Annotated[int, Setting(low=1, high=7)] = 5)``.
"""

import inspect
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, Generic, Protocol, TypeVar

from core.errors import ConfigError, short

Value = bool | int | float | str | tuple[int, ...]
T = TypeVar("T")
Entry = TypeVar("Entry", covariant=True)


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One argument that people may set.

    ``low``, ``high`` and ``step`` bound numbers (for a tuple: each of its entries), ``most`` the entries of a tuple,
    ``choices`` text;
    ``unit`` follows the number on the page; ``help`` is the tooltip. ``name`` and ``default`` come from the
    signature and are filled in by `settings_of`.
    """

    name: str = ""
    title: str = ""
    default: Value = 0
    low: float | None = None
    high: float | None = None
    step: float | None = None
    most: int = 16
    choices: tuple[str, ...] = ()
    unit: str = ""
    help: str = ""

    def check(self, value: object) -> Value:
        """Return ``value`` in this setting's own type.

        Raises ConfigError naming the value and the bounds where it has another type or lies outside.
        """
        checked = self._typed(value)
        numbers = checked if isinstance(checked, tuple) else (checked,)
        if len(numbers) > self.most:
            raise ConfigError(f"{self.name} has {len(numbers):,} entries; it may have {self.most}.")
        for number in numbers:
            if isinstance(number, str):
                if self.choices and number not in self.choices:
                    raise ConfigError(f"{self.name} is {short(number)}; it can be {', '.join(self.choices)}.")
            elif not isinstance(number, bool) and not self._inside(number):
                raise ConfigError(f"{self.name} is {short(number)}; it must lie between {self.low} and {self.high}.")
        return checked

    def _inside(self, number: float) -> bool:
        return (self.low is None or number >= self.low) and (self.high is None or number <= self.high)

    def _typed(self, value: object) -> Value:
        wanted = type(self.default)
        if isinstance(self.default, tuple) and isinstance(value, list | tuple):
            if value and all(isinstance(entry, int) and not isinstance(entry, bool) for entry in value):
                return tuple(value)
        elif isinstance(self.default, float) and isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        elif type(value) is wanted and isinstance(value, bool | int | str):
            return value
        kind = {tuple: "a list of whole numbers", int: "a whole number"}.get(type(self.default), wanted.__name__)
        raise ConfigError(f"{self.name} is {short(value)}; it must be {kind}.")


def settings_of(builder: Callable[..., Any]) -> tuple[Setting, ...]:
    """Return the settings that ``builder``'s signature declares by ``Annotated[type, Setting(…)] = default``."""
    hints = typing.get_type_hints(builder, include_extras=True)
    found = []
    for name, parameter in inspect.signature(builder).parameters.items():
        for extra in getattr(hints.get(name), "__metadata__", ()):
            if isinstance(extra, Setting):
                title = extra.title or name.replace("_", " ").capitalize()
                found.append(replace(extra, name=name, title=title, default=parameter.default))
    return tuple(found)


def check_values(settings: tuple[Setting, ...], values: Mapping[str, object], *, of: str) -> dict[str, Value]:
    """Return a value for each setting: the given one, checked, or the default.

    Raises ConfigError for a name that ``of`` does not have and for a value out of bounds.
    """
    known = {setting.name: setting for setting in settings}
    for name in values:
        if name not in known:
            raise ConfigError(f"{of} has no setting {short(name)}; it has {', '.join(known) or 'none'}.")
    return {name: setting.check(values[name]) if name in values else setting.default for name, setting in known.items()}


class More(Protocol[Entry]):
    """Entries that come and go, beside those that were added."""

    def names(self) -> Iterable[str]:
        """The names of those that are there now."""

    def entry(self, name: str) -> Entry | None:
        """The entry of a name, None for one of no such kind; raises ConfigError where one is not there."""


class Registry(Generic[T]):
    """Named entries in the order in which they were added, then those of ``more``; looking up an unknown name lists the
    added ones."""

    def __init__(self, kind: str, *, more: More[T] | None = None) -> None:
        self.kind = kind
        self._entries: dict[str, T] = {}
        self._more = more

    def add(self, name: str, entry: T) -> T:
        """Add and return ``entry``; raises ValueError where the name is taken."""
        if name in self._entries:
            raise ValueError(f"{self.kind} '{name}' is registered twice")
        self._entries[name] = entry
        return entry

    def __getitem__(self, name: str) -> T:
        if name in self._entries:
            return self._entries[name]
        found = self._more.entry(name) if self._more else None
        if found is None:
            raise ConfigError(f"There is no {self.kind} {short(name)}; there is {', '.join(self._entries)}.")
        return found

    def __contains__(self, name: object) -> bool:
        if name in self._entries or self._more is None:
            return name in self._entries
        try:
            return isinstance(name, str) and self._more.entry(name) is not None
        except ConfigError:
            return False

    def __iter__(self) -> Iterator[str]:
        return chain(tuple(self._entries), self._more.names() if self._more else ())

    def __len__(self) -> int:
        return sum(1 for _name in self)

    def title_of(self, name: str) -> str:
        """Return what people read for an entry; its name where there is none (any more)."""
        return str(getattr(self[name], "title", name)) if name in self else name

    def items(self) -> tuple[tuple[str, T], ...]:
        """Every name that was added, with its entry."""
        return tuple(self._entries.items())

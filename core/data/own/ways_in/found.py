"""What a way in finds: pictures to be read in their turn, and what was passed over."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from core.errors import LabError


@dataclass(frozen=True, kw_only=True)
class Skipped:
    """Something that was not taken: which file (or how many), and one sentence on why."""

    file: str
    error: str


@dataclass(frozen=True, kw_only=True)
class Found:
    """A picture in a class. ``read`` returns its file's bytes, or raises a LabError with a sentence; ``file`` is what
    people know it by, never a path to open. The others are what is known of it (None: nothing), ``taken`` and ``added``
    in seconds since 1970."""

    class_name: str
    file: str
    read: Callable[[], bytes]
    contributor: str | None = None
    burst: str | None = None
    taken: float | None = None
    added: float | None = None


@dataclass(frozen=True, kw_only=True)
class Source:
    """What lies in a folder or a file: classes in their order, how many pictures there may be, and the pictures.

    ``skipped`` says what was passed over before any picture was read. ``title`` and ``set_id`` are those of a set that
    was saved (None: it is another source); so are ``versions``, which return the JSON of those that something was
    trained on, by their names, and the pictures ``aside`` that only those need.
    """

    classes: tuple[str, ...]
    count: int
    pictures: Iterator[Found]
    skipped: tuple[Skipped, ...] = field(default=())
    title: str | None = None
    set_id: str | None = None
    aside: Iterator[Found] = field(default_factory=lambda: iter(()))
    versions: Mapping[str, Callable[[], bytes]] = field(default_factory=dict)


def one_to_people(name: str) -> str:
    """Return what is said of a class whose name people read as that of another one, ``name``."""
    return f"Its name and '{name}' are one to people; its pictures went there."


class NotFoundHereError(LabError):
    """There is nothing in this folder or file that could become a set; ``str(error)`` says what was expected."""

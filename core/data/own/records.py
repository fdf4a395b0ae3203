"""What an own set is: its facts, and the checks on what people may call it."""

from dataclasses import dataclass

from core.errors import DataError
from core.names import checked_name, folded, is_id
from core.photos.door import shown_name

NAME_LENGTH = 60  # characters of a title, a class, a contributor
PREFIX = "own-"  # begins the name by which the catalogue knows an own set


class OwnSetError(DataError):
    """Something cannot be done with an own set; ``str(error)`` says what, and what to do."""


class FullError(OwnSetError):
    """A class, a set or its owner has as much as is allowed."""


@dataclass(frozen=True, kw_only=True)
class OwnClass:
    """A class of an own set. ``id`` stays when it is renamed or moved; ``bytes`` are those of its pictures' files."""

    id: int
    name: str
    pictures: int
    bytes: int


@dataclass(frozen=True, kw_only=True)
class OwnSet:
    """An own set as it is now, with its classes in their order.

    ``owner`` is an id (`core.rights`) and never shown. ``created`` and ``changed`` are seconds since 1970;
    ``revision`` is another number after every change. ``code`` lets people join (None: nobody can).
    """

    id: str
    title: str
    owner: str
    created: float
    changed: float
    revision: int
    classes: tuple[OwnClass, ...]
    code: str | None

    @property
    def name(self) -> str:
        """What the catalogue and ``--dataset`` know it by; it means the set as it is at that moment."""
        return f"{PREFIX}{self.id}"

    @property
    def pictures(self) -> int:
        """How many pictures there are, of all classes."""
        return sum(each.pictures for each in self.classes)

    @property
    def bytes(self) -> int:
        """Bytes of all pictures' files."""
        return sum(each.bytes for each in self.classes)

    def class_of(self, class_id: int) -> OwnClass:
        """Return one class; raises OwnSetError where it is not there (any more)."""
        for each in self.classes:
            if each.id == class_id:
                return each
        raise no_such_class(self.title)


@dataclass(frozen=True, kw_only=True)
class OwnPicture:
    """A picture of an own set.

    ``id`` is a hash of its content; ``file_name`` what the sender's file was called, for showing only; ``contributor``
    who took it, ``burst`` the series that it belongs to (both None where nobody said); ``added`` in seconds since 1970,
    ``taken`` when the shutter fell by the camera's clock, in seconds (None: not known);
    ``width`` and ``height`` in pixels, as it is kept; ``sender`` is the id of the browser that sent it, never shown.
    """

    id: str
    class_id: int
    contributor: str | None
    burst: str | None
    sender: str
    added: float
    taken: float | None
    file_name: str
    width: int
    height: int
    bytes: int


def check_set_id(set_id: str) -> str:
    """Return ``set_id``; raises OwnSetError where it has not the shape of an id (it becomes a path)."""
    if not is_id(set_id):
        raise OwnSetError("This is not the id of a set: an id has ten characters, such as 'k7mq2xw9ab'.")
    return set_id


def no_such_set(set_id: str) -> OwnSetError:
    """Return what to raise where a set is not there."""
    return OwnSetError(f"There is no set of own pictures '{set_id}' here; it has been deleted, or lies in another lab.")


def no_such_class(title: str) -> OwnSetError:
    """Return what to raise where a class is not there."""
    return OwnSetError(f"'{title}' has no such class any more; somebody has deleted or merged it.")


def check_title(text: str) -> str:
    """Return a set's title as it is kept; raises OwnSetError where it cannot be one."""
    return checked_name(text, what="title of the set", at_most=NAME_LENGTH, error=OwnSetError)


def check_class_name(text: str) -> str:
    """Return a class's name as it is kept: composed letters (NFC), single spaces. Raises OwnSetError where it cannot be
    one."""
    name = checked_name(text, what="name of the class", at_most=NAME_LENGTH, error=OwnSetError)
    if not folded(name):
        raise OwnSetError("The name of the class has nothing in it that can be seen; give it a letter.")
    return name


def check_contributor(text: str | None) -> str | None:
    """Return who took a picture, None for nobody or nothing; raises OwnSetError for what cannot be a name."""
    if text is None or not text.strip():
        return None
    return checked_name(text, what="name of who took the picture", at_most=NAME_LENGTH, error=OwnSetError)


def check_burst(text: str | None) -> str | None:
    """Return the name of a series of pictures; raises OwnSetError for what cannot be one."""
    if text is None:
        return None
    return checked_name(text, what="name of the burst", at_most=NAME_LENGTH, error=OwnSetError)


def kept_file_name(text: str) -> str:
    """Return what a file was called, fit for showing; never refused, never a path."""
    return shown_name(text)

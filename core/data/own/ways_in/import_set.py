"""A folder or a file on the server, whatever it is, into a set of its own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from core.data.own.records import OwnSet
from core.data.own.store.pictures import OwnPictures
from core.data.own.ways_in.archive import class_folders_in, open_zip
from core.data.own.ways_in.bring import bring
from core.data.own.ways_in.folder import class_folders
from core.data.own.ways_in.found import NotFoundHereError, Skipped, Source
from core.rights import Person


@dataclass(frozen=True, kw_only=True)
class Imported:
    """The new set as it is, and everything that was passed over, with the sentence why."""

    own: OwnSet
    skipped: tuple[Skipped, ...]


def import_set(
    pictures: OwnPictures,
    path: Path,
    *,
    title: str,
    by: Person,
    tell: Callable[[str, float], None] | None = None,
) -> Imported:
    """Make a set of what lies at ``path``: a folder of class folders, a zip of them.

    ``tell`` is told what is being done and how far it is, in [0, 1]. Raises LabError, one sentence, where nothing there
    can become a set; then none is made.
    """
    with _source(path) as source:
        own = pictures.sets.create(title, by=by, classes=source.classes)

        def looked_at(count: int) -> None:
            if tell is not None:
                tell(f"{count:,} of {source.count:,} pictures", count / max(source.count, 1))

        brought = bring(pictures, own.id, source.pictures, by=by, tell=looked_at)
        skipped = (*source.skipped, *brought.skipped)
        if not brought.added:
            pictures.sets.delete(own.id, by=by)
            raise NotFoundHereError(f"None of these files could be taken. {skipped[0].file}: {skipped[0].error}")
        return Imported(own=pictures.sets.get(own.id), skipped=skipped)


@contextmanager
def _source(path: Path) -> Iterator[Source]:
    if path.is_dir():
        yield class_folders(path)
        return
    with _opened(path) as file, open_zip(file) as archive:
        yield class_folders_in(archive)


def _opened(path: Path) -> BinaryIO:
    try:
        if not path.is_file():  # a pipe or a device might never end
            raise NotFoundHereError(f"There is no file or folder '{path.name}'.")
        return path.open("rb")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "its name cannot be used"
        raise NotFoundHereError(f"'{path.name}' cannot be read: {why}.") from None

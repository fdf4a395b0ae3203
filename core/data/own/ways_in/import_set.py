"""A folder or a file on the server, whatever it is, into a set of its own."""

import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from zipfile import ZipFile

from core.data.own.records import NAME_LENGTH, OwnSet, OwnSetError
from core.data.own.store.pictures import OwnPictures
from core.data.own.versions import Versions
from core.data.own.ways_in.archive import class_folders_in, open_zip
from core.data.own.ways_in.bring import bring
from core.data.own.ways_in.folder import class_folders
from core.data.own.ways_in.found import NotFoundHereError, Skipped, Source
from core.data.own.ways_in.idx_files import idx_pairs, idx_source, is_idx, labels_beside, unpacked_head
from core.data.own.ways_in.parquet_files import parquet_source
from core.data.own.ways_out.saved_set import saved_source
from core.errors import LabError
from core.photos.door import shown_name
from core.rights import Person

Tell = Callable[[str, float], None]

_PARQUET = b"PAR1"
_MOST_PARQUET = 1_000  # files


@dataclass(frozen=True, kw_only=True)
class Imported:
    """The new set as it is, and everything that was passed over, with the sentence why."""

    own: OwnSet
    skipped: tuple[Skipped, ...]


def import_set(pictures: OwnPictures, path: Path, *, title: str = "", by: Person, tell: Tell | None = None) -> Imported:
    """Make a set of what lies at ``path``: a folder of class folders, a zip of them, IDX files, Parquet files in the
    Hub's layout, a set that was saved (`core.data.own.ways_out.saved_set`).

    Without a ``title`` it is called as the saved set, or as the file. ``tell`` is told what is being done and how far
    it is, in [0, 1], and may raise a LabError to end it. Raises LabError, one sentence, where nothing there can become
    a set; then none is made.
    """
    with _source(path) as source:
        return _import(pictures, source, title=title or source.title or _called(path.stem), by=by, tell=tell)


def import_zip(
    pictures: OwnPictures, file: BinaryIO, name: str, *, title: str = "", by: Person, tell: Tell | None = None
) -> Imported:
    """`import_set` for a zip that somebody uploads, of class folders or of a set that was saved; ``name`` is what the
    sender calls it."""
    with open_zip(file) as archive:
        source = _in_zip(archive)
        called = title or source.title or _called(name.rpartition(".")[0] or name)
        return _import(pictures, source, title=called, by=by, tell=tell)


def _import(pictures: OwnPictures, source: Source, *, title: str, by: Person, tell: Tell | None) -> Imported:
    own = pictures.sets.create(title, by=by, classes=source.classes, wanted_id=source.set_id)

    def looked_at(count: int) -> None:
        if tell is not None:
            tell(f"{count:,} of {source.count:,} pictures", count / max(source.count, 1))

    try:
        brought = bring(pictures, own.id, source.pictures, by=by, tell=looked_at)
    except LabError:
        with suppress(OwnSetError):  # it was deleted meanwhile
            pictures.sets.delete(own.id, by=by)
        raise
    skipped = (*source.skipped, *brought.skipped)
    if not brought.added:
        pictures.sets.delete(own.id, by=by)
        why = f" {skipped[0].file}: {skipped[0].error}" if skipped else ""
        raise NotFoundHereError(f"None of these files could be taken.{why}")
    if source.versions:
        skipped += _bring_versions(pictures, own.id, source, by=by)
    return Imported(own=pictures.sets.get(own.id), skipped=skipped)


def _bring_versions(pictures: OwnPictures, set_id: str, source: Source, *, by: Person) -> tuple[Skipped, ...]:
    """Keep the versions that something was trained on, with the pictures that have left the set since."""
    there = {each.id for each in pictures.list(set_id)}
    skipped = list(bring(pictures, set_id, source.aside, by=by).skipped)
    aside = [each.id for each in pictures.list(set_id) if each.id not in there]
    for version, read in source.versions.items():
        try:
            Versions(pictures.sets).bring(set_id, version, read(), by=by)
        except OwnSetError as error:
            skipped.append(Skipped(file=f"version {shown_name(version)}", error=str(error)))
    pictures.delete(set_id, aside, by=by)  # those that a version needs stay on the disk
    return tuple(skipped)


def _called(name: str) -> str:
    return shown_name(name)[:NAME_LENGTH]


def _in_zip(archive: ZipFile) -> Source:
    return saved_source(archive) or class_folders_in(archive)


@contextmanager
def _source(path: Path) -> Iterator[Source]:
    """What lies at a path, by what it is and not by its name."""
    if path.is_dir():
        yield _in_folder(path)
        return
    with _opened(path) as file:
        head = file.read(4)
        if head == _PARQUET:
            yield parquet_source([path])
        elif is_idx(_head(path)):
            yield idx_source([_pair(path)])
        else:
            with open_zip(file) as archive:
                yield _in_zip(archive)


def _in_folder(folder: Path) -> Source:
    """Class folders; or a folder of IDX or Parquet files that holds none."""
    try:
        return class_folders(folder)
    except NotFoundHereError:
        if pairs := idx_pairs(folder):
            return idx_source(pairs)
        if files := sorted(file for file in folder.glob("**/*.parquet") if file.is_file())[:_MOST_PARQUET]:
            return parquet_source(files)
        raise


def _pair(images: Path) -> tuple[Path, Path]:
    labels = labels_beside(images)
    if labels == images or not labels.is_file():
        raise NotFoundHereError(
            f"The labels of '{shown_name(images.name)}' are not beside it. The pictures' file has 'images' in its "
            "name, and the labels' file 'labels' instead."
        )
    return images, labels


def _head(path: Path) -> bytes:
    try:
        return unpacked_head(path)
    except (OSError, zlib.error):
        return b""


def _opened(path: Path) -> BinaryIO:
    try:
        if not path.is_file():  # a pipe or a device might never end
            raise NotFoundHereError(f"There is no file or folder '{path.name}'.")
        return path.open("rb")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "its name cannot be used"
        raise NotFoundHereError(f"'{path.name}' cannot be read: {why}.") from None

"""An own set as one zip: class folders, and ``set.json`` with all that is known of it; opened again in another lab.

Versions that something was trained on come along, a file each, and the pictures of theirs that have left the set since.
They lie beside the class folders under names that no picture has, so that the folders are a data set to any program.
What was trained is added by `core.runs.saved_runs`.

The zip is checked like any that is uploaded: every picture goes through the photo door, and what ``set.json`` says is
held against the limits. A picture in the lab's own form stays as it is, bit by bit, and so do the order, the people and
the bursts: the set that is opened is of the same version as the one that was saved.
"""

import json
import os
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeVar

from core.data.own.manifests import LONGEST_MANIFEST
from core.data.own.records import OwnPicture, OwnSetError
from core.data.own.store.pictures import OwnPictures
from core.data.own.versions import Versions
from core.data.own.ways_in.archive import BoundedReader, path_of
from core.data.own.ways_in.class_tree import shown_path
from core.data.own.ways_in.found import Found, NotFoundHereError, Skipped, Source
from core.data.own.ways_out.safe_names import class_folders_of, picture_name
from core.disk import sentence
from core.names import is_id
from core.strict_json import LONGEST, NotStrictJsonError, parse_object, typed
from core.whole_files import beside_of

T = TypeVar("T")
MOST_VERSIONS = 200
ABOUT = "set.json"
SCHEMA = 2


@dataclass(frozen=True, kw_only=True)
class _Picture:
    """A picture in ``set.json``; ``class_number`` counts the classes from 0 (None: it is out of the set)."""

    file: str
    class_number: int | None
    contributor: str | None
    burst: str | None
    taken: float | None
    added: float
    file_name: str


@dataclass(frozen=True, kw_only=True)
class _About:
    """What ``set.json`` says; ``versions`` names those that something was trained on."""

    schema: int
    id: str
    title: str
    classes: tuple[str, ...]
    pictures: tuple[_Picture, ...]
    versions: tuple[str, ...] = ()


def save_set(
    pictures: OwnPictures, set_id: str, file: BinaryIO, *, add: Callable[[zipfile.ZipFile], object] | None = None
) -> int:
    """Write a set as it is now into ``file``, a zip; returns how many pictures. Raises OwnSetError, OSError.

    ``add`` puts more into the zip, under names of its own.
    """
    own = pictures.sets.get(set_id)
    folders = class_folders_of([each.name for each in own.classes])
    number = {each.id: place for place, each in enumerate(own.classes)}
    entries = []
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for place, picture in enumerate(pictures.list(set_id)):
            if picture.class_id in number:  # not of a class that was added meanwhile
                data = pictures.read(set_id, picture.id)
                form = "png" if data.startswith(b"\x89PNG") else "jpg"
                name = f"{folders[number[picture.class_id]]}/{picture_name(place, picture.id, form)}"
                archive.writestr(name, data)
                entries.append(_entry(picture, name, number[picture.class_id]))
        saved = len(entries)
        for picture in pictures.list_aside(set_id):
            name = f"aside-{picture.id}.picture"
            archive.writestr(name, pictures.read(set_id, picture.id))
            entries.append(_entry(picture, name, None))
        versions = Versions(pictures.sets).texts(set_id)
        for version, text in versions.items():
            archive.writestr(_version_file(version), text.encode(), compress_type=zipfile.ZIP_DEFLATED)
        about = _About(
            schema=SCHEMA,
            id=own.id,
            title=own.title,
            classes=tuple(each.name for each in own.classes),
            pictures=tuple(entries),
            versions=tuple(versions),
        )
        text = json.dumps(asdict(about), ensure_ascii=False, indent=1)
        archive.writestr(ABOUT, text.encode(), compress_type=zipfile.ZIP_DEFLATED)
        if add is not None:
            add(archive)
    return saved


def save_to(target: Path, write: Callable[[BinaryIO], T]) -> T:
    """Write a new file by ``write``, which is there whole or not at all; returns what that returns.

    Raises OwnSetError where it is there already, or the disk refuses.
    """
    if os.path.lexists(target):
        raise OwnSetError(f"'{target.name}' is there already; name a new file.")
    beside = beside_of(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            written = write(file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(target)
    except OSError as error:
        raise OwnSetError(sentence(f"'{target.name}' could not be written", error)) from error
    finally:
        beside.unlink(missing_ok=True)
    return written


def saved_source(archive: zipfile.ZipFile) -> Source | None:
    """Return the set that was saved in a zip; None where it is another kind of zip.

    Raises NotFoundHereError where ``set.json`` is not what a lab writes.
    """
    entries = {"/".join(path_of(entry)): entry for entry in archive.infolist() if not entry.is_dir()}
    if ABOUT not in entries:
        return None
    reader = BoundedReader(archive)
    try:
        fields = parse_object(reader.read(entries[ABOUT], at_most=LONGEST))
        if isinstance(fields.get("schema"), int) and fields["schema"] > SCHEMA:
            raise NotFoundHereError("This set was saved by a newer CNN Lab; update the lab to open it.")
        about = typed(_About, fields)
        if not about.classes or not all(0 <= (each.class_number or 0) < len(about.classes) for each in about.pictures):
            raise NotStrictJsonError("a picture is of a class that is not there")
    except NotStrictJsonError as error:
        raise NotFoundHereError(f"What this zip says of its set cannot be read: {error}.") from None
    there = [each for each in about.pictures if each.file in entries]
    gone = [each for each in about.pictures if each.file not in entries]
    shown = [each for each in there if each.class_number is not None]
    return Source(
        classes=about.classes,
        count=len(shown),
        pictures=_found(reader, entries, about, shown),
        skipped=tuple(Skipped(file=shown_path((each.file,)), error="It is not in the zip.") for each in gone),
        title=about.title,
        set_id=about.id if is_id(about.id) else None,
        aside=_found(reader, entries, about, [each for each in there if each.class_number is None]),
        versions={
            version: partial(reader.read, entries[_version_file(version)], at_most=LONGEST_MANIFEST)
            for version in about.versions[:MOST_VERSIONS]
            if _version_file(version) in entries
        },
    )


def _version_file(version: str) -> str:
    return f"version-{version}.json"


def _entry(picture: OwnPicture, file: str, class_number: int | None) -> _Picture:
    return _Picture(
        file=file,
        class_number=class_number,
        contributor=picture.contributor,
        burst=picture.burst,
        taken=picture.taken,
        added=picture.added,
        file_name=picture.file_name,
    )


def _found(
    reader: BoundedReader, entries: dict[str, zipfile.ZipInfo], about: _About, there: list[_Picture]
) -> Iterator[Found]:
    for each in there:
        yield Found(
            class_name=about.classes[each.class_number or 0],
            file=each.file_name,
            read=partial(reader.read, entries[each.file]),
            contributor=each.contributor,
            burst=each.burst,
            taken=each.taken,
            added=each.added,
        )

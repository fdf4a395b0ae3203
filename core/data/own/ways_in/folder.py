"""A folder of class folders on the server. Links are not followed."""

import os
from collections.abc import Iterator
from pathlib import Path

from core.data.own.records import OwnSetError
from core.data.own.ways_in.class_tree import Parts, shown_path, sorted_into_classes
from core.data.own.ways_in.found import Found, NotFoundHereError, Source
from core.photos.door import MAX_BYTES
from core.whole_files import read_file

MOST_FILES = 100_000


def class_folders(folder: Path) -> Source:
    """Return the pictures below a folder, sorted by its class folders.

    Raises NotFoundHereError where there are none, or more files than can be looked through.
    """
    paths: list[Parts] = []
    for path in _files(folder):
        paths.append(path)
        if len(paths) > MOST_FILES:
            raise NotFoundHereError(f"There are more than {MOST_FILES:,} files in this folder; import a part of it.")
    found = sorted_into_classes(paths)
    return Source(
        classes=found.classes,
        count=len(found.files),
        pictures=(_found(folder, paths[place], name) for place, name in found.files),
        skipped=found.skipped,
    )


def _files(folder: Path) -> Iterator[Parts]:
    for base, folders, files in os.walk(folder):
        folders.sort()
        inside = Path(base).relative_to(folder).parts
        yield from ((*inside, name) for name in sorted(files))


def _found(folder: Path, path: Parts, class_name: str) -> Found:
    def read() -> bytes:
        try:
            return read_file(folder.joinpath(*path), at_most=MAX_BYTES)
        except OSError as error:
            raise OwnSetError(f"This file cannot be read: {error.strerror or 'its name cannot be used'}.") from None

    return Found(class_name=class_name, file=shown_path(path), read=read)

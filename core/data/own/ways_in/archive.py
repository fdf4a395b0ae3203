"""A zip of class folders. Nothing is ever unpacked to the disk, and nothing that the zip claims is believed.

Before Python's reader sees it, the length of its directory and the number of its entries are read from its end. Files
are read one at a time, each at most as long as a photo may be, and together no more than a class's photos can be.
"""

import contextlib
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import PurePosixPath
from typing import BinaryIO

from core.data.own.records import OwnSetError
from core.data.own.ways_in.class_tree import Parts, shown_path, sorted_into_classes
from core.data.own.ways_in.found import Found, NotFoundHereError, Skipped, Source
from core.photos.door import MAX_BYTES, shown_name

MOST_ENTRIES = 20_000
MOST_DIRECTORY = 2**22  # bytes
MOST_UNPACKED = 2 * 2**30  # bytes of all files together, or twice what the zip has itself

_NO_ZIP = "This is not a zip file, or it is damaged; make it again."
_END, _ENTRY = b"PK\x05\x06", b"PK\x01\x02"
_END_LENGTH = 22
_ZIP64_END, _ZIP64_RECORD = (b"PK\x06\x07", 20), (b"PK\x06\x06", 56)  # each with its length
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_UTF8 = 0x800
_WINDOWS = 0  # or DOS


def open_zip(file: BinaryIO) -> zipfile.ZipFile:
    """Return a zip whose directory is of a size that can be read; raises NotFoundHereError, one sentence, otherwise."""
    _check_directory(file)
    try:
        return zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, EOFError, struct.error):
        raise NotFoundHereError(_NO_ZIP) from None


def class_folders_in(archive: zipfile.ZipFile) -> Source:
    """Return the pictures in a zip, sorted by its class folders; raises NotFoundHereError where there are none."""
    entries, paths, skipped = [], [], []
    for entry in archive.infolist():
        path = path_of(entry)
        refusal = _refusal(entry, path)
        if refusal is not None:
            skipped.append(Skipped(file=shown_path(path) or shown_name(entry.filename), error=refusal))
        elif not entry.is_dir():
            entries.append(entry)
            paths.append(path)
    try:
        found = sorted_into_classes(paths)
    except NotFoundHereError as error:
        raise NotFoundHereError(skipped[0].error if skipped and not paths else str(error)) from None
    reader = BoundedReader(archive)
    return Source(
        classes=found.classes,
        count=len(found.files),
        pictures=_pictures(reader, [(entries[place], paths[place], name) for place, name in found.files]),
        skipped=(*skipped, *found.skipped),
    )


class BoundedReader:
    """Reads the files of a zip, together no more than `MOST_UNPACKED`."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.left = max(MOST_UNPACKED, 2 * _length(archive))

    def read(self, entry: zipfile.ZipInfo, *, at_most: int = MAX_BYTES) -> bytes:
        """Return a file's bytes; raises OwnSetError, one sentence, where it is damaged or there is too much of it."""
        if self.left <= 0:
            raise OwnSetError("What was read of this zip before is more than any set of photos; the rest was left.")
        try:
            with self.archive.open(entry) as file:
                data = file.read(at_most + 1)
        except (
            zipfile.BadZipFile,
            zlib.error,
            OSError,
            ValueError,
            EOFError,
            RuntimeError,
            NotImplementedError,
            struct.error,
        ):
            raise OwnSetError("This file is damaged in the zip; make the zip again.") from None
        self.left -= len(data)
        if len(data) > at_most:
            raise OwnSetError(f"This file has more than {at_most // 2**20} MB; make it smaller.")
        return data


def path_of(entry: zipfile.ZipInfo) -> Parts:
    """Return the folders and the name of an entry.

    Names that are not marked as UTF-8 often are, all the same; those of Windows, which Python reads by the code page of
    the first PCs, are in that of Western Europe, which has the same letters and more.
    """
    name = entry.filename
    if not entry.flag_bits & _UTF8:
        for code in ("cp850",) * (entry.create_system == _WINDOWS) + ("utf-8",):
            with contextlib.suppress(UnicodeError):
                name = entry.filename.encode("cp437").decode(code)
    return tuple(part for part in name.replace("\\", "/").split("/") if part not in ("", "."))


def _pictures(reader: BoundedReader, files: list[tuple[zipfile.ZipInfo, Parts, str]]) -> Iterator[Found]:
    for entry, path, class_name in files:
        yield Found(class_name=class_name, file=shown_path(path), read=partial(reader.read, entry))


def _refusal(entry: zipfile.ZipInfo, path: Parts) -> str | None:
    """Why an entry is passed over before anything of it is read; None where it is not."""
    if not path or ".." in path or entry.filename.startswith(("/", "\\")) or ":" in path[0]:
        return "Its name leads out of the zip; it was left where it is."
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "It is a link, not a picture; put the picture itself into the zip."
    if entry.flag_bits & 1:
        return "It is locked with a password; make the zip without one."
    if entry.compress_type not in _METHODS:
        return "It is packed in a way that the lab does not open; make an ordinary zip."
    if PurePosixPath(path[-1]).suffix.casefold() == ".zip":
        return "It is a zip inside the zip; unpack it and put its folders into one zip."
    if entry.file_size > MAX_BYTES:
        return f"It has {entry.file_size / 2**20:,.0f} MB; a photo may have at most {MAX_BYTES // 2**20} MB."
    return None


def _check_directory(file: BinaryIO) -> None:
    """Read the directory's length and count its entries, as the last record of a zip tells where they are."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _END_LENGTH - 2**16))
    tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or at + _END_LENGTH > len(tail):
        raise NotFoundHereError(_NO_ZIP)
    (length,) = struct.unpack_from("<I", tail, at + 12)
    end = size - len(tail) + at
    if tail[max(0, at - _ZIP64_END[1]) : at].startswith(_ZIP64_END[0]):
        end, length = _zip64_directory(file, end - _ZIP64_END[1])
    if length > MOST_DIRECTORY:
        raise NotFoundHereError(f"This zip has more than {MOST_ENTRIES:,} files; make one of fewer.")
    file.seek(max(0, end - length))
    if file.read(min(length, end)).count(_ENTRY) > MOST_ENTRIES:
        raise NotFoundHereError(f"This zip has more than {MOST_ENTRIES:,} files; make one of fewer.")
    file.seek(0)


def _zip64_directory(file: BinaryIO, locator: int) -> tuple[int, int]:
    """Where the directory of a zip ends whose numbers have eight bytes, as some programs write small ones too, and its
    length; ``locator`` is where the record lies that tells of the other one, which must lie before it."""
    record, length = _ZIP64_RECORD
    start = locator - length
    file.seek(max(0, start))
    data = file.read(length + _ZIP64_END[1])
    if start < 0 or not data.startswith(record) or struct.unpack_from("<Q", data, length + 8)[0] != start:
        raise NotFoundHereError(_NO_ZIP)
    return start, int(struct.unpack_from("<Q", data, 40)[0])


def _length(archive: zipfile.ZipFile) -> int:
    if archive.fp is None:
        return 0
    return archive.fp.seek(0, 2)

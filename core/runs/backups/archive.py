"""The file of a backup: an ordinary tar archive, whose last entry says what came before it.

An archive that was cut short has no such entry, and one that was changed has another hash.
"""

import hashlib
import io
import json
import os
import shutil
import tarfile
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from core.errors import short
from core.runs.backups.parts import BackupError, is_part
from core.strict_json import NotStrictJsonError, parse_object, typed

_LAST = "backup.json"
_SCHEMA = 1
_LONGEST_LAST = 4_096  # bytes
_CHUNK = 2**20
_ONLY_OURS = 0o600  # pictures of people, for nobody else on the machine


@dataclass(frozen=True, kw_only=True)
class Last:
    """The last entry: how many files came before it, their bytes, and the hash of their names, sizes and bytes.

    ``taken`` in seconds since 1970.
    """

    schema: int
    taken: float
    files: int
    size: int
    sha256: str


class _Digest:
    """The hash of all entries so far."""

    def __init__(self) -> None:
        self.hash = hashlib.sha256()
        self.files = self.size = 0

    def begin(self, entry: tarfile.TarInfo) -> None:
        self.hash.update(f"{entry.name}\0{entry.size}\0".encode())
        self.files += 1
        self.size += entry.size

    def last(self) -> Last:
        return Last(schema=_SCHEMA, taken=time.time(), files=self.files, size=self.size, sha256=self.hash.hexdigest())


class _Reader(io.RawIOBase):
    """A file whose bytes go through the digest as they are read."""

    def __init__(self, file: IO[bytes], digest: _Digest) -> None:
        self._file, self._digest = file, digest

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._digest.hash.update(data)
        return data


def write(target: Path, files: Iterable[tuple[Path, str]]) -> Last:
    """Write files under their names to the new file ``target``, and to the disk; raises OSError where that refuses."""
    digest = _Digest()
    with open(target, "xb", opener=lambda path, flags: os.open(path, flags, _ONLY_OURS)) as file:
        with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
            for path, name in files:
                with path.open("rb") as source:
                    about = os.fstat(source.fileno())  # a log may grow: what it is now counts
                    entry = _entry(name, about.st_size, about.st_mtime)
                    digest.begin(entry)
                    archive.addfile(entry, _Reader(source, digest))
            last = digest.last()
            text = json.dumps(asdict(last)).encode()
            archive.addfile(_entry(_LAST, len(text), last.taken), io.BytesIO(text))
        file.flush()
        os.fsync(file.fileno())
    return last


def unpack(archive: Path, folder: Path) -> Last:
    """Unpack every entry into ``folder``, and hold them to what the last one says.

    Raises BackupError, also for a name that no backup holds, tarfile.TarError for what is no tar archive, OSError.
    """
    digest = _Digest()
    with archive.open("rb") as file, tarfile.open(fileobj=file, mode="r:") as entries:
        for entry in entries:
            content = entries.extractfile(entry) if entry.isreg() else None
            if content is None or not (entry.name == _LAST or is_part(entry.name)):
                raise BackupError(f"'{archive.name}' holds {short(entry.name)}, which no backup of a lab does.")
            if entry.name == _LAST:
                return _checked(archive, content.read(_LONGEST_LAST + 1), digest)
            digest.begin(entry)
            place = folder / entry.name
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("xb") as target:
                shutil.copyfileobj(_Reader(content, digest), target, _CHUNK)
    raise BackupError(f"'{archive.name}' is not whole: its end is missing.")


def _entry(name: str, size: int, changed: float) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mtime, entry.mode = size, changed, _ONLY_OURS
    return entry


def _checked(archive: Path, text: bytes, digest: _Digest) -> Last:
    try:
        last = typed(Last, parse_object(text, at_most=_LONGEST_LAST))
    except NotStrictJsonError as error:
        raise BackupError(f"'{archive.name}' is damaged: its end cannot be read: {error}.") from error
    if last.schema > _SCHEMA:
        raise BackupError(f"'{archive.name}' was written by a newer CNN Lab; update the lab.")
    if (last.files, last.size, last.sha256) != (digest.files, digest.size, digest.hash.hexdigest()):
        raise BackupError(f"'{archive.name}' is damaged: it does not hold what was written to it. Take another one.")
    return last

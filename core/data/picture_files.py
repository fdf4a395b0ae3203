"""Pictures that a Parquet file names instead of holding them: read where they lie beside it, and nowhere else."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.data.catalogue import DatasetSpec
from core.errors import DataError
from core.whole_files import read_file

MAX_BYTES = 64 * 2**20  # of one picture


class PictureFiles:
    """The pictures of one data set, whose Parquet files lie in ``folder`` (None: on the Hub, with nothing beside)."""

    def __init__(self, spec: DatasetSpec, folder: Path | None) -> None:
        self.spec, self.folder = spec, folder
        self.used = False
        self._places = sorted({folder, *(file.parent for file in folder.glob("**/*.parquet"))}) if folder else []

    def bytes_of(self, stored: Any) -> bytes:
        """Return a picture's file, given what ``datasets`` has for it: ``{"bytes": …, "path": …}``.

        Raises DataError, one sentence, where it holds neither bytes nor the name of one regular file beside it.
        """
        held, named = (stored.get("bytes"), stored.get("path")) if isinstance(stored, dict) else (None, None)
        if held is not None:
            return bytes(held)
        if not named:
            raise DataError(f"{self.spec.title} has a row without a picture; get a fresh copy of it.")
        self.used = True
        return self._read(str(named))

    def _read(self, named: str) -> bytes:
        found = sorted(set(self._found(named)))
        if len(found) == 1:
            try:
                return read_file(found[0], at_most=MAX_BYTES)
            except OSError as error:
                raise DataError(f"{self._names(named)}, which cannot be read: {error.strerror}.") from None
        if found:
            raise DataError(
                f"{self._names(named)}, and there are {len(found)} of that name; give each a name of its own."
            )
        raise DataError(
            f"{self._names(named)} instead of holding it, and there is no such file in its folder; "
            "put it beside the Parquet file, or get a copy that holds its pictures."
        )

    def _found(self, named: str) -> Iterator[Path]:
        """The regular files inside the folder that ``named`` can mean, with no link left in their paths."""
        for place in self._places:
            try:
                file = (place / named).resolve()
                if self.folder and file.is_relative_to(self.folder.resolve()) and file.is_file():
                    yield file
            except (OSError, ValueError):  # too long for a name, or no name at all
                continue

    def _names(self, named: str) -> str:
        return f"{self.spec.title} names the picture '{named if len(named) <= 80 else named[:79] + '…'}'"


def pictures_key(folder: Path) -> str:
    """Return what changes when a file beside the Parquet files does: by names, sizes and times, nothing is read."""
    files = sorted(file for file in folder.rglob("*") if file.suffix != ".parquet" and file.is_file())
    stats = [(str(file.relative_to(folder)), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    return hashlib.sha256(json.dumps(stats).encode()).hexdigest()[:32]

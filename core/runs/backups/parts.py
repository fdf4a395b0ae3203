"""What of a lab's home a backup holds. What can be worked out again stays out, unless it is asked for."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from core.data.own.store.tables import FILE_NAME
from core.errors import LabError
from core.runs.store.store import STORE_NAME

STORES = (STORE_NAME, FILE_NAME)
FOLDERS = ("runs", "sets", "experiments", "trained")
PREPARED = "prepared"  # decoded images


class BackupError(LabError):
    """A backup cannot be made or put back."""


def files_in(home: Path, folders: Sequence[str]) -> Iterator[tuple[Path, str]]:
    """Yield the whole files in folders of a home, and their names below it: no links, nothing half-written."""
    for folder in folders:
        for top, below, names in os.walk(home / folder):
            below[:] = sorted(name for name in below if not name.startswith("."))
            for name in sorted(names):
                path = Path(top) / name
                if not name.startswith(".") and path.is_file() and not path.is_symlink():
                    yield path, path.relative_to(home).as_posix()


def is_part(name: str) -> bool:
    """Whether this is the name of a file that a backup may hold, and leads nowhere else."""
    path = PurePosixPath(name)
    if "\\" in name or ":" in name or str(path) != name or any(part.startswith(".") for part in path.parts):
        return False
    return name in STORES if len(path.parts) == 1 else path.parts[0] in (*FOLDERS, PREPARED)

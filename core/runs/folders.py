"""Where a run keeps its files, whether the disk has room for them, and how leftovers are cleared away.

Everything of one run lies in one folder that carries its id. What is saved there is named for its step or epoch, and
equal states come out of equal configurations, so a worker that was replaced cannot spoil what its successor saves.
"""

import os
import shutil
from pathlib import Path

from core.disk import LOW_DISK, free_space, megabytes, writable
from core.errors import RunError
from core.runs.records import check_id

QUOTA = 5 * 2**30  # bytes of saved folders that one owner's runs may hold
LOG_LINES = 40
TEMPORARY = ".tmp-"


class DiskFullError(RunError):
    """The disk is too full to save, or cannot be written; ``str(error)`` says how full."""


def run_folder(home: Path, run_id: str) -> Path:
    """Return ``<home>/runs/<run id>``; raises RunError for what is not an id."""
    return home / "runs" / check_id(run_id)


def log_file(home: Path, run_id: str, fence: int) -> Path:
    """Return the file that takes a worker's standard output and error."""
    return run_folder(home, run_id) / f"worker-{fence:04d}.log"


def last_lines(path: Path, *, lines: int = LOG_LINES) -> str:
    """Return the last lines of a text file, at most 8 KB of them; '' where there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 8_192))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


def size_of(folder: Path) -> int:
    """Return the bytes that the files below ``folder`` take; 0 where it is gone."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def check_space(folder: Path, *, needed: int = 0) -> None:
    """Raise DiskFullError with a sentence where writing ``needed`` bytes would leave less than `LOW_DISK` free, and
    where a folder that is there cannot be written at all."""
    free = free_space(folder)
    if not writable(folder):
        raise DiskFullError(
            f"'{folder.name}' cannot be written; make it writable, or set CNN_LAB_HOME to a folder that is."
        )
    if free - needed < LOW_DISK:
        raise DiskFullError(
            f"The disk has {megabytes(free)} free and {megabytes(LOW_DISK + needed)} are needed to go on; "
            "free some space, for example by deleting old runs."
        )


def trouble(home: Path) -> str:
    """Return a sentence where nothing can be saved in a lab home at this moment, '' where all is well."""
    free = free_space(home)
    if free < LOW_DISK:
        return (
            f"The disk has {megabytes(free)} free, and {megabytes(LOW_DISK)} are needed: runs pause, and go on by "
            "themselves when there is room."
        )
    if not writable(home):
        return "The lab's folder cannot be written: runs pause, and go on by themselves when it can."
    return ""


def remove(folder: Path) -> None:
    """Remove a folder for good; a name that no other code looks for comes first, so that no half of it is found."""
    doomed = folder.with_name(f"{TEMPORARY}deleted-{folder.name}-{os.getpid()}")
    try:
        folder.replace(doomed)
    except FileNotFoundError:
        return
    shutil.rmtree(doomed, ignore_errors=True)

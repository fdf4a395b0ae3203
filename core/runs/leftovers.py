"""What processes left half-written in a lab home when they were killed; nobody counts it, and it is worth nothing."""

import shutil
from collections.abc import Collection, Iterator
from pathlib import Path

from core import whole_files
from core.runs import folders
from core.runs.executors.processes import is_alive

_KEEPERS = ("", "runs", "features", "prepared")  # folders of a home in which files are written beside and renamed
_TRAININGS = ("runs", "trained")  # folders that hold a folder a training


def half_written(home: Path, *, at_work: Collection[str]) -> list[Path]:
    """Return every leftover of a home; the folders of runs ``at_work`` are passed over, and so is what a living process
    is about to rename."""
    found = [path for folder in _folders(home, at_work) for path in whole_files.leftovers(folder, alive=is_alive)]
    return found + list(_half_deleted(home))


def sweep(home: Path, *, at_work: Collection[str]) -> list[str]:
    """Remove what `half_written` finds and return the names; a model that was taken away for one that never came goes
    back to its place."""
    swept = [name for folder in _folders(home, at_work) for name in whole_files.sweep(folder, alive=is_alive)]
    for path in _half_deleted(home):
        shutil.rmtree(path, ignore_errors=True)
        swept.append(path.name)
    return swept


def _folders(home: Path, at_work: Collection[str]) -> Iterator[Path]:
    for name in _KEEPERS:
        yield home / name
    for name in _TRAININGS:
        yield from (path for path in sorted((home / name).glob("[!.]*")) if path.name not in at_work)


def _half_deleted(home: Path) -> Iterator[Path]:
    for path in sorted((home / "runs").glob(f"{folders.TEMPORARY}*")):
        process = path.name.rpartition("-")[2]
        if not (process.isdigit() and is_alive(int(process))):
            yield path

"""A backup taken while trainings go on, and put back into a home that has no lab yet.

SQLite copies each store as it was at one moment. Every other file is written beside its place and renamed, so that a
second name keeps it as it is while the archive is written, even if the lab replaces or deletes it meanwhile.
"""

import contextlib
import os
import shutil
import sqlite3
import tarfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from core.data.own import OwnSets
from core.data.own.store.tables import FILE_NAME
from core.disk import check_room, sentence
from core.runs.backups import archive
from core.runs.backups.parts import FOLDERS, PREPARED, STORES, BackupError, files_in
from core.runs.store.queue_writes import Queue
from core.runs.store.store import STORE_NAME, Store
from core.sqlite.file import BUSY_SECONDS
from core.whole_files import beside_of

_ATTEMPTS = 5  # a training may clear a state away between the copy of the store and the look at its folder
_STATES = "SELECT 'runs/' || run || '/' || folder FROM checkpoints"  # and networks
_GOING_ON = "SELECT count(*) FROM runs WHERE again OR status = 'queued'"


@dataclass(frozen=True, kw_only=True)
class Contents:
    """What a backup holds; ``size`` in bytes.

    ``missing``: files and folders that a store names and that were not there. ``going_on``, of what was put back: runs
    that wait, or go on from a saved state, when the lab is started.
    """

    runs: int
    own_sets: int
    size: int
    missing: Sequence[str]
    going_on: int


def back_up(home: Path, target: Path, *, prepared: bool = False) -> Contents:
    """Write what a home holds to the new file ``target``, for nobody but this user to read; decoded images as well
    where ``prepared``.

    The lab goes on meanwhile. Raises BackupError where there is nothing, where ``target`` is there already, and where
    the disk refuses; another LabError for a store that cannot be read.
    """
    if target.exists():
        raise BackupError(f"There is a '{target.name}' already; choose another name, or move it away.")
    if not any((home / name).exists() for name in (*STORES, *FOLDERS)):
        raise BackupError(f"There is nothing to back up: {home} holds no lab. CNN_LAB_HOME names another folder.")
    for one in _opened(home):  # brings tables up to date, and refuses a newer lab's
        one.close()
    folders = (*FOLDERS, PREPARED) if prepared else FOLDERS
    held, beside = beside_of(home / "backup"), beside_of(target)
    try:
        missing = _hold(home, held, folders)
        files = [(held / name, name) for name in STORES if (held / name).exists()] + list(files_in(held, folders))
        check_room(target.parent, sum(path.stat().st_size for path, _name in files))
        size = archive.write(beside, files).size
        beside.replace(target)
        return _contents(held, size, missing)
    except sqlite3.Error as error:
        raise BackupError(f"The store could not be copied: {error}.") from error
    except OSError as error:
        raise BackupError(sentence("The backup could not be written", error)) from error
    finally:
        shutil.rmtree(held, ignore_errors=True)
        beside.unlink(missing_ok=True)


def restore(file: Path, home: Path) -> Contents:
    """Put a backup back into a home that holds no lab: all of it, or nothing where something is wrong with it.

    Raises BackupError for a home that holds a lab, a file that is no backup or not whole, and a disk that refuses;
    another LabError for a store of a newer lab.
    """
    if there := [name for name in (*STORES, *FOLDERS) if (home / name).exists()]:
        raise BackupError(
            f"There is a lab in {home} already ({', '.join(there)}). Stop it and move these away, or set CNN_LAB_HOME "
            "to a new folder."
        )
    unpacked = beside_of(home / "restored")
    try:
        check_room(home, file.stat().st_size)
        unpacked.mkdir(parents=True)
        size = archive.unpack(file, unpacked).size
        _take_back(unpacked)
        contents = _contents(unpacked, size, _missing(unpacked))
        if hasattr(os, "sync"):  # before it is moved to its place
            os.sync()
        _move(unpacked / PREPARED, home / PREPARED)
        _move(unpacked, home)
        return contents
    except tarfile.TarError as error:
        raise BackupError(f"'{file.name}' is no whole backup of a lab: {error}.") from error
    except OSError as error:
        raise BackupError(sentence(f"'{file.name}' could not be put back", error)) from error
    finally:
        shutil.rmtree(unpacked, ignore_errors=True)


def _opened(home: Path) -> Iterator[Store | OwnSets]:
    if (home / STORE_NAME).exists():
        yield Store(home / STORE_NAME)
    if (home / FILE_NAME).exists():
        yield OwnSets(home)


def _hold(home: Path, held: Path, folders: Sequence[str]) -> Sequence[str]:
    """Copy the stores and give every file a second name below ``held``; returns what is missing all the same."""
    missing: Sequence[str] = ()
    for _attempt in range(_ATTEMPTS):
        shutil.rmtree(held, ignore_errors=True)
        held.mkdir()
        for name in STORES:
            if (home / name).exists():
                with closing(sqlite3.connect(home / name, timeout=BUSY_SECONDS)) as connection:
                    connection.execute("VACUUM INTO ?", (str(held / name),))
        runs = {run for (run,) in _rows(held / STORE_NAME, "SELECT id FROM runs")}
        states = {state for (state,) in _rows(held / STORE_NAME, _STATES)}
        for path, name in files_in(home, folders):
            if not _is_newer(PurePosixPath(name), runs, states):
                _hold_file(path, held / name)
        if not (missing := _missing(held)):
            break
    return missing


def _is_newer(path: PurePosixPath, runs: Collection[str], states: Collection[str]) -> bool:
    """Whether a file belongs to a run, a state or a network of which the copied store does not know yet.

    A run that went on from there would lack figures.
    """
    if path.parts[0] != "runs":
        return False
    is_state = len(path.parts) > 3 and path.parts[2].startswith(("state-", "best-", "final"))
    return path.parts[1] not in runs or (is_state and "/".join(path.parts[:3]) not in states)


def _hold_file(path: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):  # deleted meanwhile: `_missing` sees whether it was needed
        try:
            os.link(path, place)
        except FileNotFoundError:
            raise
        except OSError:  # a file system without second names
            shutil.copy2(path, place)


def _missing(home: Path) -> Sequence[str]:
    """What the stores name and is not there: folders of states and networks, and pictures."""
    pictures = "SELECT 'sets/' || own_set || '/' || id || '.' || form FROM pictures"
    named = [*_rows(home / STORE_NAME, _STATES), *_rows(home / FILE_NAME, pictures)]
    return [name for (name,) in named if not (home / name).exists()]


def _rows(path: Path, query: str) -> Sequence[tuple[str]]:
    if not path.exists():
        return ()
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def _contents(home: Path, size: int, missing: Sequence[str]) -> Contents:
    def count(store: str, query: str) -> int:
        return sum(int(number) for (number,) in _rows(home / store, query))

    return Contents(
        runs=count(STORE_NAME, "SELECT count(*) FROM runs"),
        own_sets=count(FILE_NAME, "SELECT count(*) FROM sets"),
        size=size,
        missing=missing,
        going_on=count(STORE_NAME, _GOING_ON),
    )


def _take_back(home: Path) -> None:
    """Open the stores as the lab will, and take runs back from processes that held them when the backup was taken.

    A process of that number may be at work for another home: no supervisor of this one may take it for its own.
    """
    for one in _opened(home):
        with closing(one):
            if isinstance(one, Store):
                queue = Queue(one)
                for held in queue.held():
                    queue.gone(held, log="", forced=False, blamed=False)
                for handle in queue.shared_workers():
                    queue.forget(handle)
                if (present := queue.present()) is not None:
                    queue.leave(present, if_idle=False)


def _move(source: Path, target: Path) -> None:
    """Move what is there to its place, the stores last; what was prepared here already stays."""
    entries = sorted(source.glob("*"), key=lambda path: (path.name.startswith(STORES), path.name))
    for entry in entries:
        if not (target / entry.name).exists():
            target.mkdir(parents=True, exist_ok=True)
            entry.replace(target / entry.name)

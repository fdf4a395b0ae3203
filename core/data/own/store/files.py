"""The files of own sets: a folder a set, a file a picture, and no file that no row names.

Files are written and removed while the transaction that names them holds the one right to write. So whatever lies there
without a row was left by a process that was killed, and may go.
"""

import shutil
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

from core.data.own.records import PREFIX, OwnSetError, check_set_id
from core.data.own.store.tables import SetsFile
from core.data.own.stored_picture import StoredPicture
from core.disk import LOW_DISK, free_space, megabytes, sentence, writable
from core.home import home
from core.strict_json import parse_object
from core.whole_files import beside_of, write_files

_AT_ONCE = 500  # values of one query


def root(folder: Path | None = None) -> Path:
    """Return the folder of all sets in a home (None: this machine's)."""
    return (folder or home()) / "sets"


def set_folder(folder: Path, set_id: str) -> Path:
    """Return the folder of one set in a home; raises OwnSetError for what is not an id."""
    return root(folder) / check_set_id(set_id)


def check_space(folder: Path) -> None:
    """Raise OwnSetError with a sentence where a home has no room for pictures, or cannot be written."""
    if not writable(folder):
        raise OwnSetError("The lab's folder cannot be written; make it writable, or set CNN_LAB_HOME to one that is.")
    free = free_space(folder)
    if free < LOW_DISK:
        raise OwnSetError(
            f"The disk has {megabytes(free)} free, and {megabytes(LOW_DISK)} are needed to keep pictures; "
            "free some space, for example by deleting old runs."
        )


def write(folder: Path, set_id: str, pictures: Iterable[StoredPicture]) -> None:
    """Put pictures' files into their set, whole and on the disk; raises OwnSetError where the disk refuses."""
    try:
        write_files(set_folder(folder, set_id), {picture.file_name: picture.data for picture in pictures})
    except OSError as error:
        raise OwnSetError(sentence("The picture could not be kept", error)) from error


def withdraw(connection: sqlite3.Connection, set_id: str, pictures: Sequence[str], *, for_good: bool) -> list[str]:
    """Take pictures out of a set; returns the names of the files to remove once the transaction has ended.

    A picture that a kept version names stays on the disk, unless it is to go ``for_good``.
    """
    needed = set() if for_good else kept_pictures(connection, set_id)
    gone: list[str] = []
    for part in _parts(pictures):
        marks = ", ".join("?" * len(part))
        these = f"WHERE own_set = ? AND id IN ({marks})"
        rows = connection.execute(f"SELECT id, form FROM pictures {these}", (set_id, *part))
        gone += [f"{row['id']}.{row['form']}" for row in rows if row["id"] not in needed]
        connection.execute(f"UPDATE pictures SET class = NULL {these}", (set_id, *part))
    for part in _parts([name.partition(".")[0] for name in gone]):
        marks = ", ".join("?" * len(part))
        connection.execute(f"DELETE FROM pictures WHERE own_set = ? AND id IN ({marks})", (set_id, *part))
    return gone


def kept_pictures(connection: sqlite3.Connection, set_id: str) -> set[str]:
    """Return the pictures that the kept versions of a set name."""
    rows = connection.execute("SELECT manifest FROM versions WHERE own_set = ?", (set_id,))
    return {picture[0] for row in rows for picture in parse_object(row["manifest"])["pictures"]}


def clear(database: SetsFile, folder: Path, set_id: str, names: Sequence[str]) -> None:
    """Remove files of a set whose rows are gone, and what was decoded of the set, which shows them as well; a file that
    somebody has added again meanwhile stays."""
    if not names:
        return
    with database.writing() as connection:
        there = {row["id"] for row in connection.execute("SELECT id FROM pictures WHERE own_set = ?", (set_id,))}
        for name in names:
            if name.partition(".")[0] not in there:
                (set_folder(folder, set_id) / name).unlink(missing_ok=True)
    clear_decoded(folder, set_id)


def clear_sets(connection: sqlite3.Connection, folder: Path) -> list[Path]:
    """Remove the folders of deleted sets, and what was decoded of them; inside a transaction that writes.

    A name that nothing looks for comes first, so that no half of a folder is found. Returns what was removed.
    """
    gone = [row["own_set"] for row in connection.execute("SELECT own_set FROM gone")]
    for set_id in gone:
        if not connection.execute("SELECT 1 FROM sets WHERE id = ?", (set_id,)).fetchone():  # not opened again under it
            _take_away(set_folder(folder, set_id))
            clear_decoded(folder, set_id)
        connection.execute("DELETE FROM gone WHERE own_set = ?", (set_id,))
    return [set_folder(folder, set_id) for set_id in gone]


def clear_decoded(folder: Path, set_id: str) -> None:
    """Remove what was decoded of a set, of whatever version."""
    for path in (folder / "prepared").glob(f"{PREFIX}{set_id}@*"):
        _take_away(path)


def sweep(connection: sqlite3.Connection, folder: Path) -> list[str]:
    """Remove what killed processes left in the folders of sets, and return its names; inside a transaction that writes,
    so that nobody else is writing there."""
    swept = [path for path in clear_sets(connection, folder) if not path.exists()]
    for path in left_behind(connection, folder):
        _remove(path)
        swept.append(path)
    return [path.name for path in swept]


def left_behind(connection: sqlite3.Connection, folder: Path) -> list[Path]:
    """Return what was written or half removed and never acknowledged: files that no row names, in folders of sets."""
    known = _named(connection)
    found = []
    for path in sorted(root(folder).glob("*")):
        if path.name in known:
            found += [file for file in sorted(path.iterdir()) if file.name not in known[path.name]]
        elif path.name.startswith(".") or (path.is_dir() and not any(path.iterdir())):
            found.append(path)
    return found


def unknown(connection: sqlite3.Connection, folder: Path) -> list[str]:
    """Return the names of folders that hold pictures and belong to no set; they are nobody's to remove by himself: the
    file of own sets may have been lost."""
    known = _named(connection)
    return [
        path.name
        for path in sorted(root(folder).glob("[!.]*"))
        if path.name not in known and path.is_dir() and any(path.iterdir())
    ]


def lost(connection: sqlite3.Connection, folder: Path) -> dict[str, int]:
    """Return, by the ids of their sets, how many pictures have a row and no file."""
    missing = {
        set_id: sum(not (set_folder(folder, set_id) / name).is_file() for name in names)
        for set_id, names in _named(connection).items()
    }
    return {set_id: count for set_id, count in missing.items() if count}


def _named(connection: sqlite3.Connection) -> dict[str, set[str]]:
    """The files of each set."""
    known: dict[str, set[str]] = {row["id"]: set() for row in connection.execute("SELECT id FROM sets")}
    for row in connection.execute("SELECT own_set, id, form FROM pictures"):
        known[row["own_set"]].add(f"{row['id']}.{row['form']}")
    return known


def _take_away(path: Path) -> None:
    beside = beside_of(path)
    try:
        path.replace(beside)
    except OSError:  # not there, or in use on a system that says so; the next sweep finds it
        return
    _remove(beside)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _parts(values: Sequence[str]) -> Iterable[Sequence[str]]:
    return (values[start : start + _AT_ONCE] for start in range(0, len(values), _AT_ONCE))

"""Runs that share a process, as the store names them: which those are, and whether more of them are taken in.

A run is handed over by the claim itself, which names the process's handle; the process finds it here. So a run is
either with a process that knows of it, or still in the queue, whoever dies in between.

Whose turn it is, the process notes in a file: where it is lost, that run may have done it and the others have not.
"""

import contextlib
import os
import sqlite3
from collections.abc import Collection, Sequence
from pathlib import Path

from core.runs.executors.processes import process_id
from core.runs.store.queue_order import AT_WORK_SQL
from core.runs.store.store import Store


def shares(store: Store, run_id: str, fence: int) -> bool:
    """Whether a run was claimed for a process that others share."""
    with store.database.reading() as connection:
        row = connection.execute("SELECT shared FROM runs WHERE id = ? AND fence = ?", (run_id, fence)).fetchone()
    return row is not None and bool(row["shared"])


class Company:
    """The process with this ``handle``, and the runs in it."""

    def __init__(self, store: Store, handle: str) -> None:
        self.database = store.database
        self.handle = handle

    def take_in(self, more: bool) -> None:
        """Say that runs may be handed to this process from here on, or that it has enough."""
        with self.database.writing(durable=False) as connection:
            connection.execute(
                "INSERT OR REPLACE INTO shared_workers (handle, open) VALUES (?, ?)", (self.handle, more)
            )

    def runs(self) -> Sequence[tuple[str, int]]:
        """Return the runs at work here, by id and fence, the one that has waited longest first."""
        with self.database.reading() as connection:
            return self._runs(connection)

    def leave(self, *, but: Collection[tuple[str, int]] = ()) -> bool:
        """Take leave, unless a run has been handed over meanwhile; returns whether this process may end.

        ``but`` are runs for which it can do nothing more.
        """
        with self.database.writing(durable=False) as connection:
            if not set(self._runs(connection)).issubset(but):
                return False
            connection.execute("DELETE FROM shared_workers WHERE handle = ?", (self.handle,))
        return True

    def _runs(self, connection: sqlite3.Connection) -> Sequence[tuple[str, int]]:
        rows = connection.execute(
            f"SELECT id, fence FROM runs WHERE handle = ? AND {AT_WORK_SQL} ORDER BY ticket, rowid", (self.handle,)
        )
        return [(row["id"], row["fence"]) for row in rows]


class TurnNote:
    """Whose turn it is in the process with this handle: noted in microseconds, and there when the process is not."""

    def __init__(self, home: Path, handle: str) -> None:
        self._path = _note_path(home, handle)
        self._file: int | None = None
        with contextlib.suppress(OSError):  # without a note each run of a lost process goes on alone
            self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)

    def write(self, run_id: str, fence: int) -> None:
        """Note that a run has its turn from here on."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                os.lseek(self._file, 0, os.SEEK_SET)
                os.write(self._file, f"{run_id} {fence:08d}".encode())

    def remove(self) -> None:
        """Forget it: the process ends as it should."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
        with contextlib.suppress(OSError):
            self._path.unlink()


def noted_turn(home: Path, handle: str) -> tuple[str, int] | None:
    """Return the run, by id and fence, whose turn it was in a process that is gone; None where that is not known."""
    try:
        run_id, fence = _note_path(home, handle).read_text(encoding="ascii").split()
        return run_id, int(fence)
    except (OSError, ValueError):
        return None


def remove_note(home: Path, handle: str) -> None:
    """Remove the note of a process that is gone."""
    with contextlib.suppress(OSError):
        _note_path(home, handle).unlink()


def _note_path(home: Path, handle: str) -> Path:
    return home / f"turn-of-{process_id(handle)}.txt"

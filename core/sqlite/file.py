"""One SQLite file in WAL mode: opened once, its tables made or brought up to date, its connections lent out.

Changes of state are written with ``synchronous=FULL``: once the call returns they survive a power cut. Figures may be
written with ``synchronous=NORMAL``: they survive the death of any process, and the next durable write settles them.
"""

import contextlib
import errno
import os
import queue
import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from core.disk import sentence, writable
from core.errors import LabError
from core.sqlite.network_disk import refuse_network_disk

BUSY_SECONDS = 10.0
_POOL = 8
_REFUSED = {sqlite3.SQLITE_FULL: errno.ENOSPC, sqlite3.SQLITE_READONLY: errno.EROFS}  # what the disk said to SQLite


class SqliteFile:
    """One file of tables. Safe to share between threads; each process opens its own."""

    def __init__(self, path: Path, *, migrations: Sequence[str], error: type[LabError]) -> None:
        """Open ``path``, making it where it is missing; entry n of ``migrations`` takes it from schema n to n + 1.

        Raises ``error``, one sentence, for a network file system, a newer schema, and a file that cannot be opened or
        written; so does all that follows.
        """
        self.path, self.error = path, error
        self._migrations = migrations
        self._idle: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue()
        if sqlite3.sqlite_version_info < (3, 35):
            raise error(f"SQLite is {sqlite3.sqlite_version}; the lab needs 3.35 or newer.")
        refuse_network_disk(path.parent, error=error)
        with self._sentences():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._prepare()

    def close(self) -> None:
        """Close the connections that are not lent out; the next use opens new ones."""
        with contextlib.suppress(queue.Empty):
            while True:
                self._idle.get_nowait().close()

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection whose reads all see the same moment."""
        with self._sentences(), self._lent() as connection:
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                _rollback(connection)

    @contextlib.contextmanager
    def writing(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """Lend a connection inside one transaction: committed at the end, undone by an exception."""
        with self._sentences(), self._lent() as connection:
            connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            finally:
                _rollback(connection)

    @contextlib.contextmanager
    def _lent(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = self._idle.get_nowait()
        except queue.Empty:
            connection = self._connect()
        try:
            yield connection
        except sqlite3.Error:
            connection.close()
            raise
        except BaseException:
            self._give_back(connection)
            raise
        self._give_back(connection)

    def _give_back(self, connection: sqlite3.Connection) -> None:
        if self._idle.qsize() < _POOL:
            self._idle.put(connection)
        else:
            connection.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")  # what people delete is overwritten, and not merely forgotten
        return connection

    def _prepare(self) -> None:
        schema = len(self._migrations)
        with self._lent() as connection:
            self._use_wal(connection)
            if _version(connection) == schema:
                return
        with self.writing() as connection:
            version = _version(connection)
            if version > schema:
                raise self.error(
                    f"The store has schema {version} and this lab reads up to {schema}: it was written by a newer "
                    "CNN Lab; update the lab, or set CNN_LAB_HOME to another folder."
                )
            for migration in self._migrations[version:]:
                for statement in _statements(migration):
                    connection.execute(statement)
            connection.execute("CREATE TABLE IF NOT EXISTS schema (version INTEGER NOT NULL)")
            connection.execute("DELETE FROM schema")
            connection.execute("INSERT INTO schema VALUES (?)", (schema,))

    def _use_wal(self, connection: sqlite3.Connection) -> None:
        """Switch to WAL; another process that does the same at this moment makes SQLite report a lock at once."""
        deadline = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
                continue
            if mode != "wal":
                raise self.error(
                    "SQLite cannot use its write-ahead log here; set CNN_LAB_HOME to a folder on a local disk."
                )
            return

    @contextlib.contextmanager
    def _sentences(self) -> Iterator[None]:
        """Turn SQLite's and the file system's errors into one sentence for people."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise self.error(_sentence(self.path, error)) from error


def _sentence(path: Path, error: sqlite3.Error | OSError) -> str:
    what = f"The store {path.name} cannot be used"
    if isinstance(error, sqlite3.Error):
        refused = _REFUSED.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)
        if refused is None and not writable(path.parent):
            refused = errno.EROFS  # SQLite only says that it could not open a file
        if refused is None:
            return f"{what}: {error}."
        error = OSError(refused, os.strerror(refused))
    return sentence(what, error)


def _version(connection: sqlite3.Connection) -> int:
    """The schema of this file; 0 for a new one."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'schema'").fetchone():
        return 0
    row = connection.execute("SELECT version FROM schema").fetchone()
    return int(row["version"]) if row else 0


def _statements(script: str) -> Iterator[str]:
    """Split a script without ending the transaction, as `executescript` would."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _rollback(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")

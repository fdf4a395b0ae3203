"""One SQLite file in WAL mode: opened once, its tables made or brought up to date, its connections lent out.

Changes of state are written with ``synchronous=FULL``: once the call returns they survive a power cut. Metrics are
written with ``synchronous=NORMAL``: they survive the death of any process, and the next durable write settles them.
"""

import contextlib
import errno
import os
import queue
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from core.disk import sentence, writable
from core.runs.folders import refuse_network_disk
from core.runs.records import StoreError

BUSY_SECONDS = 10.0
_POOL = 8
_REFUSED = {sqlite3.SQLITE_FULL: errno.ENOSPC, sqlite3.SQLITE_READONLY: errno.EROFS}  # what the disk said to SQLite

# Entry n takes a store from schema n to n + 1. Never edit an entry that has been released: add one.
MIGRATIONS = (
    """
    CREATE TABLE runs (
        id TEXT PRIMARY KEY,
        owner TEXT NOT NULL,
        name TEXT NOT NULL,
        note TEXT NOT NULL DEFAULT '',
        config TEXT NOT NULL,
        status TEXT NOT NULL DEFAULT 'queued',
        reason TEXT NOT NULL DEFAULT '',
        message TEXT NOT NULL DEFAULT '',
        log TEXT NOT NULL DEFAULT '',
        created REAL NOT NULL,
        started REAL,
        ended REAL,
        ticket INTEGER NOT NULL,              -- age in the queue: lower is older
        front INTEGER NOT NULL DEFAULT 0,     -- 1: lost its worker, goes ahead of the queue
        again INTEGER NOT NULL DEFAULT 0,     -- 1: interrupted, and to be queued again without being asked
        losses INTEGER NOT NULL DEFAULT 0,    -- workers lost in a row without a newer saved state
        fence INTEGER NOT NULL DEFAULT 0,     -- counts claims; a worker's writes name the one it came with
        claimed_step INTEGER NOT NULL DEFAULT 0,
        handle TEXT NOT NULL DEFAULT '',      -- the executor's name for the worker, kept until it is known gone
        beat REAL NOT NULL DEFAULT 0,         -- when the worker was last heard of
        threads INTEGER,                      -- the same for every worker of this run: sums depend on it
        split TEXT NOT NULL DEFAULT '',       -- fingerprint of the images it began with
        device TEXT NOT NULL DEFAULT '',
        step INTEGER NOT NULL DEFAULT 0,
        steps_total INTEGER NOT NULL DEFAULT 0,
        epochs_done INTEGER NOT NULL DEFAULT 0,
        images_per_second REAL
    );
    CREATE INDEX runs_by_status ON runs (status, owner);
    CREATE INDEX runs_by_owner ON runs (owner, created);
    CREATE TABLE owners (owner TEXT PRIMARY KEY, served INTEGER NOT NULL);
    CREATE TABLE steps (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        step INTEGER NOT NULL,
        epoch INTEGER NOT NULL,
        loss REAL,                            -- NULL: not a finite number
        learning_rate REAL NOT NULL,
        images INTEGER NOT NULL,
        seconds REAL NOT NULL,
        PRIMARY KEY (run, step)
    ) WITHOUT ROWID;
    CREATE TABLE epochs (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        epoch INTEGER NOT NULL,
        step INTEGER NOT NULL,                -- the last step of this epoch
        train_loss REAL,
        train_accuracy REAL,
        val_loss REAL,
        val_accuracy REAL,
        learning_rate REAL NOT NULL,
        seconds REAL NOT NULL,
        is_best INTEGER NOT NULL,
        PRIMARY KEY (run, epoch)
    ) WITHOUT ROWID;
    CREATE TABLE checkpoints (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        folder TEXT NOT NULL,                 -- inside the run's folder
        kind TEXT NOT NULL,                   -- state: to resume from; best: a model
        step INTEGER NOT NULL,
        epoch INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        created REAL NOT NULL,
        PRIMARY KEY (run, folder)
    ) WITHOUT ROWID;
    CREATE TABLE changes (
        run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        at REAL NOT NULL,
        status TEXT NOT NULL,
        reason TEXT NOT NULL,
        fence INTEGER NOT NULL
    );
    CREATE INDEX changes_by_run ON changes (run);
    CREATE TRIGGER run_is_new AFTER INSERT ON runs BEGIN
        INSERT INTO changes VALUES (new.id, new.created, new.status, new.reason, new.fence);
    END;
    CREATE TRIGGER run_changes AFTER UPDATE OF status ON runs WHEN old.status <> new.status BEGIN
        INSERT INTO changes
        VALUES (new.id, (julianday('now') - 2440587.5) * 86400.0, new.status, new.reason, new.fence);
    END;
    CREATE TABLE supervisor (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        pid INTEGER NOT NULL,
        process_started REAL NOT NULL
    );
    """,
    """
    ALTER TABLE runs ADD COLUMN features TEXT NOT NULL DEFAULT '';  -- JSON: what keeping features cost, if anything
    """,
    """
    ALTER TABLE runs ADD COLUMN precision TEXT NOT NULL DEFAULT '';  -- what it computes in, and why, for people
    """,
    """
    ALTER TABLE runs ADD COLUMN message_share REAL NOT NULL DEFAULT 0;  -- how much is done of what the message says
    """,
    """
    -- Digits were split at random; what such runs reached is no test accuracy (splits.writers_apart).
    UPDATE runs SET message = replace(message, ': test accuracy ', ': accuracy on writers that it has seen, ')
    WHERE status = 'finished' AND config LIKE '%"dataset": "digits"%' AND split NOT LIKE 'by-writer-%';
    """,
    """
    ALTER TABLE runs ADD COLUMN notice TEXT NOT NULL DEFAULT '';  -- what went otherwise than planned, for people
    CREATE TABLE leader (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        handle TEXT NOT NULL                  -- of its process; the clock cannot move it
    );
    INSERT INTO leader SELECT one, '{"pid": ' || pid || ', "started": ' || process_started || '}' FROM supervisor;
    DROP TABLE supervisor;
    ALTER TABLE leader RENAME TO supervisor;
    """,
    """
    -- An owner is a browser's secret, by its hash; an owner that is a name is from before, or the command line's.
    ALTER TABLE owners ADD COLUMN nickname TEXT NOT NULL DEFAULT '';
    ALTER TABLE owners ADD COLUMN proof TEXT NOT NULL DEFAULT '';     -- of the key of whoever runs the lab
    ALTER TABLE runs ADD COLUMN stopped_by TEXT NOT NULL DEFAULT '';  -- who asked it to stop
    """,
)
SCHEMA = len(MIGRATIONS)


class Database:
    """The store's file. Safe to share between threads; each process opens its own."""

    def __init__(self, path: Path) -> None:
        """Open ``path``, making it where it is missing.

        Raises StoreError for a network file system, a newer schema, and a file that cannot be opened or written.
        """
        self.path = path
        self._idle: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue()
        if sqlite3.sqlite_version_info < (3, 35):
            raise StoreError(f"SQLite is {sqlite3.sqlite_version}; the lab needs 3.35 or newer.")
        refuse_network_disk(path.parent)
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
        return connection

    def _prepare(self) -> None:
        with self._lent() as connection:
            _use_wal(connection)
            if _version(connection) == SCHEMA:
                return
        with self.writing() as connection:
            version = _version(connection)
            if version > SCHEMA:
                raise StoreError(
                    f"The store has schema {version} and this lab reads up to {SCHEMA}: it was written by a newer "
                    "CNN Lab; update the lab, or set CNN_LAB_HOME to another folder."
                )
            for migration in MIGRATIONS[version:]:
                for statement in _statements(migration):
                    connection.execute(statement)
            connection.execute("CREATE TABLE IF NOT EXISTS schema (version INTEGER NOT NULL)")
            connection.execute("DELETE FROM schema")
            connection.execute("INSERT INTO schema VALUES (?)", (SCHEMA,))

    @contextlib.contextmanager
    def _sentences(self) -> Iterator[None]:
        """Turn SQLite's and the file system's errors into one sentence for people."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise StoreError(_sentence(self.path, error)) from error


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


def _use_wal(connection: sqlite3.Connection) -> None:
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
            raise StoreError(
                "SQLite cannot use its write-ahead log here; set CNN_LAB_HOME to a folder on a local disk."
            )
        return


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

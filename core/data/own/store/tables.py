"""The file of all own sets and its tables, of every schema so far."""

from pathlib import Path

from core.data.own.records import OwnSetError
from core.sqlite.file import SqliteFile

FILE_NAME = "sets.sqlite3"

# Entry n takes the file from schema n to n + 1. Never edit an entry that has been released: add one.
MIGRATIONS = (
    """
    CREATE TABLE sets (
        id TEXT PRIMARY KEY,
        title TEXT NOT NULL,
        owner TEXT NOT NULL,
        created REAL NOT NULL,
        changed REAL NOT NULL,
        revision INTEGER NOT NULL DEFAULT 0,  -- counts changes
        code TEXT UNIQUE                      -- lets people join; NULL: nobody can
    );
    CREATE INDEX sets_by_owner ON sets (owner);
    CREATE TABLE classes (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        own_set TEXT NOT NULL REFERENCES sets (id) ON DELETE CASCADE,
        place INTEGER NOT NULL,               -- its order
        name TEXT NOT NULL,
        folded TEXT NOT NULL,                 -- how it is told from others
        UNIQUE (own_set, folded)
    );
    CREATE TABLE pictures (
        number INTEGER PRIMARY KEY AUTOINCREMENT,  -- the order in which they came
        own_set TEXT NOT NULL REFERENCES sets (id) ON DELETE CASCADE,
        id TEXT NOT NULL,                     -- of its content; with its form the name of its file
        form TEXT NOT NULL,
        class INTEGER REFERENCES classes (id),  -- NULL: out of the set, and kept for a version that was trained on
        contributor TEXT,
        burst TEXT,
        sender TEXT NOT NULL,
        added REAL NOT NULL,
        taken REAL,                           -- when the shutter fell, by the camera; NULL: nobody knows
        file_name TEXT NOT NULL,              -- what the sender's file was called; for showing
        width INTEGER NOT NULL,
        height INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        look BLOB NOT NULL,                   -- a miniature, to find near-duplicates by
        UNIQUE (own_set, id)
    );
    CREATE INDEX pictures_by_class ON pictures (class, bytes);
    CREATE TABLE versions (
        own_set TEXT NOT NULL REFERENCES sets (id) ON DELETE CASCADE,
        version TEXT NOT NULL,
        kept REAL NOT NULL,                   -- when something was first trained on it
        manifest TEXT NOT NULL,               -- JSON: which pictures, their labels, contributors and groups
        PRIMARY KEY (own_set, version)
    ) WITHOUT ROWID;
    CREATE TABLE changes (one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER NOT NULL);
    INSERT INTO changes VALUES (1, 0);
    CREATE TRIGGER set_is_new AFTER INSERT ON sets BEGIN UPDATE changes SET number = number + 1; END;
    CREATE TRIGGER set_changes AFTER UPDATE ON sets BEGIN UPDATE changes SET number = number + 1; END;
    CREATE TRIGGER set_goes AFTER DELETE ON sets BEGIN UPDATE changes SET number = number + 1; END;
    """,
    """
    CREATE TABLE gone (own_set TEXT PRIMARY KEY);  -- deleted, and its folder perhaps not yet
    """,
    """
    CREATE INDEX pictures_by_set ON pictures (own_set, class, bytes);  -- to count without reading the miniatures
    """,
)


class SetsFile(SqliteFile):
    """The file of all own sets of a home; raises OwnSetError with a sentence."""

    def __init__(self, path: Path) -> None:
        """Open the file at ``path``, making it where it is missing."""
        super().__init__(path, migrations=MIGRATIONS, error=OwnSetError)

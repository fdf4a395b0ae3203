"""One version of an own set as a file of own sets, for a machine that trains on it and has its pixels already.

Nothing else of the lab goes along: no other set, no code to join by, no miniature, no name of a file or of who sent it.
"""

from contextlib import closing
from pathlib import Path

from core.data.own.store.sets import OwnSets
from core.data.own.store.tables import SetsFile

_CLASS = "id, own_set, place, name, folded"
_PICTURE = "number, own_set, id, form, contributor, burst, added, taken, width, height, bytes"


def write_version(sets: OwnSets, set_id: str, version: str, path: Path) -> None:
    """Write the file of own sets at ``path``; the version must have been kept (`core.data.kept_name`).

    Raises OwnSetError where a file cannot be read or written.
    """
    with sets.database.reading() as connection:
        (own,) = connection.execute("SELECT id, title, created, changed, revision FROM sets WHERE id = ?", (set_id,))
        classes = connection.execute(f"SELECT {_CLASS} FROM classes WHERE own_set = ?", (set_id,)).fetchall()
        pictures = connection.execute(f"SELECT {_PICTURE} FROM pictures WHERE own_set = ?", (set_id,)).fetchall()
        (kept,) = connection.execute(
            "SELECT own_set, version, kept, manifest FROM versions WHERE own_set = ? AND version = ?", (set_id, version)
        )
    with closing(SetsFile(path)) as written, written.writing() as connection:
        connection.execute(
            "INSERT INTO sets (id, title, created, changed, revision, owner) VALUES (?, ?, ?, ?, ?, '')", tuple(own)
        )
        connection.executemany("INSERT INTO classes VALUES (?, ?, ?, ?, ?)", map(tuple, classes))
        connection.executemany(
            f"INSERT INTO pictures ({_PICTURE}, sender, file_name, look)"
            f" VALUES ({', '.join('?' * len(_PICTURE.split(', ')))}, '', '', x'')",
            map(tuple, pictures),
        )
        connection.execute("INSERT INTO versions VALUES (?, ?, ?, ?)", tuple(kept))

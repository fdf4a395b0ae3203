"""The pictures of own sets: added through the photo door, looked at, moved, deleted.

What `add` has returned is on the disk, file and row; a process that is killed loses nothing that it has acknowledged.
"""

import sqlite3
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from core.data.own.records import (
    OwnPicture,
    OwnSetError,
    check_burst,
    check_contributor,
    check_set_id,
    kept_file_name,
)
from core.data.own.store import files
from core.data.own.store.sets import Allowed, OwnSets
from core.data.own.stored_picture import StoredPicture, stored_picture
from core.rights import Person, RightsError
from core.whole_files import read_file

_END_OF_TIME = 2**33  # seconds since 1970: the year 2242
_MOST_BYTES = 2**22  # of a picture as it is kept; 512×512 pixels of noise are 0.4 MB


@dataclass(frozen=True, kw_only=True)
class NewPicture:
    """What somebody brings: a whole file's bytes, what it was called, and who took it, in which burst, if they say.

    ``taken`` and ``added``, in seconds since 1970, are those of a set from another lab (None: the file says when it was
    taken, if at all, and it is added now).
    """

    data: bytes
    file_name: str
    contributor: str | None = None
    burst: str | None = None
    taken: float | None = None
    added: float | None = None


@dataclass(frozen=True, kw_only=True)
class Added:
    """What became of a picture. ``new`` is False where the set has it already, in whichever class; it was then left
    where it is. ``sentence`` tells people what there is to tell, or is empty."""

    picture: OwnPicture
    new: bool
    sentence: str = ""


class OwnPictures:
    """The pictures of the sets of one home. Safe between threads and between processes."""

    def __init__(self, sets: OwnSets) -> None:
        self.sets, self.home = sets, sets.home

    def add(self, set_id: str, class_id: int, new: NewPicture, *, by: Person, code: str | None = None) -> Added:
        """Add one picture to a class, behind the others.

        Allowed to the owner, to whoever runs the lab, and to whoever knows the set's join ``code`` while it is open.
        Raises PhotoError for what is no picture, OwnSetError where something is gone or full, RightsError.
        """
        return self.add_decoded(set_id, [(class_id, new, stored_picture(new.data))], by=by, code=code)[0]

    def add_decoded(
        self,
        set_id: str,
        pictures: Sequence[tuple[int, NewPicture, StoredPicture]],
        *,
        by: Person,
        code: str | None = None,
    ) -> Sequence[Added]:
        """`add` for several, each with the id of its class, that went through the photo door already: all are kept, in
        their order, or none."""
        files.check_space(self.home)
        with self.sets.changing(set_id, by=by, act="add pictures to", also=_knows(code)) as connection:
            classes = {class_id for class_id, _new, _stored in pictures}
            for class_id in classes:
                self.sets.check_class(connection, set_id, class_id)
            added = [self._insert(connection, set_id, *each, by.owner) for each in pictures]
            self.sets.check_limits(connection, set_id, classes)
            kept = zip(pictures, added, strict=True)
            files.write(self.home, set_id, [stored for (_class, _new, stored), each in kept if each.new])
        return added

    def list(
        self, set_id: str, class_id: int | None = None, *, after: int = 0, at_most: int | None = None
    ) -> tuple[OwnPicture, ...]:
        """Return pictures of a set, or of one class of it, in the order in which they came: ``at_most`` of them,
        passing over the first ``after``."""
        with self.sets.database.reading() as connection:
            rows = connection.execute(
                "SELECT * FROM pictures WHERE own_set = ? AND class IS NOT NULL AND class = coalesce(?, class)"
                " ORDER BY number LIMIT ? OFFSET ?",
                (check_set_id(set_id), class_id, -1 if at_most is None else at_most, after),
            ).fetchall()
        return tuple(map(_picture_of, rows))

    def list_aside(self, set_id: str) -> tuple[OwnPicture, ...]:
        """Return the pictures that are out of a set (of class 0) and stay on the disk for what was trained on them."""
        with self.sets.database.reading() as connection:
            rows = connection.execute(
                "SELECT * FROM pictures WHERE own_set = ? AND class IS NULL ORDER BY number", (check_set_id(set_id),)
            ).fetchall()
        return tuple(map(_picture_of, rows))

    def looks(self, set_id: str) -> dict[str, bytes]:
        """Return the miniatures of a set's pictures by their ids (`StoredPicture.look`), in the order they came."""
        with self.sets.database.reading() as connection:
            rows = connection.execute(
                "SELECT id, look FROM pictures WHERE own_set = ? AND class IS NOT NULL ORDER BY number",
                (check_set_id(set_id),),
            )
            return {row["id"]: row["look"] for row in rows}

    def longest_side(self, set_id: str) -> int:
        """Return the longest side, in pixels, of all that a set has kept; 0 where it has nothing."""
        with self.sets.database.reading() as connection:
            query = "SELECT coalesce(max(max(width, height)), 0) FROM pictures WHERE own_set = ?"
            return int(connection.execute(query, (check_set_id(set_id),)).fetchone()[0])

    def read(self, set_id: str, picture_id: str) -> bytes:
        """Return a picture's file, a JPEG or PNG that this lab wrote; raises OwnSetError where it is not there."""
        with self.sets.database.reading() as connection:
            row = connection.execute(
                "SELECT id, form FROM pictures WHERE own_set = ? AND id = ?", (check_set_id(set_id), picture_id)
            ).fetchone()
        if row is None:
            raise _gone()
        return self.read_file(set_id, row["id"], row["form"])

    def read_file(self, set_id: str, picture_id: str, form: str) -> bytes:
        """`read`, for whoever knows the form that the picture is kept in."""
        try:
            return read_file(files.set_folder(self.home, set_id) / f"{picture_id}.{form}", at_most=_MOST_BYTES)
        except OSError:
            raise _gone() from None

    def move(self, set_id: str, pictures: Collection[str], *, to: int, by: Person) -> int:
        """Move pictures, by their ids, into another class of their set; returns how many were still there."""
        with self.sets.changing(set_id, by=by, act="move pictures of") as connection:
            self.sets.check_class(connection, set_id, to)
            moved = connection.executemany(
                "UPDATE pictures SET class = ? WHERE own_set = ? AND id = ? AND class IS NOT NULL",
                [(to, set_id, each) for each in pictures],
            ).rowcount
            self.sets.check_limits(connection, set_id, {to})
        return moved

    def delete(self, set_id: str, pictures: Collection[str], *, by: Person, for_good: bool = False) -> int:
        """Take pictures, by their ids, out of their set; returns how many were there.

        Their files go with them, but for those that a version needs on which something was trained: such a run stays
        explainable. ``for_good`` removes these as well; a run that needs them can then no longer be judged anew, which
        is said there. Allowed to the owner of the set, and to whoever sent all of the pictures.
        """
        wanted = list(dict.fromkeys(pictures))
        with self.sets.changing(set_id, by=by, act="delete pictures of", also=_sent_by(by, wanted)) as connection:
            rows = connection.execute("SELECT id, sender, class FROM pictures WHERE own_set = ?", (set_id,)).fetchall()
            there = {row["id"] for row in rows if row["class"] is not None or for_good}.intersection(wanted)
            gone = files.withdraw(connection, set_id, [each for each in wanted if each in there], for_good=for_good)
        files.clear(self.sets.database, self.home, set_id, gone)
        return len(there)

    def _insert(
        self,
        connection: sqlite3.Connection,
        set_id: str,
        class_id: int,
        new: NewPicture,
        stored: StoredPicture,
        sender: str,
    ) -> Added:
        """The row of a new picture, or the one that is there."""
        where = "WHERE pictures.own_set = ? AND pictures.id = ?", (set_id, stored.id)
        twin = connection.execute(
            f"SELECT pictures.*, classes.name FROM pictures JOIN classes ON classes.id = class {where[0]}", where[1]
        ).fetchone()
        if twin:
            sentence = f"This picture is in the class '{twin['name']}' already; it was not added again."
            return Added(picture=_picture_of(twin), new=False, sentence=sentence)
        connection.execute(f"DELETE FROM pictures {where[0]}", where[1])  # one that is only kept for a version
        values = {
            "own_set": set_id,
            "id": stored.id,
            "form": stored.form,
            "class": class_id,
            "contributor": check_contributor(new.contributor),
            "burst": check_burst(new.burst),
            "sender": sender,
            "added": _moment(new.added) or time.time(),
            "taken": stored.taken if new.taken is None else _moment(new.taken),
            "file_name": kept_file_name(new.file_name),
            "width": stored.size[0],
            "height": stored.size[1],
            "bytes": len(stored.data),
            "look": stored.look,
        }
        connection.execute(
            f"INSERT INTO pictures ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})",
            tuple(values.values()),
        )
        row = connection.execute(f"SELECT * FROM pictures {where[0]}", where[1]).fetchone()
        return Added(picture=_picture_of(row), new=True, sentence="; ".join(stored.notes))


def _knows(code: str | None) -> Allowed:
    """Allow it to whoever knows the code by which a set can be joined at this moment."""

    def allowed(_connection: sqlite3.Connection, row: sqlite3.Row) -> bool:
        if code is not None and row["code"] != code:
            raise RightsError("The code is not open any more; ask whoever made the set for the new one.")
        return code is not None

    return allowed


def _sent_by(by: Person, pictures: Sequence[str]) -> Allowed:
    """Allow it to whoever sent all of these pictures."""

    def allowed(connection: sqlite3.Connection, row: sqlite3.Row) -> bool:
        rows = connection.execute("SELECT id FROM pictures WHERE own_set = ? AND sender = ?", (row["id"], by.owner))
        return {each["id"] for each in rows}.issuperset(pictures)

    return allowed


def _moment(seconds: float | None) -> float | None:
    """A time from another lab; None for one that no camera could mean."""
    return seconds if seconds is not None and 0 < seconds < _END_OF_TIME else None


def _gone() -> OwnSetError:
    return OwnSetError("This picture is no longer there; it has been deleted.")


def _picture_of(row: sqlite3.Row) -> OwnPicture:
    names = ("id", "contributor", "burst", "sender", "added", "taken", "file_name", "width", "height", "bytes")
    return OwnPicture(class_id=row["class"] or 0, **{name: row[name] for name in names})

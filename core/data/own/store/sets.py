"""Own sets and their classes: made, renamed, put in order, merged, deleted by whoever owns them; all may look.

Every change is one transaction, on the disk when the call returns. What is on the disk without a row, because a process
was killed in between, is cleared away before the first change that a process makes.
"""

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from core.data.own.limits import LIMITS, Limits
from core.data.own.records import (
    FullError,
    OwnClass,
    OwnSet,
    OwnSetError,
    check_class_name,
    check_set_id,
    check_title,
    no_such_class,
    no_such_set,
)
from core.data.own.store import files
from core.data.own.store.tables import FILE_NAME, SetsFile
from core.home import home
from core.names import counted, folded, new_id
from core.rights import Person, RightsError

Allowed = Callable[[sqlite3.Connection, sqlite3.Row], bool]

_SETS = """
    SELECT sets.*, classes.id AS class, classes.name AS class_name,
        (SELECT count(*) FROM pictures WHERE class = classes.id) AS pictures,
        (SELECT coalesce(sum(bytes), 0) FROM pictures WHERE class = classes.id) AS bytes
    FROM sets LEFT JOIN classes ON classes.own_set = sets.id
"""


class OwnSets:
    """Every own set of one lab home. Safe between threads and between processes."""

    def __init__(self, folder: Path, *, limits: Limits = LIMITS) -> None:
        """Open the sets of the home ``folder``; raises OwnSetError with a sentence where that cannot be done safely."""
        self.home, self.limits = folder, limits
        self.database = SetsFile(folder / FILE_NAME)
        self._swept = False
        self._sweeping = threading.Lock()

    def close(self) -> None:
        """Close idle connections."""
        self.database.close()

    def create(self, title: str, *, by: Person, classes: Sequence[str] = (), wanted_id: str | None = None) -> OwnSet:
        """Make a set that belongs to ``by``, and return it.

        ``wanted_id`` is the id that it had in another lab, taken where it is free. Raises OwnSetError for names that
        cannot be, and where ``by`` has as many sets as anybody may.
        """
        title = check_title(title)
        files.check_space(self.home)
        with self.writing() as connection:
            (count,) = connection.execute("SELECT count(*) FROM sets WHERE owner = ?", (by.owner,)).fetchone()
            if count >= self.limits.sets_an_owner:
                raise OwnSetError(
                    f"You have {count} sets, and {self.limits.sets_an_owner} are allowed; delete one first."
                )
            set_id = wanted_id if wanted_id and self._is_free(connection, check_set_id(wanted_id)) else new_id()
            now = time.time()
            connection.execute(
                "INSERT INTO sets (id, title, owner, created, changed, revision)"
                " VALUES (?, ?, ?, ?, ?, (SELECT number FROM changes))",  # none that a set of this id ever had
                (set_id, title, by.owner, now, now),
            )
            for name in classes:
                self._insert_class(connection, set_id, name)
        return self.get(set_id)

    def get(self, set_id: str) -> OwnSet:
        """Return one set; raises OwnSetError where there is none of that id."""
        found = self._read("WHERE sets.id = ?", (check_set_id(set_id),))
        if not found:
            raise no_such_set(set_id)
        return found[0]

    def list(self, owner: str | None = None) -> tuple[OwnSet, ...]:
        """Return all sets, or one owner's, newest first."""
        return self._read("", ()) if owner is None else self._read("WHERE sets.owner = ?", (owner,))

    def changes(self) -> int:
        """Return a number that is another one after every change of any set; costs one row."""
        with self.database.reading() as connection:
            return int(connection.execute("SELECT number FROM changes").fetchone()[0])

    def rename(self, set_id: str, title: str, *, by: Person) -> OwnSet:
        """Give a set another title."""
        title = check_title(title)
        with self.changing(set_id, by=by, act="rename") as connection:
            connection.execute("UPDATE sets SET title = ? WHERE id = ?", (title, set_id))
        return self.get(set_id)

    def delete(self, set_id: str, *, by: Person) -> None:
        """Delete a set for good: its pictures, its versions, and what was decoded of it."""
        with self.changing(set_id, by=by, act="delete") as connection:
            connection.execute("DELETE FROM pictures WHERE own_set = ?", (set_id,))
            connection.execute("DELETE FROM sets WHERE id = ?", (set_id,))
            connection.execute("INSERT OR IGNORE INTO gone VALUES (?)", (set_id,))
        with self.database.writing() as connection:
            files.clear_sets(connection, self.home)

    def add_class(self, set_id: str, name: str, *, by: Person) -> OwnSet:
        """Add a class behind the others. Raises OwnSetError for a name that cannot be or is another class's, however
        its letters are written, and where there are as many classes as there may be."""
        with self.changing(set_id, by=by, act="add classes to") as connection:
            self._insert_class(connection, set_id, name)
        return self.get(set_id)

    def rename_class(self, set_id: str, class_id: int, name: str, *, by: Person) -> OwnSet:
        """Give a class another name; its pictures and its place stay."""
        with self.changing(set_id, by=by, act="rename classes of") as connection:
            self.check_class(connection, set_id, class_id)
            name = self._free_name(connection, set_id, name, besides=class_id)
            connection.execute("UPDATE classes SET name = ?, folded = ? WHERE id = ?", (name, folded(name), class_id))
        return self.get(set_id)

    def move_class(self, set_id: str, class_id: int, place: int, *, by: Person) -> OwnSet:
        """Put a class at a place, from 0, among the others; beyond the last is the last."""
        with self.changing(set_id, by=by, act="put in order the classes of") as connection:
            self.check_class(connection, set_id, class_id)
            rows = connection.execute("SELECT id FROM classes WHERE own_set = ? ORDER BY place", (set_id,))
            order = [row["id"] for row in rows if row["id"] != class_id]
            order.insert(max(0, place), class_id)
            connection.executemany(
                "UPDATE classes SET place = ? WHERE id = ?", [(n, each) for n, each in enumerate(order)]
            )
        return self.get(set_id)

    def merge_class(self, set_id: str, class_id: int, *, into: int, by: Person) -> OwnSet:
        """Move all pictures of a class into another one, and delete it."""
        if class_id == into:
            raise OwnSetError("A class cannot be merged with itself; choose another one.")
        with self.changing(set_id, by=by, act="merge classes of") as connection:
            for each in (class_id, into):
                self.check_class(connection, set_id, each)
            connection.execute("UPDATE pictures SET class = ? WHERE class = ?", (into, class_id))
            self.check_limits(connection, set_id, {into})
            connection.execute("DELETE FROM classes WHERE id = ?", (class_id,))
        return self.get(set_id)

    def delete_class(self, set_id: str, class_id: int, *, by: Person) -> OwnSet:
        """Delete a class and take its pictures out of the set, as `OwnPictures.delete` does."""
        with self.changing(set_id, by=by, act="delete classes of") as connection:
            self.check_class(connection, set_id, class_id)
            rows = connection.execute("SELECT id FROM pictures WHERE class = ?", (class_id,)).fetchall()
            gone = files.withdraw(connection, set_id, [row["id"] for row in rows], for_good=False)
            connection.execute("DELETE FROM classes WHERE id = ?", (class_id,))
        files.clear(self.database, self.home, set_id, gone)
        return self.get(set_id)

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection inside one transaction, which waits for every other change; durable when it ends."""
        with self._sweeping:
            if not self._swept:
                with self.database.writing() as connection:
                    files.sweep(connection, self.home)
                self._swept = True
        with self.database.writing() as connection:
            yield connection

    @contextlib.contextmanager
    def changing(
        self, set_id: str, *, by: Person, act: str, also: Allowed | None = None
    ) -> Iterator[sqlite3.Connection]:
        """`writing`, for a change of one set, which has another revision then.

        Raises OwnSetError where the set is not there, RightsError where it does not belong to ``by``, unless ``also``
        allows it, given the connection and the row of the set.
        """
        with self.writing() as connection:
            row = connection.execute("SELECT * FROM sets WHERE id = ?", (check_set_id(set_id),)).fetchone()
            if row is None:
                raise no_such_set(set_id)
            if not by.may_change(row["owner"]) and not (also and also(connection, row)):
                raise RightsError(
                    f"'{row['title']}' is somebody else's set: only its owner, in the browser that made it, and "
                    f"whoever runs the lab can {act} it."
                )
            yield connection
            connection.execute(
                "UPDATE sets SET revision = revision + 1, changed = ? WHERE id = ?", (time.time(), set_id)
            )

    @staticmethod
    def check_class(connection: sqlite3.Connection, set_id: str, class_id: int) -> None:
        """Raise OwnSetError where a class is not one of this set's."""
        found = connection.execute(
            "SELECT title, (SELECT count(*) FROM classes WHERE id = ? AND own_set = sets.id) AS there FROM sets"
            " WHERE id = ?",
            (class_id, set_id),
        ).fetchone()
        if not found["there"]:
            raise no_such_class(found["title"])

    def check_limits(self, connection: sqlite3.Connection, set_id: str, classes: Collection[int]) -> None:
        """Raise FullError, with both numbers, where one of these classes, its set or its owner has more than is
        allowed."""
        limits = self.limits
        for what, condition, value, pictures, size in (
            *(
                ("This class", "class = ?", class_id, limits.pictures_a_class, limits.bytes_a_class)
                for class_id in classes
            ),
            ("This set", "own_set = ?", set_id, limits.pictures_a_set, limits.bytes_a_set),
            (
                "The owner of this set",
                "own_set IN (SELECT id FROM sets WHERE owner = (SELECT owner FROM sets WHERE id = ?))",
                set_id,
                limits.pictures_an_owner,
                limits.bytes_an_owner,
            ),
        ):
            count, used = connection.execute(
                f"SELECT count(class), coalesce(sum(bytes), 0) FROM pictures WHERE {condition}", (value,)
            ).fetchone()
            if count > pictures:
                raise FullError(f"{what} may have {counted(pictures, 'picture')}, and has them; delete some first.")
            if used > size:
                raise FullError(
                    f"{what} may take {size / 2**20:,.0f} MB on the disk, and takes them; delete some pictures first."
                )

    def _insert_class(self, connection: sqlite3.Connection, set_id: str, name: str) -> None:
        name = self._free_name(connection, set_id, name)
        (count,) = connection.execute("SELECT count(*) FROM classes WHERE own_set = ?", (set_id,)).fetchone()
        if count >= self.limits.classes_a_set:
            raise OwnSetError(f"This set has {count} classes, and {self.limits.classes_a_set} are allowed.")
        connection.execute(
            "INSERT INTO classes (own_set, place, name, folded)"
            " VALUES (?, (SELECT coalesce(max(place), -1) + 1 FROM classes WHERE own_set = ?), ?, ?)",
            (set_id, set_id, name, folded(name)),
        )

    @staticmethod
    def _free_name(connection: sqlite3.Connection, set_id: str, name: str, *, besides: int = -1) -> str:
        name = check_class_name(name)
        twin = connection.execute(
            "SELECT name FROM classes WHERE own_set = ? AND folded = ? AND id <> ?", (set_id, folded(name), besides)
        ).fetchone()
        if twin:
            raise OwnSetError(f"There is a class '{twin['name']}' already; choose another name, or add to that one.")
        return name

    @staticmethod
    def _is_free(connection: sqlite3.Connection, set_id: str) -> bool:
        return connection.execute("SELECT 1 FROM sets WHERE id = ?", (set_id,)).fetchone() is None

    def _read(self, condition: str, values: Sequence[str]) -> tuple[OwnSet, ...]:
        with self.database.reading() as connection:
            rows = connection.execute(f"{_SETS} {condition} ORDER BY sets.rowid DESC, place", values).fetchall()
        rows_of: dict[str, list[sqlite3.Row]] = {}
        for row in rows:
            rows_of.setdefault(row["id"], []).append(row)
        return tuple(map(_set_of, rows_of.values()))


def _set_of(rows: Sequence[sqlite3.Row]) -> OwnSet:
    """A set from its rows: one a class, or one without a class."""
    first = rows[0]
    return OwnSet(
        **{name: first[name] for name in ("id", "title", "owner", "created", "changed", "revision", "code")},
        classes=tuple(
            OwnClass(id=row["class"], name=row["class_name"], pictures=row["pictures"], bytes=row["bytes"])
            for row in rows
            if row["class"] is not None
        ),
    )


def open_own_sets() -> OwnSets:
    """Return the own sets of this machine's lab home (``CNN_LAB_HOME``); the same object for the same home."""
    return _own_sets(home())


def there_are_own_sets() -> bool:
    """Say whether this home has ever had an own set; makes no file."""
    return (home() / FILE_NAME).exists()


@lru_cache(maxsize=8)
def _own_sets(folder: Path) -> OwnSets:
    return OwnSets(folder)

"""The worksheets of a lab that were handed out, and which of them each student does. The teacher alone makes, closes
and deletes them."""

import contextlib
import json
import sqlite3
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from core.names import is_id, new_id
from core.rights import Person, check_teaches
from core.runs.folders import check_space
from core.runs.store.class_rules import is_member, read_class
from core.runs.store.store import Store
from core.runs.worksheets.form import Worksheet, WorksheetError, read

MOST_GIVEN = 200  # of a lab
MOST_STUDENTS = 1_000  # of one worksheet
GONE = "This worksheet has been deleted, or is of another lab; ask your teacher for another link."
CLOSED = "Your teacher has closed this worksheet: nothing more is written into it or handed in."


@dataclass(frozen=True, kw_only=True)
class Given:
    """A worksheet that was handed out: ``made`` in seconds since 1970; nothing is written into one that is not
    ``open``."""

    id: str
    sheet: Worksheet
    made: float
    open: bool


class Worksheets:
    """Those of one store."""

    def __init__(self, store: Store) -> None:
        self.store, self.database = store, store.database

    def make(self, sheet: Worksheet, *, by: Person) -> Given:
        """Hand a worksheet out: it is open from now on.

        Raises RightsError where ``by`` does not run the lab, WorksheetError for a data set or recipe that there is
        not, and where there are too many.
        """
        _check_rules(sheet)
        check_space(self.store.home)
        given = Given(id=new_id(), sheet=sheet, made=time.time(), open=True)
        with self._teaching(by) as connection:
            if connection.execute("SELECT count(*) FROM worksheets").fetchone()[0] >= MOST_GIVEN:
                raise WorksheetError(f"There are {MOST_GIVEN} worksheets; delete some that are over first.")
            connection.execute(
                "INSERT INTO worksheets VALUES (?, ?, ?, ?, 1)",
                (given.id, sheet.to_json(), json.dumps(asdict(sheet.rules)), given.made),
            )
        return given

    def all(self, *, only_open: bool = False) -> Sequence[Given]:
        """Return every worksheet, or those that are open, the newest first; one that cannot be read hides no other."""
        with self.database.reading() as connection:
            rows = connection.execute(
                f"SELECT * FROM worksheets {'WHERE open' if only_open else ''} ORDER BY rowid DESC"
            ).fetchall()
        found = []
        for row in rows:
            with contextlib.suppress(WorksheetError):
                found.append(_given(row))
        return found

    def get(self, sheet_id: str) -> Given:
        """Return one worksheet; raises WorksheetError where there is none of that id."""
        with self.database.reading() as connection:
            return given_of(connection, sheet_id)

    def set_open(self, sheet_id: str, is_open: bool, *, by: Person) -> None:
        """Close a worksheet, or open it again; what was written stays."""
        with self._teaching(by) as connection:
            given_of(connection, sheet_id)
            connection.execute("UPDATE worksheets SET open = ? WHERE id = ?", (int(is_open), sheet_id))

    def delete(self, sheet_id: str, *, by: Person) -> None:
        """Delete a worksheet, all answers and all that was handed in, for good."""
        with self._teaching(by) as connection:
            given_of(connection, sheet_id)
            connection.execute("DELETE FROM worksheets WHERE id = ?", (sheet_id,))

    def now(self, owner: str) -> Given | None:
        """Return the worksheet that an owner does now, open or not; None where there is none, or it was deleted."""
        with self.database.reading() as connection:
            row = connection.execute(
                "SELECT worksheets.* FROM sheet_owners JOIN worksheets ON worksheets.id = worksheet"
                " WHERE owner = ? AND current",
                (owner,),
            ).fetchone()
        if row is None:
            return None
        try:
            return _given(row)
        except WorksheetError:
            return None

    def begin(self, sheet_id: str, *, by: Person) -> Given:
        """Let somebody do a worksheet, or take it up again; it is then the one that pages show.

        Raises WorksheetError, a sentence, where it is closed or gone, where they have no nickname, and where a class
        goes on that they have not joined.
        """
        with self.database.writing() as connection:
            given = given_of(connection, sheet_id)
            begun = connection.execute(
                "SELECT 1 FROM sheet_owners WHERE worksheet = ? AND owner = ?", (sheet_id, by.owner)
            ).fetchone()
            if begun is None:
                _check_beginner(connection, given, by)
            connection.execute("UPDATE sheet_owners SET current = 0 WHERE owner = ?", (by.owner,))
            connection.execute(
                "INSERT INTO sheet_owners VALUES (?, ?, ?, 1) ON CONFLICT DO UPDATE SET current = 1",
                (sheet_id, by.owner, time.time()),
            )
        return given

    def leave(self, *, by: Person) -> None:
        """Let pages show no worksheet to somebody; what they have written stays."""
        with self.database.writing() as connection:
            connection.execute("UPDATE sheet_owners SET current = 0 WHERE owner = ?", (by.owner,))

    @contextlib.contextmanager
    def _teaching(self, by: Person) -> Iterator[sqlite3.Connection]:
        check_teaches(by)
        with self.database.writing() as connection:
            yield connection


def given_of(connection: sqlite3.Connection, sheet_id: str) -> Given:
    """Return one worksheet; raises WorksheetError where there is none of that id."""
    row = None
    if is_id(sheet_id):
        row = connection.execute("SELECT * FROM worksheets WHERE id = ?", (sheet_id,)).fetchone()
    if row is None:
        raise WorksheetError(GONE)
    return _given(row)


def _given(row: sqlite3.Row) -> Given:
    return Given(id=row["id"], sheet=read(row["sheet"]), made=row["made"], open=bool(row["open"]))


def _check_beginner(connection: sqlite3.Connection, given: Given, by: Person) -> None:
    if not given.open:
        raise WorksheetError(CLOSED)
    row = connection.execute("SELECT nickname FROM owners WHERE owner = ?", (by.owner,)).fetchone()
    if row is None or not row["nickname"]:
        raise WorksheetError("Say first what the class calls you: what you hand in needs a name.")
    state = read_class(connection)
    joined = is_member(connection, by.owner) or by.runs_the_lab
    if state.on and state.rules.members_only and not joined:
        raise WorksheetError("A class is going on in this lab: join it first, with its code.")
    many = connection.execute("SELECT count(*) FROM sheet_owners WHERE worksheet = ?", (given.id,)).fetchone()[0]
    if many >= MOST_STUDENTS:
        raise WorksheetError(f"{MOST_STUDENTS:,} have begun this worksheet, and no more are taken.")


def _check_rules(sheet: Worksheet) -> None:
    from core.data import datasets  # here, because the package brings NumPy along
    from core.recipes import RECIPES

    if sheet.rules.dataset and sheet.rules.dataset not in datasets:
        raise WorksheetError(f"There is no data set '{sheet.rules.dataset[:60]}' in this lab.")
    if sheet.rules.recipe and sheet.rules.recipe not in RECIPES:
        raise WorksheetError(f"There is no recipe '{sheet.rules.recipe[:60]}'; there is {', '.join(RECIPES)}.")

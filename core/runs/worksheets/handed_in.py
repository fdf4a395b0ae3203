"""Handing a worksheet in, as often as one likes: the latest counts. What came in is the teacher's alone to read.

What was written and never handed in can be collected when the lesson ends; it says so wherever it stands.
"""

import io
import json
import sqlite3
import time
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.data.own.ways_out.safe_names import class_folders_of
from core.export.spreadsheet import csv_file
from core.rights import Person, check_teaches, shown_name
from core.runs.folders import check_space
from core.runs.store.rows import name_of
from core.runs.store.store import Store
from core.runs.worksheets.form import MOST_PARTS, Worksheet, WorksheetError
from core.runs.worksheets.given import CLOSED, Given, given_of
from core.runs.worksheets.work import Work, work_of
from core.runs.worksheets.written import student_page, trained_meanwhile
from core.strict_json import NotStrictJsonError, parse, typed

_ALL = range(1, MOST_PARTS + 1)
_LONGEST = 30 * 2**20  # bytes of a page, unpacked
_NOT_HANDED_IN = "not handed in"


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How far a student is: ``begun`` and ``handed_in`` (None: not yet) in seconds since 1970, ``times`` how often it
    was handed in, how many of its parts are done and of the questions answered."""

    name: str
    begun: float
    parts: int
    answered: int
    pictures: int
    handed_in: float | None
    times: int

    @property
    def has_something(self) -> bool:
        """Whether anything has been written or added."""
        return bool(self.answered or self.pictures)


class HandIns:
    """What has been handed in, of one store."""

    def __init__(self, store: Store) -> None:
        self.store, self.database = store, store.database

    def page(self, sheet_id: str, *, by: Person) -> bytes:
        """Return what ``by`` has written as one HTML file, to take home; of a closed worksheet as well."""
        given, work, name = self._mine(sheet_id, by)
        return student_page(
            given.sheet, work, trained_meanwhile(self.store, by.owner, work), name=name, at=work.handed_in
        )

    def hand_in(self, sheet_id: str, *, by: Person) -> float:
        """Hand in what ``by`` has written, in the place of what they handed in before; returns when.

        Raises WorksheetError where the worksheet is closed, gone or not begun, and where nothing has been written.
        """
        given, work, name = self._mine(sheet_id, by)
        if not given.open:
            raise WorksheetError(CLOSED)
        if work.is_empty:
            raise WorksheetError("There is nothing to hand in yet: answer a question, or add a picture.")
        at = time.time()
        runs = trained_meanwhile(self.store, by.owner, work)
        packed = zlib.compress(student_page(given.sheet, work, runs, name=name, at=at))
        check_space(self.store.home, needed=len(packed))
        with self.database.writing() as connection:
            if not given_of(connection, sheet_id).open:
                raise WorksheetError(CLOSED)
            connection.execute(
                "INSERT INTO hand_ins VALUES (?, ?, ?, ?, 1, ?, ?) ON CONFLICT (worksheet, owner) DO UPDATE SET"
                " name = excluded.name, at = excluded.at, times = times + 1, answers = excluded.answers,"
                " page = excluded.page",
                (sheet_id, by.owner, name, at, json.dumps(dict(work.answers)), packed),
            )
        return at

    def standings(self, sheet_id: str, *, by: Person) -> Sequence[Standing]:
        """Return how far everybody is who has begun it, by name; raises RightsError to all but whoever runs the lab."""
        check_teaches(by)
        with self.database.reading() as connection:
            sheet = given_of(connection, sheet_id).sheet
            rows = connection.execute(
                "SELECT owner, begun, coalesce(nickname, '') AS nickname, hand_ins.name, hand_ins.at, hand_ins.times"
                " FROM sheet_owners LEFT JOIN owners USING (owner) LEFT JOIN hand_ins USING (worksheet, owner)"
                " WHERE worksheet = ?",
                (sheet_id,),
            ).fetchall()
            answered, ticked, pictures = (
                _by_owner(connection, f"SELECT owner, {what}", sheet_id)
                for what in (
                    "question FROM sheet_answers WHERE worksheet = ? AND answer <> ''",
                    "part FROM sheet_ticks WHERE worksheet = ?",
                    "id FROM sheet_pictures WHERE worksheet = ?",
                )
            )
        found = [
            Standing(
                name=shown_name(row["owner"], row["nickname"] or row["name"] or ""),
                begun=row["begun"],
                parts=len(sheet.done_parts(answered[row["owner"]], ticked[row["owner"]])),
                answered=len(answered[row["owner"]]),
                pictures=len(pictures[row["owner"]]),
                handed_in=row["at"],
                times=row["times"] or 0,
            )
            for row in rows
        ]
        return sorted(found, key=lambda one: one.name.casefold())

    def answers_csv(self, sheet_id: str, *, by: Person) -> bytes:
        """Return what was handed in as a table: a row a student, a column a question; safe for a spreadsheet."""
        check_teaches(by)
        with self.database.reading() as connection:
            sheet = given_of(connection, sheet_id).sheet
            rows = connection.execute(
                "SELECT name, at, times, answers FROM hand_ins WHERE worksheet = ? ORDER BY name COLLATE NOCASE",
                (sheet_id,),
            ).fetchall()
        return _table(sheet, [(row["name"], row["at"], row["times"], _answers(row["answers"])) for row in rows])

    def zip_file(self, sheet_id: str, *, by: Person) -> bytes:
        """Return everything that was handed in as a zip: a page a student, and the table of answers."""
        table = self.answers_csv(sheet_id, by=by)
        with self.database.reading() as connection:
            owners = connection.execute(
                "SELECT owner, name FROM hand_ins WHERE worksheet = ? ORDER BY name COLLATE NOCASE", (sheet_id,)
            ).fetchall()
        pages = (self._page_of(sheet_id, row["owner"]) for row in owners)
        return _zip(table, [row["name"] for row in owners], pages)

    def collect(self, sheet_id: str, *, by: Person) -> bytes:
        """Return what was written and never handed in as a zip like that of `zip_file`, marked in names and table.

        Nothing is handed in by that: a student can still do it. Raises WorksheetError where there is nothing.
        """
        check_teaches(by)
        with self.database.reading() as connection:
            sheet = given_of(connection, sheet_id).sheet
            rows = connection.execute(
                "SELECT owner FROM sheet_owners LEFT JOIN hand_ins USING (worksheet, owner)"
                " WHERE worksheet = ? AND hand_ins.at IS NULL",
                (sheet_id,),
            ).fetchall()
        begun = {row["owner"]: self._mine(sheet_id, Person(owner=row["owner"])) for row in rows}
        written = [(name, owner, work) for owner, (_given, work, name) in begun.items() if not work.is_empty]
        if not written:
            raise WorksheetError("Whoever has written anything has handed it in.")
        written.sort(key=lambda one: one[0].casefold())
        pages = [
            student_page(sheet, work, trained_meanwhile(self.store, owner, work), name=name, at=None)
            for name, owner, work in written
        ]
        table = _table(sheet, [(name, None, 0, work.answers) for name, _owner, work in written])
        return _zip(table, [f"{_NOT_HANDED_IN} - {name}" for name, _owner, _work in written], pages)

    def _page_of(self, sheet_id: str, owner: str) -> bytes:
        with self.database.reading() as connection:
            row = connection.execute(
                "SELECT page FROM hand_ins WHERE worksheet = ? AND owner = ?", (sheet_id, owner)
            ).fetchone()
        return zlib.decompressobj().decompress(row["page"], _LONGEST) if row else b""

    def _mine(self, sheet_id: str, by: Person) -> tuple[Given, Work, str]:
        with self.database.reading() as connection:
            given, work = given_of(connection, sheet_id), work_of(connection, sheet_id, by.owner, bytes_of=_ALL)
            name = name_of(connection, by.owner)
        if work is None:
            raise WorksheetError("You have not begun this worksheet in this browser; open its link and begin it.")
        return given, work, name


def _by_owner(connection: sqlite3.Connection, select: str, sheet_id: str) -> Mapping[str, set[Any]]:
    found: dict[str, set[Any]] = defaultdict(set)
    for owner, what in connection.execute(select, (sheet_id,)):
        found[owner].add(what)
    return found


def _answers(text: str) -> Mapping[str, str]:
    try:
        return typed(Mapping[str, str], parse(text))  # type: ignore[type-abstract]
    except NotStrictJsonError:
        return {}


def _zip(table: bytes, names: Sequence[str], pages: Iterable[bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("answers.csv", table)
        for name, page in zip(class_folders_of(names), pages, strict=True):
            file.writestr(f"{name}.html", page)
    return stream.getvalue()


def _table(sheet: Worksheet, rows: Sequence[tuple[str, float | None, int, Mapping[str, str]]]) -> bytes:
    questions = list(sheet.questions())
    head = ["name", "handed in", "times", *(f"{key} {question.text}" for key, question in questions)]
    body = [
        [
            name,
            _NOT_HANDED_IN if at is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(at)),
            times,
            *(question.cell(answers.get(key, "")) for key, question in questions),
        ]
        for name, at, times, answers in rows
    ]
    return csv_file([head, *body])

"""What one student has written into a worksheet: answers, ticks, pictures of what a page showed. Nobody else's to read.

Each answer is one row, and is on the disk when the call returns: a server that is killed has lost none of them.
"""

import json
import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal, TypeVar

from core.names import new_id, printable
from core.rights import Person
from core.runs.folders import check_space
from core.runs.store.store import Store
from core.runs.worksheets.form import WorksheetError
from core.runs.worksheets.given import CLOSED, Given, given_of
from core.runs.worksheets.pictures import Curves, Figures, small_file
from core.strict_json import NotStrictJsonError, parse, typed

MOST_PICTURES = 12  # of one student in one worksheet
_CAPTION = 200  # characters
Kind = Literal["png", "jpeg", "curves", "figures"]
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class KeptPicture:
    """What a page showed: ``data`` are a file's bytes (png, jpeg) or what is drawn of it, as JSON (curves, figures);
    empty where nobody asked for them."""

    id: str
    part: int
    caption: str
    kind: Kind
    data: bytes

    @property
    def drawn(self) -> Curves | Figures | None:
        """What is to be drawn; None where it is a file, and where it cannot be read."""
        if self.kind in ("png", "jpeg"):
            return None
        kind: type[Curves] | type[Figures] = Curves if self.kind == "curves" else Figures
        try:
            return typed(kind, parse(self.data))
        except NotStrictJsonError:
            return None


@dataclass(frozen=True, kw_only=True)
class Work:
    """All that a student has written: ``answers`` by the questions' keys, the numbers of the parts that a page has
    ticked, pictures in their order; ``runs`` are the ids of those that they have submitted since they began.

    ``handed_in`` is when it was handed in last, in seconds since 1970 (None: never), ``times`` how often.
    """

    begun: float
    runs: frozenset[str]
    answers: Mapping[str, str]
    ticked: frozenset[int]
    pictures: Sequence[KeptPicture]
    handed_in: float | None
    times: int

    @property
    def is_empty(self) -> bool:
        """Whether nothing has been written into it or added to it."""
        return not self.answers and not self.pictures

    def is_done(self, number: int, given: Given) -> bool:
        """Whether part ``number``, from 1, is done: what it waits for has happened, and its questions are answered."""
        return number in given.sheet.done_parts(self.answers, self.ticked)


class StudentsWork:
    """What students have written, each read and changed by themselves alone."""

    def __init__(self, store: Store) -> None:
        self.store, self.database = store, store.database

    def of(self, sheet_id: str, *, by: Person, bytes_of: Sequence[int] = ()) -> Work | None:
        """Return what ``by`` has written, with the bytes of the pictures of these parts; None where they have not begun
        it."""
        with self.database.reading() as connection:
            return work_of(connection, sheet_id, by.owner, bytes_of=bytes_of)

    def answer(self, sheet_id: str, answers: Mapping[str, str], *, by: Person) -> Mapping[str, str]:
        """Keep answers by the keys of their questions, all or none; returns them as they are kept ("": taken out).

        Raises WorksheetError where the worksheet is closed or gone, and for an answer that cannot be.
        """
        with self.database.writing() as connection:
            given = _being_done(connection, sheet_id, by)
            questions = dict(given.sheet.questions())
            if unknown := set(answers).difference(questions):
                raise WorksheetError(f"This worksheet has no question {min(unknown)[:10]}.")
            taken = {key: questions[key].taken(answer) for key, answer in answers.items()}
            for key, answer in taken.items():
                connection.execute(
                    "INSERT OR REPLACE INTO sheet_answers VALUES (?, ?, ?, ?, ?)",
                    (sheet_id, by.owner, key, answer, time.time()),
                )
        return taken

    def tick(self, sheet_id: str, number: int, *, by: Person) -> None:
        """Note that what part ``number`` waits for has happened."""
        with self.database.writing() as connection:
            given = _being_done(connection, sheet_id, by)
            _check_part(given, number)
            connection.execute("INSERT OR IGNORE INTO sheet_ticks VALUES (?, ?, ?)", (sheet_id, by.owner, number))

    def add(
        self, sheet_id: str, number: int, shown: bytes | Curves | Figures, *, caption: str, by: Person
    ) -> KeptPicture:
        """Put a picture that a page has drawn, curves or figures into part ``number``, and return it as it is kept.

        Raises WorksheetError where there are `MOST_PICTURES`, and for a file that is no picture.
        """
        printable(caption, what="caption", error=WorksheetError)
        kind, data = _kept(shown)
        check_space(self.store.home, needed=len(data))
        kept = KeptPicture(id=new_id(), part=number, caption=caption[:_CAPTION], kind=kind, data=data)
        with self.database.writing() as connection:
            given = _being_done(connection, sheet_id, by)
            _check_part(given, number)
            count = connection.execute(
                "SELECT count(*) FROM sheet_pictures WHERE worksheet = ? AND owner = ?", (sheet_id, by.owner)
            ).fetchone()[0]
            if count >= MOST_PICTURES:
                raise WorksheetError(f"{count} pictures are in your worksheet, and no more fit; take one out first.")
            connection.execute(
                "INSERT INTO sheet_pictures VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (kept.id, sheet_id, by.owner, number, kept.caption, kind, data, time.time()),
            )
        return kept

    def take_out(self, sheet_id: str, picture_id: str, *, by: Person) -> None:
        """Take a picture of ``by``'s out again."""
        with self.database.writing() as connection:
            _being_done(connection, sheet_id, by)
            connection.execute(
                "DELETE FROM sheet_pictures WHERE id = ? AND worksheet = ? AND owner = ?",
                (picture_id, sheet_id, by.owner),
            )


def work_of(connection: sqlite3.Connection, sheet_id: str, owner: str, *, bytes_of: Sequence[int]) -> Work | None:
    """Return what an owner has written into a worksheet, with the bytes of the pictures of these parts; None where they
    have not begun it."""
    which = "WHERE worksheet = ? AND owner = ?", (sheet_id, owner)
    begun = connection.execute(f"SELECT begun FROM sheet_owners {which[0]}", which[1]).fetchone()
    if begun is None:
        return None
    answers = connection.execute(f"SELECT question, answer FROM sheet_answers {which[0]}", which[1])
    runs = connection.execute(
        "SELECT id FROM sheet_runs JOIN runs ON runs.id = run WHERE worksheet = ? AND owner = ?", (sheet_id, owner)
    )
    ticks = connection.execute(f"SELECT part FROM sheet_ticks {which[0]}", which[1])
    data = f"CASE WHEN part IN ({', '.join(map(str, bytes_of))}) THEN data ELSE x'' END AS data"
    pictures = connection.execute(
        f"SELECT id, part, caption, kind, {data} FROM sheet_pictures {which[0]} ORDER BY part, rowid", which[1]
    )
    handed = connection.execute(f"SELECT at, times FROM hand_ins {which[0]}", which[1]).fetchone()
    return Work(
        begun=begun["begun"],
        runs=frozenset(row["id"] for row in runs),
        answers={row["question"]: row["answer"] for row in answers if row["answer"]},
        ticked=frozenset(row["part"] for row in ticks),
        pictures=[
            KeptPicture(id=r["id"], part=r["part"], caption=r["caption"], kind=r["kind"], data=r["data"])
            for r in pictures
        ],
        handed_in=handed["at"] if handed else None,
        times=handed["times"] if handed else 0,
    )


def _being_done(connection: sqlite3.Connection, sheet_id: str, by: Person) -> Given:
    """The worksheet, where ``by`` has begun it and it is open; raises WorksheetError, a sentence, where not."""
    given = given_of(connection, sheet_id)
    if not given.open:
        raise WorksheetError(CLOSED)
    begun = connection.execute(
        "SELECT 1 FROM sheet_owners WHERE worksheet = ? AND owner = ?", (sheet_id, by.owner)
    ).fetchone()
    if begun is None:
        raise WorksheetError("You have not begun this worksheet in this browser; open its link and begin it.")
    return given


def _check_part(given: Given, number: int) -> None:
    if not 1 <= number <= len(given.sheet.parts):
        raise WorksheetError(f"This worksheet has {len(given.sheet.parts)} parts, and none with the number {number}.")


def _kept(shown: bytes | Curves | Figures) -> tuple[Kind, bytes]:
    if isinstance(shown, bytes):
        return small_file(shown)
    kind: Kind = "curves" if isinstance(shown, Curves) else "figures"
    return kind, json.dumps(asdict(shown), ensure_ascii=False, allow_nan=False).encode()

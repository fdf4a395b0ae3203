"""The class of a store as its teacher and its students change it. Only whoever runs the lab may do what a teacher does.

A class begins with another number. From the second on, a browser is somebody else in each (`core.rights.owner_of`), so
that who sits at a machine of the school owns nothing that somebody made there before.
"""

import contextlib
import re
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count

from core.config import TrainingConfig
from core.errors import LabError, RunError
from core.names import new_code, typed_code
from core.rights import CODES, Person, check_teaches, shown_name
from core.runs.records import NAME_LENGTH
from core.runs.store.class_rules import (
    CONTROLS,
    ClassState,
    Rules,
    check_may_train,
    is_member,
    read_class,
    rules_of,
    write_class,
)
from core.runs.store.owners import call
from core.runs.store.rows import person_of
from core.runs.store.stopping import stop
from core.runs.store.store import Store

_LIVE = "status IN ('queued', 'running', 'stopping')"
_PAST = re.compile(r" \(\d{4}-\d\d-\d\d(, \d+)?\)$")  # behind the nickname of somebody of an earlier class


@dataclass(frozen=True, kw_only=True)
class Member:
    """Somebody who has joined: an owner's id, which is never shown, the name, and when, in seconds since 1970."""

    owner: str
    name: str
    joined: float


class Classroom:
    """The class of one store. Reading costs a row."""

    def __init__(self, store: Store) -> None:
        self.store, self.database = store, store.database

    def state(self) -> ClassState:
        """Return the class as it is."""
        with self.database.reading() as connection:
            return read_class(connection)

    def members(self) -> Sequence[Member]:
        """Return who has joined, the first one first."""
        with self.database.reading() as connection:
            rows = connection.execute(
                "SELECT owner, joined, coalesce(nickname, '') AS nickname FROM members LEFT JOIN owners USING (owner)"
                " ORDER BY place, joined"
            ).fetchall()
        return [Member(owner=r["owner"], name=shown_name(r["owner"], r["nickname"]), joined=r["joined"]) for r in rows]

    def is_member(self, owner: str) -> bool:
        """Return whether an owner has joined."""
        with self.database.reading() as connection:
            return is_member(connection, owner)

    def rules_of(self, owner: str) -> Rules:
        """Return what an owner is held to, by the class and by the worksheet that they do."""
        with self.database.reading() as connection:
            return rules_of(connection, owner)

    def check(self, owner: str, config: TrainingConfig) -> None:
        """Raise RunError, a sentence, where the class does not let an owner train so; `Store.submit` does as well."""
        with self.database.reading() as connection:
            check_may_train(connection, owner, [config])

    def opens(self, typed: str, *, by: Person) -> bool:
        """Return whether a code, as somebody typed it, is the one that lets people join now.

        Raises RunError for what can be no code, RightsError where too many were tried.
        """
        code = typed_code(typed, error=RunError)
        if (state := self.state()).code is None:
            return False
        return CODES.judge(code, right=code == state.code, by=by)

    def join(self, typed: str, nickname: str, *, by: Person) -> None:
        """Take somebody into the class under a nickname, or leave all as it is and raise RunError, a sentence."""
        if not self.opens(typed, by=by):
            raise RunError("No class is open under this code; look at it once more, or ask whether it has changed.")
        if not nickname.strip():
            raise RunError("Say what the class calls you: a nickname of your own.")
        with self.database.writing() as connection:
            if read_class(connection).code != typed_code(typed, error=RunError):
                raise RunError("The code has just been changed, or the class closed to newcomers; ask your teacher.")
            call(connection, by.owner, nickname)
            connection.execute(
                "INSERT OR IGNORE INTO members VALUES (?, ?, (SELECT coalesce(max(place), 0) + 1 FROM members))",
                (by.owner, time.time()),
            )

    def begin(self, *, by: Person) -> ClassState:
        """Begin a class that people can join, with a code of its own; one that is going on goes on."""
        return self._change(by, _begun)

    def end(self, *, by: Person) -> ClassState:
        """End the class: the lab is as it is without one, and nobody is a member."""
        with self._teaching(by) as connection:
            _is_over(connection)
            before = read_class(connection)
            return _written(connection, ClassState(number=before.number, begun=before.begun))

    def open_joining(self, *, by: Person) -> ClassState:
        """Let people join, by another code than before."""
        return self._change(by, lambda state: replace(_going_on(state), code=new_code()))

    def close_joining(self, *, by: Person) -> ClassState:
        """Let nobody join any more; who has joined stays."""
        return self._change(by, lambda state: replace(state, code=None))

    def hold_to(self, rules: Rules, *, by: Person) -> ClassState:
        """Hold everybody to ``rules``; raises RunError for a control that there is not."""
        if unknown := set(rules.controls).difference(CONTROLS):
            raise RunError(f"There is no control '{min(unknown)}'; there is {', '.join(CONTROLS)}.")
        return self._change(by, lambda state: replace(_going_on(state), rules=rules))

    def send_out(self, owner: str, *, by: Person) -> None:
        """Take somebody out of the class, and the nickname away."""
        with self._teaching(by) as connection:
            connection.execute("DELETE FROM members WHERE owner = ?", (owner,))
            connection.execute("UPDATE owners SET nickname = '' WHERE owner = ?", (owner,))

    def stop_all(self, *, by: Person) -> int:
        """Stop every run that waits, is at work or goes on by itself, and return how many; `go_on` takes it back."""
        with self._teaching(by) as connection:
            connection.execute(
                "UPDATE runs SET with_all = 1"
                " WHERE status IN ('queued', 'running') OR (status = 'interrupted' AND again)"
            )
            return stop(connection, "with_all", (), by=by)

    def stopped_together(self) -> Sequence[str]:
        """Return the ids of the runs that `stop_all` has stopped, or is stopping, and nobody has taken up since."""
        with self.database.reading() as connection:
            rows = connection.execute(
                "SELECT id FROM runs WHERE with_all AND status IN ('stopping', 'stopped') ORDER BY ticket"
            ).fetchall()
        return [row["id"] for row in rows]

    def go_on(self, *, by: Person) -> int:
        """Queue again what `stop_all` stopped and has stopped by now; returns how many.

        What somebody has taken up and stopped again, or stopped before, is theirs and left. What is still stopping
        another call takes up. Raises RunError, once all others have been taken up, where one cannot go on now.
        """
        check_teaches(by)
        taken_up, refused = 0, ""
        for run_id in self.stopped_together():
            with contextlib.suppress(LabError):  # deleted meanwhile
                run = self.store.get(run_id)
                if run.status == "stopped":
                    try:
                        self.store.resume(run_id, by=by)
                        taken_up += 1
                    except RunError as error:
                        refused = refused or f"{run.owner_name}: {error}"
        if refused:
            raise RunError(refused)
        return taken_up

    def clear(self, *, by: Person) -> ClassState:
        """Put runs that have ended away from console and projector; they stay in the list of all runs."""
        with self._teaching(by) as connection:
            connection.execute(f"UPDATE runs SET away = 1 WHERE NOT ({_LIVE})")
            return _written(connection, replace(read_class(connection), cleared=time.time()))

    def bring_back(self, *, by: Person) -> ClassState:
        """Take `clear` back."""
        with self._teaching(by) as connection:
            connection.execute("UPDATE runs SET away = 0")
            return _written(connection, replace(read_class(connection), cleared=0.0))

    def next_class(self, *, by: Person, delete_runs: bool = False) -> ClassState:
        """Begin another class: everything stops, nobody is a member, all nicknames are free, the code is another.

        What everybody is held to stays; worksheets are closed. The runs of who was here keep their names, with the day
        behind, and are nobody's to change but the teacher's; with ``delete_runs`` they are deleted where they have
        ended.
        """
        self.stop_all(by=by)
        for run_id in self._ended_in_this_class() if delete_runs else ():
            with contextlib.suppress(LabError):  # somebody was quicker
                self.store.delete(run_id, by=by)
        with self._teaching(by) as connection:
            _is_over(connection)
            connection.execute("UPDATE worksheets SET open = 0")
            _name_for_the_past(connection)
            before = read_class(connection)
            begun = replace(_going_on(ClassState(number=before.number + 1, begun=before.begun)), code=new_code())
            return _written(connection, replace(begun, rules=before.rules))

    def _ended_in_this_class(self) -> Sequence[str]:
        with self.database.reading() as connection:
            state = read_class(connection)
            rows = connection.execute(
                f"SELECT id FROM runs WHERE begun = ? AND NOT ({_LIVE})", (state.begun if state.on else -1,)
            ).fetchall()
        return [row["id"] for row in rows]

    def _change(self, by: Person, change: Callable[[ClassState], ClassState]) -> ClassState:
        with self._teaching(by) as connection:
            return _written(connection, change(read_class(connection)))

    @contextlib.contextmanager
    def _teaching(self, by: Person) -> Iterator[sqlite3.Connection]:
        """Lend a connection to whoever runs the lab; raises RightsError to others, whatever a page let them press."""
        check_teaches(by)
        with self.database.writing() as connection:
            yield connection


def _written(connection: sqlite3.Connection, state: ClassState) -> ClassState:
    write_class(connection, state)
    return state


def _is_over(connection: sqlite3.Connection) -> None:
    """Nobody is a member, and of what was stopped together or put away nothing is to be taken back any more."""
    connection.execute("DELETE FROM members")
    connection.execute("UPDATE runs SET away = 0, with_all = 0 WHERE away OR with_all")


def _begun(state: ClassState) -> ClassState:
    return state if state.on else replace(_going_on(state), code=new_code())


def _going_on(state: ClassState) -> ClassState:
    """The class that goes on, or a new one that nobody can join yet."""
    return state if state.on else replace(state, number=max(1, state.number), opened=time.time(), begun=state.begun + 1)


def _name_for_the_past(connection: sqlite3.Connection) -> None:
    """Put the day behind every nickname of the class that ends, so that the next one may take it."""
    rows = connection.execute("SELECT owner, nickname FROM owners WHERE nickname <> ''").fetchall()
    names = {row["nickname"] for row in rows}
    day = f"{datetime.now():%Y-%m-%d}"
    for owner, nickname in rows:
        if _PAST.search(nickname) or person_of(connection, owner).runs_the_lab:
            continue
        past = (f"{nickname[: NAME_LENGTH - 20]} ({day}{f', {n}' if n > 1 else ''})" for n in count(1))
        new = next(name for name in past if name not in names)
        names.add(new)
        connection.execute("UPDATE owners SET nickname = ? WHERE owner = ?", (new, owner))

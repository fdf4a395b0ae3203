"""The store as pages and the command line use it: submit, look, ask to stop, resume, rename, delete.

Nothing here runs a training or imports torch. Changes of state are made under the conditions that the caller saw,
inside one transaction each, so that two pages that press Stop at once cannot confuse a run.
"""

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from itertools import islice
from pathlib import Path

from core.config import TrainingConfig
from core.errors import ConfigError, RunError
from core.events import EpochDone, StepDone
from core.home import home
from core.names import new_id
from core.rights import Person
from core.runs import folders
from core.runs.records import (
    AT_WORK,
    RESUMABLE,
    STATUSES,
    UNFIT,
    Change,
    Run,
    Status,
    check_id,
    check_name,
    check_note,
)
from core.runs.store.class_rules import check_may_train
from core.runs.store.database import Database
from core.runs.store.queue_order import positions
from core.runs.store.rows import RUNS, epoch_of, name_of, row_of, row_to_change, run_of, step_of
from core.runs.store.stopping import stop

STORE_NAME = "lab.sqlite3"
_READ_AT_ONCE = 200  # runs
WAITING_PER_OWNER = 100  # runs of one owner in the queue
CONFIG_LENGTH = 20_000  # characters of JSON


class Store:
    """Every run of one lab home. Cheap to read, safe between threads and between processes."""

    def __init__(self, path: Path) -> None:
        """Open or make the store at ``path``; raises StoreError with a sentence where that cannot be done safely."""
        self.path = path
        self.home = path.parent
        self.database = Database(path)

    def close(self) -> None:
        """Close idle connections."""
        self.database.close()

    def submit(self, config: TrainingConfig, owner: str, name: str, *, note: str = "") -> Run:
        """Queue a training and return it; `core.runs.ensure_supervisor` then sees to it that it is served.

        Everything is checked again here, because a form's limits are no defence. Raises ConfigError for a
        configuration out of bounds, RunError for a name, a quota, a full disk or what the class does not do now.
        """
        return self.submit_together([(config, name)], owner, note=note)[0]

    def submit_together(
        self, trainings: Sequence[tuple[TrainingConfig, str]], owner: str, *, note: str = ""
    ) -> Sequence[Run]:
        """Queue trainings, each with its name, one after the other: all of them, or none where one is refused.

        Raises what `submit` does.
        """
        texts = [(checked_config(config), check_name(name)) for config, name in trainings]
        owner, note = check_name(owner, what="owner"), check_note(note)
        folders.check_space(self.home)
        ids = [new_id() for _training in texts]
        with self.database.writing() as connection:
            check_may_train(connection, owner, (config for config, _name in trainings))
            for run_id, (text, name) in zip(ids, texts, strict=True):
                self.check_quota(connection, owner)
                connection.execute(
                    "INSERT INTO runs (id, owner, name, note, config, created, ticket, begun)"
                    " VALUES (?, ?, ?, ?, ?, ?, (SELECT coalesce(max(ticket), 0) + 1 FROM runs),"
                    " coalesce((SELECT begun FROM classroom), 0))",
                    (run_id, owner, name, note, text, time.time()),
                )
                connection.execute(
                    "INSERT INTO sheet_runs SELECT worksheet, ? FROM sheet_owners WHERE owner = ?", (run_id, owner)
                )
        return [self.get(run_id) for run_id in ids]

    def get(self, run_id: str) -> Run:
        """Return one run; raises RunError where there is none of that id."""
        with self.database.reading() as connection:
            row = row_of(connection, run_id)
            places = positions(connection) if row["status"] == "queued" else {}
        return self._run(row, places, self._trouble())

    def list(
        self,
        owner: str | None = None,
        *,
        statuses: Sequence[Status] | None = None,
        trained: bool = False,
        which: Callable[[Run], bool] | None = None,
        after: int = 0,
        at_most: int | None = None,
    ) -> Sequence[Run]:
        """Return runs, newest first: all, or one owner's, those in one of ``statuses``, those that ``which`` takes,
        those ``trained`` (a network has been kept).

        ``at_most`` of them (None: every one), passing over the first ``after``: both count runs that are wanted, so
        that nothing is cut off before it is looked for.
        """
        wanted = filter(which, self._each(*_condition(owner, statuses, trained)))
        return list(islice(wanted, after, None if at_most is None else after + at_most))

    def count(
        self, owner: str | None = None, *, statuses: Sequence[Status] | None = None, trained: bool = False
    ) -> int:
        """Return how many runs `list` would return, without reading them."""
        condition, values = _condition(owner, statuses, trained)
        with self.database.reading() as connection:
            return int(connection.execute(f"SELECT count(*) FROM runs WHERE {condition}", values).fetchone()[0])

    def _each(self, condition: str, values: Sequence[str]) -> Iterator[Run]:
        """Such runs, newest first, read in parts; a row that cannot be read hides no other one, and doctor names it."""
        before, trouble = 2**62, self._trouble()
        while True:
            with self.database.reading() as connection:
                rows = connection.execute(
                    f"{RUNS} WHERE {condition} AND runs.rowid < ? ORDER BY runs.rowid DESC LIMIT ?",
                    (*values, before, _READ_AT_ONCE),
                ).fetchall()
                places = positions(connection) if any(row["status"] == "queued" for row in rows) else {}
            for row in rows:
                with contextlib.suppress(ConfigError):
                    yield self._run(row, places, trouble)
            if len(rows) < _READ_AT_ONCE:
                return
            before = rows[-1]["place"]

    def _run(self, row: sqlite3.Row, places: Mapping[str, int], trouble: Callable[[], str]) -> Run:
        """The run of a row; one that cannot go on for want of a disk says so, whatever was noted last."""
        run = run_of(row, home=self.home, places=places)
        waits = run.status in AT_WORK or run.status == "queued" or row["again"]
        said = trouble() if waits else ""
        return replace(run, message=said, message_share=0.0) if said else run

    def _trouble(self) -> Callable[[], str]:
        """What is wrong with the disk, looked at once at most."""
        return cache(lambda: folders.trouble(self.home))

    def request_stop(self, run_id: str, *, by: Person) -> Run:
        """Ask a run to stop: a queued one leaves the queue now, one at work stops after its next step and can resume.

        A run that has ended stays as it is. Raises RightsError where it is not ``by``'s.
        """
        with self.database.writing() as connection:
            row_to_change(connection, run_id, by, "stop")
            stop(connection, "id = ?", (run_id,), by=by)
        return self.get(run_id)

    def resume(self, run_id: str, *, by: Person) -> Run:
        """Queue a stopped, interrupted or failed run again; it goes on from its last saved state.

        A run that is queued or running stays as it is. Raises RightsError where it is not ``by``'s, RunError for one
        that has nothing left to do, and for what the class does not let ``by`` train now.
        """
        folders.check_space(self.home)
        with self.database.writing() as connection:
            row = row_to_change(connection, run_id, by, "resume")
            if row["status"] == "stopping":
                raise RunError(f"'{row['name']}' is still stopping; resume it when it has stopped.")
            if row["status"] in ("finished", "diverged"):
                raise RunError(f"'{row['name']}' has {row['status']}; there is nothing to resume.")
            if row["reason"] == UNFIT:
                raise RunError(f"'{row['name']}' cannot go on with these settings; train anew with others.")
            if row["status"] in RESUMABLE:
                check_may_train(connection, by.owner, [TrainingConfig.from_json(row["config"])])
                self.check_quota(connection, row["owner"])
                connection.execute(
                    "UPDATE runs SET status = 'queued', reason = 'resumed', message = '', log = '', ended = NULL,"
                    " stopped_by = '', front = 0, again = 0, losses = 0, ticket = (SELECT max(ticket) + 1 FROM runs)"
                    " WHERE id = ?",
                    (run_id,),
                )
        return self.get(run_id)

    def rename(self, run_id: str, name: str, *, by: Person) -> Run:
        """Give a run another name; raises RightsError where it is not ``by``'s, RunError for a name that cannot be."""
        return self._set(run_id, "name", check_name(name), by)

    def note(self, run_id: str, text: str, *, by: Person) -> Run:
        """Replace a run's note; raises RightsError where the run is not ``by``'s, RunError where it is too long."""
        return self._set(run_id, "note", check_note(text), by)

    def delete(self, run_id: str, *, by: Person) -> None:
        """Delete a run, its figures and its folder for good.

        Raises RightsError where it is not ``by``'s, RunError while it is at work.
        """
        with self.database.writing() as connection:
            row = row_to_change(connection, run_id, by, "delete")
            if row["status"] in AT_WORK:
                raise RunError(f"'{row['name']}' is {row['status']}; stop it first, then delete it.")
            connection.execute("DELETE FROM runs WHERE id = ?", (run_id,))
        folders.remove(folders.run_folder(self.home, run_id))

    def steps(self, run_id: str, *, after: int = 0, at_most: int = 1_000_000) -> Sequence[StepDone]:
        """Return the steps that follow step ``after``, in order: all of them, or the first ``at_most``.

        After a resume from a saved state, steps that were not saved are trained, and recorded, again.
        """
        with self.database.reading() as connection:
            rows = connection.execute(
                "SELECT * FROM steps WHERE run = ? AND step > ? ORDER BY step LIMIT ?",
                (check_id(run_id), after, at_most),
            ).fetchall()
        return [step_of(row) for row in rows]

    def epochs(self, run_id: str, *, after: int = 0) -> Sequence[EpochDone]:
        """Return the epochs that follow epoch ``after``, in order."""
        with self.database.reading() as connection:
            rows = connection.execute(
                "SELECT * FROM epochs WHERE run = ? AND epoch > ? ORDER BY epoch", (check_id(run_id), after)
            ).fetchall()
        return [epoch_of(row) for row in rows]

    def changes(self, run_id: str) -> Sequence[Change]:
        """Return every change of a run's status, oldest first."""
        with self.database.reading() as connection:
            rows = connection.execute("SELECT * FROM changes WHERE run = ? ORDER BY rowid", (check_id(run_id),))
            return [Change(at=r["at"], status=r["status"], reason=r["reason"], fence=r["fence"]) for r in rows]

    def _set(self, run_id: str, column: str, value: str, by: Person) -> Run:
        with self.database.writing() as connection:
            row_to_change(connection, run_id, by, "rename" if column == "name" else "annotate")
            connection.execute(f"UPDATE runs SET {column} = ? WHERE id = ?", (value, run_id))
        return self.get(run_id)

    def check_quota(self, connection: sqlite3.Connection, owner: str) -> None:
        """Raise RunError where an owner has as many runs waiting, or as much on the disk, as is allowed."""
        name = name_of(connection, owner)
        waiting = connection.execute(
            "SELECT count(*) FROM runs WHERE owner = ? AND status = 'queued'", (owner,)
        ).fetchone()[0]
        if waiting >= WAITING_PER_OWNER:
            raise RunError(
                f"{name} has {waiting} runs waiting, and {WAITING_PER_OWNER} may wait; let some finish first."
            )
        used = connection.execute(
            "SELECT coalesce(sum(bytes), 0) FROM checkpoints JOIN runs ON runs.id = run WHERE owner = ?", (owner,)
        ).fetchone()[0]
        if used >= folders.QUOTA:
            raise RunError(
                f"The runs of {name} hold {used / 2**30:.1f} GB on the disk, and {folders.QUOTA / 2**30:.1f} GB are "
                "allowed; delete some runs first."
            )


def _condition(owner: str | None, statuses: Sequence[Status] | None, trained: bool) -> tuple[str, tuple[str, ...]]:
    """The part of a query that chooses runs, and what stands for its question marks."""
    wanted = tuple(STATUSES if statuses is None else statuses)
    condition = f"runs.status IN ({', '.join('?' * len(wanted))})" + ("" if owner is None else " AND runs.owner = ?")
    if trained:
        condition += " AND EXISTS (SELECT 1 FROM checkpoints WHERE run = runs.id AND kind IN ('best', 'final'))"
    return condition, (*wanted, *(() if owner is None else (owner,)))


def open_store() -> Store:
    """Return the store of this machine's lab home (``CNN_LAB_HOME``); the same object for the same home."""
    return _store(home() / STORE_NAME)


@lru_cache(maxsize=8)
def _store(path: Path) -> Store:
    return Store(path)


def checked_config(config: TrainingConfig) -> str:
    """Return the configuration, in JSON, as it will be read back: built anew from it, which checks every bound again.

    An own set is pinned to the version that it is now.
    """
    try:
        text = config.to_json()
    except (TypeError, ValueError) as error:
        raise ConfigError(f"This training configuration cannot be stored: {error}.") from None
    if len(text) > CONFIG_LENGTH:
        raise ConfigError(f"This training configuration takes {len(text):,} characters; it may take {CONFIG_LENGTH:,}.")
    checked = TrainingConfig.from_json(text)
    from core.data import datasets, kept_name  # here, because the package brings NumPy along

    _ = datasets[checked.dataset]  # an unknown name is a sentence; whether the model fits the data, the worker says
    return replace(checked, dataset=kept_name(checked.dataset)).to_json()

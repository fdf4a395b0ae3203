"""The queue as the supervisor sees it: claim, remember the worker, take back what was lost.

The supervisor is alone by a file lock; the conditions here keep the store right even if two of them ran.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from core.config import TrainingConfig
from core.errors import ConfigError
from core.runs.records import Status
from core.runs.store.lease import MOST_LOSSES
from core.runs.store.queue_order import ALONE, AT_WORK_SQL, CLAIM, MAY_SHARE_SQL, SERVED, SMALL_SQL
from core.runs.store.store import Store

_BUSY = "SELECT 1 FROM runs WHERE status IN ('queued', 'running', 'stopping') OR handle <> '' OR again LIMIT 1"
OF_ONE_OWNER = 2  # runs of one owner that share a process at once: the next ones wait until these are through


@dataclass(frozen=True, kw_only=True)
class Claim:
    """The right, and the duty, to start one worker; with a ``handle`` the run has been handed to that process."""

    run_id: str
    owner: str
    fence: int
    threads: int | None
    handle: str = ""


@dataclass(frozen=True, kw_only=True)
class Held:
    """A run whose worker has to be watched: it is at work, or its process is not yet known to be gone."""

    run_id: str
    name: str
    fence: int
    status: Status
    handle: str
    beat: float
    shared: bool


class Queue:
    """The supervisor's side of a store."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.database = store.database

    def claim(self, *, slots: int, threads: int | None = None, together: int = 0) -> Claim | None:
        """Take the next run, or return None where there is nothing to take.

        A run has a process of its own, of which ``slots`` are at work at most; up to ``together`` runs that may share
        one are handed to a process that is there (0: none is), and there are ``slots`` of those, too. Without slots a
        run is at most handed over.
        """
        values = {
            "now": time.time(),
            "slots": slots,
            "threads": threads,
            "together": together,
            "of_one_owner": OF_ONE_OWNER,
            "alone": ALONE if slots else 0,
        }
        with self.database.writing() as connection:
            row = connection.execute(CLAIM, values).fetchone()
            if row is None:
                return None
            connection.execute(SERVED, (row["owner"],))
        return Claim(
            run_id=row["id"],
            owner=row["owner"],
            fence=row["fence"],
            threads=row["threads"],
            handle=row["handle"],
        )

    def sort_out(self, may_share: Callable[[TrainingConfig], bool | None]) -> None:
        """Note of every waiting run whether it may share a process; None: that cannot be said yet."""
        with self.database.reading() as connection:
            rows = connection.execute(
                "SELECT id, config FROM runs WHERE status = 'queued' AND shareable IS NULL"
            ).fetchall()
        known = []
        for row in rows:
            try:
                answer = may_share(TrainingConfig.from_json(row["config"]))
            except ConfigError:
                answer = False  # its worker says what is wrong with it
            if answer is not None:
                known.append((int(answer), row["id"]))
        if known:
            with self.database.writing(durable=False) as connection:
                connection.executemany("UPDATE runs SET shareable = ? WHERE id = ?", known)

    def make_room(self, turn: Callable[[str, int], bool], *, together: int) -> None:
        """Where runs wait for a process of their own, ask those that have had a ``turn`` in one to save and let go.

        Only what has been saved since it was claimed lets go: every turn gets further. A run that goes on alone because
        its last process was lost goes back to the others as soon as it has. ``together`` is what `claim` is given.
        """
        may_share = f"(:together > 0 AND {MAY_SHARE_SQL.format(run='')})"
        small, own_is_small = SMALL_SQL.format(run=""), SMALL_SQL.format(run="own.")
        waits = f"status = 'queued' AND handle = '' AND NOT ({may_share} AND losses = 0)"
        saved = "(SELECT max(step) FROM checkpoints WHERE run = own.id AND kind = 'state')"
        with self.database.reading() as connection:
            rows = connection.execute(
                f"SELECT id, fence, {may_share} AS suspect FROM runs AS own WHERE status = 'running' AND NOT shared"
                f" AND NOT make_room AND {saved} > claimed_step AND EXISTS"
                f" (SELECT 1 FROM runs WHERE {waits} AND (:together = 0 OR {small} = {own_is_small}))",
                {"together": together},
            ).fetchall()
        for row in rows:
            if row["suspect"] or turn(row["id"], row["fence"]):
                with self.database.writing(durable=False) as connection:
                    connection.execute(
                        "UPDATE runs SET make_room = 1 WHERE id = ? AND fence = ?", (row["id"], row["fence"])
                    )

    def tell_waiting(self, why: str, *, before: str) -> None:
        """Have every run that waits say ``why`` nothing can be started; '' takes back what was said ``before``."""
        others = "status = 'queued' AND " + ("message <> :why" if why else "message = :before")
        told = {"why": why, "before": before}
        with self.database.reading() as connection:
            if not connection.execute(f"SELECT 1 FROM runs WHERE {others} LIMIT 1", told).fetchone():
                return
        with self.database.writing(durable=False) as connection:
            connection.execute(f"UPDATE runs SET message = :why WHERE {others}", told)

    def shared_workers(self) -> list[str]:
        """Return the handles of the processes that take in runs, and have none."""
        with self.database.reading() as connection:
            rows = connection.execute(
                "SELECT handle FROM shared_workers WHERE handle NOT IN (SELECT handle FROM runs)"
            ).fetchall()
        return [row["handle"] for row in rows]

    def forget(self, handle: str) -> None:
        """Hand no more runs to a process that is gone."""
        with self.database.writing(durable=False) as connection:
            connection.execute("DELETE FROM shared_workers WHERE handle = ?", (handle,))

    def started(self, claim: Claim, handle: str) -> None:
        """Remember the worker's handle, so that the next supervisor finds it too; a worker may have been quicker."""
        with self.database.writing() as connection:
            connection.execute(
                "UPDATE runs SET handle = ? WHERE id = ? AND fence = ? AND handle = ''",
                (handle, claim.run_id, claim.fence),
            )

    def held(self) -> list[Held]:
        """Return the runs whose workers have to be watched."""
        with self.database.reading() as connection:
            rows = connection.execute(
                f"SELECT id, name, fence, status, handle, beat, shared FROM runs WHERE {AT_WORK_SQL} OR handle <> ''"
            ).fetchall()
        return [
            Held(
                run_id=row["id"],
                name=row["name"],
                fence=row["fence"],
                status=row["status"],
                handle=row["handle"],
                beat=row["beat"],
                shared=bool(row["shared"]),
            )
            for row in rows
        ]

    def gone(self, held: Held, *, log: str, forced: bool, trouble: str = "", blamed: bool | None = None) -> None:
        """Take note that a worker's process is gone; a run that it left at work becomes interrupted or stopped.

        An interrupted run is queued again by `again`, unless `MOST_LOSSES` workers in a row were lost without a newer
        saved state: then something about the run kills its workers, and a person should look. Where the disk was in
        ``trouble``, a sentence, the loss is not counted. Of runs that shared the process one is ``blamed``: it goes on
        alone until it has got further, and the second time for good; the others (False) had no part in it. None:
        nobody knows whose turn it was, or it had none to share with.

        A worker that has named itself since ``held`` was looked at is there, and stays.
        """
        with self.database.writing() as connection:
            row = connection.execute(
                "SELECT status, losses, claimed_step, (SELECT coalesce(max(step), 0) FROM checkpoints"
                " WHERE run = id AND kind = 'state') AS saved FROM runs"
                f" WHERE id = ? AND fence = ? AND handle = ? AND {AT_WORK_SQL}",
                (held.run_id, held.fence, held.handle),
            ).fetchone()
            if row is not None:
                counts = not trouble and blamed is not False
                losses = (0 if row["saved"] > row["claimed_step"] else row["losses"]) + counts
                status, reason, message = _verdict(row["status"], row["saved"], losses, forced=forced)
                if trouble and status == "interrupted":
                    reason, message = "disk_full", trouble
                connection.execute(
                    "UPDATE runs SET status = ?, reason = ?, message = ?, log = ?, ended = ?, losses = ?, again = ?,"
                    f" shareable = iif(? AND {MAY_SHARE_SQL.format(run='')}, shareable + 1, shareable) WHERE id = ?",
                    (
                        status,
                        reason,
                        message,
                        log if status == "interrupted" else "",
                        time.time(),
                        losses,
                        int(status == "interrupted" and losses < MOST_LOSSES),
                        bool(blamed and not trouble),
                        held.run_id,
                    ),
                )
            connection.execute(
                "UPDATE runs SET handle = '' WHERE id = ? AND fence = ? AND handle = ?",
                (held.run_id, held.fence, held.handle),
            )

    def again(self) -> int:
        """Queue every run again that was interrupted through no fault of its own; returns how many."""
        with self.database.writing() as connection:
            return connection.execute(
                "UPDATE runs SET status = 'queued', reason = iif(reason = 'turn', 'turn', 'lost'), again = 0,"
                " message = iif(reason = 'disk_full', '', message),"
                " front = (reason <> 'turn'), ended = NULL,"
                " ticket = (SELECT max(ticket) + 1 FROM runs) WHERE status = 'interrupted' AND again"
            ).rowcount

    def refused(self, claim: Claim, message: str, *, by_disk: bool = False) -> None:
        """Take note that no worker could be started for a claim; where that was the disk, it is tried again."""
        status, reason = ("interrupted", "disk_full") if by_disk else ("failed", "not_started")
        with self.database.writing() as connection:
            connection.execute(
                "UPDATE runs SET status = ?, reason = ?, message = ?, ended = ?, again = ?"
                f" WHERE id = ? AND fence = ? AND {AT_WORK_SQL}",
                (status, reason, message, time.time(), int(by_disk), claim.run_id, claim.fence),
            )

    def appear(self, handle: str) -> None:
        """Note which process leads this store, for `present` and for doctor; the lock decides."""
        with self.database.writing(durable=False) as connection:
            connection.execute("INSERT OR REPLACE INTO supervisor (one, handle) VALUES (1, ?)", (handle,))

    def present(self) -> str | None:
        """Return the handle of the supervisor that appeared last; None where it took its leave."""
        with self.database.reading() as connection:
            row = connection.execute("SELECT handle FROM supervisor").fetchone()
        return row["handle"] if row else None

    def is_wanted(self) -> bool:
        """Say whether there is anything for a supervisor to do: a run that waits, is at work, or is to go on."""
        with self.database.reading() as connection:
            return connection.execute(_BUSY).fetchone() is not None

    def leave(self, handle: str, *, if_idle: bool) -> bool:
        """Take leave; with ``if_idle`` only where nothing waits or works, in the same transaction.

        So a run that is submitted meanwhile either keeps this supervisor here or finds that it has gone.
        """
        with self.database.writing(durable=False) as connection:
            if if_idle and connection.execute(_BUSY).fetchone():
                return False
            connection.execute("DELETE FROM supervisor WHERE handle = ?", (handle,))
        return True


def _verdict(status: str, saved: int, losses: int, *, forced: bool) -> tuple[Status, str, str]:
    """The status, reason and sentence of a run whose worker has gone without a word."""
    place = f"it can go on from step {saved:,}" if saved else "it can start again from the beginning"
    if status == "stopping":
        return "stopped", "forced" if forced else "asked", f"Its process was ended before it answered; {place}."
    if losses >= MOST_LOSSES:
        return (
            "interrupted",
            "lost",
            f"Its process was lost {losses} times in a row without getting further; look at its last lines; {place}.",
        )
    return "interrupted", "lost", f"Its process was lost; {place}."

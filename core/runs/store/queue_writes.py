"""The queue as the supervisor sees it: claim, remember the worker, take back what was lost.

The supervisor is alone by a file lock; the conditions here keep the store right even if two of them ran.
"""

import time
from dataclasses import dataclass

from core.runs.records import Status
from core.runs.store.lease import MOST_LOSSES
from core.runs.store.queue_order import AT_WORK_SQL, CLAIM, SERVED
from core.runs.store.store import Store

_BUSY = "SELECT 1 FROM runs WHERE status IN ('queued', 'running', 'stopping') OR handle <> '' OR again LIMIT 1"


@dataclass(frozen=True, kw_only=True)
class Claim:
    """The right, and the duty, to start one worker."""

    run_id: str
    owner: str
    fence: int
    threads: int | None


@dataclass(frozen=True, kw_only=True)
class Held:
    """A run whose worker has to be watched: it is at work, or its process is not yet known to be gone."""

    run_id: str
    name: str
    fence: int
    status: Status
    handle: str
    beat: float


class Queue:
    """The supervisor's side of a store."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.database = store.database

    def claim(self, *, slots: int, threads: int | None = None) -> Claim | None:
        """Take the next run, unless ``slots`` runs are at work; None where there is nothing to take."""
        with self.database.writing() as connection:
            row = connection.execute(CLAIM, {"now": time.time(), "slots": slots, "threads": threads}).fetchone()
            if row is None:
                return None
            connection.execute(SERVED, (row["owner"],))
        return Claim(run_id=row["id"], owner=row["owner"], fence=row["fence"], threads=row["threads"])

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
                f"SELECT id, name, fence, status, handle, beat FROM runs WHERE {AT_WORK_SQL} OR handle <> ''"
            ).fetchall()
        return [
            Held(
                run_id=row["id"],
                name=row["name"],
                fence=row["fence"],
                status=row["status"],
                handle=row["handle"],
                beat=row["beat"],
            )
            for row in rows
        ]

    def gone(self, held: Held, *, log: str, forced: bool, trouble: str = "") -> None:
        """Take note that a worker's process is gone; a run that it left at work becomes interrupted or stopped.

        An interrupted run is queued again by `again`, unless `MOST_LOSSES` workers in a row were lost without a newer
        saved state: then something about the run kills its workers, and a person should look. Where the disk was in
        ``trouble``, a sentence, the loss is not counted.
        """
        with self.database.writing() as connection:
            row = connection.execute(
                "SELECT status, losses, claimed_step, (SELECT coalesce(max(step), 0) FROM checkpoints"
                f" WHERE run = id AND kind = 'state') AS saved FROM runs WHERE id = ? AND fence = ? AND {AT_WORK_SQL}",
                (held.run_id, held.fence),
            ).fetchone()
            if row is not None:
                losses = (0 if row["saved"] > row["claimed_step"] else row["losses"]) + (not trouble)
                status, reason, message = _verdict(row["status"], row["saved"], losses, forced=forced)
                if trouble and status == "interrupted":
                    reason, message = "disk_full", trouble
                connection.execute(
                    "UPDATE runs SET status = ?, reason = ?, message = ?, log = ?, ended = ?, losses = ?, again = ?"
                    " WHERE id = ?",
                    (
                        status,
                        reason,
                        message,
                        log if status == "interrupted" else "",
                        time.time(),
                        losses,
                        int(status == "interrupted" and losses < MOST_LOSSES),
                        held.run_id,
                    ),
                )
            connection.execute("UPDATE runs SET handle = '' WHERE id = ? AND fence = ?", (held.run_id, held.fence))

    def again(self) -> int:
        """Queue every run again that was interrupted through no fault of its own; returns how many."""
        with self.database.writing() as connection:
            return connection.execute(
                "UPDATE runs SET status = 'queued', reason = 'lost', again = 0, front = 1, ended = NULL,"
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

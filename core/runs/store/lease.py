"""What a worker may write: everything about one run, for as long as its fencing number is the newest.

Each write names the run and the fence it was claimed with. Once the run has been stopped for it, taken back or given
to another worker, every write is refused with StaleWorkerError, whatever the old worker believes.
"""

import json
import math
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from core.config import TrainingConfig
from core.errors import RunError
from core.events import EpochDone, FeaturesKept, StepDone
from core.runs import folders
from core.runs.records import StaleWorkerError, Status
from core.runs.store.rows import kept_features
from core.runs.store.store import Store

MOST_LOSSES = 8  # workers lost in a row, none of which got as far as a newer saved state
_ALIVE = "beat = beat + 1"  # a sign of life: another number than before; what the clock says is no part of it
_HELD = "id = ? AND fence = ? AND status IN ('running', 'stopping')"


@dataclass(frozen=True, kw_only=True)
class Orders:
    """What a worker is told when it asks: whether to stop, whether the run is still its own, and whether others wait
    for a turn (``make_room``)."""

    stop: bool
    superseded: bool
    make_room: bool = False


class Lease:
    """One worker's hold on one run."""

    def __init__(self, store: Store, run_id: str, fence: int) -> None:
        self.store = store
        self.run_id = run_id
        self.fence = fence
        self.folder = folders.run_folder(store.home, run_id)

    def begin(self, handle: str) -> tuple[TrainingConfig, int | None]:
        """Say who is at work; returns the configuration and the number of threads that this run always uses.

        Raises StaleWorkerError where the run was claimed again before this worker came up.
        """
        with self.store.database.writing() as connection:
            self._update(connection, f"handle = ?, {_ALIVE}", handle)
            row = connection.execute("SELECT config, threads FROM runs WHERE id = ?", (self.run_id,)).fetchone()
        return TrainingConfig.from_json(row["config"]), row["threads"]

    def title(self) -> str:
        """Return what people call the run."""
        return self.store.get(self.run_id).name

    def orders(self) -> Orders:
        """Look, without writing, whether somebody asked to stop or the run has passed on."""
        with self.store.database.reading() as connection:
            row = connection.execute(
                f"SELECT status, make_room FROM runs WHERE {_HELD}", (self.run_id, self.fence)
            ).fetchone()
        if row is None:
            return Orders(stop=False, superseded=True)
        return Orders(stop=row["status"] == "stopping", superseded=False, make_room=bool(row["make_room"]))

    def beat(self) -> None:
        """Show a sign of life."""
        with self.store.database.writing(durable=False) as connection:
            self._update(connection, _ALIVE)

    def say(self, message: str, share: float = 0.0) -> None:
        """Show a sentence beside the run, what it does outside the loop, and how much of that is done, in [0, 1]."""
        with self.store.database.writing(durable=False) as connection:
            self._update(connection, f"message = ?, message_share = ?, {_ALIVE}", message, share)

    def share_no_more(self) -> None:
        """Have this run's next worker be a process of its own."""
        with self.store.database.writing() as connection:
            self._update(connection, "shareable = 0")

    def describe(
        self,
        *,
        device: str,
        steps_total: int,
        split: str,
        precision: str = "",
        features: FeaturesKept | None = None,
        notice: str = "",
    ) -> None:
        """Note on what this run computes and how many steps it has in all; clears the sentence of `say`.

        ``precision`` is a sentence for people, ``notice`` one that stays beside the run ('': the last one does),
        ``features`` what this worker spent on them: what earlier workers of the run spent is added to it.
        Raises RunError where ``split``, the fingerprint of the images, is not the one that
        the run began with.
        """
        with self.store.database.writing() as connection:
            columns = (
                "device = ?, steps_total = ?, precision = ?, message = '', notice = coalesce(nullif(?, ''), notice)"
            )
            self._update(connection, columns, device, steps_total, precision, notice)
            row = connection.execute("SELECT split, features FROM runs WHERE id = ?", (self.run_id,)).fetchone()
            if row["split"] not in ("", split):
                raise RunError(
                    "The data set is not the one that this run began with (other images, another order, or another "
                    "split into training and test), so it cannot go on; start a new run."
                )
            connection.execute("UPDATE runs SET split = ? WHERE id = ?", (split, self.run_id))
            if features is not None:
                before = kept_features(row)
                spent = features.spent_seconds + (before.spent_seconds if before is not None else 0.0)
                in_all = replace(features, spent_seconds=spent)
                connection.execute(
                    "UPDATE runs SET features = ? WHERE id = ?", (json.dumps(asdict(in_all)), self.run_id)
                )

    def rewind(self, *, step: int, epoch: int) -> None:
        """Forget figures and states later than a restored state: those steps are about to be trained again."""
        with self.store.database.writing() as connection:
            self._update(connection, "step = ?, epochs_done = ?", step, epoch)
            connection.execute("DELETE FROM steps WHERE run = ? AND step > ?", (self.run_id, step))
            connection.execute("DELETE FROM epochs WHERE run = ? AND epoch > ?", (self.run_id, epoch))
            connection.execute(
                "DELETE FROM checkpoints WHERE run = ? AND kind = 'state' AND (step, epoch) > (?, ?)",
                (self.run_id, step, epoch),
            )

    def record(
        self,
        steps: Sequence[StepDone],
        epochs: Sequence[tuple[int, EpochDone]],
        *,
        pace: float | None,
        turn_every: float | None = None,
        durable: bool = False,
    ) -> None:
        """Write figures: steps, and epochs with the step that ended each; ``pace`` is images a second, ``turn_every``
        the seconds between turns of a run that shares its process (None: it has it to itself).

        They survive the death of this process at once, and a power cut from the next durable write on.
        """
        with self.store.database.writing(durable=durable) as connection:
            self._update(
                connection,
                f"{_ALIVE}, step = max(step, ?), epochs_done = max(epochs_done, ?),"
                " images_per_second = coalesce(?, images_per_second), turn_every = ?",
                steps[-1].step if steps else 0,
                epochs[-1][1].epoch if epochs else 0,
                pace,
                turn_every,
            )
            connection.executemany(
                "INSERT OR REPLACE INTO steps VALUES (?, ?, ?, ?, ?, ?, ?)",
                [(self.run_id, s.step, s.epoch, _finite(s.loss), s.learning_rate, s.images, s.seconds) for s in steps],
            )
            connection.executemany(
                "INSERT OR REPLACE INTO epochs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [self._epoch_row(step, epoch) for step, epoch in epochs],
            )

    def saved(self, folder: Path, *, kind: str, step: int, epoch: int) -> None:
        """Name a folder that has been written in full, and forget those that it makes superfluous.

        Kept are the last two states, in the order of their steps (the last one of an epoch may have been saved before
        and after its end), and one model of each kind (best, final).
        """
        keep = 2 if kind == "state" else 1
        with self.store.database.writing() as connection:
            self._update(connection, _ALIVE)
            connection.execute(
                "INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?, ?, ?, ?, ?)",
                (self.run_id, folder.name, kind, step, epoch, folders.size_of(folder), time.time()),
            )
            rows = connection.execute(
                "SELECT folder FROM checkpoints WHERE run = ? AND kind = ? "
                " ORDER BY folder = ? DESC, step DESC, epoch DESC",
                (self.run_id, kind, folder.name),
            ).fetchall()
            connection.executemany(
                "DELETE FROM checkpoints WHERE run = ? AND folder = ?",
                [(self.run_id, row["folder"]) for row in rows[keep:]],
            )

    def kept(self) -> set[str]:
        """Return the names of the run's folders that count."""
        with self.store.database.reading() as connection:
            rows = connection.execute("SELECT folder FROM checkpoints WHERE run = ?", (self.run_id,)).fetchall()
        return {row["folder"] for row in rows}

    def end(
        self,
        status: Status,
        *,
        reason: str,
        message: str = "",
        log: str = "",
        again: bool = False,
        process_goes_on: bool = False,
    ) -> None:
        """Write the last word about this claim.

        ``again``: an interrupted run is queued again without being asked, as long as its workers get any further.
        ``process_goes_on`` with other runs: nobody has to wait for it to be gone.
        """
        with self.store.database.writing() as connection:
            saved = "(SELECT coalesce(max(step), 0) FROM checkpoints WHERE run = runs.id AND kind = 'state')"
            self._update(
                connection,
                f"losses = iif({saved} > claimed_step, 0, losses + ?), again = ? AND losses + 1 < {MOST_LOSSES},"
                " status = ?, reason = ?, message = ?, log = ?, ended = ?, handle = iif(?, '', handle)",
                int(reason != "disk_full" or not folders.trouble(self.store.home)),  # not its fault
                again,
                status,
                reason,
                message,
                log,
                time.time(),
                process_goes_on,
            )

    def _update(self, connection: sqlite3.Connection, columns: str, *values: object) -> None:
        changed = connection.execute(f"UPDATE runs SET {columns} WHERE {_HELD}", (*values, self.run_id, self.fence))
        if changed.rowcount != 1:
            raise StaleWorkerError(f"Run {self.run_id} is no longer held by worker {self.fence}; it has passed on.")

    def _epoch_row(self, step: int, epoch: EpochDone) -> tuple[object, ...]:
        figures = (epoch.train_loss, epoch.train_accuracy, epoch.val_loss, epoch.val_accuracy)
        return (
            self.run_id,
            epoch.epoch,
            step,
            *map(_finite, figures),
            epoch.learning_rate,
            epoch.seconds,
            int(epoch.is_best),
        )


def _finite(value: float) -> float | None:
    """SQLite has no NaN; a diverged loss is stored as an absent one."""
    return value if math.isfinite(value) else None

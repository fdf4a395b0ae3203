"""How the runs of a class get on, all of them at one look: a curve of few points each, and who is stuck.

Losses are looked up at forty steps of a run, by their keys; to read every step of thirty runs each second would cost
what a training costs.
"""

import sqlite3
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.rights import shown_name
from core.runs.records import AT_WORK, Status
from core.runs.store.class_rules import read_class
from core.runs.store.queue_order import positions
from core.runs.store.store import Store
from core.strict_json import NotStrictJsonError, parse_object, typed

POINTS = 40  # of a curve
MOST_SHOWN = 60  # runs
STILL, LONG_WAIT = 30.0, 120.0  # seconds without a step, in the queue, after which somebody should look
_RUNS = """
    SELECT runs.id, runs.owner, runs.name, runs.status, runs.message, runs.message_share, runs.created, runs.config,
        runs.step, runs.steps_total, runs.epochs_done, runs.rowid AS place, coalesce(owners.nickname, '') AS nickname,
        (SELECT max(at) FROM changes WHERE run = runs.id) AS changed
    FROM runs LEFT JOIN owners USING (owner)
    WHERE runs.status IN ('queued', 'running', 'stopping') OR (runs.begun >= ? AND NOT runs.away)
    ORDER BY runs.status NOT IN ('running', 'stopping'), runs.status <> 'queued', runs.rowid DESC LIMIT ?
"""


@dataclass(frozen=True, kw_only=True)
class RunInClass:
    """One run as the class sees it. ``owner`` is an id, and never shown; times are seconds since 1970.

    ``losses`` are (step, training loss in nats) at up to `POINTS` steps, ``accuracies`` the validation accuracy in
    [0, 1] after each epoch, ``changed`` when its state changed last, ``position`` its place in the queue from 1.
    ``place`` is larger for a run that was submitted later, whatever the clock said.
    """

    id: str
    place: int
    owner: str
    owner_name: str
    name: str
    status: Status
    message: str
    message_share: float
    created: float
    changed: float
    position: int | None
    dataset: str
    model: str
    recipe: str
    epochs: int
    epochs_done: int
    step: int
    steps_total: int
    losses: Sequence[tuple[int, float]]
    accuracies: Sequence[float | None]

    @property
    def best(self) -> float | None:
        """The best validation accuracy so far, in [0, 1]; None before the first epoch."""
        return max((one for one in self.accuracies if one is not None), default=None)

    @property
    def progress(self) -> tuple[object, ...]:
        """What is another whenever it has got any further."""
        return (self.status, self.step, self.epochs_done, self.message, round(self.message_share, 3))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Named:
    dataset: str
    model: str
    recipe: str
    epochs: int


def runs_in_class(store: Store) -> Sequence[RunInClass]:
    """Return the runs of the class: those at work, those that wait, then the newest of those that have ended.

    At most `MOST_SHOWN`, and of the ended ones those since the class began that were not put away.
    """
    with store.database.reading() as connection:
        state = read_class(connection)
        rows = connection.execute(_RUNS, (state.begun if state.on else 0, MOST_SHOWN)).fetchall()
        places = positions(connection) if any(row["status"] == "queued" for row in rows) else {}
        found = [_run(connection, row, places) for row in rows]
    return [run for run in found if run is not None]


def _run(connection: sqlite3.Connection, row: sqlite3.Row, places: Mapping[str, int]) -> RunInClass | None:
    try:
        fields = parse_object(row["config"])
        about = typed(_Named, {name: fields.get(name) for name in ("dataset", "model", "recipe", "epochs")})
    except NotStrictJsonError:
        return None  # a row that cannot be read hides no other; doctor names it
    return RunInClass(
        id=row["id"],
        place=row["place"],
        owner=row["owner"],
        owner_name=shown_name(row["owner"], row["nickname"]),
        name=row["name"],
        status=row["status"],
        message=row["message"],
        message_share=row["message_share"],
        created=row["created"],
        changed=row["changed"] or row["created"],
        position=places.get(row["id"]),
        dataset=about.dataset,
        model=about.model,
        recipe=about.recipe,
        epochs=about.epochs,
        epochs_done=row["epochs_done"],
        step=row["step"],
        steps_total=row["steps_total"],
        losses=_losses(connection, row["id"], row["step"]),
        accuracies=[
            each["val_accuracy"]
            for each in connection.execute("SELECT val_accuracy FROM epochs WHERE run = ? ORDER BY epoch", (row["id"],))
        ],
    )


def _losses(connection: sqlite3.Connection, run_id: str, last: int) -> Sequence[tuple[int, float]]:
    wanted = sorted({max(1, round(last * part / POINTS)) for part in range(1, POINTS + 1)}) if last else []
    rows = connection.execute(
        f"SELECT step, loss FROM steps WHERE run = ? AND step IN ({', '.join('?' * len(wanted))})"
        " AND loss IS NOT NULL ORDER BY step",
        (run_id, *wanted),
    )
    return [(row["step"], row["loss"]) for row in rows]


class Standing:
    """Since when each run has got no further: watched, because a store has no times of steps. Safe between threads."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[tuple[object, ...], float]] = {}
        self._lock = threading.Lock()

    def look(self, runs: Sequence[RunInClass], now: float) -> Mapping[str, float]:
        """Note how far each run is, and return for how many seconds it has been so, by its id; ``now`` in seconds."""
        with self._lock:
            before = self._seen
            self._seen = {
                run.id: before[run.id]
                if run.id in before and before[run.id][0] == run.progress
                else (run.progress, now)
                for run in runs
            }
            return {run_id: now - since for run_id, (_progress, since) in self._seen.items()}


def stuck(run: RunInClass, still: float, now: float) -> str:
    """Say why somebody should look after a run ("" where nobody need): it failed, stands still, or waits for long.

    ``still`` is for how many seconds it has got no further, ``now`` in seconds since 1970.
    """
    if run.status in ("failed", "diverged", "interrupted"):
        return run.message or {"diverged": "The loss is no longer a number."}.get(run.status, f"It has {run.status}.")
    if run.status == "queued" and (waits := now - run.changed) >= LONG_WAIT:
        return f"It has waited for {round(waits / 60)} min" + (f", at place {run.position}." if run.position else ".")
    if run.status in AT_WORK and still >= STILL:
        return f"It has got no further for {round(still)} s."
    return ""

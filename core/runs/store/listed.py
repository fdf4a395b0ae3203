"""All runs of a store at once, in the few facts that a list shows.

`Store.list` checks every configuration anew, which takes half a second for 3,000 runs; this takes a tenth of that.
"""

import contextlib
import functools
import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.rights import shown_name
from core.runs import folders
from core.runs.records import Status
from core.runs.store.queue_order import positions
from core.runs.store.rows import TRAINING_SECONDS
from core.runs.store.store import Store

_LISTED = f"""
    SELECT runs.id, runs.owner, runs.name, runs.note, runs.config, runs.status, runs.created, runs.epochs_done,
        runs.split, coalesce(owners.nickname, '') AS nickname, models.folder, coalesce(models.created, 0) AS kept,
        (SELECT max(val_accuracy) FROM epochs WHERE run = runs.id) AS best_validation,
        {TRAINING_SECONDS} AS training_seconds
    FROM runs LEFT JOIN owners USING (owner) LEFT JOIN checkpoints AS models ON models.run = runs.id AND models.folder =
        (SELECT folder FROM checkpoints WHERE run = runs.id AND kind IN ('best', 'final')
            ORDER BY kind = 'final' DESC, epoch DESC LIMIT 1)
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedRun:
    """One run of a list. ``owner`` is an id, and never shown; ``config`` is a configuration as it is stored, in JSON.

    ``training_seconds`` and ``best_validation`` are those of a `Run`, ``created`` in seconds since 1970; each is None
    where there is none yet. ``position`` is the place in the queue from 1, ``split`` the fingerprint of
    the images ('' before it began), ``network`` the folder of the best model so far, ``kept`` when that was written (0:
    there is none).
    """

    id: str
    owner: str
    owner_name: str
    name: str
    note: str
    status: Status
    position: int | None
    config: str
    dataset: str
    model: str
    recipe: str
    epochs: int
    epochs_done: int
    best_validation: float | None
    training_seconds: float | None
    created: float
    split: str
    network: Path | None
    kept: float


def listed(store: Store, *, at_work: bool = False) -> Sequence[ListedRun]:
    """Return every run, newest first, or those ``at_work``; one whose row cannot be read hides no other."""
    wanted = "WHERE runs.status IN ('running', 'stopping')" if at_work else ""
    with store.database.reading() as connection:
        rows = connection.execute(f"{_LISTED} {wanted} ORDER BY runs.rowid DESC").fetchall()
        places = positions(connection) if any(row["status"] == "queued" for row in rows) else {}
    found = []
    for row in rows:
        with contextlib.suppress(ValueError, RecursionError):
            found.append(_run(row, store.home, places.get(row["id"])))
    return found


def last_change(store: Store) -> tuple[int, int, str]:
    """Return what differs once a run has come, gone or changed its state: a list of before is then no longer true."""
    with store.database.reading() as connection:
        count, change, newest = connection.execute(
            "SELECT (SELECT count(*) FROM runs), (SELECT max(rowid) FROM changes),"
            " (SELECT id FROM runs ORDER BY rowid DESC LIMIT 1)"
        ).fetchone()
    return count, change or 0, newest or ""  # rows of runs that are gone give their numbers to new ones


@functools.lru_cache(maxsize=4_096)
def _named(config: str) -> tuple[str, str, str, int]:
    """Data set, network, recipe and epochs of a configuration; raises ValueError where it does not say them.

    Whoever opens the run reads all of it strictly; for 3,000 runs of a list that takes a third of a second. What a
    configuration says never changes, so it is read once.
    """
    fields = json.loads(config)
    if not isinstance(fields, dict):
        raise ValueError("not an object")
    dataset, model, recipe, epochs = (fields.get(name) for name in ("dataset", "model", "recipe", "epochs"))
    if not all(isinstance(name, str) for name in (dataset, model, recipe)) or type(epochs) is not int:
        raise ValueError("it does not say what is trained")
    return str(dataset), str(model), str(recipe), epochs


def _run(row: sqlite3.Row, home: Path, position: int | None) -> ListedRun:
    dataset, model, recipe, epochs = _named(row["config"])
    return ListedRun(
        id=row["id"],
        owner=row["owner"],
        owner_name=shown_name(row["owner"], row["nickname"]),
        name=row["name"],
        note=row["note"],
        status=row["status"],
        position=position,
        config=row["config"],
        dataset=dataset,
        model=model,
        recipe=recipe,
        epochs=epochs,
        epochs_done=row["epochs_done"],
        best_validation=row["best_validation"],
        training_seconds=row["training_seconds"],
        created=row["created"],
        split=row["split"],
        network=folders.run_folder(home, row["id"]) / row["folder"] if row["folder"] else None,
        kept=row["kept"],
    )

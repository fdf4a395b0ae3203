"""Rows of the store into what they stand for: runs, steps, epochs."""

import hmac
import sqlite3
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from core.config import TrainingConfig, training_size
from core.errors import RunError
from core.events import EpochDone, FeaturesKept, StepDone
from core.rights import Person, RightsError, proof, shown_name
from core.runs import folders
from core.runs.records import AT_WORK, Run, check_id
from core.strict_json import NotStrictJsonError, parse, typed

EPOCHS_ASKED = 3  # the last ones, for the time that an epoch takes
# What a card says as ``seconds``: the epochs, and a frozen backbone's look at the images.
TRAINING_SECONDS = """
    (SELECT sum(seconds) FROM epochs WHERE run = runs.id)
        + iif(json_valid(runs.features), coalesce(json_extract(runs.features, '$.look_seconds'), 0.0), 0.0)
"""
RUNS = f"""
    SELECT runs.*, runs.rowid AS place,
        coalesce((SELECT nickname FROM owners WHERE owners.owner = runs.owner), '') AS nickname,
        coalesce((SELECT nickname FROM owners WHERE owners.owner = runs.stopped_by), '') AS stoppers_nickname,
        (SELECT max(step) FROM checkpoints WHERE run = runs.id AND kind = 'state') AS saved_step,
        (SELECT folder FROM checkpoints WHERE run = runs.id AND kind IN ('best', 'final')
            ORDER BY kind = 'final' DESC, epoch DESC LIMIT 1) AS best,
        (SELECT avg(seconds) FROM (SELECT seconds FROM epochs WHERE run = runs.id
            ORDER BY epoch DESC LIMIT {EPOCHS_ASKED})) AS epoch_seconds,
        (SELECT max(val_accuracy) FROM epochs WHERE run = runs.id) AS best_validation,
        (SELECT sum(max(0, coalesce(until, (julianday('now') - 2440587.5) * 86400.0) - at)) FROM
            (SELECT at, status, lead(at) OVER (ORDER BY rowid) AS until FROM changes WHERE run = runs.id)
            WHERE status IN ('running', 'stopping')) AS seconds_at_work,
        {TRAINING_SECONDS} AS training_seconds,
        iif(runs.shared AND runs.status IN ('running', 'stopping'), (SELECT count(*) - 1 FROM runs AS each
            WHERE each.status IN ('running', 'stopping') AND each.handle = runs.handle), 0) AS others
    FROM runs
"""


def row_of(connection: sqlite3.Connection, run_id: str) -> sqlite3.Row:
    """Return the row of one run; raises RunError where there is none."""
    row: sqlite3.Row | None = connection.execute(f"{RUNS} WHERE id = ?", (check_id(run_id),)).fetchone()
    if row is None:
        raise RunError(f"There is no run '{run_id}'; it may have been deleted.")
    return row


def row_to_change(connection: sqlite3.Connection, run_id: str, by: Person, act: str) -> sqlite3.Row:
    """Return the row of a run that ``by`` may change; raises RightsError with whose it is."""
    row = row_of(connection, run_id)
    if not by.may_change(row["owner"]):
        name = shown_name(row["owner"], row["nickname"])
        raise RightsError(
            f"'{row['name']}' is {name}'s run: only {name}, in the browser that started it, and whoever runs the lab "
            f"can {act} it."
        )
    return row


def name_of(connection: sqlite3.Connection, owner: str) -> str:
    """Return what people read for an owner."""
    row = connection.execute("SELECT nickname FROM owners WHERE owner = ?", (owner,)).fetchone()
    return shown_name(owner, row["nickname"] if row else "")


def person_of(connection: sqlite3.Connection, owner: str) -> Person:
    """Return who an owner is: with all rights where the key that was entered is still the lab's."""
    row = connection.execute("SELECT proof FROM owners WHERE owner = ?", (owner,)).fetchone()
    valid = proof(owner)
    return Person(owner=owner, runs_the_lab=bool(valid and row) and hmac.compare_digest(row["proof"], valid))


def run_of(row: sqlite3.Row, *, home: Path, places: Mapping[str, int]) -> Run:
    """Return a run from its row, joined as `RUNS` does; ``places`` are the queue's, by run."""
    config = _config(row["config"])
    folder = folders.run_folder(home, row["id"])
    return Run(
        id=row["id"],
        owner=row["owner"],
        owner_name=shown_name(row["owner"], row["nickname"]),
        stopped_by=row["stopped_by"],
        stopped_by_name=shown_name(row["stopped_by"], row["stoppers_nickname"]),
        name=row["name"],
        note=row["note"],
        config=config,
        status=row["status"],
        reason=row["reason"],
        message=row["message"],
        message_share=row["message_share"],
        log=row["log"],
        created=row["created"],
        started=row["started"],
        ended=row["ended"],
        fence=row["fence"],
        position=places.get(row["id"]),
        epochs_done=row["epochs_done"],
        step=row["step"],
        steps_total=row["steps_total"],
        saved_step=row["saved_step"] or 0,
        checkpoint=str(folder / row["best"]) if row["best"] else None,
        device=row["device"],
        images_per_second=row["images_per_second"],
        seconds_left=_seconds_left(row, config),
        features=kept_features(row),
        precision=row["precision"],
        best_validation=row["best_validation"],
        training_seconds=row["training_seconds"],
        seconds_at_work=row["seconds_at_work"],
        notice=row["notice"],
        others=max(0, row["others"]),
        turn_every=row["turn_every"] if row["others"] > 0 else None,
    )


@lru_cache(maxsize=2_000)
def _config(text: str) -> TrainingConfig:
    """A run's configuration; pages read the same ones every second, and to check one takes 0.15 ms."""
    return TrainingConfig.from_json(text)


def kept_features(row: sqlite3.Row) -> FeaturesKept | None:
    """Return what a run's row says about its features; None where it says nothing that can be read."""
    try:
        return typed(FeaturesKept, parse(row["features"])) if row["features"] else None
    except NotStrictJsonError:
        return None


def step_of(row: sqlite3.Row) -> StepDone:
    """Return a step from its row."""
    return StepDone(
        epoch=row["epoch"],
        step=row["step"],
        loss=_number(row["loss"]),
        learning_rate=row["learning_rate"],
        images=row["images"],
        seconds=row["seconds"],
    )


def epoch_of(row: sqlite3.Row) -> EpochDone:
    """Return an epoch from its row."""
    return EpochDone(
        epoch=row["epoch"],
        train_loss=_number(row["train_loss"]),
        train_accuracy=_number(row["train_accuracy"]),
        val_loss=_number(row["val_loss"]),
        val_accuracy=_number(row["val_accuracy"]),
        learning_rate=row["learning_rate"],
        seconds=row["seconds"],
        is_best=bool(row["is_best"]),
    )


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def _seconds_left(row: sqlite3.Row, config: TrainingConfig) -> float | None:
    """The steps to come at the pace of today, and judging after each epoch; before there is a pace, as epochs took.

    A step costs as many units as its images have pixels, so that images that grow are known to take longer.
    """
    steps, left = row["steps_total"] // config.epochs, row["steps_total"] - row["step"]
    if row["status"] not in AT_WORK or left <= 0 or not steps:
        return None
    costs = [training_size(config, epoch) ** 2 for epoch in range(config.epochs)]
    now = min(row["step"] // steps, config.epochs - 1)
    into = row["step"] - now * steps
    work = costs[now] * (steps - into) + sum(costs[now + 1 :]) * steps
    done, lasted = row["epochs_done"], row["epoch_seconds"]
    lately = costs[max(0, done - EPOCHS_ASKED) : done]
    usual = sum(lately) / len(lately) * steps if lately else 0.0  # the work of an epoch that took ``lasted`` seconds
    if row["images_per_second"]:
        measured = costs[now if into or not now else now - 1]  # the pace is that of the last steps
        seconds = config.batch_size / row["images_per_second"] / measured  # for a unit of work
        judging = max(0.0, lasted - usual * seconds) if lasted and usual else 0.0
        return float(work * seconds + judging * (config.epochs - done))
    return float(work * lasted / usual) if lasted and usual else None

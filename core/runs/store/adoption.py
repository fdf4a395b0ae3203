"""Runs that were trained in another lab: kept here as finished ones of whoever has brought them."""

import json
import math
import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from core.disk import sentence
from core.errors import RunError
from core.events import FeaturesKept, StepDone
from core.names import new_id
from core.runs import folders
from core.runs.records import Run, check_name, check_note
from core.runs.store.store import Store, checked_config
from core.whole_files import write_folder

if TYPE_CHECKING:
    from core.checkpoints.card import Card

FINAL = "final"
NOTICE = "Trained in another lab, and brought here with its pictures: its figures are those that it had there."


@dataclass(frozen=True, kw_only=True)
class BroughtRun:
    """A run from another lab: the ``files`` of its checkpoint, and their ``card``; what people called it, and when it
    ended (seconds since 1970); its steps, and how many an epoch has (0: not known). ``message`` is its last word."""

    card: "Card"
    files: Mapping[str, bytes]
    name: str
    note: str
    ended: float
    steps: Sequence[StepDone]
    steps_an_epoch: int
    message: str


def adopt(store: Store, brought: BroughtRun, *, owner: str) -> Run:
    """Keep a run, whose checkpoint has been checked, as a finished one of ``owner``'s, and return it.

    Raises RunError, one sentence, for a name, a quota or a disk that is full.
    """
    run_id = new_id()
    owner, name, note = check_name(owner, what="owner"), check_name(brought.name), check_note(brought.note)
    folders.check_space(store.home, needed=sum(map(len, brought.files.values())))
    config = checked_config(brought.card.config)
    folder = folders.run_folder(store.home, run_id)
    try:
        write_folder(folder / FINAL, dict(brought.files))
        with store.database.writing() as connection:
            store.check_quota(connection, owner)
            _insert(connection, run_id, brought, (owner, name, note, config))
    except BaseException as error:
        folders.remove(folder)
        if isinstance(error, OSError):
            raise RunError(sentence(f"'{name}' could not be kept", error)) from error
        raise
    return store.get(run_id)


def _insert(connection: sqlite3.Connection, run_id: str, brought: BroughtRun, said: tuple[str, str, str, str]) -> None:
    card, an_epoch = brought.card, brought.steps_an_epoch
    epochs = {each.epoch: each for each in card.history}
    done = max([len(epochs) * an_epoch, *(step.step for step in brought.steps)])
    ended = brought.ended if 0 < brought.ended <= time.time() else time.time()
    began = max(0.0, ended - card.seconds)
    size = sum(map(len, brought.files.values()))
    values = (
        *(run_id, *said, began, began, ended, brought.message, NOTICE),
        *(card.split_fingerprint, card.device, card.precision),
        *(done, max(done, card.config.epochs * an_epoch), len(epochs), _looked(card)),
    )
    connection.execute(
        "INSERT INTO runs (id, owner, name, note, config, created, started, ended, message, notice, split, device,"
        " precision, step, steps_total, epochs_done, features, status, reason, ticket)"
        f" VALUES ({', '.join('?' * len(values))}, 'finished', 'brought',"
        " (SELECT coalesce(max(ticket), 0) + 1 FROM runs))",
        values,
    )
    connection.execute("DELETE FROM changes WHERE run = ?", (run_id,))
    changes = ((began, "running"), (ended, "finished"))
    connection.executemany(
        "INSERT INTO changes VALUES (?, ?, ?, 'brought', 0)", [(run_id, *change) for change in changes]
    )
    connection.executemany(
        "INSERT INTO steps VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(run_id, s.step, s.epoch, _finite(s.loss), s.learning_rate, s.images, s.seconds) for s in brought.steps],
    )
    for each in epochs.values():
        figures = (each.train_loss, each.train_accuracy, each.val_loss, each.val_accuracy)
        connection.execute(
            "INSERT INTO epochs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(run_id, each.epoch, each.epoch * an_epoch, *map(_finite, figures)),
                *(each.learning_rate, each.seconds, int(each.is_best)),
            ),
        )
    connection.execute(
        "INSERT INTO checkpoints VALUES (?, ?, 'final', ?, ?, ?, ?)",
        (run_id, FINAL, done, card.epoch, size, time.time()),
    )


def _looked(card: "Card") -> str:
    """What its card says beyond its epochs: the look of a frozen backbone at the images, made where it comes from."""
    seconds = card.seconds - sum(each.seconds for each in card.history)
    if seconds <= 0.1:  # a card's seconds have one digit
        return ""
    return json.dumps(asdict(FeaturesKept(views=1, epoch_seconds=0.0, spent_seconds=0.0, look_seconds=seconds)))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None

"""Runs for the pages to show, written to the store as a worker writes them, without training anything."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.config import TrainingConfig
from core.events import EpochDone, StepDone
from core.names import new_id
from core.recipes import recipe_config
from core.rights import OPERATOR
from core.runs.folders import run_folder
from core.runs.records import Run, Status
from core.runs.store.lease import Lease
from core.runs.store.queue_writes import Queue
from core.runs.store.store import STORE_NAME, Store
from tests.pages.networks import ship
from tests.pages.visit import ME

STEPS_AN_EPOCH = 5


def digits(**overrides: object) -> TrainingConfig:
    """A configuration that could be trained: LeNet on the built-in digits, four epochs."""
    return recipe_config("modern", dataset="digits", model="lenet", **{"epochs": 4, **overrides})


def queued(home: Path, *, owner: str = ME, name: str = "My first run", config: TrainingConfig | None = None) -> Run:
    """Put a run into the queue of this home."""
    return Store(home / STORE_NAME).submit(config or digits(), owner, name)


def at_work(home: Path, *, epochs: int = 2, **about: str) -> tuple[Run, Lease]:
    """Put a run at work, with the figures of so many epochs."""
    store = Store(home / STORE_NAME)
    for other in store.list():
        if other.status == "queued":  # an earlier test's, which would be served first
            store.request_stop(other.id, by=OPERATOR)
    run = queued(home, **about)
    claim = Queue(store).claim(slots=1)
    assert claim is not None
    lease = Lease(store, run.id, claim.fence)
    lease.begin('{"pid": 1, "started": 0.0}')
    lease.describe(device="CPU, 1 thread", steps_total=run.config.epochs * STEPS_AN_EPOCH, split="abc")
    for epoch in range(1, epochs + 1):
        steps = [step(epoch, (epoch - 1) * STEPS_AN_EPOCH + place) for place in range(1, STEPS_AN_EPOCH + 1)]
        lease.record(steps, [(steps[-1].step, epoch_done(epoch))], pace=1_234.0)
    return store.get(run.id), lease


def ended(home: Path, status: Status, *, reason: str, message: str = "", log: str = "", **about: str) -> Run:
    """Bring a run to an end after two epochs."""
    run, lease = at_work(home, **about)
    lease.end(status, reason=reason, message=message, log=log)
    return Store(home / STORE_NAME).get(run.id)


def finished(home: Path, *, network: Mapping[str, Any] | None = None, **about: str) -> Run:
    """Bring a run to a good end, with a network (as `ship` makes it) that answers five of the test images wrongly."""
    run, lease = at_work(home, **about)
    checkpoint = ship(run_folder(home, run.id), "final", wrong=5, **(network or {}))
    lease.saved(checkpoint.folder, kind="final", step=run.step, epoch=run.epochs_done)
    lease.end("finished", reason="completed")
    return Store(home / STORE_NAME).get(run.id)


def many(home: Path, count: int, *, owner: str, called: str) -> None:
    """Add runs that have failed, named "CALLED 0" and so on, the newest last."""
    config = digits().to_json()
    with Store(home / STORE_NAME).database.writing() as connection:
        connection.executemany(
            "INSERT INTO runs (id, owner, name, config, created, ticket, status) VALUES (?, ?, ?, ?, 0, 0, 'failed')",
            [(new_id(), owner, f"{called} {number}", config) for number in range(count)],
        )


def step(epoch: int, number: int) -> StepDone:
    return StepDone(epoch=epoch, step=number, loss=2.0 / number, learning_rate=0.05, images=32, seconds=0.01)


def epoch_done(epoch: int) -> EpochDone:
    return EpochDone(
        epoch=epoch,
        train_loss=1.0 / epoch,
        train_accuracy=0.5 + epoch / 20,
        val_loss=1.1 / epoch,
        val_accuracy=0.4 + epoch / 10,
        learning_rate=0.05,
        seconds=1.0,
        is_best=True,
    )

from collections.abc import Callable
from dataclasses import replace

import pytest

from core.errors import RunError
from core.events import FeaturesKept
from core.rights import OPERATOR
from core.runs.records import Run, StaleWorkerError
from core.runs.store.lease import Lease
from core.runs.store.queue_writes import Queue
from core.runs.store.store import Store
from tests.core.runs.conftest import epoch, step

WRITES: dict[str, Callable[[Lease], object]] = {
    "begin": lambda lease: lease.begin("{}"),
    "beat": lambda lease: lease.beat(),
    "say": lambda lease: lease.say("still here"),
    "describe": lambda lease: lease.describe(device="CPU", steps_total=9, split="s"),
    "rewind": lambda lease: lease.rewind(step=0, epoch=0),
    "record": lambda lease: lease.record([step(9)], [(9, epoch(1))], pace=1.0),
    "saved": lambda lease: lease.saved(lease.folder / "state-9", kind="state", step=9, epoch=1),
    "end": lambda lease: lease.end("finished", reason="completed"),
}


@pytest.fixture
def lease(store: Store, queue: Queue, submit: Callable[..., Run]) -> Lease:
    run = submit()
    claim = queue.claim(slots=1)
    assert claim is not None
    return Lease(store, run.id, claim.fence)


def everything(store: Store) -> list[tuple[object, ...]]:
    with store.database.reading() as connection:
        tables = ("runs", "steps", "epochs", "checkpoints", "changes")
        return [tuple(row) for table in tables for row in connection.execute(f"SELECT * FROM {table}")]


@pytest.mark.parametrize("write", WRITES)
def test_a_superseded_worker_writes_nothing(store: Store, queue: Queue, lease: Lease, write: str) -> None:
    lease.end("interrupted", reason="terminated", again=True)
    queue.again()
    assert queue.claim(slots=1) is not None
    before = everything(store)
    with pytest.raises(StaleWorkerError):
        WRITES[write](lease)
    assert everything(store) == before
    assert lease.orders().superseded


@pytest.mark.parametrize("write", WRITES)
def test_a_worker_writes_nothing_once_its_run_has_ended(store: Store, lease: Lease, write: str) -> None:
    lease.end("stopped", reason="asked")
    before = everything(store)
    with pytest.raises(StaleWorkerError):
        WRITES[write](lease)
    assert everything(store) == before


@pytest.mark.parametrize("write", WRITES)
def test_a_worker_writes_while_its_run_is_stopping(store: Store, lease: Lease, write: str) -> None:
    lease.record([step(5)], [], pace=None)
    store.request_stop(lease.run_id, by=OPERATOR)
    before = everything(store)
    WRITES[write](lease)
    assert everything(store) != before


def test_a_worker_is_given_the_configuration_that_was_submitted(store: Store, lease: Lease) -> None:
    config, threads = lease.begin("{}")
    assert (config, threads) == (store.get(lease.run_id).config, None)


def test_every_worker_of_a_run_gets_the_first_ones_number_of_threads(queue: Queue, submit: Callable[..., Run]) -> None:
    # Sums are rounded in another order with other threads, and a resumed run would not be bit-equal.
    run = submit()
    claim = queue.claim(slots=1, threads=3)
    assert claim is not None
    Lease(queue.store, run.id, claim.fence).end("stopped", reason="asked")
    queue.store.resume(run.id, by=OPERATOR)
    again = queue.claim(slots=1, threads=8)
    assert again is not None
    assert again.threads == 3


def test_figures_come_back_with_the_run(store: Store, lease: Lease) -> None:
    lease.describe(device="CPU, 2 threads", steps_total=20, split="s", precision="bfloat16: it pays")
    lease.record([step(1), step(2)], [(2, epoch(1))], pace=123.0)
    run = store.get(lease.run_id)
    assert (run.device, run.step, run.steps_total, run.epochs_done) == ("CPU, 2 threads", 2, 20, 1)
    assert run.images_per_second == 123.0
    assert (run.precision, Store(store.path).get(run.id).precision) == ("bfloat16: it pays",) * 2
    assert store.epochs(lease.run_id) == [epoch(1)]


def test_what_features_cost_adds_up_over_the_workers_of_a_run(store: Store, lease: Lease) -> None:
    cost = FeaturesKept(views=4, epoch_seconds=10.0, spent_seconds=38.0)
    assert store.get(lease.run_id).features is None
    lease.describe(device="CPU", steps_total=20, split="s", features=cost)
    assert store.get(lease.run_id).features == cost
    lease.describe(device="CPU", steps_total=20, split="s", features=replace(cost, spent_seconds=0.0))  # from disk
    assert store.get(lease.run_id).features == cost
    lease.describe(device="CPU", steps_total=20, split="s")  # nothing left to train
    assert store.get(lease.run_id).features == cost
    lease.describe(device="CPU", steps_total=20, split="s", features=replace(cost, spent_seconds=2.0))  # evicted
    assert store.get(lease.run_id).features == replace(cost, spent_seconds=40.0)


def test_rewinding_forgets_what_is_trained_again(store: Store, lease: Lease) -> None:
    lease.record([step(number) for number in range(1, 11)], [(4, epoch(1)), (8, epoch(2))], pace=None)
    lease.rewind(step=6, epoch=1)
    run = store.get(lease.run_id)
    assert (run.step, run.epochs_done) == (6, 1)
    assert [each.step for each in store.steps(lease.run_id)] == [1, 2, 3, 4, 5, 6]
    assert [each.epoch for each in store.epochs(lease.run_id)] == [1]


def test_a_step_that_is_trained_again_replaces_the_first_one(store: Store, lease: Lease) -> None:
    lease.record([step(1, loss=2.0)], [], pace=None)
    lease.record([step(1, loss=3.0)], [], pace=None)
    assert [each.loss for each in store.steps(lease.run_id)] == [3.0]


def test_the_last_two_states_and_the_newest_model_have_rows(store: Store, lease: Lease) -> None:
    for number in (1, 2, 3):
        for kind in ("state", "best"):
            folder = lease.folder / f"{kind}-{number}"
            folder.mkdir(parents=True)
            (folder / "file").write_bytes(b"12345")
            lease.saved(folder, kind=kind, step=10 * number, epoch=number)
    with store.database.reading() as connection:
        rows = connection.execute("SELECT folder, bytes FROM checkpoints ORDER BY folder").fetchall()
    assert [tuple(row) for row in rows] == [("best-3", 5), ("state-2", 5), ("state-3", 5)]
    run = store.get(lease.run_id)
    assert (run.saved_step, run.checkpoint) == (30, str(lease.folder / "best-3"))


def test_of_two_states_of_one_step_that_after_the_epochs_end_is_kept_as_on_the_disk(lease: Lease) -> None:
    for step_, epoch_ in ((96, 23), (96, 24), (100, 24)):
        lease.saved(lease.folder / f"state-{step_:08d}-{epoch_:04d}", kind="state", step=step_, epoch=epoch_)
    assert lease.kept() == {"state-00000096-0024", "state-00000100-0024"}
    lease.rewind(step=96, epoch=23)
    assert lease.kept() == set()


def test_other_images_than_it_began_with_end_a_run(lease: Lease) -> None:
    lease.describe(device="CPU", steps_total=9, split="one")
    lease.describe(device="CPU", steps_total=9, split="one")
    with pytest.raises(RunError, match="not the one that this run began with"):
        lease.describe(device="CPU", steps_total=9, split="another")

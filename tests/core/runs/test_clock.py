"""The clock is set while the lab is at work: order goes by counters, life by the process itself."""

import json
import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from core.rights import OPERATOR
from core.runs import ensure_supervisor
from core.runs.executors.local import LocalExecutor
from core.runs.executors.processes import find_process, process_handle
from core.runs.records import Run
from core.runs.store.company import Company
from core.runs.store.database import MIGRATIONS
from core.runs.store.lease import Lease
from core.runs.store.queue_writes import Queue
from core.runs.store.store import Store
from core.runs.supervisor import Supervisor
from tests.core.runs.conftest import wait_for

Submit = Callable[..., Run]
AN_HOUR = 3_600.0


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Move the clock by so many seconds, as this process and psutil would see it."""
    wall, birth = time.time, psutil.Process.create_time

    def move(seconds: float) -> None:
        monkeypatch.setattr(time, "time", lambda: wall() + seconds)
        # On Linux psutil adds the ticks since the machine came up to the hour of that, which moves with the clock.
        monkeypatch.setattr(psutil.Process, "create_time", lambda process: birth(process) + seconds)

    return move


def claimed(store: Store, submit: Submit) -> Lease:
    run = submit()
    claim = Queue(store).claim(slots=64, threads=1)
    assert claim is not None
    assert claim.run_id == run.id
    return Lease(store, run.id, claim.fence)


def save(lease: Lease, *, kind: str, step: int, epoch: int) -> Path:
    name = {"state": f"state-{step:08d}-{epoch:04d}", "best": f"best-{epoch:04d}", "final": "final"}[kind]
    folder = lease.folder / name
    folder.mkdir(parents=True)
    lease.saved(folder, kind=kind, step=step, epoch=epoch)
    return folder


def folders_of(store: Store, run_id: str) -> list[str]:
    with store.database.reading() as connection:
        rows = connection.execute("SELECT folder FROM checkpoints WHERE run = ? ORDER BY folder", (run_id,)).fetchall()
    return [row["folder"] for row in rows]


@pytest.mark.parametrize("seconds", [-AN_HOUR, AN_HOUR])
def test_the_newest_states_and_the_final_model_are_remembered(
    store: Store, submit: Submit, set_clock: Callable[[float], None], seconds: float
) -> None:
    lease = claimed(store, submit)
    for step in (10, 20):
        save(lease, kind="state", step=step, epoch=step // 10)
    save(lease, kind="best", step=20, epoch=2)
    set_clock(seconds)
    for step in (30, 40):
        save(lease, kind="state", step=step, epoch=step // 10)
    final = save(lease, kind="final", step=40, epoch=2)
    assert folders_of(store, lease.run_id) == ["best-0002", "final", "state-00000030-0003", "state-00000040-0004"]
    run = store.get(lease.run_id)
    assert (run.saved_step, run.checkpoint) == (40, str(final))


def test_a_newer_best_model_replaces_the_older_one(
    store: Store, submit: Submit, set_clock: Callable[[float], None]
) -> None:
    lease = claimed(store, submit)
    save(lease, kind="best", step=10, epoch=1)
    set_clock(-AN_HOUR)
    newer = save(lease, kind="best", step=20, epoch=2)
    assert folders_of(store, lease.run_id) == ["best-0002"]
    assert store.get(lease.run_id).checkpoint == str(newer)


def test_a_run_that_goes_on_from_an_older_state_forgets_the_newer_ones(store: Store, submit: Submit) -> None:
    lease = claimed(store, submit)
    for step in (10, 20):
        save(lease, kind="state", step=step, epoch=0)
    lease.rewind(step=10, epoch=0)
    assert store.get(lease.run_id).saved_step == 10
    save(lease, kind="state", step=15, epoch=0)
    assert folders_of(store, lease.run_id) == ["state-00000010-0000", "state-00000015-0000"]


def test_runs_are_listed_in_the_order_in_which_they_came(
    store: Store, submit: Submit, set_clock: Callable[[float], None]
) -> None:
    first = submit()
    set_clock(-AN_HOUR)
    second = submit()
    assert [run.id for run in store.list()] == [second.id, first.id]


@pytest.mark.parametrize("seconds", [-AN_HOUR, 10.0, AN_HOUR])
def test_a_living_worker_is_not_taken_for_dead(
    store: Store,
    executor: LocalExecutor,
    supervisor: Supervisor,
    submit: Submit,
    set_clock: Callable[[float], None],
    seconds: float,
) -> None:
    run = submit()
    wait_for(lambda: store.get(run.id).step > 0, act=supervisor.tick)
    set_clock(seconds)
    for _look in range(20):
        supervisor.tick()
    assert (store.get(run.id).status, store.get(run.id).fence) == ("running", 1)
    store.request_stop(run.id, by=OPERATOR)
    wait_for(lambda: store.get(run.id).status == "stopped", act=supervisor.tick)


@pytest.mark.parametrize("seconds", [-AN_HOUR, 10.0, AN_HOUR])
def test_of_many_runs_in_one_process_none_is_taken_for_dead_and_the_next_are_served_in_turn(
    store: Store, supervisor: Supervisor, submit: Submit, set_clock: Callable[[float], None], seconds: float
) -> None:
    queue, handle = Queue(store), process_handle(os.getpid())

    def claimed() -> list[str]:
        queue.sort_out(lambda _config: True)
        found = iter(lambda: queue.claim(slots=1, threads=1, together=8), None)
        return [claim.owner for claim in found if claim is not None]

    for owner in ("ada", "bob", "cid", "ada"):
        submit(owner)
    assert claimed() == ["ada"]
    first = store.list(statuses=["running"])[0]
    Lease(store, first.id, first.fence).begin(handle)
    company = Company(store, handle)
    company.take_in(True)
    assert claimed() == ["bob", "cid", "ada"]
    together = company.runs()
    set_clock(seconds)
    submit("bob"), submit("dan")
    for _look in range(5):
        supervisor.tick()
    assert claimed() == []  # all have been handed over by the looks
    assert [run for run in company.runs() if run in together] == together
    assert {store.get(run_id).fence for run_id, _fence in company.runs()} == {1}
    with store.database.reading() as connection:
        served = connection.execute("SELECT owner FROM owners ORDER BY served").fetchall()
    assert [row["owner"] for row in served] == ["cid", "ada", "dan", "bob"]  # whoever had fewer at work came first
    for run_id, fence in company.runs():
        Lease(store, run_id, fence).end("finished", reason="completed", process_goes_on=True)
    assert company.leave()


@pytest.mark.parametrize("seconds", [-AN_HOUR, 10.0, AN_HOUR])
def test_a_living_supervisor_is_not_started_again(
    store: Store, monkeypatch: pytest.MonkeyPatch, set_clock: Callable[[float], None], seconds: float
) -> None:
    started: list[object] = []
    monkeypatch.setattr("core.runs.summons._children", [])  # the fake leaves no process behind
    monkeypatch.setattr("core.runs.summons.start_detached", lambda command, **_: started.append(command))
    Queue(store).appear(process_handle(os.getpid()))
    set_clock(seconds)
    ensure_supervisor(store)
    assert started == []


def test_a_sign_of_life_is_another_number_though_the_clock_stands_still(
    store: Store, submit: Submit, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = claimed(store, submit)
    queue, seen = Queue(store), []
    monkeypatch.setattr(time, "time", lambda: 1.0)
    for _beat in range(3):
        lease.beat()
        seen.append(queue.held()[0].beat)
    assert len(set(seen)) == 3


def test_a_handle_that_an_older_lab_wrote_is_understood() -> None:
    process = psutil.Process()
    old = json.dumps({"pid": process.pid, "started": process.create_time()})
    assert find_process(old) is not None
    assert find_process(json.dumps({"pid": process.pid, "started": process.create_time() - 100})) is None


def test_another_process_with_the_same_id_is_another() -> None:
    fields = json.loads(process_handle(os.getpid()))
    assert find_process(json.dumps(fields)) is not None
    assert find_process(json.dumps(fields | {"birth": fields["birth"] + "1"})) is None


def test_a_store_of_an_older_lab_keeps_its_supervisor(tmp_path: Path) -> None:
    path = tmp_path / "lab.sqlite3"
    process = psutil.Process()
    with closing(sqlite3.connect(path)) as connection:
        for migration in MIGRATIONS[:4]:
            connection.executescript(migration)
        connection.execute("CREATE TABLE schema (version INTEGER NOT NULL)")
        connection.execute("INSERT INTO schema VALUES (4)")
        connection.execute("INSERT INTO supervisor VALUES (1, ?, ?)", (process.pid, process.create_time()))
        connection.commit()
    with closing(Store(path)) as store:
        present = Queue(store).present()
        assert present is not None
        assert find_process(present) is not None

"""A store of its own for each test, and workers that do without torch."""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from core.config import TrainingConfig
from core.events import EpochDone, StepDone
from core.rights import OPERATOR, Person, new_secret, owner_of
from core.runs.executors.local import LocalExecutor
from core.runs.executors.port import Job
from core.runs.executors.processes import find_process, process_handle
from core.runs.records import Run, Status
from core.runs.store.owners import Owners
from core.runs.store.queue_writes import Queue
from core.runs.store.store import STORE_NAME, Store
from core.runs.supervisor import Patience, Supervisor

TEACHERS_KEY = "a key of the teacher's"
Submit = Callable[..., Run]
FAKE_WORKER = Path(__file__).parent / "fake_worker.py"
# Looks often and leaves soon; as patient with workers as the real one, so that a busy machine makes no test fail.
QUICK = Patience(tick=0.02, idle=0.3)


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    opened = Store(home / STORE_NAME)
    yield opened
    opened.close()


@pytest.fixture
def queue(store: Store) -> Queue:
    return Queue(store)


@pytest.fixture
def teacher(store: Store, monkeypatch: pytest.MonkeyPatch) -> Person:
    """Somebody who has entered the key of the lab."""
    monkeypatch.setenv("CNN_LAB_KEY", TEACHERS_KEY)
    owner = owner_of(new_secret())
    Owners(store).enter_key(owner, TEACHERS_KEY)
    return Owners(store).person(owner)


@pytest.fixture
def config() -> TrainingConfig:
    return TrainingConfig(dataset="digits", model="lenet", image_size=32, epochs=2)


@pytest.fixture
def submit(store: Store, config: TrainingConfig) -> Callable[..., Run]:
    """Queue a run; a fake worker behaves as its name says."""

    def add(owner: str = "ada", name: str = "a run", note: str = "") -> Run:
        return store.submit(config, owner, name, note=note)

    return add


@pytest.fixture
def executor(store: Store) -> Iterator[LocalExecutor]:
    """Starts fake workers; none outlives the test."""
    local = LocalExecutor(lambda job: [sys.executable, str(FAKE_WORKER), job.run_id, str(job.fence)])
    yield local
    end_workers(store, local)


@pytest.fixture
def supervisor(store: Store, executor: LocalExecutor) -> Supervisor:
    """A supervisor to be ticked by hand."""
    return Supervisor(store, executor, patience=QUICK)


def until(supervisor: Supervisor, run: Run, *statuses: Status, seconds: float = 30.0) -> Run:
    """Let a supervisor look until a run has one of these statuses, and return it."""
    wait_for(lambda: supervisor.store.get(run.id).status in statuses, act=supervisor.tick, seconds=seconds)
    return supervisor.store.get(run.id)


def until_clear(supervisor: Supervisor) -> None:
    """Let a supervisor look until no worker is left."""
    wait_for(lambda: not supervisor.queue.held(), act=supervisor.tick)


def weight_of_session(pid: int) -> int | None:
    """What a process's session counts among others, from -20 to 19; None on a system that does not weigh sessions."""
    group = Path(f"/proc/{pid}/autogroup")
    said = group.read_text(encoding="ascii") if group.exists() else ""
    return int(said.rpartition(" nice ")[2]) if said else None


def end_workers(store: Store, executor: LocalExecutor) -> None:
    """End every process that a run of this store still names."""
    for held in Queue(store).held():
        if held.handle:
            executor.cancel(held.handle, force=True)
            wait_for(lambda handle=held.handle: not executor.poll(handle))


def end_lab(store: Store) -> None:
    """End every supervisor and every worker of this store, whoever started them."""
    for run in store.list(statuses=["queued", "running"]):
        store.request_stop(run.id, by=OPERATOR)
    while found := supervisors(store):
        for process in found:
            kill(process.pid)
        end_workers(store, LocalExecutor())  # a worker may have revived a supervisor just before


def what_happened(store: Store) -> str:
    """Every change of every run's status, and what the supervisors said: to be shown where a test fails."""
    lines = [
        f"{run.name}: {change.status} {change.reason} worker {change.fence} at {change.at:.1f}"
        for run in store.list()
        for change in store.changes(run.id)
    ]
    return "\n".join([*lines, *(log.read_text("utf-8") for log in sorted(store.home.glob("*.log")))])


def supervisors(store: Store) -> list[psutil.Process]:
    """Every living supervisor of this store, also one that has not come up yet."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.cmdline()[-1:] == ["supervise"] and process.environ().get("CNN_LAB_HOME") == str(store.home):
                found.append(process)
    return found


@pytest.fixture
def job(store: Store, submit: Callable[..., Run]) -> Job:
    return Job(home=store.home, run_id=submit().id, fence=1)


def wait_for(
    condition: Callable[[], object], *, seconds: float = 30.0, act: Callable[[], object] | None = None
) -> None:
    """Wait until ``condition`` holds, calling ``act`` meanwhile; fails after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        if act is not None:
            act()
        time.sleep(0.01)


def step(number: int, *, loss: float = 1.0) -> StepDone:
    return StepDone(epoch=1, step=number, loss=loss, learning_rate=0.1, images=32, seconds=0.01)


def epoch(number: int, *, val_loss: float = 1.0) -> EpochDone:
    return EpochDone(
        epoch=number,
        train_loss=1.0,
        train_accuracy=0.5,
        val_loss=val_loss,
        val_accuracy=0.5,
        learning_rate=0.1,
        seconds=2.0,
        is_best=True,
    )


def trained_here(store: Store, config: TrainingConfig) -> Run:
    """A run trained by a worker in this process, undisturbed, to its end."""
    from core.runs.worker.worker import work

    run = store.submit(config, "ada", "trained here")
    claim = Queue(store).claim(slots=1, threads=1)
    assert claim is not None
    assert work(store, run.id, claim.fence)
    (held,) = Queue(store).held()
    Queue(store).gone(held, log="", forced=False)  # or a supervisor would wait for this process to end
    return store.get(run.id)


def kill(pid: int) -> None:
    """SIGKILL, and wait until the process is no more than an entry in its parent's table."""
    handle = process_handle(pid)
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: find_process(handle) is None)

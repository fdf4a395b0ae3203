"""Forked workers: quick to start, and otherwise what a cold one is."""

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from core.config import TrainingConfig
from core.runs import folders
from core.runs.executors.local import LocalExecutor
from core.runs.executors.port import Job
from core.runs.executors.processes import NICE, find_process, process_handle
from core.runs.executors.warm import WarmExecutor, can_fork
from core.runs.records import Run
from core.runs.store.queue_writes import Queue
from core.runs.store.store import Store
from core.runs.supervisor import Supervisor
from tests.core.runs.conftest import QUICK, end_workers, trained_here, wait_for, weight_of_session

Submit = Callable[..., Run]
pytestmark = pytest.mark.skipif(not can_fork(), reason="workers are forked on Linux without a GPU only")
torch = pytest.importorskip("torch")


@pytest.fixture
def digits() -> TrainingConfig:
    from core.recipes import recipe_config

    return recipe_config("modern", dataset="digits", model="lenet", epochs=2, precision="fp32")


@pytest.fixture
def warm(store: Store) -> Iterator[WarmExecutor]:
    executor = WarmExecutor(store.home)
    yield executor
    executor.close()
    end_workers(store, executor)


def pid_of(store: Store) -> int:
    (held,) = Queue(store).held()
    return int(json.loads(held.handle)["pid"])


def final_weights(store: Store, run: Run) -> dict[str, "torch.Tensor"]:
    from core.checkpoints import read

    checkpoint = store.get(run.id).checkpoint
    assert checkpoint is not None
    return dict(read(Path(checkpoint)).load_model().state_dict())


@pytest.mark.slow
def test_a_forked_worker_is_one_of_its_own_and_trains_as_a_cold_one(
    store: Store, warm: WarmExecutor, digits: TrainingConfig
) -> None:
    warm.prepare()
    forked = store.submit(digits, "ada", "forked")
    wait_for(warm.is_ready, seconds=240)
    supervisor = Supervisor(store, warm)
    supervisor.tick()
    process = psutil.Process(pid_of(store))
    nursery = warm._nursery
    assert nursery is not None
    assert (process.ppid(), process.nice()) == (nursery.pid, NICE)
    assert weight_of_session(process.pid) in (NICE, None)
    warm.close()  # the nursery goes, the worker stays
    wait_for(lambda: store.get(forked.id).status == "finished", act=supervisor.tick, seconds=240)
    wait_for(lambda: not supervisor.queue.held(), act=supervisor.tick)
    cold = trained_here(store, digits)
    mine, theirs = final_weights(store, forked), final_weights(store, cold)
    assert [name for name in theirs if not torch.equal(mine[name], theirs[name])] == []
    assert folders.log_file(store.home, forked.id, 1).exists()


def fake_nursery(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the nursery be a short program instead."""
    plain = psutil.subprocess.Popen

    def start(command: list[str], **keywords: object) -> object:
        replaced = [sys.executable, "-c", program] if command[-1:] == ["nursery"] else command
        return plain(replaced, **keywords)

    monkeypatch.setattr("core.runs.executors.warm.subprocess.Popen", start)


def test_a_worker_starts_cold_until_the_nursery_is_ready(
    store: Store, job: Job, warm: WarmExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_nursery("import time; time.sleep(60)", monkeypatch)
    monkeypatch.setattr(LocalExecutor, "submit", lambda _self, _job: "cold")
    warm.prepare()
    assert warm.submit(job) == "cold"


def test_no_worker_imports_beside_a_nursery_that_comes_up(
    store: Store, submit: Submit, warm: WarmExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Four of them took four times as long on two cores, after everything had been killed.
    fake_nursery("import time; time.sleep(60)", monkeypatch)
    monkeypatch.setattr(LocalExecutor, "submit", lambda _self, _job: "")
    submit()
    supervisor = Supervisor(store, warm, patience=QUICK)
    supervisor.tick()
    assert warm._nursery is not None
    assert not supervisor.queue.held()
    monkeypatch.setattr("core.runs.executors.warm.COMING_UP_SECONDS", 0.0)  # it takes too long
    supervisor.tick()
    assert len(supervisor.queue.held()) == 1


def test_a_nursery_that_was_lost_is_replaced_at_once_unless_it_had_forked_nobody(
    job: Job, warm: WarmExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_nursery("import sys\nprint('ready', flush=True)\nfor _ in sys.stdin: print(4194303, flush=True)", monkeypatch)

    def lose() -> int:
        nursery = warm._nursery
        assert nursery is not None
        nursery.kill()
        nursery.wait()
        warm.prepare()
        return 0 if warm._nursery is None else warm._nursery.pid

    warm.prepare()
    wait_for(warm.is_ready)
    for _nursery in range(2):
        warm.submit(job)
        assert lose()
        wait_for(warm.is_ready)
    assert not lose()  # it had forked nobody: not at once


def test_a_nursery_that_falls_silent_leaves_the_claim_to_be_taken_back(
    store: Store, submit: Submit, warm: WarmExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nobody knows whether it forked: a second worker at once could be a twin with the same fence.
    fake_nursery("import sys, time; print('ready', flush=True); sys.stdin.readline(); time.sleep(60)", monkeypatch)
    monkeypatch.setattr("core.runs.executors.warm.REPLY_SECONDS", 0.1)
    warm.prepare()
    wait_for(warm.is_ready)
    run = submit()
    supervisor = Supervisor(store, warm, patience=replace(QUICK, start=0.2))
    supervisor.tick()
    assert [held.handle for held in Queue(store).held()] == [""]
    monkeypatch.setattr(LocalExecutor, "submit", lambda _self, _job: "")
    wait_for(lambda: store.get(run.id).fence == 2, act=supervisor.tick)


def test_a_nursery_that_died_is_not_asked(job: Job, warm: WarmExecutor, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_nursery("print('ready', flush=True)", monkeypatch)
    monkeypatch.setattr(LocalExecutor, "submit", lambda _self, _job: "cold")
    warm.prepare()
    nursery = warm._nursery
    assert nursery is not None
    nursery.wait()
    assert warm.is_ready()
    assert warm.submit(job) == "cold"
    warm.prepare()
    assert warm._nursery is None  # the next one some time later, not at every look


def test_the_nursery_ends_with_its_supervisor(
    store: Store, warm: WarmExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_nursery("import sys; print('ready', flush=True); sys.stdin.read()", monkeypatch)
    warm.prepare()
    nursery = warm._nursery
    assert nursery is not None
    handle = process_handle(nursery.pid)
    assert nursery.stdin is not None
    nursery.stdin.close()  # as when the supervisor is killed
    wait_for(lambda: find_process(handle) is None)

"""The whole house in real processes: supervisor and workers by the command line, the trainer on the built-in digits."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from core.config import TrainingConfig
from core.runs import ensure_supervisor, summons
from core.runs.executors.processes import environment, process_id
from core.runs.records import Run
from core.runs.store.queue_writes import Queue
from core.runs.store.store import Store
from tests.core.runs.conftest import end_lab, kill, trained_here, wait_for

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is POSIX")
torch = pytest.importorskip("torch")


@pytest.fixture
def digits() -> TrainingConfig:
    from core.recipes import recipe_config

    return recipe_config("modern", dataset="digits", model="lenet", epochs=10, precision="fp32")


@pytest.fixture
def lab(store: Store) -> Iterator[Store]:
    """A store whose supervisor and workers, whoever started them, are ended with the test."""
    yield store
    end_lab(store)
    for child in summons._children:
        child.wait()


def worker_of(store: Store, run: Run, *, after_step: int = 0, fence: int = 1) -> int:
    """The process id of a run's worker, once it has saved a state beyond a step."""
    wait_for(lambda: store.get(run.id).saved_step > after_step and store.get(run.id).fence == fence, seconds=240)
    (held,) = (each for each in Queue(store).held() if each.run_id == run.id)
    return int(json.loads(held.handle)["pid"])


def supervisor_of(store: Store) -> int:
    wait_for(lambda: Queue(store).present() is not None, seconds=120)
    present = Queue(store).present()
    assert present is not None
    return process_id(present)


def weights(run: Run) -> dict[str, "torch.Tensor"]:
    from core.checkpoints import read

    assert run.checkpoint is not None
    return dict(read(Path(run.checkpoint)).load_model().state_dict())


@pytest.mark.slow
def test_killing_workers_and_supervisor_changes_nothing_in_the_end(lab: Store, digits: TrainingConfig) -> None:
    reference = trained_here(lab, digits)
    run, beside = lab.submit(digits, "ada", "killed"), lab.submit(digits, "bob", "in the same process")
    ensure_supervisor(lab)
    shared = worker_of(lab, run)
    assert worker_of(lab, beside) == shared
    assert lab.get(run.id).others == 1
    kill(shared)
    worker = worker_of(lab, run, after_step=lab.get(run.id).saved_step, fence=2)
    first = supervisor_of(lab)
    kill(first)
    assert psutil.pid_exists(worker)
    wait_for(lambda: supervisor_of(lab) != first or lab.get(run.id).status == "finished", seconds=120)  # revived
    wait_for(lambda: lab.get(run.id).status == "finished", seconds=240)
    wait_for(lambda: lab.get(beside.id).status == "finished", seconds=240)
    for each in (lab.get(run.id), lab.get(beside.id)):
        assert each.fence == 2
        mine, theirs = weights(each), weights(lab.get(reference.id))
        assert [name for name in theirs if not torch.equal(mine[name], theirs[name])] == []
        assert [step.loss for step in lab.steps(each.id)] == [step.loss for step in lab.steps(reference.id)]


def test_of_two_supervisor_processes_one_leads(lab: Store) -> None:
    command = [sys.executable, "-m", "core", "supervise"]
    both = [
        subprocess.Popen(command, env=environment(lab.home), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    wait_for(lambda: any(process.poll() is not None for process in both), seconds=120)
    leaders = [process for process in both if process.poll() is None]
    assert len(leaders) == 1
    assert supervisor_of(lab) == leaders[0].pid
    leaders[0].terminate()
    for process in both:
        with process:
            errors = process.communicate(timeout=60)[1].decode()
            assert process.returncode == 0
            assert ("Another supervisor serves this queue already." in errors) == (process is not leaders[0])
    assert Queue(lab).present() is None
    assert os.path.lexists(lab.path)

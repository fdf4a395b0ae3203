"""Workers in a Ray cluster of three machines, all of them this one: by the contract of all executors, and beyond it.

Every node has a folder of its own and no other, and no process of the cluster outlives the tests.
"""

import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from core.config import TrainingConfig
from core.runs import folders
from core.runs.executors.choice import chosen
from core.runs.executors.port import Executor
from core.runs.executors.ray import RayExecutor
from core.runs.records import Run
from core.runs.store.store import Store
from core.runs.supervisor import Supervisor
from tests.core.runs.conftest import QUICK, end_workers, kill, trained_here, until, until_clear, wait_for
from tests.core.runs.executors.contract import ExecutorContract, alive

pytestmark = [pytest.mark.ray, pytest.mark.slow]
STAND_IN = Path(__file__).parents[1] / "fake_stand_in.py"
NODES = 3
SMALLEST_STORE = 80 * 2**20  # bytes; Ray takes no less than 75 MiB


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A head that lends no CPU, and three machines with one each."""
    short = Path(tempfile.mkdtemp(prefix="ray-"))  # a socket's path may have a hundred characters
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_AUTH_MODE", "token")
        patch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
        patch.setenv("RAY_TMPDIR", str(short))
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        from ray.cluster_utils import Cluster

        # Of 127.0.0.1 alone Ray makes another address, that of a network, where nobody listens here.
        common = {"object_store_memory": SMALLEST_STORE, "node_ip_address": "127.0.0.2"}
        started = Cluster(initialize_head=True, head_node_args={**common, "num_cpus": 0, "include_dashboard": False})
        try:
            for number in range(NODES):
                add_node(started, f"127.0.0.{number + 3}", short / f"node-{number}")
            patch.setenv("CNN_LAB_RAY", started.address)
            yield started
        finally:
            below = psutil.Process().children(recursive=True)
            started.shutdown()
            _gone, left = psutil.wait_procs(below, timeout=20)
            for process in left:
                process.kill()
            shutil.rmtree(short, ignore_errors=True)


def add_node(cluster: Any, address: str, folder: Path) -> Any:
    """Start a machine whose workplaces lie in ``folder``."""
    return cluster.add_node(
        num_cpus=1,
        object_store_memory=SMALLEST_STORE,
        node_ip_address=address,
        env_vars={"CNN_LAB_NODE_HOME": str(folder)},
    )


@pytest.fixture(autouse=True)
def _one_thread_each(monkeypatch: pytest.MonkeyPatch, store: Store) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.delenv("CNN_LAB_SLOTS", raising=False)


@pytest.fixture
def executor(store: Store, cluster: Any) -> Iterator[RayExecutor]:
    """Starts stand-ins of fake workers; none outlives the test."""
    found = RayExecutor(store.home, lambda job: [sys.executable, str(STAND_IN), job.run_id, str(job.fence)])
    yield found
    end_workers(store, found)
    found.close()


def far_process(store: Store, run: Run) -> psutil.Process:
    """The process that a run is trained in, by what its stand-in has noted."""
    log = folders.log_file(store.home, run.id, store.get(run.id).fence)
    found = re.findall(r"the worker is process (\d+) on ", log.read_text())
    return psutil.Process(int(found[-1]))


class TestRayExecutor(ExecutorContract):
    seconds = 120.0

    def worker_of(self, supervisor: Supervisor, run: Run) -> psutil.Process:
        return far_process(supervisor.store, run)

    @pytest.fixture(autouse=True)
    def _heirs_leave(self) -> Iterator[None]:
        self.heirs: list[RayExecutor] = []
        yield
        for each in self.heirs:
            each.close()

    def heir(self, executor: Executor) -> Executor:
        self.heirs.append(RayExecutor(Path(os.environ["CNN_LAB_HOME"])))
        return self.heirs[-1]

    def test_three_runs_are_at_work_at_once_and_a_fourth_waits(self, supervisor: Supervisor, submit: Any) -> None:
        runs = [submit(f"student {number}", name="has a child and is deaf") for number in range(NODES + 1)]
        store = supervisor.store
        wait_for(
            lambda: all(store.get(run.id).message.startswith("child ") for run in runs[:NODES]),
            act=supervisor.tick,
            seconds=self.seconds,
        )
        raylets = {far_process(store, run).ppid() for run in runs[:NODES]}
        assert (len(raylets), store.get(runs[-1].id).position) == (NODES, 1)

    def test_when_its_stand_in_is_killed_the_worker_goes_and_the_run_goes_on(
        self, supervisor: Supervisor, submit: Any
    ) -> None:
        run = submit()
        self.until_step(supervisor, run, 11)
        worker = self.worker_of(supervisor, run)
        (held,) = supervisor.queue.held()
        supervisor.executor.cancel(held.handle, force=True)
        assert until(supervisor, run, "finished", seconds=self.seconds).fence == 2
        wait_for(lambda: not alive(worker.pid))
        assert [each.step for each in supervisor.store.steps(run.id)] == list(range(1, 301))


def says(store: Store, trouble: str) -> None:
    """Wait until a supervisor that comes up now would say so to all who wait."""
    executor = chosen(store.home)
    assert isinstance(executor, RayExecutor)
    wait_for(lambda: executor.capacity().trouble.startswith(trouble), seconds=120)
    executor.close()


def test_another_token_is_a_sentence(store: Store, cluster: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
    says(store, f"The Ray cluster at {os.environ['CNN_LAB_RAY']} does not take this lab's token")


OPEN = """
import sys
from ray.cluster_utils import Cluster
head = {"num_cpus": 1, "object_store_memory": 80 * 2**20, "node_ip_address": "127.0.0.9", "include_dashboard": False}
cluster = Cluster(initialize_head=True, head_node_args=head)
print(cluster.address, flush=True)
sys.stdin.read()
cluster.shutdown()
"""


def test_a_cluster_that_asks_nobody_for_a_token_is_not_used(
    store: Store, cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_AUTH")}
    with subprocess.Popen(
        [sys.executable, "-c", OPEN],
        env=environment | {"RAY_AUTH_MODE": "disabled"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        address = other.stdout.readline().strip()
        monkeypatch.setenv("CNN_LAB_RAY", address)
        says(store, f"The Ray cluster at {address} asks nobody for a token, so it is not used")
        other.communicate()


@pytest.fixture
def digits() -> TrainingConfig:
    from core.recipes import recipe_config

    return recipe_config("modern", dataset="digits", model="lenet", epochs=10, precision="fp32")


def test_a_run_whose_machine_is_killed_ends_elsewhere_as_it_would_have_ended_here(
    store: Store, cluster: Any, digits: TrainingConfig, tmp_path: Path
) -> None:
    import torch

    from core.checkpoints import read

    executor = chosen(store.home)
    assert isinstance(executor, RayExecutor)
    supervisor = Supervisor(store, executor, patience=QUICK)
    run = store.submit(digits, "ada", "its machine is killed")
    try:
        wait_for(lambda: store.get(run.id).saved_step > 0, act=supervisor.tick, seconds=240)
        before = store.get(run.id)
        assert before.status == "running"
        worker = far_process(store, run)
        kill(worker.ppid())  # what makes the machine one of the cluster's; the worker does not outlive it
        wait_for(lambda: "interrupted" in statuses(store, run), act=supervisor.tick, seconds=120)
        ended = until(supervisor, run, "finished", seconds=240)
        until_clear(supervisor)
    finally:
        end_workers(store, executor)
        executor.close()
    assert (ended.fence, alive(worker.pid)) == (2, False)
    assert statuses(store, run) == ["queued", "running", "interrupted", "queued", "running", "finished"]
    here = trained_here(store, digits)
    assert [each.loss for each in store.steps(run.id)] == [each.loss for each in store.steps(here.id)]
    assert [figures(each) for each in store.epochs(run.id)] == [figures(each) for each in store.epochs(here.id)]
    assert ended.message == here.message
    far, near = (read(Path(str(store.get(each.id).checkpoint))) for each in (run, here))
    assert far.card.metrics == near.card.metrics
    mine, theirs = far.load_model().state_dict(), near.load_model().state_dict()
    assert [name for name in theirs if not torch.equal(mine[name], theirs[name])] == []
    pages = [sorted(path.name for path in (far.folder.parent / name).glob("*")) for name in ("time-lapse", "probes")]
    assert [len(each) for each in pages] == [11, 11]


def statuses(store: Store, run: Run) -> list[str]:
    return [change.status for change in store.changes(run.id)]


def figures(epoch: Any) -> tuple[float, ...]:
    return (epoch.epoch, epoch.train_loss, epoch.train_accuracy, epoch.val_loss, epoch.val_accuracy)

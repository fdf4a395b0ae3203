"""What every executor must do, with workers that do without torch: each one's tests are a class on top of this one."""

from dataclasses import replace

import psutil
import pytest

from core.rights import OPERATOR
from core.runs.executors.port import Executor
from core.runs.executors.processes import find_process, process_handle
from core.runs.records import Run
from core.runs.store.lease import MOST_LOSSES
from core.runs.store.store import Store
from core.runs.supervisor import Supervisor
from tests.core.runs.conftest import QUICK, Submit, kill, until, until_clear, wait_for


class ExecutorContract:
    """Runs are the fake worker's: 300 steps of 5 ms, a state every ten."""

    seconds = 30.0  # that anything may take

    def worker_of(self, supervisor: Supervisor, run: Run) -> psutil.Process:
        """The process that trains a run, once it has trained a little."""
        raise NotImplementedError

    def heir(self, executor: Executor) -> Executor:
        """The executor of another supervisor of the same lab."""
        raise NotImplementedError

    def until_step(self, supervisor: Supervisor, run: Run, step: int = 1) -> None:
        """Look until a run has trained so far."""
        wait_for(lambda: supervisor.store.get(run.id).step >= step, act=supervisor.tick, seconds=self.seconds)

    def test_a_queued_run_is_trained_to_its_end(self, supervisor: Supervisor, submit: Submit) -> None:
        run = until(supervisor, submit(), "finished", seconds=self.seconds)
        assert (run.step, run.saved_step, run.fence) == (300, 300, 1)
        states = sorted(path.name for path in (supervisor.store.home / "runs" / run.id).glob("state-*"))
        assert states[-2:] == ["state-00000290-0000", "state-00000300-0000"]
        until_clear(supervisor)

    def test_a_stop_is_obeyed_at_the_next_step_and_the_run_goes_on_from_there(
        self, supervisor: Supervisor, submit: Submit
    ) -> None:
        run = submit()
        self.until_step(supervisor, run)
        supervisor.store.request_stop(run.id, by=OPERATOR)
        stopped = until(supervisor, run, "stopped", seconds=self.seconds)
        assert stopped.reason == "asked"
        assert 0 < stopped.step == stopped.saved_step < 300
        supervisor.store.resume(run.id, by=OPERATOR)
        finished = until(supervisor, run, "finished", seconds=self.seconds)
        assert (finished.step, finished.fence) == (300, 2)
        assert [each.step for each in supervisor.store.steps(run.id)] == list(range(1, 301))

    def test_a_killed_worker_is_replaced_and_no_figure_is_missing(self, supervisor: Supervisor, submit: Submit) -> None:
        run = submit()
        self.until_step(supervisor, run, 11)
        kill(self.worker_of(supervisor, run).pid)
        assert until(supervisor, run, "finished", seconds=self.seconds).fence == 2
        statuses = [change.status for change in supervisor.store.changes(run.id)]
        assert statuses == ["queued", "running", "interrupted", "queued", "running", "finished"]
        assert [each.step for each in supervisor.store.steps(run.id)] == list(range(1, 301))

    def test_a_worker_that_is_told_to_leave_saves_and_is_replaced(self, supervisor: Supervisor, submit: Submit) -> None:
        run = submit()
        self.until_step(supervisor, run)
        (held,) = supervisor.queue.held()
        supervisor.executor.cancel(held.handle, force=False)
        assert until(supervisor, run, "finished", seconds=self.seconds).fence == 2
        assert "terminated" in [change.reason for change in supervisor.store.changes(run.id)]

    @pytest.mark.parametrize("dies", [False, True])
    def test_a_worker_that_is_deaf_or_dead_is_ended_by_force_with_all_that_it_started(
        self, supervisor: Supervisor, submit: Submit, dies: bool
    ) -> None:
        supervisor.patience = replace(QUICK, ask=0.1, force=0.3)
        run = submit(name="has a child and is deaf")
        store = supervisor.store
        wait_for(lambda: store.get(run.id).message.startswith("child "), act=supervisor.tick, seconds=self.seconds)
        child, worker = int(store.get(run.id).message.split()[1]), self.worker_of(supervisor, run)
        if dies:
            kill(worker.pid)
        store.request_stop(run.id, by=OPERATOR)
        stopped = until(supervisor, run, "stopped", seconds=self.seconds)
        assert dies or stopped.reason == "forced"
        wait_for(lambda: not alive(child) and not alive(worker.pid), seconds=self.seconds)

    def test_a_worker_that_dies_every_time_leaves_its_last_lines(self, supervisor: Supervisor, submit: Submit) -> None:
        run = submit(name="dies")
        store = supervisor.store
        with store.database.writing() as connection:
            connection.execute("UPDATE runs SET losses = ?", (MOST_LOSSES - 2,))
        wait_for(lambda: store.get(run.id).fence == 2, act=supervisor.tick, seconds=self.seconds)
        until(supervisor, run, "interrupted", seconds=self.seconds)
        until_clear(supervisor)
        ended = store.get(run.id)
        assert (ended.status, ended.fence) == ("interrupted", 2)
        assert "the last line of a worker that dies" in ended.log

    def test_the_next_supervisor_takes_over_a_worker_at_work(
        self, store: Store, supervisor: Supervisor, submit: Submit
    ) -> None:
        run = submit()
        self.until_step(supervisor, run)
        worker = self.worker_of(supervisor, run)
        birth = process_handle(worker.pid)
        heir = Supervisor(store, self.heir(supervisor.executor), patience=QUICK)
        (held,) = heir.queue.held()
        assert heir.executor.reattach(held.handle)
        heir.tick()
        assert find_process(birth) is not None
        store.request_stop(run.id, by=OPERATOR)
        assert until(heir, run, "stopped", seconds=self.seconds).fence == 1
        supervisor.executor.poll(held.handle)  # the child of this process, which the heir could not reap


def alive(pid: int) -> bool:
    """Whether a process is there, and more than an entry in its parent's table."""
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE

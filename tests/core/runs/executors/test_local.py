"""Workers as processes of this machine, by the contract of all executors."""

import json
import sys

import psutil
import pytest

from core.runs.executors.local import LocalExecutor
from core.runs.executors.port import Executor
from core.runs.records import Run
from core.runs.supervisor import Supervisor
from tests.core.runs.executors.contract import ExecutorContract


@pytest.mark.skipif(sys.platform == "win32", reason="signals and sessions are POSIX")
class TestLocalExecutor(ExecutorContract):
    def worker_of(self, supervisor: Supervisor, run: Run) -> psutil.Process:
        (handle,) = (held.handle for held in supervisor.queue.held() if held.run_id == run.id)
        return psutil.Process(json.loads(handle)["pid"])

    def heir(self, executor: Executor) -> Executor:
        return LocalExecutor()

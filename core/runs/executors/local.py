"""Workers as processes of this machine."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence

import psutil

from core.disk import sentence
from core.errors import RunError
from core.runs import folders
from core.runs.executors.port import Capacity, Job
from core.runs.executors.processes import (
    end_session,
    environment,
    find_process,
    give_way,
    is_commanded,
    lost_handle,
    process_handle,
    process_id,
    start_detached,
)
from core.runs.executors.slots import threads_each
from core.runs.sharing import TOGETHER


def worker_command(job: Job) -> list[str]:
    """Return the command line of a worker."""
    return [sys.executable, "-m", "core", "worker", job.run_id, "--fence", str(job.fence)]


class LocalExecutor:
    """Workers as processes of this machine: each in a session of its own, at low priority, writing to its own log."""

    def __init__(self, command: Callable[[Job], Sequence[str]] = worker_command, *, slots: int = 1) -> None:
        self._command = command
        self.slots = slots
        self._children: dict[int, subprocess.Popen[bytes]] = {}

    def capacity(self) -> Capacity:
        """As many processes as slots, each with its part of the cores; small trainings share one."""
        return Capacity(slots=self.slots, threads=threads_each(self.slots), together=TOGETHER)

    def submit(self, job: Job) -> str:
        """Start a worker; it goes on when this process ends, whatever the reason."""
        log = folders.log_file(job.home, job.run_id, job.fence)
        try:
            log.parent.mkdir(parents=True, exist_ok=True)
            child = start_detached(self._command(job), log=log, environment=environment(job.home, job.threads))
        except OSError as error:
            raise RunError(sentence("A worker could not be started", error)) from error
        self._children = {pid: each for pid, each in self._children.items() if each.poll() is None}
        self._children[child.pid] = child
        with contextlib.suppress(psutil.Error):
            give_way(child.pid)
            return process_handle(child.pid)
        return lost_handle(child.pid)  # the next poll clears it away

    def poll(self, handle: str) -> bool:
        """See `Executor.poll`."""
        if find_process(handle) is not None:
            return True
        end_session(handle)  # before reaping: until then nobody else can be given this process id
        child = self._children.pop(process_id(handle), None)
        if child is not None:
            child.wait()
        return False

    def cancel(self, handle: str, *, force: bool) -> None:
        """SIGTERM to the worker's process group, or SIGKILL to everything in its session."""
        process = find_process(handle)
        if process is None or process.pid == os.getpid():
            return
        pid = process.pid
        with contextlib.suppress(psutil.Error, OSError):
            if sys.platform == "win32":
                for each in [*process.children(recursive=True), process]:
                    each.kill()
            elif force:
                end_session(handle)
                process.kill()  # one that was started by hand leads no session
            elif os.getpgid(pid) == pid:
                os.killpg(pid, signal.SIGTERM)
            else:
                process.terminate()

    def is_coming_up(self, run_id: str, fence: int) -> bool:
        """By its command line, which names run and fence; a forked worker has none of its own, and needs no time."""
        return is_commanded(run_id, str(fence))

    def reattach(self, handle: str) -> bool:
        """Nothing has to be taken over on one machine: the handle names the process to whoever holds it."""
        return self.poll(handle)

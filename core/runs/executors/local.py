"""Workers as processes of this machine."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence

import psutil

from core.errors import RunError
from core.runs import folders
from core.runs.executors.port import Job
from core.runs.executors.processes import (
    end_session,
    environment,
    find_process,
    give_way,
    process_handle,
    read_handle,
    start_detached,
)


def worker_command(job: Job) -> list[str]:
    """Return the command line of a worker."""
    return [sys.executable, "-m", "core", "worker", job.run_id, "--fence", str(job.fence)]


class LocalExecutor:
    """Workers as processes of this machine: each in a session of its own, at low priority, writing to its own log."""

    def __init__(self, command: Callable[[Job], Sequence[str]] = worker_command) -> None:
        self._command = command
        self._children: dict[int, subprocess.Popen[bytes]] = {}

    def submit(self, job: Job) -> str:
        """Start a worker; it goes on when this process ends, whatever the reason."""
        log = folders.log_file(job.home, job.run_id, job.fence)
        try:
            log.parent.mkdir(parents=True, exist_ok=True)
            child = start_detached(self._command(job), log=log, environment=environment(job.home, job.threads))
        except OSError as error:
            raise RunError(f"A worker could not be started: {error.strerror or error}.") from error
        self._children[child.pid] = child
        with contextlib.suppress(psutil.Error):
            give_way(child.pid)
            return process_handle(child.pid)
        return json.dumps({"pid": child.pid, "started": 0.0})  # gone already; the next poll clears it away

    def poll(self, handle: str) -> bool:
        """See `Executor.poll`."""
        pid, started = read_handle(handle)
        if find_process(pid, started) is not None:
            return True
        end_session(pid, started)  # before reaping: until then nobody else can be given this process id
        child = self._children.pop(pid, None)
        if child is not None:
            child.wait()
        return False

    def cancel(self, handle: str, *, force: bool) -> None:
        """SIGTERM to the worker's process group, or SIGKILL to everything in its session."""
        pid, started = read_handle(handle)
        process = find_process(pid, started)
        if process is None or pid == os.getpid():
            return
        with contextlib.suppress(psutil.Error, OSError):
            if sys.platform == "win32":
                for each in [*process.children(recursive=True), process]:
                    each.kill()
            elif force:
                end_session(pid, started)
                process.kill()  # one that was started by hand leads no session
            elif os.getpgid(pid) == pid:
                os.killpg(pid, signal.SIGTERM)
            else:
                process.terminate()

    def reattach(self, handle: str) -> bool:
        """Nothing has to be taken over on one machine: the handle names the process to whoever holds it."""
        return self.poll(handle)

"""How a worker is started, watched and ended: one port, and the adapter for this machine.

The store is the truth. An executor only knows processes: it never retries by itself, and a handle it gave out can be
understood by the executor of another supervisor, after this one has died.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psutil

from core.errors import RunError
from core.runs import folders

ROOT = Path(__file__).resolve().parent.parent.parent
NICE = 10
_CLOCK_SLACK = 2.0  # seconds by which a process's start may seem to move when the clock is set right


@dataclass(frozen=True, kw_only=True)
class Job:
    """One worker to be started: for run ``run_id`` of the store in ``home``, under fencing number ``fence``."""

    home: Path
    run_id: str
    fence: int
    threads: int | None = None


class Executor(Protocol):
    """Where workers live. A handle is text that the store keeps; it outlives the supervisor that asked for it."""

    def submit(self, job: Job) -> str:
        """Start a worker and return its handle at once; raises RunError where it cannot be started."""

    def poll(self, handle: str) -> bool:
        """Return whether the worker still lives. Once it does not, nothing of it is left running."""

    def cancel(self, handle: str, *, force: bool) -> None:
        """Ask the worker to save and leave, or with ``force`` end it and all that it started, now."""

    def reattach(self, handle: str) -> bool:
        """Take over a worker that another supervisor started; False where it has gone."""


def process_handle(pid: int) -> str:
    """Return the handle of a process of this machine: its id, and its start, since ids are used again.

    Raises psutil.NoSuchProcess where it has gone.
    """
    return json.dumps({"pid": pid, "started": psutil.Process(pid).create_time()})


def find_process(pid: int, started: float) -> psutil.Process | None:
    """Return the living process that began at ``started`` (seconds since 1970), or None where it has gone."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE or abs(process.create_time() - started) > _CLOCK_SLACK:
            return None
    except psutil.Error:
        return None
    return process


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
            _give_way(child.pid)
            return process_handle(child.pid)
        return json.dumps({"pid": child.pid, "started": 0.0})  # gone already; the next poll clears it away

    def poll(self, handle: str) -> bool:
        """See `Executor.poll`."""
        pid, started = _read(handle)
        if find_process(pid, started) is not None:
            return True
        _end_session(pid, started)  # before reaping: until then nobody else can be given this process id
        child = self._children.pop(pid, None)
        if child is not None:
            child.wait()
        return False

    def cancel(self, handle: str, *, force: bool) -> None:
        """SIGTERM to the worker's process group, or SIGKILL to everything in its session."""
        pid, started = _read(handle)
        process = find_process(pid, started)
        if process is None or pid == os.getpid():
            return
        with contextlib.suppress(psutil.Error, OSError):
            if sys.platform == "win32":
                for each in [*process.children(recursive=True), process]:
                    each.kill()
            elif force:
                _end_session(pid, started)
                process.kill()  # one that was started by hand leads no session
            elif os.getpgid(pid) == pid:
                os.killpg(pid, signal.SIGTERM)
            else:
                process.terminate()

    def reattach(self, handle: str) -> bool:
        """Nothing has to be taken over on one machine: the handle names the process to whoever holds it."""
        return self.poll(handle)


def _give_way(pid: int) -> None:
    """Lower a process's priority, so that pages answer while it computes."""
    if sys.platform == "win32":
        psutil.Process(pid).nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
    else:
        psutil.Process(pid).nice(NICE)


def start_detached(
    command: Sequence[str], *, log: Path, environment: dict[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start a process that outlives this one: its own session, no terminal, output appended to ``log``."""
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=ROOT,
            env=environment,
            start_new_session=True,
            creationflags=flags,
        )


def environment(home: Path, threads: int | None = None) -> dict[str, str]:
    """Return this process's environment for a child in another working directory, with that home and thread count."""
    values = dict(os.environ)
    values["CNN_LAB_HOME"] = str(home.resolve())
    if data := values.get("CNN_LAB_DATA"):
        values["CNN_LAB_DATA"] = str(Path(data).expanduser().resolve())
    if threads is not None:
        values["OMP_NUM_THREADS"] = str(threads)
    values["PYTHONUNBUFFERED"] = "1"
    return values


def _read(handle: str) -> tuple[int, float]:
    """The process id and start that a handle names; no process at all for a handle of another kind of executor."""
    try:
        fields = json.loads(handle)
        return int(fields["pid"]), float(fields["started"])
    except (ValueError, KeyError, TypeError):
        return 0, 0.0


def _end_session(leader: int, started: float) -> None:
    """End every process of the session that process ``leader`` began at ``started``.

    The leader may be alive, dead, or dead and reaped. While any process of its session lives, the system gives its
    number to nobody; where somebody else has the number now, the session is empty and there is nothing to end.
    """
    if sys.platform == "win32" or (_is_alive(leader) and find_process(leader, started) is None):
        return
    if leader <= 1 or leader == os.getsid(0):  # 0 stands for every session outside this container
        return
    for pid in psutil.pids():
        with contextlib.suppress(OSError):
            if os.getsid(pid) == leader and pid != os.getpid():
                os.kill(pid, signal.SIGKILL)


def _is_alive(pid: int) -> bool:
    with contextlib.suppress(psutil.Error):
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    return False

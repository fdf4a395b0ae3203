"""Processes of this machine: started to outlive their parent, found again by a handle, ended with all they began."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from core.strict_json import NotStrictJsonError, parse_object, typed

ROOT = Path(__file__).resolve().parents[3]
NICE = 10
_MOST_PIDS = 2**22 if sys.platform == "linux" else 2**32  # process ids are smaller
_CLOCK_SLACK = 2.0  # seconds by which a process's start may seem to move when the clock is set right


@dataclass(frozen=True, kw_only=True)
class _Handle:
    """A process of this machine: its id, and its start, since ids are used again."""

    pid: int
    started: float


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


def give_way(pid: int) -> None:
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


def read_handle(handle: str) -> tuple[int, float]:
    """The process id and start that a handle names; no process at all for a handle of another kind of executor."""
    try:
        fields = typed(_Handle, parse_object(handle))
    except NotStrictJsonError:
        return 0, 0.0
    return (fields.pid, fields.started) if 0 < fields.pid < _MOST_PIDS else (0, 0.0)


def end_session(leader: int, started: float) -> None:
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

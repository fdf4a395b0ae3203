"""Processes of this machine: started to outlive their parent, found again by a handle, ended with all they began."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil

from core.strict_json import NotStrictJsonError, parse_object, typed

ROOT = Path(__file__).resolve().parents[3]
NICE = 15  # of a scale from 0 to 19
_MOST_PIDS = 2**22 if sys.platform == "linux" else 2**32  # process ids are smaller
_CLOCK_SLACK = 2.0  # seconds by which a start that an older lab noted may seem to move


@dataclass(frozen=True, kw_only=True)
class _Handle:
    """A process of this machine: its id, and its birth, since ids are used again.

    ``started``, in seconds since 1970, is what handles said before ``birth`` was noted; the clock can move it.
    """

    pid: int
    birth: str = ""
    started: float = 0.0


def process_handle(pid: int) -> str:
    """Return the handle of a process of this machine; it is the process's for ever, however the clock is set.

    Raises psutil.NoSuchProcess where it has gone.
    """
    return json.dumps({"pid": pid, "birth": _birth(pid)})


def lost_handle(pid: int) -> str:
    """Return a handle for a process that went before its birth could be noted."""
    return json.dumps({"pid": pid, "birth": "gone"})


def find_process(handle: str) -> psutil.Process | None:
    """Return the living process that a handle names, or None where it has gone."""
    named = _named(handle)
    if named is None:
        return None
    try:
        process = psutil.Process(named.pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        if named.birth:
            return process if _birth(named.pid) == named.birth else None
        return process if abs(process.create_time() - named.started) <= _CLOCK_SLACK else None
    except psutil.Error:
        return None


def process_id(handle: str) -> int:
    """Return the process id that a handle names; 0 for a handle of another kind of executor."""
    named = _named(handle)
    return named.pid if named is not None else 0


def _named(handle: str) -> _Handle | None:
    try:
        named = typed(_Handle, parse_object(handle))
    except NotStrictJsonError:
        return None
    return named if 0 < named.pid < _MOST_PIDS else None


def _birth(pid: int) -> str:
    """What tells a process from every other that had or will have its id, and is not read off the clock.

    On Linux: ticks since the machine came up, and which time that was. (psutil adds the ticks to the hour of that, and
    setting the clock moves it.) Elsewhere the system notes the moment once.
    """
    if sys.platform != "linux":
        return repr(psutil.Process(pid).create_time())
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        raise psutil.NoSuchProcess(pid) from None
    return f"{_boot()}/{fields[19]}"


@cache
def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def give_way(pid: int) -> None:
    """Lower the priority of a session's first process, so that pages answer while it computes.

    Linux weighs whole sessions against each other, and processes within one only (sched(7), "The autogroup feature"):
    beside a web server of another session a process's own priority alone would count for nothing.
    """
    if sys.platform == "win32":
        psutil.Process(pid).nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
        return
    psutil.Process(pid).nice(NICE)
    for _try in range(20):
        try:
            Path(f"/proc/{pid}/autogroup").write_text(str(NICE), encoding="ascii")
        except BlockingIOError:  # the system takes ten of these a second from all processes together
            time.sleep(0.05)
        except OSError:  # a system without such groups
            return
        else:
            return


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


def start_at_hand(
    command: Sequence[str], *, errors: Path, environment: dict[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start a process that this one speaks to, by its standard input and output; what else it says goes to a file."""
    with errors.open("wb") as file:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=file,
            cwd=ROOT,
            env=environment,
            start_new_session=True,
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


def end_session(handle: str) -> None:
    """End every process of the session that the process with this handle leads.

    The leader may be alive, dead, or dead and reaped. While any process of its session lives, the system gives its
    number to nobody; where somebody else has the number now, the session is empty and there is nothing to end.
    """
    leader = process_id(handle)
    if sys.platform == "win32" or (is_alive(leader) and find_process(handle) is None):
        return
    if leader <= 1 or leader == os.getsid(0):  # 0 stands for every session outside this container
        return
    for pid in psutil.pids():
        with contextlib.suppress(OSError):
            if os.getsid(pid) == leader and pid != os.getpid():
                os.kill(pid, signal.SIGKILL)


def is_commanded(*words: str) -> bool:
    """Whether the command line of any process of this machine has all of these words."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if set(words).issubset(process.cmdline()):
                return True
    return False


def is_alive(pid: int) -> bool:
    """Whether a process of this id is there and has not ended (a zombie has)."""
    with contextlib.suppress(psutil.Error):
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    return False

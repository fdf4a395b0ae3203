"""A supervisor when one is needed: started by whoever asks, in a process that outlives them."""

import subprocess
import sys
import threading

import filelock

from core.disk import sentence
from core.errors import RunError
from core.runs.executors.processes import environment, find_process, start_detached
from core.runs.store.queue_writes import Queue
from core.runs.store.store import Store

_LOG = "supervisor.log"
_LOG_BYTES = 2**20
_LOCK = "summons.lock"
COMING_UP_SECONDS = 3.0  # that a supervisor is given, before somebody starts another one
_starting = threading.Lock()
_children: list[subprocess.Popen[bytes]] = []


def ensure_supervisor(store: Store) -> None:
    """Start a supervisor for ``store``, unless one is there: cheap enough for a page to call every second.

    It outlives this process. Starting one too many does no harm: the lock lets one lead, and the other leaves.
    """
    present = Queue(store).present()
    if present is None or find_process(present) is None:
        _start(store)


def revive_supervisor(store: Store) -> None:
    """Start a supervisor where the last one died; one that took its leave is left to whoever needs it."""
    present = Queue(store).present()
    if present is not None and find_process(present) is None:
        _start(store)


def serve_what_waits(store: Store) -> None:
    """Start a supervisor where a run waits or was at work, for a lab that starts: nobody has opened a page yet."""
    if Queue(store).is_wanted():
        ensure_supervisor(store)


def _start(store: Store) -> None:
    with _starting:
        _children[:] = [child for child in _children if child.poll() is None]
        if not _take_it_on(store):
            return
        path = store.home / _LOG
        try:
            if path.exists() and path.stat().st_size > _LOG_BYTES:
                path.replace(path.with_suffix(".log.1"))
            command = [sys.executable, "-m", "core", "supervise"]
            _children.append(start_detached(command, log=path, environment=environment(store.home)))
        except OSError as error:
            raise RunError(sentence("The supervisor could not be started", error)) from error


def _take_it_on(store: Store) -> bool:
    """Whether it falls to this process: of many that see a supervisor die, one starts the next, and is given time."""
    lock = filelock.FileLock(store.home / _LOCK, timeout=0, thread_local=False)
    try:
        lock.acquire()
    except filelock.Timeout:
        return False
    except OSError:  # a disk that refuses keeps nobody from trying
        return True
    waiting = threading.Timer(COMING_UP_SECONDS, lock.release)
    waiting.daemon = True  # the lock goes with this process at the latest
    waiting.start()
    return True

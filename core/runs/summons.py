"""A supervisor when one is needed: started by whoever asks, in a process that outlives them."""

import subprocess
import sys
import threading
import time
from pathlib import Path

from core.disk import sentence
from core.errors import RunError
from core.runs.executors.processes import environment, find_process, start_detached
from core.runs.store.queue_writes import Queue
from core.runs.store.store import Store

_LOG = "supervisor.log"
_LOG_BYTES = 2**20
_starting = threading.Lock()
_children: list[subprocess.Popen[bytes]] = []
_last_start: dict[Path, float] = {}


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
        if time.monotonic() - _last_start.get(store.path, -60.0) < 3.0:
            return
        _last_start[store.path] = time.monotonic()
        path = store.home / _LOG
        try:
            if path.exists() and path.stat().st_size > _LOG_BYTES:
                path.replace(path.with_suffix(".log.1"))
            command = [sys.executable, "-m", "core", "supervise"]
            _children.append(start_detached(command, log=path, environment=environment(store.home)))
        except OSError as error:
            raise RunError(sentence("The supervisor could not be started", error)) from error

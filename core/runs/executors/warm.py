"""A warm parent of workers: it has imported torch, and done nothing else with it, and forks one in a tenth of a second.

A cold worker spends six seconds of processor time on imports. Only for Linux and only where no GPU is present: CUDA
cannot be used in a forked process once its parent has touched it, and elsewhere forking a process that holds system
frameworks is not safe. The nursery ends when the supervisor's end of its pipe closes; the workers do not.
"""

import contextlib
import gc
import json
import logging
import math
import os
import selectors
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import psutil

from core.runs import folders
from core.runs.executors.local import LocalExecutor
from core.runs.executors.port import Capacity, Job
from core.runs.executors.processes import environment, give_way, lost_handle, process_handle, start_at_hand

log = logging.getLogger(__name__)

REPLY_SECONDS = 10.0
COMING_UP_SECONDS = 15.0  # that workers wait for a nursery; side by side they would import what it imports once
FIRST_PAUSE, LONGEST_PAUSE = 3.0, 60.0  # until the next nursery, where one has not forked a worker before it was lost
_READY = b"ready\n"
_GPU_DEVICES = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")


def can_fork() -> bool:
    """Whether workers may be forked on this machine."""
    return sys.platform == "linux" and not any(Path(device).exists() for device in _GPU_DEVICES)


class WarmExecutor(LocalExecutor):
    """Workers on this machine: forked by a nursery, started cold where there is none that comes up in time."""

    def __init__(self, home: Path, *, slots: int = 1) -> None:
        super().__init__(slots=slots)
        self._home = home
        self._nursery: subprocess.Popen[bytes] | None = None
        self._ready = False
        self._started = self._not_before = -math.inf
        self._pause = FIRST_PAUSE

    def capacity(self) -> Capacity:
        """As every worker of this machine; no process is started in the seconds that a nursery takes to come up."""
        self.prepare()
        capacity = super().capacity()
        young = time.monotonic() - self._started < COMING_UP_SECONDS
        return replace(capacity, slots=0) if self._nursery and young and not self.is_ready() else capacity

    def prepare(self) -> None:
        """Start a nursery where there is none; it stands ready some seconds later. Never waits."""
        if self._nursery is not None and self._nursery.poll() is not None:
            self._lose()
        if self._nursery is None and time.monotonic() > self._not_before:
            self._started = time.monotonic()
            try:
                self._nursery = self._start()
            except OSError as error:  # workers start cold until the next attempt
                log.warning("no nursery: %s", error)
                self._lose()

    def _lose(self) -> None:
        """Let the nursery go. One that has done its work is replaced at once, the next ones later and later."""
        self.close()
        self._not_before = time.monotonic() + self._pause
        self._pause = min(2 * self._pause or FIRST_PAUSE, LONGEST_PAUSE)

    def _start(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "core", "nursery"]
        return start_at_hand(command, errors=self._home / "nursery.log", environment=environment(self._home))

    def is_ready(self) -> bool:
        """Whether the next worker would be forked."""
        if not self._ready:
            self._ready = self._line(0.0) == _READY
        return self._ready

    def submit(self, job: Job) -> str:
        """Fork a worker, or start one cold; see `Executor.submit`.

        Where the nursery took the order and then fell silent, the handle is '': a worker may be coming up. It names
        itself to the store if it does; if not, the supervisor takes the claim back. So there is never a twin.
        """
        if not self.is_ready() or not self._order(job):
            return super().submit(job)
        answer = self._line(REPLY_SECONDS)
        try:
            pid = int(answer)
        except ValueError:
            log.warning("the nursery does not answer; the next one is started later")
            self._pause = LONGEST_PAUSE
            self._lose()
            return ""
        self._pause = 0.0
        with contextlib.suppress(psutil.Error):
            return process_handle(pid)
        return lost_handle(pid)  # the next poll clears it away

    def close(self) -> None:
        """Let the nursery go; its workers go on."""
        if self._nursery is not None:
            self._nursery.kill()
            for stream in (self._nursery.stdin, self._nursery.stdout):
                with contextlib.suppress(OSError):
                    if stream is not None:
                        stream.close()
            self._nursery.wait()
        self._nursery, self._ready = None, False

    def _order(self, job: Job) -> bool:
        """Hand an order to the nursery; False where it is certain that nobody took it."""
        log_file = folders.log_file(job.home, job.run_id, job.fence)
        order = {"run_id": job.run_id, "fence": job.fence, "log": str(log_file)}
        stream = self._nursery.stdin if self._nursery is not None else None
        try:
            log_file.parent.mkdir(parents=True, exist_ok=True)
            if stream is None:
                return False
            stream.write(json.dumps(order).encode() + b"\n")  # below the size that a pipe takes whole or not at all
            stream.flush()
        except OSError:
            self._lose()
            return False
        return True

    def _line(self, seconds: float) -> bytes:
        """The nursery's next line; b'' where none comes in time."""
        stream = self._nursery.stdout if self._nursery is not None else None
        if stream is None:
            return b""
        with selectors.DefaultSelector() as selector:
            selector.register(stream, selectors.EVENT_READ)
            return stream.readline() if selector.select(seconds) else b""


def serve(orders: BinaryIO, answers: BinaryIO) -> None:
    """Import what a worker needs, say so, and fork one for each order until ``orders`` ends.

    Returns in the nursery; in a forked worker the process ends without returning.
    """
    from core.runs.worker import together  # noqa: F401
    from core.runs.worker.coming_up import import_all
    from core.slow_imports import torchvision

    import_all()
    torchvision()
    give_way(os.getpid())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system clears the dead away; the supervisor looks for itself
    gc.collect()
    gc.freeze()  # pages that the collector does not write to stay shared with the workers
    answers.write(_READY)
    answers.flush()
    for line in orders:
        order = json.loads(line)
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            _be_a_worker(order["run_id"], order["fence"], Path(order["log"]), announce=write)
        os.close(write)
        os.read(read, 1)  # the child has a session of its own now, so that it can be ended by its number
        os.close(read)
        answers.write(b"%d\n" % pid)
        answers.flush()


def _be_a_worker(run_id: str, fence: int, log_path: Path, *, announce: int) -> None:
    """Become what `python -m core worker` would be; never returns."""
    code = 1
    try:
        os.setsid()
        give_way(os.getpid())
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _redirect(log_path)
        os.close(announce)
        from core.runs.worker.process import run_worker

        code = 0 if run_worker(run_id, fence) else 1
    except BaseException:
        logging.getLogger(__name__).exception("the worker ended")
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _redirect(log_path: Path) -> None:
    """Let go of the nursery's pipes: nothing to read, and a log of its own."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    output = os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(output)

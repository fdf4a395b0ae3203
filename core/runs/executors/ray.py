"""Workers on the machines of a Ray cluster, each with a stand-in here, which is a process like any other worker's."""

import contextlib
import logging
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from core.runs.cluster.settings import ADDRESS
from core.runs.cluster.watch import Seen, fit, share_of
from core.runs.executors.local import LocalExecutor
from core.runs.executors.port import Capacity, Job
from core.runs.executors.processes import environment, start_at_hand
from core.runs.executors.slots import slots_wanted, threads_wanted
from core.strict_json import NotStrictJsonError, parse_object, typed

log = logging.getLogger(__name__)

AGAIN_SECONDS = 10.0  # until the cluster is looked at once more after something was wrong
_LOOKING = "The Ray cluster is being looked at."


def stand_in_command(job: Job) -> list[str]:
    """Return the command line of a worker's stand-in."""
    return [sys.executable, "-m", "core", "stand-in", job.run_id, "--fence", str(job.fence)]


class RayExecutor(LocalExecutor):
    """What this machine has of a worker elsewhere is its stand-in: that is what is submitted, polled and cancelled.

    Ray ends a worker whose stand-in has gone, and a stand-in ends when its worker has.
    """

    def __init__(self, home: Path, command: Callable[[Job], Sequence[str]] = stand_in_command) -> None:
        super().__init__(command)
        self._home, self._address = home, os.environ.get(ADDRESS, "")
        self._watch: subprocess.Popen[bytes] | None = None
        self._started = -math.inf
        self._heard = b""
        self._seen = Seen(trouble=_LOOKING)

    def capacity(self) -> Capacity:
        """As many as the cluster's CPUs hold, or as CNN_LAB_SLOTS says; a thread each unless OMP_NUM_THREADS says."""
        self._listen()
        threads, wanted = threads_wanted() or 1, slots_wanted()
        slots = wanted or fit(self._seen.cpus, share_of(self._seen.cpus, threads, None))
        trouble = self._seen.trouble
        if not trouble and not slots:
            trouble = f"No machine of the Ray cluster at {self._address} lends a CPU; start one with some."
        return Capacity(slots=slots, threads=threads, trouble=trouble)

    def close(self) -> None:
        """Look no more; what is at work goes on."""
        if self._watch is not None:
            with contextlib.suppress(OSError):
                os.killpg(self._watch.pid, signal.SIGKILL)  # with what it tries the cluster by
            for stream in (self._watch.stdin, self._watch.stdout):
                if stream is not None:
                    stream.close()
            self._watch.wait()
        self._watch = None

    def _listen(self) -> None:
        """Read what the watch has said meanwhile; start one where there is none, not too often."""
        if self._watch is None and time.monotonic() - self._started > AGAIN_SECONDS:
            self._started = time.monotonic()
            self._watch = self._start()
        if self._watch is None or self._watch.stdout is None:
            return
        said = b"-"
        with contextlib.suppress(BlockingIOError):
            while said := os.read(self._watch.stdout.fileno(), 2**16):
                self._heard += said
        *lines, self._heard = self._heard.split(b"\n")
        for line in lines:
            with contextlib.suppress(NotStrictJsonError):
                self._seen = typed(Seen, parse_object(line))
        if not said:  # it has ended: of what it has said, or of a cluster that is gone
            self.close()
            self._heard = b""
            if not self._seen.trouble:
                self._seen = Seen(trouble=f"The Ray cluster at {self._address} has gone; start it again.")

    def _start(self) -> "subprocess.Popen[bytes] | None":
        command = [sys.executable, "-m", "core", "cluster-watch"]
        try:
            errors = self._home / "cluster.log"
            started = start_at_hand(command, errors=errors, environment=environment(self._home))
        except OSError as error:
            self._seen = Seen(trouble=f"The Ray cluster cannot be looked at: {error.strerror}.")
            return None
        if started.stdout is not None:
            os.set_blocking(started.stdout.fileno(), False)
        return started

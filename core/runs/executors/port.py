"""How a worker is started, watched and ended: the port that every adapter fills.

The store is the truth. An executor only knows workers: it never retries by itself, and a handle it gave out can be
understood by the executor of another supervisor, after this one has died.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Job:
    """One worker to be started: for run ``run_id`` of the store in ``home``, under fencing number ``fence``."""

    home: Path
    run_id: str
    fence: int
    threads: int | None = None


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """What there is room for: ``slots`` processes that train at once, each with ``threads`` threads, of which one may
    hold up to ``together`` small trainings (0: each has a process of its own). Without slots no process is started just
    now, and none that is there has to make room.

    ``trouble`` is a sentence where no worker can be started at this moment, '' where all is well.
    """

    slots: int
    threads: int
    together: int = 0
    trouble: str = ""


class Executor(Protocol):
    """Where workers live. A handle is text that the store keeps; it outlives the supervisor that asked for it."""

    def capacity(self) -> Capacity:
        """Return what there is room for; asked at every look, so it never waits."""

    def submit(self, job: Job) -> str:
        """Start a worker and return its handle at once; raises RunError where it cannot be started."""

    def poll(self, handle: str) -> bool:
        """Return whether the worker still lives.

        Once it does not, nothing of it is left running; of one that was out of reach, nothing that can reach the store.
        """

    def cancel(self, handle: str, *, force: bool) -> None:
        """Ask the worker to save and leave, or with ``force`` end it and all that it started, now."""

    def is_coming_up(self, run_id: str, fence: int) -> bool:
        """Return whether a worker without a handle can be seen that has not said so to the store yet."""

    def reattach(self, handle: str) -> bool:
        """Take over a worker that another supervisor started; False where it has gone."""

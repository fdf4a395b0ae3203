"""Turns between processes: of those that train, as many compute at a time as the lab has slots.

Two trainings at once on the same cores do not halve each other's pace, they ruin it: the threads of each wait for one
another at every layer. So a process computes for a fraction of a second, and lets the next one through. Whoever holds
the lock ``next`` is the next one; the places are locks, too, and a process that dies gives back what it held.
"""

import contextlib
import time
from collections.abc import Callable
from types import TracebackType

import filelock

from core.runs.executors.slots import slots_here
from core.runs.records import StoreError
from core.runs.store.store import Store

TURN_SECONDS = 0.25  # or less, where many train:
ROUND_SECONDS = 2.0  # in which everybody should have had a turn
LOOK_SECONDS = 0.005
PATIENCE = 30.0  # seconds after which whoever has the place is taken for stuck, and no longer waited for


class Turnstile:
    """One process's way to a place; a context manager. ``in_a_hurry`` says that there is no time to wait: save and go.

    ``weight`` is how many turns of others one of this process is worth: each of those who share it counts as much as
    the owner of a process of its own, as long as no step takes longer than a turn. A turn is never cut off: whose steps
    are longer computes more than a share.
    """

    def __init__(self, store: Store, *, in_a_hurry: Callable[[], bool], places: int | None = None) -> None:
        count = slots_here() if places is None else places
        self._next = filelock.FileLock(store.home / "turn-next.lock")
        self._places = [filelock.FileLock(store.home / f"turn-{number}.lock") for number in range(count)]
        self._store, self._in_a_hurry = store, in_a_hurry
        self._held: filelock.BaseFileLock | None = None
        self._since, self._turn = 0.0, TURN_SECONDS
        self.weight = 1

    def __enter__(self) -> "Turnstile":
        self._enter()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._leave()

    def pass_on(self) -> None:
        """Where this process has had its turn and another one waits, wait for the next turn."""
        if time.monotonic() - self._since < min(ROUND_SECONDS, self._turn * self.weight):
            return
        if self._held is not None and _take(self._next):  # nobody waits
            self._next.release()
            self._since = time.monotonic()
            return
        self._leave()
        self._enter()

    def _enter(self) -> None:
        arrived = time.monotonic()

        def waits() -> bool:
            return not self._in_a_hurry() and time.monotonic() - arrived < PATIENCE

        while waits() and not _take(self._next):
            time.sleep(LOOK_SECONDS)
        while waits() and self._held is None:
            self._held = next((place for place in self._places if _take(place)), None)
            if self._held is None:
                time.sleep(LOOK_SECONDS)
        self._next.release()
        with contextlib.suppress(StoreError):  # it refuses just now, and the last count will do
            self._turn = min(TURN_SECONDS, ROUND_SECONDS / max(1, self._store.count(statuses=["running"])))
        self._since = time.monotonic()

    def _leave(self) -> None:
        if self._held is not None:
            self._held.release()
        self._held = None


def _take(lock: filelock.BaseFileLock) -> bool:
    with contextlib.suppress(filelock.Timeout, OSError):  # a disk that refuses keeps nobody from computing
        lock.acquire(timeout=0)
        return True
    return False

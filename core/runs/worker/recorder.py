"""The thread beside a training that talks to the store, so that the loop never waits for it.

It writes figures about twice a second, shows a sign of life, and looks whether somebody asked the run to stop, whether
the run has passed to another worker, and whether the disk still has room.
"""

import contextlib
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Literal

from core.errors import RunError
from core.events import EpochDone, StepDone
from core.runs import folders
from core.runs.records import StaleWorkerError, StoreError
from core.runs.worker.hold import Hold

Why = Literal["asked", "terminated", "superseded", "disk_full", "store_lost", "turn"]

LOOK_SECONDS = 0.25
WRITE_SECONDS = 0.5
BEAT_SECONDS = 2.0
PULSE_SECONDS = 1.0
DISK_SECONDS = 1.0
STORE_LOST_SECONDS = 10.0
_PACE_WINDOW = 15.0  # seconds: over fewer of them the time left jumps on a busy machine
_PACE_TURNS = 5  # the pace of a run that shares its process is that of so many turns and the time between them


class Recorder:
    """Figures in, orders out. Use it as a context manager: the thread ends with the block, all figures written. Where
    many runs share a process, one thread attends to the recorders of all.

    ``pulse`` is called from the thread every few seconds, for whatever else has to be looked after. ``turn_every`` is
    for the loop to set: the seconds between two turns of a run that shares its process.
    """

    def __init__(self, lease: Hold, *, pulse: Callable[[], None] | None = None) -> None:
        self.lease = lease
        self.pulse = pulse or (lambda: None)
        self.leave: Why | None = None  # set once; the loop reads it after every step
        self.turn_every: float | None = None
        self._steps: list[StepDone] = []
        self._epochs: list[tuple[int, EpochDone]] = []
        self._pace: deque[tuple[float, float, int]] = deque()  # of steps: when, how long after the one before, pixels
        self._side = 1  # of the newest images, in pixels
        self._last_step: float | None = None
        self._message: tuple[str, float] | None = None
        self._buffer = threading.Lock()
        self._writing = threading.Lock()
        self._beat = self._pulsed = self._reached = self._looked = time.monotonic()
        self._wrote = -math.inf  # the first step does not wait: a student looks at an empty chart
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)

    def __enter__(self) -> "Recorder":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()
        with contextlib.suppress(StaleWorkerError, StoreError):
            self.flush()

    def step(self, step: StepDone, *, side: int = 1) -> None:
        """Take one step, on images of ``side`` pixels; it is written soon.

        Images that grow take longer as their pixels, so the pace of earlier steps is carried over to their new size.
        """
        now = time.monotonic()
        with self._buffer:
            self._steps.append(step)
            if self._last_step is not None:
                self._pace.append((now, now - self._last_step, step.images * side**2))
            self._last_step, self._side = now, side
            window = max(_PACE_WINDOW, _PACE_TURNS * (self.turn_every or 0.0))
            while len(self._pace) > 1 and now - self._pace[0][0] > window:
                self._pace.popleft()

    def epoch(self, epoch: EpochDone, *, step: int) -> None:
        """Take one epoch, which ended with ``step``; it is written soon."""
        with self._buffer:
            self._epochs.append((step, epoch))
            self._last_step = None  # the pause for validation says nothing about the pace of training

    def say(self, message: str, share: float = 0.0) -> None:
        """Take a sentence to show beside the run, and how much of it is done; the newest one is written soon."""
        with self._buffer:
            self._message = message, share

    def take_back_words(self) -> None:
        """Forget a sentence that has not been written yet; none is being written when this returns."""
        with self._writing, self._buffer:
            self._message = None

    def flush(self, *, durable: bool = False) -> bool:
        """Write what has been taken, now, and return whether that was anything; ``durable``: so that a power cut cannot
        take it back.

        Raises StaleWorkerError where the run has passed on, StoreError where the store cannot be written.
        """
        with self._writing:
            with self._buffer:
                steps, epochs, message = self._steps, self._epochs, self._message
                self._steps, self._epochs, self._message = [], [], None
                pace = self._images_per_second()
            try:
                if message is not None:
                    self.lease.say(*message)
                if steps or epochs:
                    self.lease.record(steps, epochs, pace=pace, turn_every=self.turn_every, durable=durable)
            except StoreError:
                with self._buffer:  # kept for the next attempt
                    self._steps, self._epochs = steps + self._steps, epochs + self._epochs
                raise
            return bool(steps or epochs or message is not None)

    def ask_to_leave(self, why: Why) -> None:
        """Have the loop save and leave after its next step; the first reason given counts."""
        self.leave = self.leave or why

    def _images_per_second(self) -> float | None:
        seconds = sum(lasted for _at, lasted, _pixels in self._pace)
        pixels = sum(pixels for _at, _lasted, pixels in self._pace)
        return pixels / self._side**2 / seconds if seconds > 0 else None

    def _run(self) -> None:
        while not self._done.wait(LOOK_SECONDS):
            self.attend()

    def attend(self) -> None:
        """Look once: for orders, for the disk, for what is due to be written."""
        now = time.monotonic()
        try:
            orders = self.lease.orders()
            if orders.superseded:
                self.ask_to_leave("superseded")
            elif orders.stop:
                self.ask_to_leave("asked")
            elif orders.make_room:
                self.ask_to_leave("turn")
            if now - self._looked >= DISK_SECONDS:  # before anything is written: a full disk refuses that, too
                self._looked = now
                if folders.trouble(self.lease.folder):
                    self.ask_to_leave("disk_full")
            if now - self._wrote >= WRITE_SECONDS and self.flush():
                self._wrote = now
            if now - self._beat >= BEAT_SECONDS:
                self.lease.beat()
                self._beat = now
            if now - self._pulsed >= PULSE_SECONDS:
                self.pulse()
                self._pulsed = now
            self._reached = now
        except StaleWorkerError:
            self.ask_to_leave("superseded")
        except (RunError, OSError):  # of the store, or of the look at the disk
            if now - self._reached > STORE_LOST_SECONDS:
                self.ask_to_leave("store_lost")

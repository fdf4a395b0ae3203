"""How much memory a process holds, over time."""

import contextlib
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import psutil

EVERY = 0.5  # seconds between two looks
STILL = 15.0  # seconds without growth after which a server has settled
WHOLE_EVERY = 5.0  # seconds between two looks at every mapping, which cost some milliseconds
MB = 10**6


@dataclass(frozen=True, kw_only=True)
class Look:
    """What a process held at a moment (`time.monotonic`), in MB.

    ``rss`` counts every page that is in memory, ``own`` those that no other process shares (None where it was not
    looked at).
    """

    at: float
    rss: float
    own: float | None = None


class MemoryLog:
    """Looks at a process from a thread of its own while the block lasts."""

    def __init__(self, pid: int) -> None:
        self.looks: list[Look] = []
        self._process = psutil.Process(pid)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="memory-log", daemon=True)

    def __enter__(self) -> "MemoryLog":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def last(self, seconds: float) -> float:
        """Return the median resident memory of the last ``seconds``, in MB."""
        since = time.monotonic() - seconds
        found = sorted(look.rss for look in self.looks if look.at >= since) or [self.looks[-1].rss]
        return found[len(found) // 2]

    def settle(self, *, at_least: float, at_most: float = 300.0) -> None:
        """Wait until the process has stopped growing: a server imports for a while after it has begun to answer."""
        started = time.monotonic()
        while (now := time.monotonic()) - started < at_most:
            time.sleep(min(1.0, at_least))
            recent = [look.rss for look in self.looks if look.at >= now - STILL] or [0.0]
            if now - started >= at_least and max(recent) - min(recent) <= 0.01 * max(recent):
                return

    def highest(self) -> float:
        """Return the highest resident memory so far, in MB: the system's own count where it keeps one."""
        seen = max(look.rss for look in self.looks)
        with contextlib.suppress(OSError, ValueError):
            for line in Path(f"/proc/{self._process.pid}/status").read_text(encoding="utf-8").splitlines():
                if line.startswith("VmHWM:"):
                    return max(seen, int(line.split()[1]) * 1024 / MB)
        return seen

    def highest_own(self) -> float | None:
        """Return the most that was the process's alone, in MB; None where that was never looked at."""
        return max((look.own for look in self.looks if look.own is not None), default=None)

    def every(self, seconds: float) -> tuple[tuple[float, float], ...]:
        """Return (seconds since the first look, MB resident), one look in so many ``seconds``."""
        kept: list[Look] = []
        for look in self.looks:
            if not kept or look.at - kept[-1].at >= seconds:
                kept.append(look)
        return tuple((round(look.at - self.looks[0].at), round(look.rss)) for look in kept)

    def _run(self) -> None:
        whole = 0.0
        while True:
            try:
                now = time.monotonic()
                rss = self._process.memory_info().rss / MB
                own = None
                if now - whole >= WHOLE_EVERY:
                    whole = now
                    with contextlib.suppress(psutil.AccessDenied):
                        own = self._process.memory_full_info().uss / MB
                self.looks.append(Look(at=now, rss=rss, own=own))
            except psutil.NoSuchProcess:
                return
            if self._done.wait(EVERY):
                return

"""What takes the server long gives way to what takes it little.

All visitors share one interpreter, which divides its time evenly among those who want something. A photo needs it for
five times as long as a slider; where a class asks about photos, everybody's page is slow. So photos are worked on one
at a time, each when no other visitor's page is being drawn, or when it has waited for long enough.
"""

import threading
import time
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

ALONE = 0.15  # seconds that a photo gives way whose answer somebody waits for,
ONE_OF_MANY = 0.6  # and one of many


@dataclass(order=True)
class _Turn:
    of_many: bool
    number: int
    until: float


class GivingWay:
    """Knows whose page is being drawn, and gives turns to work that can wait. Safe between threads."""

    def __init__(self, *, alone: float = ALONE, one_of_many: float = ONE_OF_MANY) -> None:
        self._patience = {False: alone, True: one_of_many}
        self._changed = threading.Condition()
        self._drawn: set[Hashable] = set()
        self._turns: list[_Turn] = []  # of those who wait, and of the one at work
        self._at_work: _Turn | None = None
        self._given = 0

    def draws(self, visit: Hashable) -> None:
        """Note that the page of a visit is being drawn."""
        with self._changed:
            self._drawn.add(visit)

    def has_drawn(self, visit: Hashable) -> None:
        """Note that it is done, or that nobody looks any more."""
        with self._changed:
            if visit in self._drawn:
                self._drawn.discard(visit)
                self._changed.notify_all()

    @contextmanager
    def turn(self, *, of_many: bool = False) -> Iterator[None]:
        """Wait for a turn, and a while for pages to be drawn; what is one ``of_many`` goes after what is not.

        For the thread that draws a page: one in which nothing but a page waits holds nobody up.
        """
        with self._changed:
            self._given += 1
            own = _Turn(of_many=of_many, number=self._given, until=time.monotonic() + self._patience[of_many])
            self._turns.append(own)
            self._changed.notify_all()  # whoever waited for this page need not
            while not self._is_mine(own):
                left = own.until - time.monotonic()
                self._changed.wait(left if left > 0 else None)
            self._at_work = own
        try:
            yield
        finally:
            with self._changed:
                self._at_work = None
                self._turns.remove(own)
                self._changed.notify_all()

    def _is_mine(self, own: _Turn) -> bool:
        if self._at_work is not None or own is not min(self._turns):
            return False
        return len(self._drawn) <= len(self._turns) or time.monotonic() >= own.until


giving_way = GivingWay()

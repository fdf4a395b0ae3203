"""What takes the server long gives way to what takes it little.

All visitors share one interpreter, which divides its time evenly among those who want something. A photo needs it for
five times as long as a slider; where a class asks about photos, everybody's page is slow. So photos are worked on one
at a time, each when no other visitor's page is being drawn, or when it has waited a moment for that.
"""

import threading
import time
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

ALONE = 0.15  # seconds that a photo waits for pages where somebody waits for its answer,
ONE_OF_MANY = 0.6  # and where it is one of many,
BEHIND = 2.0  # which goes after those that somebody asks for up to so many seconds later


@dataclass(order=True)
class _Turn:
    due: float
    number: int
    until: float


class GivingWay:
    """Knows whose page is being drawn for them, and gives turns to work that can wait. Safe between threads.

    What a page asks for by its clock does not count: nobody waits for it.
    """

    def __init__(self, *, alone: float = ALONE, one_of_many: float = ONE_OF_MANY, behind: float = BEHIND) -> None:
        self._alone, self._one_of_many, self._behind = alone, one_of_many, behind
        self._changed = threading.Condition()
        self._drawn: set[Hashable] = set()
        self._patient: set[int] = set()  # threads that draw a page and wait for a turn
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
    def waits(self) -> Iterator[None]:
        """Hold nobody up with the page that this thread draws: it may need what another one waits for a turn with."""
        own = threading.get_ident()
        with self._changed:
            is_new = own not in self._patient
            self._patient.add(own)
            self._changed.notify_all()
        try:
            yield
        finally:
            if is_new:
                with self._changed:
                    self._patient.discard(own)

    @contextmanager
    def turn(self, *, of_many: bool = False) -> Iterator[None]:
        """Wait for a turn, and a moment for pages to be drawn; one ``of_many`` lets others pass, for a while."""
        with self.waits():
            own = self._wait(of_many)
            try:
                yield
            finally:
                with self._changed:
                    self._at_work = None
                    self._turns.remove(own)
                    self._changed.notify_all()

    def _wait(self, of_many: bool) -> _Turn:
        now = time.monotonic()
        patience, behind = (self._one_of_many, self._behind) if of_many else (self._alone, 0.0)
        with self._changed:
            self._given += 1
            own = _Turn(due=now + behind, number=self._given, until=now + patience)
            self._turns.append(own)
            while True:
                is_next = self._at_work is None and own is min(self._turns)
                left = own.until - time.monotonic() if len(self._drawn) > len(self._patient) else 0.0
                if is_next and left <= 0:
                    self._at_work = own
                    return own
                self._changed.wait(left if is_next else None)


giving_way = GivingWay()

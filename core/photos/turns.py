"""Who decodes when: pictures take memory by their pixels, and a class sends many at once."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """At most ``places`` at a time, and together no more than ``room`` bytes; who came first goes first.

    One that needs more than all of the room goes alone.
    """

    def __init__(self, *, places: int, room: int) -> None:
        self.places, self.room = places, room
        self._taken = self._used = 0
        self._first = threading.Lock()
        self._changed = threading.Condition()

    @contextmanager
    def take(self, size: int) -> Iterator[None]:
        """Wait for a place and ``size`` bytes of room, and hold them."""
        with self._first, self._changed:
            self._changed.wait_for(lambda: self._fits(size))
            self._taken += 1
            self._used += size
        try:
            yield
        finally:
            with self._changed:
                self._taken -= 1
                self._used -= size
                self._changed.notify_all()

    def _fits(self, size: int) -> bool:
        return not self._taken or (self._taken < self.places and self._used + size <= self.room)

"""What a class measures while it works: how long each wait was, what went wrong, which pictures came."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter


class Notes:
    """Shared by all tabs of one measurement; they live on one event loop, so nothing is locked."""

    def __init__(self) -> None:
        self.waits: dict[str, list[float]] = defaultdict(list)  # seconds, by kind
        self.errors: Counter[str] = Counter()  # what should never be
        self.refusals: Counter[str] = Counter()  # what the server declined in so many words
        self.pictures: Counter[int] = Counter()  # by status
        self.picture_bytes = 0

    @contextmanager
    def timed(self, kind: str) -> Iterator[None]:
        """Note how long the block took; what the tab gave up on counts with the time that it waited for it."""
        started = perf_counter()
        yield
        self.waits[kind].append(perf_counter() - started)

    def error(self, what: str) -> None:
        """Note what should never be."""
        self.errors[what] += 1

    def refused(self, what: str) -> None:
        """Note what the server declined."""
        self.refusals[what] += 1

    def picture(self, status: int, count: int, seconds: float) -> None:
        """Note a picture that was asked for."""
        self.pictures[status] += 1
        self.picture_bytes += count
        self.waits["picture"].append(seconds)

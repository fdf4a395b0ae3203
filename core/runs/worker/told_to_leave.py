"""SIGTERM and Ctrl-C, as a worker takes them."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType


@contextlib.contextmanager
def when_told_to_leave(leave: Callable[[], None]) -> Iterator[None]:
    """While the block lasts, SIGTERM and Ctrl-C mean: save and leave."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def told(_number: int, _frame: FrameType | None) -> None:
        leave()

    before = {number: signal.signal(number, told) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

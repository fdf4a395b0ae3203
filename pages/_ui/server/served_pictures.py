"""Pictures that no page shows any more, served a little longer: a browser may only now be asking for one.

Streamlit forgets a session's pictures when its page is drawn again, and drops them as soon as anybody's page is done.
A quick second change thus took away the first one's picture before it was fetched: three of them were answered 404 in
400 s of thirty students. A file that a button has made is fetched when the browser has been told where it lies.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

LINGER = 30.0  # seconds
AT_LEAST = 5.0  # seconds, however large: a set of pictures is a zip of more than there is room for
MOST_BYTES = 32 * 2**20


class LateFiles:
    """Files of a media storage that are to be deleted, with the moment when that was said."""

    def __init__(
        self,
        delete: Callable[[str], None],
        size: Callable[[str], int],
        *,
        seconds: float,
        most_bytes: int,
        at_least: float = AT_LEAST,
    ) -> None:
        self._delete, self._size = delete, size
        self.seconds, self.most_bytes, self.at_least = seconds, most_bytes, min(at_least, seconds)
        self._late: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self.lock = threading.RLock()

    def put_off(self, file_id: str) -> None:
        """Delete a file later, and those that are due now."""
        with self.lock:
            self._late[file_id] = time.monotonic(), self._size(file_id)
            self._late.move_to_end(file_id)
            self.sweep()

    def wanted(self, file_id: str) -> None:
        """Do not delete a file: a page shows it again."""
        with self.lock:
            self._late.pop(file_id, None)

    def sweep(self) -> None:
        """Delete what is due; where there is no room for the rest, the oldest that had `at_least` so many seconds."""
        with self.lock:
            held = sum(size for _at, size in self._late.values())
            for file_id, (at, size) in list(self._late.items()):
                if time.monotonic() - at < (self.seconds if held <= self.most_bytes else self.at_least):
                    return
                del self._late[file_id]
                held -= size
                self._delete(file_id)


def linger(
    storage: MemoryMediaFileStorage,
    *,
    seconds: float = LINGER,
    most_bytes: int = MOST_BYTES,
    at_least: float = AT_LEAST,
) -> LateFiles:
    """Have a server's media storage delete its files later; Streamlit gives no other way to say so."""
    load, delete = storage.load_and_get_id, storage.delete_file
    late = LateFiles(
        delete, lambda file_id: _size(storage, file_id), seconds=seconds, most_bytes=most_bytes, at_least=at_least
    )

    def load_and_get_id(*arguments: Any, **named: Any) -> str:
        with late.lock:  # not between the end of a file and its new beginning
            file_id = load(*arguments, **named)
            late.wanted(file_id)
            return file_id

    storage.load_and_get_id = load_and_get_id  # type: ignore[method-assign]
    storage.delete_file = late.put_off  # type: ignore[method-assign]
    return late


def _size(storage: MemoryMediaFileStorage, file_id: str) -> int:
    try:
        return storage.get_file(file_id).content_size
    except Exception:  # Streamlit's own error for a file that is not there
        return 0

"""Files that a browser was about to send and that never came, because the connection broke on the way.

Streamlit tells a page of those that have come; the others stand in its uploader until the page puts another in its
place. A browser asks for an address for each file first, with its name: what is left of these was cut off.
"""

import threading
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

MOST = 1_000  # names of a session; the oldest are forgotten
MOST_SESSIONS = 1_000
SILENT = 5.0  # seconds without a byte on its way, after which nothing more is expected
_TOLD = 0.5  # seconds from the last byte of a file until its browser tells the page
_NAME = 200  # characters of a name


@dataclass
class _Expected:
    """What a session's browser has announced: names by the file's id, how many are on their way, the last change."""

    names: dict[str, str] = field(default_factory=dict)
    under_way: int = 0
    changed: float = 0.0


_expected: dict[str, _Expected] = {}
_lock = threading.Lock()


def note_what_comes(files: Any) -> None:
    """Have Streamlit's store of uploaded ``files`` tell which ones are announced, have come, or were called off."""
    give, add, remove = files.get_upload_urls, files.add_file, files.remove_file

    def get_upload_urls(session_id: str, file_names: Sequence[str]) -> Any:
        given = give(session_id, file_names)
        announce(session_id, {each.file_id: name for each, name in zip(given, file_names, strict=False)})
        return given

    def add_file(session_id: str, file: Any) -> None:
        add(session_id, file)
        _forget(session_id, [file.file_id])

    def remove_file(session_id: str, file_id: str) -> None:
        remove(session_id, file_id)
        _forget(session_id, [file_id])

    files.get_upload_urls, files.add_file, files.remove_file = get_upload_urls, add_file, remove_file


def note_uploads() -> None:
    """Do so on this server."""
    if runtime.exists():  # not in a test of a page
        note_what_comes(runtime.get_instance().uploaded_file_mgr)


def announce(session: str, names: dict[str, str]) -> None:
    """Take in the names of files that are to come, by their ids."""
    with _lock:
        expected = _expected.setdefault(session, _Expected())
        expected.names |= {file_id: name[:_NAME] for file_id, name in names.items()}
        expected.changed = time.monotonic()
        _shorten(expected.names, MOST)
        _shorten(_expected, MOST_SESSIONS)


def under_way(session: str, change: int) -> None:
    """Note that a file of the session begins to come (1), or that no more of it comes (-1)."""
    with _lock:
        expected = _expected.get(session)
        if expected is not None:
            expected.under_way, expected.changed = max(0, expected.under_way + change), time.monotonic()


def cut_off(known: Collection[str] = ()) -> list[str]:
    """Return, once, the names of files that this session's browser announced and that have not come.

    ``known`` are the ids of those that the page has been told of.
    """
    session = _session()
    _forget(session, known)
    with _lock:
        expected = _expected.pop(session, None)
    return list(expected.names.values()) if expected else []


def stalled() -> list[str]:
    """Return the names of those that have not come where nothing is on its way any more; they are not forgotten."""
    with _lock:
        expected = _expected.get(_session())
        if expected is None or expected.under_way or time.monotonic() - expected.changed < SILENT:
            return []
        return list(expected.names.values())


def coming(known: Collection[str] = ()) -> bool:
    """Say whether the page is still to be told of files that this session's browser has announced.

    ``known`` are the ids of those that it has been told of. Of one that has come it is told a moment later.
    """
    with _lock:
        expected = _expected.get(_session())
        if expected is None:
            return False
        silent = time.monotonic() - expected.changed
        if expected.names.keys() - set(known):
            return expected.under_way > 0 or silent < SILENT
        return silent < _TOLD


def _session() -> str:
    context = get_script_run_ctx()
    return context.session_id if context is not None else ""


def _forget(session: str, ids: Collection[str]) -> None:
    with _lock:
        expected = _expected.get(session)
        if expected is not None:
            for each in ids:
                expected.names.pop(each, None)
            expected.changed = time.monotonic()


def _shorten(kept: dict[str, Any], most: int) -> None:
    while len(kept) > most:
        del kept[next(iter(kept))]

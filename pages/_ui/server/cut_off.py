"""Files that a browser is about to send: which of them are on their way, and which never came or are not heard of.

Streamlit tells a page of the files of a field once all of them are here; what breaks off on the way stands in the field
until the page puts another in its place, and what comes after that the page is never told of. A browser asks for an
address for each file first, with its name, so what is left of these was cut off.
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

MOST = 1_000  # files of a session; the oldest are forgotten
MOST_SESSIONS = 1_000
SILENT = 5.0  # seconds without a byte on its way, after which nothing more is expected
_NAME = 200  # characters of a name


class CutOff(NamedTuple):
    """A file of which its page was never told: its ``name``, and what within the field it was ``meant`` for."""

    name: str
    meant: int | None


@dataclass
class _Announced:
    """One file, the field that was open when it was announced, and what within that it is meant for."""

    name: str
    field: str
    meant: int | None


@dataclass
class _Expected:
    """What a session's browser has announced and its page was not told of, by the file's id; the open field; how many
    are on their way; the last change."""

    files: dict[str, _Announced] = field(default_factory=dict)
    field: str = ""
    meant: int | None = None
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
        _has_come(session_id)

    def remove_file(session_id: str, file_id: str) -> None:
        remove(session_id, file_id)
        _forget(session_id, file_id)

    files.get_upload_urls, files.add_file, files.remove_file = get_upload_urls, add_file, remove_file


def note_uploads() -> None:
    """Do so on this server."""
    if runtime.exists():  # not in a test of a page
        note_what_comes(runtime.get_instance().uploaded_file_mgr)


def opens(field: str, meant: int | None = None) -> None:
    """Say that what this session's browser announces from here on is chosen in ``field``, and what it is meant for."""
    with _lock:
        expected = _of(_session())
        expected.field, expected.meant = field, meant


def announce(session: str, names: dict[str, str]) -> None:
    """Take in the names of files that are to come, by their ids."""
    with _lock:
        expected = _of(session)
        for file_id, name in names.items():
            expected.files[file_id] = _Announced(name[:_NAME], expected.field, expected.meant)
        expected.changed = time.monotonic()
        _shorten(expected.files, MOST)


def under_way(session: str, change: int) -> None:
    """Note that a file of the session begins to come (1), or that no more of it comes (-1)."""
    with _lock:
        expected = _expected.get(session)
        if expected is not None:
            expected.under_way, expected.changed = max(0, expected.under_way + change), time.monotonic()


def heard_of(file_id: str) -> int | None:
    """Take note that the page has been told of a file; return what it was meant for, None where nobody said."""
    file = _forget(_session(), file_id)
    return file.meant if file is not None else None


def cut_off(field: str) -> list[CutOff]:
    """Return, once, the files that were announced for ``field`` and of which this session's page was not told.

    What came of them is let go: they would count as held (`pages._ui.server.upload_quota`) until the session ends.
    """
    with _lock:
        files = _expected.get(_session(), _Expected()).files
        lost = {file_id: files.pop(file_id) for file_id in [each for each in files if files[each].field == field]}
    context = get_script_run_ctx()
    for file_id in lost if context is not None else ():
        context.uploaded_file_mgr.remove_file(context.session_id, file_id)
    return [CutOff(file.name, file.meant) for file in lost.values()]


def stalled(field: str) -> list[str]:
    """Return the names of those where nothing is on its way any more; they are not forgotten."""
    with _lock:
        expected = _expected.get(_session(), _Expected())
        return [] if _goes_on(expected) else [file.name for file in expected.files.values() if file.field == field]


def coming(field: str) -> bool:
    """Say whether the page is still to be told of files that were announced for ``field``."""
    with _lock:
        expected = _expected.get(_session(), _Expected())
        return _goes_on(expected) and any(file.field == field for file in expected.files.values())


def _goes_on(expected: _Expected) -> bool:
    return expected.under_way > 0 or time.monotonic() - expected.changed < SILENT


def _session() -> str:
    context = get_script_run_ctx()
    return context.session_id if context is not None else ""


def _of(session: str) -> _Expected:
    expected = _expected.setdefault(session, _Expected())
    _shorten(_expected, MOST_SESSIONS)
    return expected


def _has_come(session: str) -> None:
    with _lock:
        if session in _expected:
            _expected[session].changed = time.monotonic()


def _forget(session: str, file_id: str) -> _Announced | None:
    with _lock:
        expected = _expected.get(session)
        return expected.files.pop(file_id, None) if expected is not None else None


def _shorten(kept: dict[str, Any], most: int) -> None:
    while len(kept) > most:
        del kept[next(iter(kept))]

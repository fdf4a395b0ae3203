"""Files that a browser sends: taken as they arrive, whatever becomes of their page; on their way; never come.

Streamlit tells a page of the files of a field once all of them are here, and never where that field has left the page
by then. A browser asks for an address for each file first, with its name: from that on it is known which field it is
for, and what within it.
"""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

MOST = 1_000  # files of a session; the oldest are forgotten
MOST_SESSIONS = 1_000
SILENT = 5.0  # seconds without a byte on its way, after which nothing more is expected
_NAME = 200  # characters of a name


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """A file that has come: its bytes (None: they are not here), and what forgets Streamlit's copy of them."""

    file_id: str
    name: str
    data: bytes | None
    let_go: Callable[[], None]


@dataclass(frozen=True, kw_only=True)
class Field:
    """An uploader that a page offers: the endings (without dot) of its files, whether it holds a ``single`` one, and
    what they are ``meant`` for.

    ``take`` is given each file as it arrives, by the server's loop, and ``give_back`` its id where its sender takes it
    out of the list again: both only begin something.
    """

    key: str
    kinds: Sequence[str]
    single: bool = False
    meant: int | None = None
    take: Callable[[Arrived], None] | None = None
    give_back: Callable[[str], None] | None = None


class Announced(NamedTuple):
    """A file that a browser was about to send: its name, the field that it is for, and whether it was not let in."""

    name: str
    field: Field
    refused: bool = False


_NO_FIELD = Field(key="", kinds=())


@dataclass
class _Expected:
    """Of a session: what its browser has announced and nobody was told of, what a field has taken, and what is waited
    for no more, by the file's id; the fields of its page; how many files are on their way; the last change."""

    files: dict[str, Announced] = field(default_factory=dict)
    taken: dict[str, Field] = field(default_factory=dict)
    forgotten: dict[str, None] = field(default_factory=dict)
    fields: dict[str, Field] = field(default_factory=dict)
    under_way: int = 0
    changed: float = 0.0


_expected: dict[str, _Expected] = {}
_lock = threading.Lock()


def note_what_comes(files: Any) -> None:
    """Have Streamlit's store of uploaded ``files`` tell what is announced, has come and was called off."""
    give, add, remove, end = files.get_upload_urls, files.add_file, files.remove_file, files.remove_session_files

    def get_upload_urls(session_id: str, file_names: Sequence[str]) -> Any:
        given = give(session_id, file_names)
        announce(session_id, {each.file_id: name for each, name in zip(given, file_names, strict=False)})
        return given

    def add_file(session_id: str, file: Any) -> None:
        add(session_id, file)
        _take(session_id, file, partial(remove, session_id, file.file_id))

    def remove_file(session_id: str, file_id: str) -> None:
        remove(session_id, file_id)
        _give_back(session_id, file_id)

    def remove_session_files(session_id: str) -> None:
        end(session_id)
        with _lock:
            _expected.pop(session_id, None)

    files.get_upload_urls, files.add_file = get_upload_urls, add_file
    files.remove_file, files.remove_session_files = remove_file, remove_session_files


def note_uploads() -> None:
    """Do so on this server."""
    if runtime.exists():  # not in a test of a page
        note_what_comes(runtime.get_instance().uploaded_file_mgr)


def offer_none() -> None:
    """Say that a page begins, which has offered no field yet."""
    with _lock:
        _of(_session()).fields = {}


def offers(offered: Field) -> None:
    """Say that the page offers a field: what is announced from here on is for the first one that takes such files."""
    with _lock:
        _of(_session()).fields[offered.key] = offered


def announce(session: str, names: dict[str, str]) -> None:
    """Take in the names of files that are to come, by their ids."""
    with _lock:
        expected = _of(session)
        for file_id, name in names.items():
            ending = name.rpartition(".")[2].lower()
            takes_it = (each for each in expected.fields.values() if ending in each.kinds)
            expected.files[file_id] = Announced(name[:_NAME], next(takes_it, _NO_FIELD))
        expected.changed = time.monotonic()
        _shorten(expected.files, MOST)


def under_way(session: str, change: int) -> None:
    """Note that a file of the session begins to come (1), or that no more of it comes (-1)."""
    with _lock:
        expected = _expected.get(session)
        if expected is not None:
            expected.under_way, expected.changed = max(0, expected.under_way + change), time.monotonic()


def refuse(session: str, file_id: str) -> None:
    """Note that a file is not let in, as there are too many."""
    with _lock:
        files = _expected.get(session, _Expected()).files
        if file_id in files:
            files[file_id] = files[file_id]._replace(refused=True)


def heard_of(file_id: str) -> Announced | None:
    """Take note that the page has been told of a file; return how it was announced, None where it was not."""
    with _lock:
        expected = _expected.get(_session())
        return expected.files.pop(file_id, None) if expected is not None else None


def was_taken(file_id: str) -> bool:
    """Say whether a field has taken a file as it arrived."""
    with _lock:
        return file_id in _expected.get(_session(), _Expected()).taken


def stalled(key: str) -> dict[str, Announced]:
    """Return by their ids the files that were announced for the field ``key``, and neither taken nor told of to their
    page, where nothing is on its way any more."""
    with _lock:
        expected = _expected.get(_session(), _Expected())
        return {} if _goes_on(expected) else _for(key, expected)


def forget(file_ids: Iterable[str]) -> None:
    """Expect these files no more, and let go what came of them: it would count as held (`upload_quota`) until the
    session ends."""
    context = get_script_run_ctx()
    for file_id in file_ids:
        heard_of(file_id)
        with _lock:
            _forget(_of(_session()), file_id)
        if context is not None:
            context.uploaded_file_mgr.remove_file(context.session_id, file_id)


def coming(key: str) -> bool:
    """Say whether files that were announced for the field ``key`` are still to be taken, or told of to the page."""
    with _lock:
        expected = _expected.get(_session(), _Expected())
        return _goes_on(expected) and bool(_for(key, expected))


def _for(key: str, expected: _Expected) -> dict[str, Announced]:
    return {file_id: each for file_id, each in expected.files.items() if each.field.key == key}


def _goes_on(expected: _Expected) -> bool:
    return expected.under_way > 0 or time.monotonic() - expected.changed < SILENT


def _session() -> str:
    context = get_script_run_ctx()
    return context.session_id if context is not None else ""


def _of(session: str) -> _Expected:
    expected = _expected.pop(session, None) or _Expected()
    _expected[session] = expected  # the last one in use is the last to go
    _shorten(_expected, MOST_SESSIONS)
    return expected


def _take(session: str, file: Any, let_go: Callable[[], None]) -> None:
    """Give a file that has come to the field that it was announced for; of one that nobody waits for nothing stays."""
    with _lock:
        expected = _expected.get(session)
        if expected is None or file.file_id in expected.forgotten:
            let_go()
            return
        expected.changed = time.monotonic()
        announced = expected.files.get(file.file_id)
        if announced is None or announced.field.take is None:
            return
        before = list(_for(announced.field.key, expected))
        for file_id in before[: before.index(file.file_id)] if announced.field.single else ():
            _forget(expected, file_id)  # it broke off, and here is another in its place
        del expected.files[file.file_id]
        expected.taken[file.file_id] = announced.field
        _shorten(expected.taken, MOST)
    announced.field.take(Arrived(file_id=file.file_id, name=announced.name, data=file.data, let_go=let_go))


def _forget(expected: _Expected, file_id: str) -> None:
    expected.files.pop(file_id, None)
    expected.forgotten[file_id] = None
    _shorten(expected.forgotten, MOST)


def _give_back(session: str, file_id: str) -> None:
    with _lock:
        expected = _expected.get(session, _Expected())
        expected.files.pop(file_id, None)
        taken = expected.taken.get(file_id, _NO_FIELD)
    if taken.give_back is not None:
        taken.give_back(file_id)


def _shorten(kept: dict[str, Any], most: int) -> None:
    while len(kept) > most:
        del kept[next(iter(kept))]

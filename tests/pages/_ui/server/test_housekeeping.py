"""The server's clock: what it closes and lets go of, and when."""

import asyncio
import contextlib
import gc
from types import SimpleNamespace
from typing import Any, cast

import pytest
import streamlit as st
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage

from pages._ui.server import housekeeping, sessions
from pages._ui.server.housekeeping import keep_house, let_go_of_everything
from pages._ui.server.redrawn_downloads import keep_redrawn
from pages._ui.server.sessions import Sessions


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the clock does, in order."""
    done: list[str] = []
    known = Sessions()
    monkeypatch.setattr(sessions, "SESSIONS", known)
    monkeypatch.setattr(housekeeping, "SESSIONS", known)
    monkeypatch.setattr(housekeeping, "tidy_up", lambda: done.append("tidy up"))
    monkeypatch.setattr(housekeeping, "let_go_of_everything", lambda: done.append("let go"))
    return done


def clock(here: set[str], *, ticks: int, then: set[str] | None = None, files: MediaFileManager | None = None) -> None:
    """Let the clock tick with the sessions that are ``here``, and as often with those of them that are left ``then``.

    A tick takes ``TICK`` by the clock's own time and a hundredth of a second by ours.
    """
    present, passed = set(here), 0
    server = SimpleNamespace(
        is_active_session=lambda session: session in present,
        close_session=lambda _session: None,
        media_file_mgr=files or MediaFileManager(MemoryMediaFileStorage("/media")),
    )

    async def tick(_seconds: float) -> None:
        nonlocal passed
        passed += 1
        if passed > (ticks if then is None else 2 * ticks):
            raise asyncio.CancelledError
        if then is not None and passed > ticks:
            present.intersection_update(then)
        await asyncio.sleep(0.01)

    with pytest.MonkeyPatch.context() as patch, contextlib.suppress(asyncio.CancelledError):
        patch.setattr(housekeeping, "asyncio", SimpleNamespace(sleep=tick, to_thread=asyncio.to_thread))
        patch.setattr(housekeeping, "time", SimpleNamespace(monotonic=lambda: passed * housekeeping.TICK))
        asyncio.run(keep_house(cast(Any, server), None, away=0.0))


def test_everything_goes_once_when_the_last_session_has_been_closed(done: list[str]) -> None:
    sessions.SESSIONS.note("ada")
    clock({"ada"}, ticks=10, then=set())
    assert done == ["tidy up"] * 5 + ["let go"]


def test_what_a_button_would_make_a_file_of_goes_although_nobody_comes_any_more(done: list[str]) -> None:
    files = MediaFileManager(MemoryMediaFileStorage("/media"))
    keep_redrawn(files, seconds=0.02)
    files.add_deferred(lambda: b"answers about photos", "text/csv", "1.0")
    files.clear_session_refs()
    files.remove_orphaned_files()
    assert len(files._deferred_callables) == 1
    sessions.SESSIONS.note("ada")
    clock({"ada"}, ticks=20, then=set(), files=files)
    assert not files._deferred_callables


def test_a_server_that_nobody_has_visited_keeps_what_it_has_imported_for_the_first(done: list[str]) -> None:
    clock(set(), ticks=10)
    assert done == []


def test_while_students_are_here_memory_is_tidied_up_now_and_then(done: list[str]) -> None:
    sessions.SESSIONS.note("ada")
    clock({"ada"}, ticks=30)
    assert done == ["tidy up"] * 15


def test_a_failure_of_one_tick_does_not_stop_the_clock(done: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def fails(*_arguments: object, **_named: object) -> int:
        calls.append(1)
        raise RuntimeError("one bad tick")

    monkeypatch.setattr(housekeeping, "close_left", fails)
    clock(set(), ticks=10)
    assert len(calls) == 10


def test_letting_go_empties_the_caches_and_frees_what_was_exempt_from_collection() -> None:
    class Thing:
        pass

    calls: list[int] = []

    @st.cache_resource
    def kept() -> list[int]:
        calls.append(1)
        return calls

    kept()
    one, other = Thing(), Thing()
    one.other, other.one = other, one  # type: ignore[attr-defined]
    gc.freeze()
    gone = __import__("weakref").ref(one)
    del one, other
    gc.collect()
    assert gone() is not None, "what is frozen is never collected"
    let_go_of_everything()
    assert gone() is None
    kept()
    assert len(calls) == 2
